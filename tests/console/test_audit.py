"""The audit page and the settings page, over the real application."""

from __future__ import annotations

import csv
import io

import pytest

from gateway.auditing.sealing import Sealer
from gateway.sealing import Keyring
from tests.api.builders import Gateway, order
from tests.console.conftest import PASSWORD, signed_in


@pytest.fixture
def used(gateway: Gateway) -> Gateway:
    """Somebody dismissed a message, and made and revoked a key."""
    sender = gateway.account("acme")
    message_id = gateway.send(sender, order("PO-1", "NOBODY-KNOWS")).json["message_id"]
    gateway.work()
    store = gateway.services.store
    store.messages.dismiss(message_id, "user Dana", "=they ordered anew")
    store.users.change_role(
        store.users.create("Sam", "viewer", None, actor="cli/root").id, "support", actor="user Dana"
    )
    return gateway


def test_it_says_who_did_what_and_why(used: Gateway) -> None:
    browser = signed_in(used, "support")
    assert browser.open("/audit").status_code == 200
    said = browser.text
    assert "dismissed message" in said
    assert "=they ordered anew" in said
    assert "gave Sam another role" in said
    assert "viewer → now support" in said
    assert "published revision 1 of acme" in said
    assert "received message" not in said
    assert browser.root.xpath("//tbody//a[starts-with(@href, '/messages/')]")
    assert browser.root.xpath("//tbody//a[@href='/accounts/acme/revisions/1']")


def test_it_is_narrowed_by_its_address(used: Gateway) -> None:
    browser = signed_in(used)
    browser.open("/audit?who=dana&about=message")
    assert len(browser.root.xpath("//tbody/tr")) == 1
    browser.open("/audit?account=acme")
    assert {row.xpath("string(.//td[2])").split()[0] for row in browser.root.xpath("//tbody/tr")} == {
        *("dismissed", "made", "published"),
    }
    browser.open("/audit?since=2999-01-01")
    assert "Nothing that fits. Take a filter away" in browser.text
    browser.open("/audit?since=yesterday&about=nonsense")
    assert browser.answer.status_code == 200
    assert "A day such as 2026-11-27" in browser.text
    assert "One of message" in browser.text


def test_it_is_paged(used: Gateway) -> None:
    store = used.services.store
    for number in range(60):
        store.users.create(f"Somebody {number}", "viewer", None, actor="user Dana")
    browser = signed_in(used)
    seen: list[str] = []
    address = "/audit?who=Dana"
    while address:
        browser.open(address)
        seen += browser.root.xpath("//tbody/tr/td[2]/a/text()")
        address = next(iter(browser.root.xpath("//a[@rel='next']/@href")), "")
    assert len(seen) == 62
    assert len([one for one in seen if "Somebody 59" in one]) == 1


@pytest.mark.parametrize("before", ["x", "1.2", "1.x.y", "9" * 40 + ".1.x", "-1.1.x", "1.99999999999.x", "٣.1.x"])
def test_no_place_is_taken_for_one(used: Gateway, before: str) -> None:
    browser = signed_in(used)
    assert browser.open("/audit", query_string={"before": before}).status_code == 200
    assert "published revision 1 of acme" in browser.text


def test_the_file_is_whole_and_safe_to_open(used: Gateway) -> None:
    browser = signed_in(used)
    answer = browser.open("/audit.csv?account=acme")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["kind"] for row in rows] == ["dismiss", "created", "published"]
    assert rows[0]["why"] == "'=they ordered anew"
    assert rows[0]["what"].startswith("dismissed message ")
    assert rows[0]["who"] == "user Dana"


def test_settings_are_shown_and_secrets_are_not(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    store = gateway.services.store
    browser = signed_in(gateway)
    browser.open("/settings")
    assert "nothing is sealed yet" in browser.text
    assert Sealer(store, Keyring(lambda: ("k" * 40, None)), gateway.services.pickup.folder.parent).seal() == 1
    browser.open("/settings")
    newest = store.seals.newest()
    assert newest is not None
    assert newest.name in browser.text
    assert f"SQLite, tables of version {store.version()}" in browser.text


def test_an_admin_erases_what_came_in_with_the_password_once_more(used: Gateway) -> None:
    store = used.services.store
    (message,) = store.messages.page(limit=1)
    address = f"/messages/{message.id}/erase"
    browser = signed_in(used)
    assert browser.open(address).status_code == 200
    assert browser.send(address, reason="", password=PASSWORD).status_code == 400
    assert browser.send(address, reason="request 17", password="wrong").status_code == 403
    assert store.messages.body(message.id) is not None
    assert browser.send(address, reason="request 17", password=PASSWORD).status_code == 303
    assert store.messages.body(message.id) is None
    browser.open(address)
    assert "Its bytes are erased." in browser.text
    browser.open("/audit?about=message")
    assert "erased content of" in browser.text
    assert "request 17" in browser.text
    assert list(store.audit.broken()) == []


def test_what_waits_is_not_erased(gateway: Gateway) -> None:
    sender = gateway.account("acme")
    message_id = gateway.send(sender, order("PO-1")).json["message_id"]
    browser = signed_in(gateway)
    browser.open(f"/messages/{message_id}/erase")
    assert "Dismiss it first" in browser.text
    assert not browser.root.xpath("//form[@method='post'][contains(@action, 'erase')]")
    assert browser.open("/messages/nobody/erase").status_code == 404
