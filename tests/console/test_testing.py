"""Trying a draft on past orders in the console: begun, watched, cancelled, and what it changes down to the line."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from gateway.accounts import table_rows
from gateway.drafting import draft_tests
from gateway.drafting.drafts import draft_of, edit
from gateway.effects.effects import Effects
from gateway.store.draft_tests import DraftTest
from mappings.revision import UnitRow
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, csrf, signed_in

TESTS = "/accounts/acme/draft/tests"


@pytest.fixture
def acme(gateway: Gateway) -> Gateway:
    """An account that sent an order in cases of 6, and a draft in which a case is 12."""
    terms = {"id": "acme", "name": "Acme", "policies": {"unknown_ship_to": "accept_address"}}
    rows = list(table_rows([case(6)]))
    sender = gateway.account("acme")
    gateway.services.store.revisions.publish_account(terms, rows, author="test", reason="test")
    line = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "2", "unit": "CS"}
    assert gateway.send(sender, order("PO-<b>7</b>", lines=[line])).status_code == 202
    gateway.work()
    make_cases(gateway, 12)
    return gateway


def case(factor: int, word: str = "CS") -> UnitRow:
    return UnitRow(word, None, "EA", Decimal(factor))


def make_cases(gateway: Gateway, factor: int) -> None:
    (row,) = table_rows([case(factor)])
    key = row.kind, row.natural_key
    edit(gateway.services, "acme", lambda draft: [draft.change(*key, draft.body(*key), row.body)], author="test")


def begin(browser: Browser, last: str = "200") -> str:
    """Where the test is shown."""
    browser.open(TESTS)
    answer = browser.send(TESTS, last=last)
    assert answer.status_code == 303, browser.text
    return str(answer.headers["Location"])


def run(gateway: Gateway) -> None:
    while draft_tests.step(gateway.services):
        pass


def test_a_test_is_begun_watched_and_read(acme: Gateway) -> None:
    browser = signed_in(acme, "integration")
    shown = begin(browser)
    waiting = browser.open(shown)
    assert "0 of 1 message" in browser.text
    assert browser.root.xpath("//progress/@max") == ["1"]
    assert browser.root.xpath("//section[@data-watch]//*[@role='status']")
    assert "watch.js" in waiting.text
    assert '<noscript><meta http-equiv="refresh"' in waiting.text
    run(acme)
    done = browser.open(shown)
    assert "watch.js" not in done.text
    assert "1 line: CS of OAT-1L is 12 EA instead of 6 EA (12 → 24 EA)" in browser.text
    assert "1 order compared, of 1 message: 1 order would come out otherwise." in browser.text
    assert "No order would newly fail" in browser.text
    assert browser.root.xpath("//del[@class='was']")[0].text_content() == "− 6 EA"
    assert browser.root.xpath("//ins[@class='now']")[0].text_content() == "+ 12 EA"
    assert "PO-<b>7</b>" in browser.text
    assert "<b>7</b>" not in done.text
    (next_step,) = browser.root.xpath("//a[@href='/accounts/acme/draft#publish']")
    assert next_step.text == "Publish the draft"
    assert browser.open(TESTS).text.count("/draft/tests/") >= 1


def test_one_after_which_orders_newly_fail_leads_to_the_edits(acme: Gateway) -> None:
    make_cases(acme, 7)
    draft = draft_of(acme.services, "acme")
    acme.services.store.draft_tests.keep(
        DraftTest("t-9", "acme", draft.number, draft.version, 9, "done", 1, 1, 1, None, None, "kim", 7, None),
        json.dumps(Effects(messages=1, orders=1, newly_fail=1).as_json()),
    )
    browser = signed_in(acme, "support")
    browser.open(f"{TESTS}/t-9")
    assert browser.root.xpath("//a[@href='/accounts/acme/draft']/text()").count("Look at the edits") == 1
    assert "takes a reason of its own" in browser.text


def test_the_same_asked_for_twice_is_one_test(acme: Gateway) -> None:
    browser = signed_in(acme, "support")
    assert begin(browser) == begin(browser)


def test_it_is_cancelled_and_says_so(acme: Gateway) -> None:
    browser = signed_in(acme, "support")
    shown = begin(browser)
    browser.open(shown)
    assert browser.send(f"{shown}/cancel").status_code == 303
    browser.open(shown)
    assert "It was cancelled" in browser.text
    assert not draft_tests.step(acme.services)
    assert browser.client.post(f"{shown}/cancel", data={"csrf_token": csrf(browser.answer)}).status_code == 303
    assert "Test the draft as it is now" in browser.text


def test_a_draft_that_was_edited_since_is_said(acme: Gateway) -> None:
    browser = signed_in(acme, "support")
    shown = begin(browser)
    run(acme)
    make_cases(acme, 18)
    browser.open(shown)
    assert "this is what it changed then" in browser.text
    later = begin(browser)
    make_cases(acme, 24)
    run(acme)
    browser.open(later)
    assert "The draft was edited or published meanwhile, so the test ended." in browser.text


def test_what_was_not_compared_is_said_with_the_reason(acme: Gateway) -> None:
    sender = acme.account("acme")
    acme.send(sender, order("PO-8"))
    browser = signed_in(acme, "support")
    shown = begin(browser)
    run(acme)
    browser.open(shown)
    assert "1 of 2 messages was not compared, because" in browser.text
    assert "1 message: not judged yet, or failed at a fault of ours" in browser.text


@pytest.mark.parametrize("last", ["0", "10001", "all", "-5", "1e3", "٣"])
def test_a_number_of_messages_that_is_none_is_refused(acme: Gateway, last: str) -> None:
    browser = signed_in(acme, "support")
    browser.open(TESTS)
    assert browser.send(TESTS, last=last).status_code == 400
    assert "from 1 to 10,000" in browser.text
    assert acme.services.store.draft_tests.newest("acme") is None


def test_another_accounts_test_is_not_there(acme: Gateway) -> None:
    acme.account("delta")
    browser = signed_in(acme, "admin")
    shown = begin(browser)
    assert browser.open(shown.replace("acme", "delta")).status_code == 404
    assert browser.open(f"{TESTS}/nothing").status_code == 404
    assert browser.open("/accounts/nobody/draft/tests").status_code == 404


def test_a_viewer_looks_and_begins_nothing(acme: Gateway) -> None:
    shown = begin(signed_in(acme, "support"))
    browser = signed_in(acme, "viewer")
    browser.open(shown)
    assert "Cancel the test" not in browser.text
    browser.open(TESTS)
    assert "Test the draft" not in browser.text.replace("Tests of the draft", "")
