"""Pages of orders, over real orders, shipments and invoices: what they say, whose they are, and what they cost."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from time_machine import Traveller

from gateway.console import documents, order_lists, order_pages
from gateway.order_page import thread
from gateway.store import order_threads
from gateway.store.statements import fetch, run
from tests.console.conftest import Browser, signed_in
from tests.examples.billing import agree, bill, office
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import cancel, change
from tests.pipeline.conftest import (
    database_url,
    filled_postgres,
    filled_today,
    on_either,
    postgres,
    postgres_with_tables,
    today,
)
from tests.pipeline.test_invoices import credit, ship
from tests.pipeline.test_shipments import part

__all__ = [
    "database_url",
    "filled_postgres",
    "filled_today",
    "on_either",
    "postgres",
    "postgres_with_tables",
    "today",
]
PINE = "pine-hardware"


@pytest.fixture
def browser(on_either: SmallGateway) -> Browser:
    """Somebody of support."""
    return browser_of(on_either)


def browser_of(gateway: Any, role: Any = "support", account: str | None = None) -> Browser:
    return signed_in(gateway, role, account)


def order_id(gateway: SmallGateway, number: str = "PH-4001") -> str:
    return gateway.store.orders.by_number(PINE, number)[0].id


def lead(browser: Browser, gateway: SmallGateway, number: str = "PH-4001") -> str:
    """What the order's page says of it first."""
    answer = browser.open(f"/orders/{order_id(gateway, number)}")
    assert answer.status_code == 200, browser.text
    (said,) = browser.root.find_class("lead")
    return " ".join(said.text_content().split())


def happened(browser: Browser) -> list[str]:
    """The list of what happened, without its times."""
    return [" ".join(one.text_content().split()) for one in browser.root.xpath("//ol[@id='happened']/li/p[1]")]


def cells(browser: Browser, table: str) -> list[list[str]]:
    """The rows of the table with this caption."""
    rows = browser.root.xpath(f"//table[caption[contains(., '{table}')]]/tbody/tr")
    return [[" ".join(" ".join(cell.itertext()).split()) for cell in row.xpath("th|td")] for row in rows]


# --- one order --------------------------------------------------------------------------------------------------------
def test_an_order_from_its_coming_to_its_credit(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    to_ship = "2 lines to ship (despatch notice due in 2 days)"
    assert lead(browser, gateway) == f"● Accepted, 0 of 2 lines shipped in full; {to_ship}."
    ship(gateway, part("200"), part("3", "2", "HAMMER-16"), carrier="DHL", tracking="TR-1")
    assert bill(gateway) == 1
    said = lead(browser, gateway)
    assert said == "✓ Accepted, 2 of 2 lines shipped in full, invoiced 58.50 EUR; nothing is open."
    assert happened(browser) == [
        "Order ✓ done worth 58.50 EUR",
        "Order response OR-00000001: accepted ✓ in their mailbox",
        "Despatch advice DA-00000001 ✓ in their mailbox shipment LS-1",
        "Invoice IN-00000001 ✓ in their mailbox 58.50 EUR of this order, 58.50 EUR in all",
    ]
    assert [row[2:] for row in cells(browser, "What was ordered")] == [
        ["4 DOOS = 4 confirmed", "4 DOOS", "4 DOOS", "6.00 per DOOS worth 24.00 EUR", "promised 2026-11-26"],
        ["3 STUK = 3 confirmed", "3 STUK", "3 STUK", "11.50 per STUK worth 34.50 EUR", "promised 2026-11-26"],
    ]
    returned = credit({"line_number": "2", "quantity": "1"})
    answer = office(gateway, "credit_notes", returned)
    assert answer.status_code == 201, answer.text
    assert "invoiced 58.50 EUR, credited 11.50 EUR; nothing is open" in lead(browser, gateway)
    assert cells(browser, "What was ordered")[1][3:5] == ["3 STUK 1 STUK came back", "3 STUK 1 STUK credited"]


def test_one_unit_is_summed(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    gateway.settle(PINE, order(SAWS))
    said = lead(browser, gateway)
    assert said.startswith("● Changed, 0 of 10 STUK shipped; 10 STUK to ship (despatch notice due in 2 days), ")
    assert said.endswith(", 5 STUK backordered.")
    ((*_, became, shipped, _, _, days),) = cells(browser, "What was ordered")
    assert (became, shipped) == ("15 STUK = 10 confirmed + 5 backordered", "nothing")
    assert days == "promised 2026-11-26, 2026-12-03"


def test_what_waits_and_what_is_held_is_said_first(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    early = gateway.send(PINE, {**change(HAMMERS, version=7), "lines": [dict(HAMMERS, action="change")]})
    gateway.work()
    held = gateway.settle(PINE, change(line("1", "PH-9999", "4", "DOOS"), version=2))
    assert (gateway.message(early).waits_for_version, held.status) == (2, "held")
    said = lead(browser, gateway)
    assert said.startswith("▲ Accepted, 0 of 4 DOOS shipped; 1 message is held, 4 DOOS to ship")
    assert said.endswith("1 change waiting for what comes before.")
    waits = browser.root.xpath("//section[h2[@id='waits']]")[0]
    leads = [one.get("href") for one in waits.iter("a")]
    assert leads == [f"/messages/{held.id}", f"/messages/{early}"]
    assert "waits for version 2 until 2026-11-24 10:00 UTC" in " ".join(waits.text_content().split())


def test_a_notice_that_is_late_is_bad(on_either: SmallGateway, today: Traveller) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS, HAMMERS, line("3", "PH-0107", "1", "STUK", "18.00")))
    today.shift(timedelta(days=4))
    browser = browser_of(gateway)
    assert "▲ " in lead(browser, gateway)
    assert "overdue" in lead(browser, gateway)
    browser.open("/orders/overdue")
    ((number, account, late, waiting, _),) = cells(browser, "overdue")
    assert (number, account) == ("PH-4001", PINE)
    assert late.startswith("▲ 1 day overdue")
    assert waiting == "line 1: 200 EA of BOLT-M8 line 2: 3 EA of HAMMER-16 line 3: 1 EA of SAW-600"
    assert browser.open("/orders/overdue?account=nobody").status_code == 200
    assert "Nothing is overdue" in browser.text


def test_overdue_orders_are_paged_by_key(
    on_either: SmallGateway, today: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = on_either
    monkeypatch.setattr(order_pages, "_AT_ONCE", 2)
    for number in range(5):
        gateway.settle(PINE, order(BOLTS, number=f"PH-{number}"))
    today.shift(timedelta(days=4))
    browser = browser_of(gateway)
    seen, path = [], "/orders/overdue"
    while path:
        browser.open(path)
        seen += [row[0] for row in cells(browser, "overdue")]
        path = next(iter(browser.root.xpath("//a[@rel='next']/@href")), "")
    assert sorted(seen) == [f"PH-{number}" for number in range(5)]


def test_a_line_that_does_not_add_up_is_flagged(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    lead(browser, gateway)
    assert "add up" not in browser.text
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE quantity_movements SET shipped = '250' WHERE line_number = ?", [("1",)])
    lead(browser, gateway)
    assert "Doesn't add up: more was shipped than is confirmed" in cells(browser, "What was ordered")[0][2]
    assert "add up" not in cells(browser, "What was ordered")[1][2]


def test_a_cancelled_order_says_so(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, cancel())
    assert lead(browser, gateway) == "✓ Cancelled; nothing is open."
    assert cells(browser, "What was ordered")[0][2] == "4 DOOS = 4 cancelled"
    assert happened(browser)[2].startswith("Cancellation, version 2")


def test_lines_come_by_the_page(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    gateway.settle(PINE, order(*[line(str(number), "PH-0101", "1", "DOOS", "6.00") for number in range(1, 121)]))
    seen: list[str] = []
    path = f"/orders/{order_id(gateway)}"
    while path:
        assert browser.open(path).status_code == 200
        seen += [row[0].split(" ")[0] for row in cells(browser, "What was ordered")]
        path = next(iter(browser.root.xpath("//a[@rel='next']/@href")), "")
    assert seen == [str(number) for number in range(1, 121)]
    assert "Lines 101 to 120 of 120" in browser.text
    assert browser.open(f"/orders/{order_id(gateway)}?lines=121").status_code == 404


@pytest.mark.parametrize("number", ["1", "61", "120"])
def test_of_a_large_document_only_what_is_shown_is_read(
    on_either: SmallGateway, browser: Browser, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    """The same page comes of it."""
    gateway = on_either
    lines = [line(f"{place}/ä", "PH-0101", "1", "DOOS", "6.00") for place in range(1, 121)]
    assert gateway.settle(PINE, order(*lines, note='"lines":[ of it')).status == "done"
    path = f"/orders/{order_id(gateway)}?lines={(int(number) - 1) // 50 * 50}"
    browser.open(path)
    whole = cells(browser, "What was ordered")
    monkeypatch.setattr(thread, "_LARGE", 1)
    browser.open(path)
    assert cells(browser, "What was ordered") == whole
    assert any(row[0].startswith(f"{number}/ä") for row in whole)
    assert all("not in the newest version" not in row[1] for row in whole)


def test_why_a_line_is_so(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    gateway.settle(PINE, order(line("1/a b", "PH-0101", "4", "DOOS", "6.00")))
    lead(browser, gateway)
    (leads,) = browser.root.xpath("//table//a[starts-with(., 'Why')]/@href")
    assert browser.open(leads).status_code == 200
    assert "units.csv: DOOS,,XBX,1" in browser.text
    assert "Confirmed +4" in browser.text or "confirmed +4" in browser.text
    assert browser.open(leads.replace("1/", "2/").replace("1%2F", "2%2F")).status_code == 404


# --- several of a number ----------------------------------------------------------------------------------------------
def test_several_orders_of_a_number_are_listed(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    assert browser.open("/orders?number=PH-4001").headers["Location"] == f"/orders/{order_id(gateway)}"
    gateway.settle(PINE, order(BOLTS), test=True)
    browser.open("/orders?number=PH-4001")
    assert "2 orders have this number" in browser.text
    real, test = (one.id for one in sorted(gateway.store.orders.by_number(PINE, "PH-4001"), key=lambda one: one.test))
    browser.open(f"/orders/{test}")
    assert "a test that ships nothing" in browser.text
    assert browser.root.xpath(f"//dl//a[@href='/orders/{real}']"), "each leads to the other"
    assert happened(browser)[0] == "Order ✓ done worth 24.00 EUR"
    assert len(happened(browser)) == 2, "and has its own alone"


def test_a_number_without_an_order_leads_to_its_messages(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    held = gateway.settle(PINE, order(line("1", "PH-9999", "4", "DOOS")))
    assert browser.open("/orders?number=PH-4001").status_code == 200
    assert browser.root.xpath(f"//main//a[@href='/messages/{held.id}']")
    browser.open("/orders?number=nothing")
    assert "No order and no message has this number" in browser.text


# --- lists ------------------------------------------------------------------------------------------------------------
def test_an_accounts_orders_are_paged_newest_first(
    on_either: SmallGateway, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = on_either
    monkeypatch.setattr(order_lists, "_AT_ONCE", 2)
    for number in range(5):
        gateway.settle(PINE, order(BOLTS, number=f"PH-{number}"))
    gateway.settle(PINE, order(line("1", "PH-9999", "4", "DOOS"), number="PH-HELD"))
    gateway.settle(PINE, order(HAMMERS, number="PH-1", function="change", version=2))
    for status in ("", "?status=open"):
        seen, path = [], f"/accounts/{PINE}/orders{status}"
        while path:
            assert browser.open(path).status_code == 200, path
            seen += [row[0].split(" ")[0] for row in cells(browser, "Orders")]
            path = next(iter(browser.root.xpath("//a[@rel='next']/@href")), "")
        assert sorted(seen) == [f"PH-{number}" for number in range(5)]
        assert status or seen == ["PH-1", "PH-4", "PH-3", "PH-2", "PH-0"], "the one that was changed last first"


def test_an_accounts_documents_by_type_and_order(
    on_either: SmallGateway, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = on_either
    monkeypatch.setattr(documents, "_AT_ONCE", 2)
    agree(gateway)
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order(HAMMERS, number="PH-4002"))
    ship(gateway, part("200"))
    assert bill(gateway) == 1
    whole = walked(browser, f"/accounts/{PINE}/documents")
    assert whole == [
        "Invoice IN-00000001",
        "Despatch advice DA-00000001",
        "Order response OR-00000002",
        "Order response OR-00000001",
    ]
    assert walked(browser, f"/accounts/{PINE}/documents?type=order_response") == whole[2:]
    assert walked(browser, f"/accounts/{PINE}/documents?order=PH-4001") == [whole[0], whole[1], whole[3]]
    assert walked(browser, f"/accounts/{PINE}/documents?order=PH-4001&type=invoice") == whole[:1]
    assert walked(browser, f"/accounts/{PINE}/documents?type=credit_note") == []
    monkeypatch.setattr(order_threads, "_LOOKED_AT", 1)
    assert walked(browser, f"/accounts/{PINE}/documents?type=order_response") == whole[2:], "by one document a look"
    assert browser.open(f"/accounts/{PINE}/documents?type=letters").status_code == 404


def walked(browser: Browser, path: str) -> list[str]:
    """The documents of all pages of the list."""
    seen: list[str] = []
    while path:
        browser.open(path)
        seen += [row[0] for row in cells(browser, "Documents")]
        path = next(iter(browser.root.xpath("//a[@rel='next']/@href")), "")
    return seen


# --- whose they are ---------------------------------------------------------------------------------------------------
def test_another_accounts_is_as_one_that_is_missing(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    (document,) = gateway.store.documents.newest(PINE, kind=None, order_number=None, limit=9)
    own, foreign = browser_of(gateway, "viewer", PINE), browser_of(gateway, "viewer", "birch-timber")
    for path in (
        f"/orders/{order_id(gateway)}",
        f"/documents/{document.id}",
        f"/documents/{document.id}/file",
        f"/accounts/{PINE}/orders",
        f"/accounts/{PINE}/documents",
    ):
        assert own.open(path).status_code == 200, path
        there = foreign.open(path)
        missing = foreign.open(
            path.replace(order_id(gateway), "0" * 28).replace(document.id, "0" * 28).replace(PINE, "nobody")
        )
        assert (there.status_code, missing.status_code) == (404, 404), path
        assert there.text == missing.text.replace("nobody", PINE)
    assert foreign.open("/orders?number=PH-4001").status_code == 200
    assert "No order and no message" in foreign.text
    own.open(f"/orders/{order_id(gateway)}")
    assert "BOLT-M8" not in own.text, "our own numbers are ours"


# --- what they cost ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        "/orders/{order}",
        "/accounts/pine-hardware/orders",
        "/accounts/pine-hardware/documents",
        "/accounts/pine-hardware/documents?type=invoice",
        "/accounts/pine-hardware/documents?order=PH-4001&type=invoice",
        "/documents/{document}",
        "/orders/overdue",
        "/orders?number=PH-4001",
    ],
)
def test_every_query_goes_by_an_index(on_either: SmallGateway, browser: Browser, path: str) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    ship(gateway, part("200"))
    bill(gateway)
    (document, *_) = gateway.store.documents.newest(PINE, kind="invoice", order_number=None, limit=9)
    named = path.format(order=order_id(gateway), document=document.id)
    asked: list[tuple[str, Any]] = []
    with recorded(gateway, asked):
        assert browser.open(named).status_code in (200, 303)
    assert len(asked) < 45, [text for text, _ in asked]
    with gateway.store.database.read() as connection:
        if connection.dialect.name != "sqlite":
            run(connection, "SET enable_seqscan = off", [()])
        how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        for text, parameters in asked:
            plan = " ".join(str(row) for row in fetch(connection, f"{how} {text}", parameters))
            scanned = set(re.findall(r"SCAN (\w+)|Seq Scan on (\w+)", plan))
            assert {one or other for one, other in scanned} <= SMALL, (text, plan)


SMALL = {"some_", "json_each", "endpoints", "users", "account_heads"}
"""What was picked by an index before, and tables that don't grow with orders."""


@contextmanager
def recorded(gateway: SmallGateway, asked: list[tuple[str, Any]]) -> Iterator[None]:
    """Every query of the store's goes into this list meanwhile."""
    modules = [one for name, one in sys.modules.items() if name.startswith("gateway.store.") and hasattr(one, "fetch")]

    def noted(connection: Any, text: str, parameters: Any = ()) -> Any:
        asked.append((text, parameters))
        return fetch(connection, text, parameters)

    with ExitStack() as patched:
        for one in modules:
            if one.__name__ != "gateway.store.statements":
                patched.enter_context(patch.object(one, "fetch", noted))
        yield
