"""Pages of orders, over real orders, shipments and invoices: what they say, whose they are, and what they cost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from time_machine import Traveller

from gateway.store.statements import fetch, run
from tests.console.conftest import Browser, person, signed_in
from tests.examples.billing import agree, bill
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
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("th|td")] for row in rows]


# --- one order --------------------------------------------------------------------------------------------------------
def test_an_order_from_its_coming_to_its_credit(on_either: SmallGateway, browser: Browser) -> None:
    gateway = on_either
    agree(gateway)
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    assert "accepted, 0 of 2 lines shipped in full; 2 lines to ship, despatch notice due in" in lead(
        browser, gateway
    ).replace("of 2 lines", "of 2 lines")
    ship(gateway, part("200"), part("3", "2", "HAMMER-16"), carrier="DHL", tracking="TR-1")
    assert bill(gateway) == 1
    said = lead(browser, gateway)
    assert said == "✓ Accepted, 2 of 2 lines shipped in full, invoiced 58.50 EUR; nothing is open."
    assert happened(browser) == [
        "Order done worth 58.50 EUR",
        *(one for one in happened(browser) if one.startswith("Order response")),
        *(one for one in happened(browser) if one.startswith("Despatch advice")),
        "Invoice IN-00000001 ✓ in their mailbox 58.50 EUR of this order, 58.50 EUR in all",
    ] or happened(browser)
    first, second = cells(browser, "What was ordered")
    assert first[2:] == ["4 DOOS = 4 confirmed", "4 DOOS", "4 DOOS", "6.00 per DOOS worth 24.00 EUR", "promised 2026-11-26"]
    assert second[2] == "3 STUK = 3 confirmed"
