"""A draft tried on past orders by the gateway as it runs, watched in a browser with and without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from gateway.accounts import table_rows
from gateway.store.drafts import Change
from mappings.revision import ItemRow
from tests.browser.conftest import Pages
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere

ACME = "acme-retail"
TESTS = f"/accounts/{ACME}/draft/tests"


@pytest.fixture
def wrong_factor(stack: Stack) -> Iterator[None]:
    """In the draft a carton of PL-0107 is one pack, and no more 20."""
    (row,) = table_rows([ItemRow("PL-0107", None, "RYE-500", "XCS", "EA", Decimal(1))])
    number = stack.store.revisions.current([ACME])[ACME]
    stack.store.drafts.put(ACME, number, [Change(row.kind, row.natural_key, None, None, row.body)], author="test")
    yield
    stack.store.drafts.discard(ACME, [(row.kind, row.natural_key)], author="test")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_wrong_factor_is_seen_before_it_counts(
    wrong_factor: None,
    pages: Pages,
    axe: Callable[[Page], None],
    shot: Callable[[Page, str], None],
    scripts: bool,
) -> None:
    page = pages.of("support", java_script_enabled=scripts)
    page.goto(TESTS)
    page.get_by_role("button", name="Test the draft").click()
    expect(page.get_by_role("heading", name="Summary")).to_be_visible(timeout=20_000)
    change = page.get_by_role("heading", name="XCS of PL-0107 is 1 EA instead of 20 EA")
    expect(change).to_be_visible()
    if scripts:
        page.locator(".effect", has=change).locator("summary").click()
        expect(page.locator(".effect", has=change).get_by_role("rowheader", name="ACME-1001")).to_be_visible()
        shot(page, "draft-test")
        look_everywhere(page, axe)
