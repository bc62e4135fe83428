"""Replays in the console: planned with what comes of them, started with a reason, watched, paused and gone on with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.accounts import table_rows
from gateway.console import begin_replay
from gateway.replaying import running
from mappings.revision import UnitRow
from tests.api.builders import Gateway, order
from tests.console.conftest import PASSWORD, Browser, signed_in


def crates(gateway: Gateway, count: int, account: str = "acme") -> list[str]:
    """Orders in a unit that nobody knows, held."""
    sender = gateway.account(account)
    for number in range(count):
        line = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "2", "unit": "KRT"}
        assert gateway.send(sender, order(f"PO-{number}", lines=[line])).status_code == 202
    while gateway.work():
        pass
    found = gateway.services.store.messages.page(account_id=account, status="held", limit=1_000)
    assert len(found) == count
    return sorted(one.id for one in found)


def know_crates(gateway: Gateway, account: str = "acme") -> None:
    row = UnitRow("KRT", None, "EA", Decimal(12))
    terms = {"id": account, "name": account.title(), "policies": {"unknown_ship_to": "accept_address"}}
    rows = list(table_rows([row]))
    gateway.services.store.revisions.publish_account(terms, rows, author="test", reason="known")


def go_on(gateway: Gateway) -> None:
    while running.step(gateway.services) or gateway.work():
        pass


def only_replay(gateway: Gateway) -> Any:
    (found,) = gateway.services.store.replays.page()
    return found


def test_one_message_takes_a_reason_and_nothing_else(gateway: Gateway) -> None:
    (held,) = crates(gateway, 1)
    know_crates(gateway)
    browser = signed_in(gateway, "support")
    address = f"/replays/new?message={held}"
    browser.open(address)
    assert "Replay 1 message" in browser.text
    assert "Nothing has taken effect yet" in browser.text
    assert "1 would be answered: changed with back-order" in browser.text
    assert "1 message of acme: revision 1" in browser.text
    assert browser.send(address, reason="").status_code == 400
    assert "Say why" in browser.text
    assert browser.send(address, reason="crates are known now").status_code == 303
    browser.open(browser.answer.location)
    assert "It waits for a worker." in browser.text
    go_on(gateway)
    browser.open(browser.path)
    assert "It is done." in browser.text
    assert "Answered under revision 2" in browser.text
    assert only_replay(gateway).reason == "crates are known now"


def test_a_problem_is_foreseen_started_watched_and_stops(gateway: Gateway) -> None:
    held = crates(gateway, 4)
    problem = gateway.services.store.problems.of_message(held[0])[0]
    browser, address = signed_in(gateway, "support"), f"/replays/new?problem={problem}"
    browser.open(address)
    assert "4 would still be held: " in browser.text
    browser.send(address, reason="tried too early")
    go_on(gateway)
    browser.open(browser.answer.location)
    stands = browser.path
    assert "The first of them was held again for the same cause" in browser.text
    assert browser.root.xpath("//a[contains(@href, '/problems/')]")
    know_crates(gateway)
    assert browser.client.post(f"{stands}/resume", data={"csrf_token": token(browser)}).status_code == 409
    browser.open(stands)
    browser.send(f"{stands}/resume")
    browser.open(stands)
    assert "3 to come" in browser.text
    browser.send(f"{stands}/pause")
    browser.open(stands)
    assert "It is paused" in browser.text
    browser.send(f"{stands}/resume")
    go_on(gateway)
    browser.open(f"{stands}?state=failed")
    assert "1 failed again" in browser.text
    (again,) = browser.root.xpath("//a[contains(@href, 'again=')]/@href")
    browser.open(again)
    assert "1 would be answered: changed with back-order" in browser.text
    browser.open("/replays")
    assert "tried too early" in browser.text
    assert len(browser.root.xpath("//tbody/tr")) == 1
    assert browser.open(f"{stands}?state=nonsense&after=x").status_code == 200
    browser.open(f"{stands}?after=2")
    assert len(browser.root.xpath("//tbody/tr")) == 2


def token(browser: Browser) -> str:
    return str(browser.root.xpath("//input[@name='csrf_token']/@value")[0])


def test_cancelling_leaves_the_rest_as_it_is(gateway: Gateway) -> None:
    held = crates(gateway, 3)
    browser, address = signed_in(gateway, "support"), "/replays/new?account=acme&status=held"
    browser.open(address)
    assert "Messages that are held, of acme. Of acme: 3 held." in browser.text
    browser.send(browser.root.xpath("//main//form/@action")[0], reason="all of them")
    browser.open(browser.answer.location)
    stands = browser.path
    browser.send(f"{stands}/cancel")
    go_on(gateway)
    browser.open(stands)
    assert "It was cancelled" in browser.text
    assert {gateway.services.store.messages.one(None, one).run for one in held} == {1}  # type: ignore[union-attr]
    assert browser.client.post(f"{stands}/cancel", data={"csrf_token": token(browser)}).status_code == 409


def test_a_set_that_changed_since_it_was_shown_is_shown_again(gateway: Gateway) -> None:
    held = crates(gateway, 2)
    browser, address = signed_in(gateway, "support"), f"/replays/new?message={held[0]}&message={held[1]}"
    browser.open(address)
    gateway.services.store.messages.dismiss(held[0], "user Lee", "by telephone")
    assert browser.send(address, reason="x").status_code == 409
    assert "The set is another one by now" in browser.text
    assert "1 message: dismissed by somebody." in browser.text
    assert gateway.services.store.replays.page() == []
    assert browser.send(address, reason="x").status_code == 303


def test_a_large_one_takes_the_password_once_more(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    held = crates(gateway, 3)
    monkeypatch.setattr(begin_replay, "LARGE", 2)
    browser = signed_in(gateway, "support")
    address = "/replays/new?" + "&".join(f"message={one}" for one in held)
    browser.open(address)
    assert browser.send(address, reason="x", password="wrong").status_code == 400
    assert "That is not your password." in browser.text
    assert browser.send(address, reason="x", password=PASSWORD).status_code == 303


def test_what_cant_be_replayed_is_said(gateway: Gateway) -> None:
    sender = gateway.account("acme")
    sent = gateway.send(sender, order("PO-1")).json["message_id"]
    gateway.work()
    browser = signed_in(gateway, "support")
    browser.open(f"/replays/new?message={sent}&message=nothing")
    assert "None of these can be judged again." in browser.text
    assert "answered already" in browser.text
    assert "there is no such message" in browser.text
    for query in ("", "?status=odd", "?message=" + "x" * 200, "?" + "message=a&" * 1_001):
        assert browser.open(f"/replays/new{query}").status_code == 400
    assert browser.open("/replays/nothing").status_code == 404
