"""Keys made anew with an overlap: both work, and it is told whether the old one is still in use."""

from __future__ import annotations

import pytest

from gateway.console.key_standings import standings
from gateway.store.ids import now_us
from gateway.store.keys import ApiKey
from tests.api.builders import Gateway, Sender
from tests.console.conftest import Browser, csrf, signed_in

DAY = 86_400_000_000


def rotated(gateway: Gateway, days: str = "") -> tuple[Browser, Sender, Sender]:
    """The browser at the page that shows the new key; the account by its old and its new one."""
    old = gateway.account("acme")
    (key,) = gateway.services.store.keys.all("acme")
    browser = signed_in(gateway)
    browser.open("/accounts/acme")
    assert browser.send(f"/accounts/acme/keys/{key.id}/rotate", days=days).status_code == 200
    (text,) = (one.text for one in browser.root.find_class("key"))
    return browser, old, Sender("acme", text)


def test_both_keys_work_until_the_old_one_is_revoked(gateway: Gateway) -> None:
    browser, old, new = rotated(gateway)
    for sender in (old, new):
        assert gateway.client.get("/v1/documents", headers=sender.headers).status_code == 200
    newest, first = gateway.services.store.keys.all("acme")
    assert (newest.test, newest.expires_at, first.expires_at) == (False, None, None)
    assert f"It stands beside {first.id}" in browser.text
    assert new.key not in browser.open("/accounts/acme").text
    browser.send(f"/accounts/acme/keys/{first.id}/revoke")
    assert gateway.client.get("/v1/documents", headers=old.headers).status_code == 401
    assert gateway.client.get("/v1/documents", headers=new.headers).status_code == 200
    assert [one["kind"] for one in gateway.services.store.audit.of(f"key/{first.id}")] == [
        "created",
        "rotated",
        "revoked",
    ]


@pytest.mark.parametrize("days", ["1", "7", "30"])
def test_the_old_key_can_end_by_itself(gateway: Gateway, days: str) -> None:
    browser, *_ = rotated(gateway, days)
    _, first = gateway.services.store.keys.all("acme")
    assert first.expires_at is not None
    assert abs(first.expires_at - now_us() - int(days) * DAY) < 60_000_000
    ends = browser.root.xpath("//td[@data-label='Ends']//time")
    assert len(ends) == 1


def test_it_is_told_whether_somebody_still_uses_the_old_one() -> None:
    now = now_us()
    new = ApiKey("new", "acme", False, now - 180_000_000, None, None, None)
    for used, is_still_used in ((None, False), (now - 200_000_000, False), (now - 60_000_000, True)):
        old = ApiKey("old", "acme", False, now - DAY, None, None, used)
        _, found = standings([new, old], now)
        assert (found.replaced_by, found.is_still_used) == (new, is_still_used)
    test_key = ApiKey("test", "acme", True, now - DAY, None, None, None)
    ended = ApiKey("ended", "acme", False, now - DAY, now - 1, None, None)
    assert [one.replaced_by for one in standings([new, test_key, ended], now)] == [None, None, None]
    assert [one.state for one in standings([new, test_key, ended], now)] == ["active", "active", "expired"]


def test_the_page_says_who_uses_the_old_key(gateway: Gateway) -> None:
    browser, old, _ = rotated(gateway)
    assert "used by nobody since" in browser.text
    assert "which nobody uses yet either" in browser.text
    gateway.client.get("/v1/documents", headers=old.headers)
    gateway.services.store.keys.stop()  # what is noted beside requests is noted
    browser.open("/accounts/acme")
    assert "still in use since" in browser.text


def test_once_the_new_key_is_used_alone_the_old_one_can_go(gateway: Gateway) -> None:
    browser, _, new = rotated(gateway)
    gateway.client.get("/v1/documents", headers=new.headers)
    gateway.services.store.keys.stop()
    browser.open("/accounts/acme")
    assert "it can be revoked" in browser.text


def test_a_key_is_rotated_once_however_often_the_form_is_sent(gateway: Gateway) -> None:
    browser, *_ = rotated(gateway)
    new, first = gateway.services.store.keys.all("acme")
    token = csrf(browser.open("/accounts/acme"))
    form = {"csrf_token": token, "newest": first.id, "days": ""}
    again = browser.client.post(f"/accounts/acme/keys/{first.id}/rotate", data=form)
    assert (again.status_code, "so none was made now" in again.text) == (409, True)
    gateway.services.store.keys.revoke(first.id, actor="test")
    ended = browser.client.post(f"/accounts/acme/keys/{first.id}/rotate", data={**form, "newest": new.id})
    assert (ended.status_code, "was ended meanwhile" in ended.text) == (409, True)
    assert len(gateway.services.store.keys.all("acme")) == 2


def test_another_accounts_key_is_not_rotated(gateway: Gateway) -> None:
    gateway.account("acme")
    gateway.account("delta")
    (key,) = gateway.services.store.keys.all("delta")
    browser = signed_in(gateway)
    token = csrf(browser.open("/accounts/delta"))
    answer = browser.client.post(f"/accounts/acme/keys/{key.id}/rotate", data={"csrf_token": token, "newest": key.id})
    assert answer.status_code == 404
    assert len(gateway.services.store.keys.all("delta")) == 1
