"""The search box: what it finds, and for whom."""

from __future__ import annotations

import pytest

from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, signed_in


def links(gateway: Gateway, text: str) -> set[str]:
    browser = Browser(gateway)
    if gateway.services.store.users.named("viewer of ours") is None:
        browser = signed_in(gateway, "viewer")
    else:
        browser.sign_in("viewer of ours")
    assert browser.open("/search", query_string={"q": text}).status_code == 200
    return {one for one in browser.root.xpath("//main//a/@href") if one.startswith("/")}


@pytest.mark.parametrize("text", ["acm", "ACME", "retail", "retail gr", "acme "])
def test_an_account_is_found_by_how_a_word_of_its_name_begins(gateway: Gateway, text: str) -> None:
    gateway.account("acme", name="The Retail Group")
    gateway.account("delta", name="Delta Macme")
    assert links(gateway, text) == {"/accounts/acme"}


def test_an_order_is_found_with_its_documents_and_by_every_number(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    sent = gateway.send(acme, order("PO-77")).json
    gateway.work()
    (document,) = gateway.services.store.documents.newest("acme", kind=None, order_number="PO-77", limit=5)
    browser = signed_in(gateway, "viewer")
    thread = f"/orders/{gateway.services.store.messages.one(None, sent['message_id']).order_id}"
    of_message = f"/messages/{sent['message_id']}"
    for text, place in (("PO-77", thread), (sent["message_id"], of_message), ("po-77", of_message)):
        answer = browser.open("/search", query_string={"q": f" {text} "})
        assert (answer.status_code, answer.headers["Location"]) == (303, place), text
    for text in (document.id, document.number):
        answer = browser.open("/search", query_string={"q": text})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/documents/{document.id}")


def test_what_may_be_several_things_is_listed_with_its_pages(gateway: Gateway) -> None:
    acme, delta = gateway.account("acme"), gateway.account("delta")
    ids = [gateway.send(one, order("PO-77")).json["message_id"] for one in (acme, delta)]
    gateway.work()
    threads = {gateway.services.store.messages.one(None, one).order_id for one in ids}  # type: ignore[union-attr]
    for text in ("PO-77", "oat-1l", "po 77", "OAT-1*"):
        found = links(gateway, text)
        assert {f"/messages/{one}" for one in ids} <= found
        assert {f"/orders/{one}" for one in threads} <= found
        assert "/accounts/acme" in found


def test_an_accounts_people_find_what_is_theirs_alone(gateway: Gateway) -> None:
    acme, delta = gateway.account("acme"), gateway.account("delta")
    for sender in (acme, delta):
        gateway.send(sender, order("PO-77"))
    gateway.work()
    browser = signed_in(gateway, "viewer", "acme")
    for text in ("PO-77", "delta", "acme", "77", "oat-1l"):
        browser.open("/search", query_string={"q": text})
        assert "delta" not in browser.text.replace("“delta”", "")
    (theirs,) = gateway.services.store.messages.find("PO-77", "acme")
    assert browser.open("/search?q=PO-77").headers["Location"] == f"/orders/{theirs.order_id}"


@pytest.mark.parametrize("text", ["nothing like it", "%", "a" * 300, "' OR 1=1 --", "<b>"])
def test_where_nothing_fits_it_says_how_things_are_found(gateway: Gateway, text: str) -> None:
    gateway.account("acme")
    browser = signed_in(gateway, "viewer")
    assert browser.open("/search", query_string={"q": text}).status_code == 200
    assert "Nothing fits." in browser.text


def test_with_nothing_to_look_for_it_says_what_can_be(gateway: Gateway) -> None:
    browser = signed_in(gateway, "viewer")
    for query in ("", "?q=", "?q=%20"):
        browser.open(f"/search{query}")
        assert "an order's number" in browser.text


def test_no_more_is_shown_than_a_page_holds(gateway: Gateway) -> None:
    for number in range(25):
        gateway.account(f"acme-{number}")
    assert len(links(gateway, "acme")) == 20
