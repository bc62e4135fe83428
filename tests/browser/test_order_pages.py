"""Orders and documents in a browser: found and read with the keyboard alone, in every light and width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Pages
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere
from tests.harness.waiting import until

ACME = "acme-retail"


@pytest.fixture(scope="module")
def order(stack: Stack) -> Any:
    """ACME's accepted order, of which a part left, and which was invoiced for it."""
    (found, *_) = stack.store.worklist.page("open", ACME, None, 10)
    key = stack.store.keys.create(None, actor="test")[1]
    lines = [one for one in stack.store.orders.ledger(found.id) if one.confirmed]
    parts = [
        {
            "order_number": found.order_number,
            "account": ACME,
            "line_number": one.line_number,
            "product": one.product,
            "base_quantity": f"{one.base_ordered if index else one.base_ordered / 2:f}",
            "lot": "L-1",
            "expiry": "2027-06-30",
        }
        for index, one in enumerate(lines)
    ]
    told = {
        "shipment_number": "LS-BROWSER",
        "shipped_at": "2026-11-27T08:00:00+01:00",
        "packages": [{"id": "C1", "type": "XCT", "lines": parts}],
    }
    answer = httpx.post(
        f"{stack.base_url}/v1/backoffice/shipments",
        json=told,
        headers={"Authorization": f"Bearer {key}"},
        timeout=20,
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text
    until(lambda: documents(stack, "invoice"), 60, "an invoice")
    return found


def documents(stack: Stack, kind: str) -> list[Any]:
    return stack.store.documents.newest(ACME, kind=kind, order_number=None, limit=10)


def test_an_order_is_read_in_every_light(
    stack: Stack, pages: Pages, order: Any, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    page = pages.of("support")
    page.goto(f"/orders/{order.id}")
    assert page.locator(".lead").inner_text().strip()
    assert page.locator("svg .dot").count() == page.locator("#happened > li").count() >= 4
    shot(page, "order")
    look_everywhere(page, axe)


@pytest.mark.parametrize("which", ["line", "document", "canonical", "invoice", "orders", "documents", "number"])
def test_so_is_what_it_leads_to(
    stack: Stack,
    pages: Pages,
    order: Any,
    axe: Callable[[Page], None],
    shot: Callable[[Page, str], None],
    which: str,
) -> None:
    page = pages.of("support")
    line = stack.store.orders.ledger(order.id)[0].line_number
    response, invoice = documents(stack, "order_response")[-1].id, documents(stack, "invoice")[0].id
    page.goto(
        {
            "line": f"/orders/{order.id}/lines/{line}",
            "document": f"/documents/{response}",
            "canonical": f"/documents/{response}?format=canonical",
            "invoice": f"/documents/{invoice}",
            "orders": f"/accounts/{ACME}/orders",
            "documents": f"/accounts/{ACME}/documents?type=invoice",
            "number": "/orders?number=NOBODYS",
        }[which]
    )
    shot(page, f"order-{which}")
    look_everywhere(page, axe)


def test_a_dot_of_the_picture_leads_to_its_document(pages: Pages, order: Any) -> None:
    page = pages.of("viewer")
    page.goto(f"/orders/{order.id}")
    page.locator("svg a[href^='/documents/']").first.click()
    page.get_by_role("heading", name="Order response").first.wait_for()


def test_the_keyboard_alone_reaches_a_document(pages: Pages, order: Any) -> None:
    page = pages.of("viewer")
    page.goto(f"/orders?number={order.order_number}")
    page.get_by_role("heading", name=f"Order {order.order_number}").wait_for()
    for _ in range(2):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Order response").first.wait_for()
