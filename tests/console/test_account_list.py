"""The list of accounts: searched, filtered by how they stand, and read a page at a time."""

from __future__ import annotations

import pytest

from gateway.console import account_list
from gateway.drafting.drafts import edit
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, signed_in


def listed(browser: Browser) -> list[str]:
    return [str(one) for one in browser.root.xpath("//tbody//th/a/@href")]


def test_accounts_are_found_by_id_and_name(gateway: Gateway) -> None:
    gateway.account("acme", name="Übersee Handel")
    gateway.account("delta", name="Delta Foods")
    browser = signed_in(gateway, "viewer")
    for text, found in (("übersee", ["/accounts/acme"]), ("ACME", ["/accounts/acme"]), ("foods", ["/accounts/delta"])):
        browser.open("/accounts")
        browser.open("/accounts", query_string={"q": text})
        assert listed(browser) == found
        assert browser.root.xpath("//main//input[@name='q']/@value") == [text]
    browser.open("/accounts?q=%25")
    assert "No account fits." in browser.text


def test_accounts_are_filtered_by_how_they_stand(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    gateway.account("delta")
    gateway.send(acme, order(item="WHAT-1"))
    gateway.work()
    edit(gateway.services, "delta", lambda draft: [draft.change("unit", "KRT|", None, "{}")], author="test")
    browser = signed_in(gateway, "viewer")
    for standing, found in (("problems", "acme"), ("well", "delta"), ("edited", "delta")):
        browser.open(f"/accounts?standing={standing}")
        assert listed(browser) == [f"/accounts/{found}"], standing
    browser.open("/accounts?standing=whatever")
    assert len(listed(browser)) == 2


def test_a_page_ends_where_the_next_begins(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        gateway.account(f"acme-{number}")
    browser = signed_in(gateway, "viewer")
    monkeypatch.setattr(account_list, "_SHOWN", 2)
    monkeypatch.setattr(account_list, "_LOOKED_AT", 2)
    found: list[str] = []
    path = "/accounts"
    while path:
        browser.open(path)
        found += listed(browser)
        path = browser.root.xpath("string(//a[text()='The next ones']/@href)")
    assert found == [f"/accounts/acme-{number}" for number in range(5)]


def test_what_is_being_set_up_is_listed_apart_and_not_for_accounts_people(gateway: Gateway) -> None:
    gateway.account("acme")
    edit(gateway.services, "newcomer", lambda draft: [draft.change("terms", "", None, "{}")], author="test")
    browser = signed_in(gateway, "viewer")
    browser.open("/accounts")
    assert browser.root.xpath("//a[@href='/accounts/newcomer/setup']")
    assert browser.open("/accounts/newcomer").headers["Location"] == "/accounts/newcomer/setup"
    theirs = signed_in(gateway, "admin", "acme")
    assert "newcomer" not in theirs.open("/accounts").text
    assert theirs.open("/accounts/newcomer").status_code == 404
