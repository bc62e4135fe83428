"""Who is told of an account, what they were told, and that it is silent."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.notifying.told import Open, told_of
from gateway.store.ids import now_us
from gateway.store.notices import NewNotice
from gateway.store.silences import Silence
from tests.api.builders import Gateway
from tests.console.conftest import signed_in

PEOPLE: dict[str, Any] = {
    "manager": {"name": "Dana Reyes", "email": "dana@halden.example"},
    "team": [{"name": "Sam", "email": "no address"}],
}


def tell(gateway: Gateway, number: int = 1, title: str = "Unknown item 12345") -> None:
    item = Open(
        subject=f"problem/{number}",
        kind="problem",
        account_id="acme",
        title=title,
        path="/problems/1-abc",
        count=37,
        of="order",
        amounts=(("18400.00", "EUR"),),
        oldest_at=now_us(),
    )
    told = told_of("acme", "ACME Retail", "Europe/Berlin", [item])
    made = NewNotice(
        key=f"opened/{number}",
        account_id="acme",
        kind="opened",
        channel="email",
        recipient="dana@halden.example",
        body=told.as_text(),
    )
    gateway.services.store.notices.tell_resolved([], [made], now_us())


@pytest.fixture
def acme(gateway: Gateway) -> Gateway:
    gateway.account("acme", name="ACME Retail", **PEOPLE)
    return gateway


def test_the_account_says_who_is_told(acme: Gateway) -> None:
    browser = signed_in(acme, "viewer")
    browser.open("/accounts/acme")
    assert "What waits for somebody is told to dana@halden.example. Notices" in browser.text
    assert "/accounts/acme/notices" in browser.answer.text


def test_notices_are_listed_with_how_they_went(acme: Gateway) -> None:
    tell(acme)
    claimed = acme.services.store.notices.claim("email", 1.0)
    assert claimed is not None
    acme.services.store.notices.settle(claimed, "given_up", "SMTP 550: <no> such mailbox")
    browser = signed_in(acme, "integration")
    browser.open("/accounts/acme/notices")
    assert "Unknown item 12345: 37 orders, 18,400.00 EUR" in browser.text
    assert "▲ given up" in browser.text
    assert "SMTP 550: <no> such mailbox" in browser.text
    assert "There is no mail server" in browser.text
    assert "no address is no address that a notice can be sent to" in browser.text
    assert browser.root.xpath("//a[contains(., '37 orders')]/@href") == ["/problems/1-abc"]


def test_older_ones_are_a_page_on(acme: Gateway) -> None:
    for number in range(51):
        tell(acme, number, f"Cause {number}")
    browser = signed_in(acme, "viewer")
    browser.open("/accounts/acme/notices")
    assert "Cause 50:" in browser.text
    assert "Cause 0:" not in browser.text
    browser.open(browser.root.xpath("//a[@rel='next']/@href")[0])
    assert "Cause 0:" in browser.text
    assert "Older notices" not in browser.text


def test_an_account_that_is_silent_says_so_to_us_alone(acme: Gateway) -> None:
    acme.services.store.silences.change([Silence("acme", now_us(), 7, 8, now_us(), None)], ())
    browser = signed_in(acme, "viewer")
    browser.open("/accounts/acme")
    assert "On 7 of the last 8 such days they had by " in browser.text
    theirs = signed_in(acme, "viewer", "acme")
    theirs.open("/accounts/acme")
    assert "such days" not in theirs.text
    assert "is told to" not in theirs.text
