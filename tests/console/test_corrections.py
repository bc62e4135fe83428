"""A document is corrected in the console: edited, looked at, agreed to by somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, csrf, person, signed_in

UNKNOWN = {"line_number": "1", "buyer_item": "OAT-1LL", "quantity": "2", "unit": "EA", "price": {"amount": "1.10"}}
KNOWN = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "2", "unit": "EA"}


@pytest.fixture
def held(gateway: Gateway) -> str:
    """A message that is held for an item that nobody knows."""
    sender = gateway.account("acme")
    sent = gateway.send(sender, order("PO-<b>7</b>", lines=[UNKNOWN]))
    gateway.work()
    message_id = str(sent.json["message_id"])
    assert gateway.services.store.messages.status(message_id) == "held"
    return message_id


def colleague(gateway: Gateway) -> Browser:
    somebody = person(gateway, "Bob", "support")
    browser = Browser(gateway)
    link = gateway.services.store.users.link(somebody.id, actor="test")
    browser.open(f"/sign-in/{link}")
    browser.send(f"/sign-in/{link}", password="correct horse battery", again="correct horse battery")
    return browser


def text_of(browser: Browser) -> str:
    found = browser.root.xpath("//textarea[@name='text']")[0].text or ""
    return found.removeprefix("\n").replace("\n", "\r\n")


def look(browser: Browser, message_id: str, text: str) -> Any:
    path = f"/messages/{message_id}/edit"
    return browser.send(path, button=("do", "look"), text=text)


def resubmit(browser: Browser, message_id: str, reason: str = "a typo", **fields: str) -> Any:
    if browser.root.xpath("//textarea[@name='text']"):
        fields = {"text": text_of(browser), **fields}
    return browser.send(f"/messages/{message_id}/edit", button=("do", "resubmit"), reason=reason, **fields)


def put_right(browser: Browser) -> str:
    return text_of(browser).replace('"buyer_item": "OAT-1LL"', '"seller_item": "OAT-1L"')


def test_it_is_looked_at_asked_for_and_agreed_to(gateway: Gateway, held: str) -> None:
    browser = signed_in(gateway, "support")
    browser.open(f"/messages/{held}/edit")
    assert "OAT-1LL" in browser.text
    assert "PO-<b>7</b>" in browser.text
    assert "Resubmit" not in browser.text
    assert look(browser, held, put_right(browser)).status_code == 200
    for said in ("Line 1, buyer item: OAT-1LL → nothing", "Line 1, seller item: nothing → OAT-1L", "would be answered"):
        assert said in browser.text
    assert "It changes items: somebody else has to agree" in browser.text
    assert gateway.services.store.resubmissions.waiting() == []
    assert resubmit(browser, held, reason="").status_code == 400
    assert resubmit(browser, held).status_code == 303
    shown = browser.answer.headers["Location"]
    browser.open(shown)
    assert "somebody else has to agree" in browser.text
    token = csrf(browser.answer)
    assert browser.client.post(f"{shown}/agree", data={"csrf_token": token}).status_code == 409
    other = colleague(gateway)
    other.open("/corrections")
    assert "Order PO-<b>7</b> of acme: it changes items" in other.text
    other.open(shown)
    assert other.send(f"{shown}/agree", reason="seen the mail").status_code == 303
    gateway.work()
    other.open(shown)
    (kept,) = gateway.services.store.resubmissions.of_message(held)
    assert kept.child_id is not None
    assert gateway.services.store.messages.status(kept.child_id) == "done"
    assert "It took the original's place." in other.text
    assert "agreed" not in gateway.services.store.messages.faults(held)
    assert other.open(f"/messages/{held}/edit").status_code == 409


def test_what_was_not_shown_is_not_done(gateway: Gateway, held: str) -> None:
    browser = signed_in(gateway, "support")
    browser.open(f"/messages/{held}/edit")
    look(browser, held, put_right(browser))
    other = text_of(browser).replace('"quantity": "2"', '"quantity": "200"')
    assert resubmit(browser, held, text=other).status_code == 409
    assert "look once more" in browser.text
    assert "Line 1, quantity: 2 → 200" in browser.text
    assert gateway.services.store.resubmissions.of_message(held) == []
    assert resubmit(browser, held).status_code == 303


def test_nothing_edited_and_what_cannot_be_read_are_told(gateway: Gateway, held: str) -> None:
    browser = signed_in(gateway, "support")
    browser.open(f"/messages/{held}/edit")
    look(browser, held, text_of(browser))
    assert "Nothing is different yet." in browser.text
    assert look(browser, held, text_of(browser)[:-3]).status_code == 400
    assert "It can't be taken so" in browser.text
    assert browser.root.xpath("//button[@value='resubmit']") == []
    refused = browser.client.post(f"/messages/{held}/edit", data={"csrf_token": csrf(browser.answer), "text": "a\0"})
    assert refused.status_code == 400
    assert gateway.services.store.messages.status(held) == "held"


def test_it_comes_as_a_file(gateway: Gateway, held: str) -> None:
    browser = signed_in(gateway, "support")
    browser.open(f"/messages/{held}/edit")
    body = json.dumps(order("PO-<b>7</b>", lines=[KNOWN])).encode()
    fields = {"file": (body, "order.json")}
    assert browser.fill(f"/messages/{held}/edit", fields, button=("do", "look")).status_code == 200
    assert "Line 1, buyer item: OAT-1LL → nothing" in browser.text
    assert resubmit(browser, held).status_code == 303
    (kept,) = gateway.services.store.resubmissions.of_message(held)
    assert gateway.services.store.resubmissions.body(kept.id) == body


def test_it_is_declined_or_taken_back_with_a_reason(gateway: Gateway, held: str) -> None:
    browser, other = signed_in(gateway, "support"), colleague(gateway)
    for who, becomes, word in ((other, "declined", "Decline"), (browser, "withdrawn", "Take it back")):
        browser.open(f"/messages/{held}/edit")
        look(browser, held, put_right(browser))
        resubmit(browser, held)
        shown = browser.answer.headers["Location"]
        who.open(shown)
        assert word in who.text
        assert who.send(f"{shown}/close", reason="  ").status_code == 400
        assert who.send(f"{shown}/close", reason="the buyer sends it anew").status_code == 303
        newest = gateway.services.store.resubmissions.of_message(held)[0]
        assert (newest.status, newest.decided_why) == (becomes, "the buyer sends it anew")
        again = who.client.post(f"{shown}/close", data={"csrf_token": csrf(who.open("/")), "reason": "x"})
        assert again.status_code == 409
    assert gateway.services.store.messages.status(held) == "held"


def test_a_message_that_is_answered_or_unknown_cannot_be_corrected(gateway: Gateway, held: str) -> None:
    browser = signed_in(gateway, "support")
    assert browser.open("/messages/nothing/edit").status_code == 404
    assert browser.open("/corrections/nothing").status_code == 404
    gateway.services.store.messages.dismiss(held, "test", "no")
    assert browser.open(f"/messages/{held}/edit").status_code == 409
