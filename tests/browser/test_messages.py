"""The list of messages in a browser: filtered, walked and kept by the keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.stack import Stack
from tests.harness.waiting import until


@pytest.fixture(autouse=True)
def settled(stack: Stack) -> None:
    """All that was sent is, however busy the machine."""
    until(lambda: stack.store.queue.waiting() == 0, 120, "the stack's orders are settled", pause=0.1)


def orders(page: Page) -> list[str]:
    return [one.split()[0] for one in page.locator("tbody td[data-label=Order]").all_inner_texts()]


def test_an_order_that_waits_is_found_and_the_search_kept_by_the_keyboard(pages: Pages) -> None:
    page = pages.of("support")
    page.goto("/messages")
    page.get_by_label("Find", exact=True).focus()
    page.keyboard.type("acme")
    page.get_by_label("open: we must act").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=acme&.*status=open"))
    page.wait_for_load_state()  # keys mean something once the page's scripts have run
    waiting = orders(page)
    assert "ACME-1003" in waiting
    expect(page.locator("tbody tr", has_text="ACME-1003")).to_contain_text("Unknown item")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tbody input[type=checkbox]").first).to_be_checked()
    page.get_by_label("Keep this search as").fill("Acme waits")
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Searches that you keep")).to_contain_text("Acme waits")
    page.get_by_role("link", name="status: open").click()
    assert len(orders(page)) > len(waiting)
    page.get_by_role("link", name="Acme waits").click()
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("Acme waits")).to_have_count(0)


def test_a_row_leads_to_its_message(pages: Pages, stack: Stack) -> None:
    page = pages.of("viewer")
    page.goto("/messages?status=open")
    held = {f"/messages/{one.id}" for one in stack.store.messages.page(status="held", limit=500)}
    links = page.locator("tbody tr", has_text="held").locator("th a").all()
    assert links
    assert {one.get_attribute("href") for one in links} <= held
    assert page.locator("tbody input").count() == 0, "a viewer replays nothing"


def test_what_fits_is_downloaded(pages: Pages, tmp_path: Path) -> None:
    page = pages.of("viewer")
    page.goto("/messages?status=open")
    for name in ("CSV", "XLSX"):
        with page.expect_download() as coming:
            page.get_by_role("link", name=name).click()
        file = tmp_path / coming.value.suggested_filename
        coming.value.save_as(file)
        assert file.read_bytes()[:4] in (b"PK\x03\x04", b"\xef\xbb\xbfm")
