"""The list of messages: filters in the address, what is shown of each, what leaves everything out, searches that
somebody keeps, and files of what fits."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from gateway.console import message_list
from gateway.store.message_search import LOOKED_AT
from tests.api.builders import Gateway, order
from tests.console.conftest import Browser, signed_in


@pytest.fixture
def busy(gateway: Gateway) -> Gateway:
    """Two accounts: three orders of acme, of which one is held and one a test, and one of delta."""
    acme, delta = gateway.account("acme"), gateway.account("delta")
    gateway.send(acme, order("PO-1", currency="EUR", total="1234.50", note="for the kiosk"))
    gateway.send(acme, order("0042", item="=WHAT-1"))
    gateway.send(acme, order("PO-3", test=True))
    gateway.send(delta, order("PO-1"))
    gateway.work()
    return gateway


def shown(browser: Browser, path: str) -> list[str]:
    """The order numbers on the page, as it shows them."""
    assert browser.open(path).status_code == 200
    rows = browser.root.xpath("//main//tbody/tr")
    return [" ".join(row.xpath("string(td[@data-label='Order'])").split()) for row in rows]


def test_messages_are_shown_with_what_somebody_wants_to_know(busy: Gateway) -> None:
    browser = signed_in(busy, "viewer")
    assert shown(browser, "/messages") == ["PO-1 order", "PO-3 order, test", "0042 order", "PO-1 order"]
    assert "1,234.50 EUR" in browser.text
    assert "▲ held Unknown item: =WHAT-1" in browser.text
    assert "✓ done Answered." in browser.text
    assert not browser.root.xpath("//input[@name='message']"), "a viewer replays nothing"
    (first, *_) = busy.services.store.messages.page(limit=1)
    assert f"/messages/{first.id}" in browser.answer.text
    assert f"/orders/{first.order_id}" in browser.answer.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=0042", ["0042 order"]),
        ("q=kiosk", ["PO-1 order"]),
        ("q=%3Dwhat-1", ["0042 order"]),
        ("account=delta", ["PO-1 order"]),
        ("status=open", ["0042 order"]),
        ("status=done&account=acme&test=no", ["PO-1 order"]),
        ("kind=order&lane=bulk&test=yes", ["PO-3 order, test"]),
        ("since=1h&q=PO-1", ["PO-1 order", "PO-1 order"]),
        ("until=1h", []),
    ],
)
def test_every_filter_is_in_the_address(busy: Gateway, query: str, expected: list[str]) -> None:
    browser = signed_in(busy, "viewer")
    assert shown(browser, f"/messages?{query}") == expected
    names = {one.partition("=")[0] for one in query.split("&")}
    ticked = {one.get("name") for one in browser.root.xpath("//form[@class='filters']//input[@checked or @value!='']")}
    assert names & {"q", "account", "since", "until"} <= ticked
    assert len(browser.root.xpath("//ul[@class='chips']/li/a[not(@class)]")) == len(query.split("&"))


def test_a_filter_that_is_on_is_taken_off_by_its_chip(busy: Gateway) -> None:
    browser = signed_in(busy, "viewer")
    shown(browser, "/messages?status=held&status=done&account=acme")
    chips = {one.text.strip(): one.get("href") for one in browser.root.xpath("//ul[@class='chips']//a[@title]")}
    assert chips == {
        "account: acme": "/messages?status=held&status=done",
        "status: held": "/messages?account=acme&status=done",
        "status: done": "/messages?account=acme&status=held",
    }


def test_where_nothing_fits_it_says_which_filter_leaves_everything_out(busy: Gateway) -> None:
    browser = signed_in(busy, "viewer")
    assert shown(browser, "/messages?q=PO-1&status=rejected&account=acme") == []
    assert "Nothing fits." in browser.text
    (way,) = browser.root.xpath("//main//div[@class='empty']//a/@href")
    assert way == "/messages?q=PO-1&account=acme"
    shown(browser, "/messages?q=nonsense&status=rejected")
    assert "take several off" in browser.text


@pytest.mark.parametrize(
    "query", ["since=yesterday", "status=odd", "kind=odd", "lane=odd", "q=%25", "q=ab*", "account=a&account=b"]
)
def test_what_cant_be_understood_is_said_and_nothing_is_shown(busy: Gateway, query: str) -> None:
    browser = signed_in(busy, "support")
    assert shown(browser, f"/messages?{query}") == []
    assert browser.root.find_class("wrong")
    assert "Replay all" not in browser.text
    for file in ("csv", "xlsx"):
        answer = browser.open(f"/messages/export.{file}?{query}")
        assert (answer.status_code, answer.headers["Location"][:10]) == (303, "/messages?")


def test_an_accounts_people_see_theirs_alone_whatever_they_ask(busy: Gateway) -> None:
    browser = signed_in(busy, "support", "acme")
    for query in ("", "?account=delta", "?q=PO-1&account=delta"):
        found = shown(browser, f"/messages{query}")
        assert 1 <= len(found) <= 3
        assert "delta" not in browser.text
    rows = read_csv(browser.open("/messages/export.csv?account=delta"))
    assert {row["account"] for row in rows} == {"acme"}


def test_pages_follow_each_other(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    for number in range(60):
        gateway.send(acme, order(f"PO-{number:02d}"))
    gateway.work()
    browser = signed_in(gateway, "viewer")
    first = shown(browser, "/messages?q=oat-1l")
    assert len(first) == 50
    (following,) = browser.root.xpath("//a[@rel='next']/@href")
    second = shown(browser, following)
    assert [*first, *second] == [f"PO-{number:02d} order" for number in range(59, -1, -1)]
    assert browser.root.xpath("//a[@rel='prev']/@href") == ["/messages?q=oat-1l"]
    assert not browser.root.xpath("//a[@rel='next']")
    assert len(shown(browser, "/messages?before=nonsense")) == 50


def test_a_selection_and_a_search_lead_to_a_replay(busy: Gateway) -> None:
    browser = signed_in(busy, "support")
    shown(browser, "/messages?status=open")
    (form,) = browser.root.xpath("//form[@action='/replays/new']")
    (held,) = busy.services.store.messages.page(status="held")
    assert [one.get("value") for one in form.xpath(".//input[@name='message']")] == [held.id]
    assert form.xpath(".//a[starts-with(@href, '/replays/new')]/@href") == ["/replays/new?status=open"]
    shown(browser, "/messages")
    assert "Replay all that fit" not in browser.text, "all messages there are is no search"


# --- searches that are kept ------------------------------------------------------------------------------------------
def test_a_search_is_kept_opened_and_forgotten_by_whoever_keeps_it(busy: Gateway) -> None:
    browser = signed_in(busy, "viewer")
    browser.open("/messages?status=open&since=24h")
    assert (
        browser.send("/messages/saved", name=" mine  today ").headers["Location"] == "/messages?status=open&since=24h"
    )
    browser.open("/messages")
    (kept,) = browser.root.xpath("//nav[@class='saved']//a")
    assert (kept.text, kept.get("href")) == ("mine today", "/messages?status=open&since=24h")
    other = signed_in(busy, "support")
    other.open("/messages")
    assert "mine today" not in other.text
    browser.open(kept.get("href"))
    assert "You keep this search as mine today" in browser.text
    browser.send("/messages/saved/remove")
    browser.open("/messages")
    assert "mine today" not in browser.text


@pytest.mark.parametrize(("name", "said"), [("", "a name"), ("x" * 61, "60 characters"), ("a\u202eb", "60 characters")])
def test_a_search_without_a_good_name_is_not_kept(busy: Gateway, name: str, said: str) -> None:
    browser = signed_in(busy, "viewer")
    browser.open("/messages?status=open")
    browser.send("/messages/saved", name=name)
    assert said in browser.text
    assert "PO-3" not in browser.text, "the search stays"
    assert browser.root.xpath("//input[@name='query']/@value") == ["status=open"]


def test_somebody_keeps_so_many(busy: Gateway) -> None:
    browser = signed_in(busy, "viewer")
    for number in range(51):
        browser.open(f"/messages?q=x{number}")
        browser.send("/messages/saved", name=f"n{number}")
    assert "You have 50 searches already" in browser.text


# --- files -----------------------------------------------------------------------------------------------------------
def read_csv(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_what_fits_is_a_csv_file_that_no_spreadsheet_calculates(busy: Gateway) -> None:
    browser = signed_in(busy, "viewer")
    rows = read_csv(browser.open("/messages/export.csv?account=acme"))
    assert [one["order_number"] for one in rows] == ["PO-3", "0042", "PO-1"]
    assert rows[2]["amount"] == "1234.50"
    assert rows[1]["why"] == "Unknown item: =WHAT-1"
    assert rows[0]["test"] == "yes"
    assert [one["status"] for one in read_csv(browser.open("/messages/export.csv?status=open"))] == ["held"]


def test_and_a_workbook_with_numbers_that_are_numbers(busy: Gateway) -> None:
    browser = signed_in(busy, "viewer")
    answer = browser.open("/messages/export.xlsx?account=acme")
    sheet = load_workbook(io.BytesIO(answer.get_data())).active
    answer.close()
    assert sheet is not None
    header, *rows = sheet.iter_rows()
    names = [cell.value for cell in header]
    last = dict(zip(names, rows[-1], strict=True))
    assert Decimal(str(last["amount"].value)) == Decimal("1234.5")
    assert last["received_at"].is_date
    held = dict(zip(names, rows[1], strict=True))
    assert (held["order_number"].value, held["order_number"].data_type) == ("0042", "s")


def test_an_order_number_that_calculates_is_text(gateway: Gateway) -> None:
    acme = gateway.account("acme")
    gateway.send(acme, order('=HYPERLINK("http://x","y")'))
    gateway.send(acme, order("-1+1", currency="EUR", total="-5"))
    gateway.work()
    browser = signed_in(gateway, "viewer")
    rows = read_csv(browser.open("/messages/export.csv"))
    assert {one["order_number"][:2] for one in rows} == {"'=", "'-"}
    answer = browser.open("/messages/export.xlsx")
    sheet = load_workbook(io.BytesIO(answer.get_data())).active
    answer.close()
    assert sheet is not None
    assert {row[4].data_type for row in sheet.iter_rows(min_row=2)} == {"s"}


def test_a_file_says_that_it_is_cut(busy: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_list, "MOST_IN_CSV", 2)
    browser = signed_in(busy, "viewer")
    rows = read_csv(browser.open("/messages/export.csv"))
    assert len(rows) == 3
    assert rows[-1]["message"].startswith("Cut here: a file has 2 rows")
    monkeypatch.setattr(message_list, "MOST_IN_CSV", 4)
    assert len(read_csv(browser.open("/messages/export.csv"))) == 4


def test_a_page_looks_at_no_more_than_is_said() -> None:
    assert LOOKED_AT <= 10_000
