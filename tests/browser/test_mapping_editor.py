"""The mapping editor in a browser: live while somebody writes, and a value lights its source and its rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NARROW, ZOOMED, Pages, overflow

PATH = "/accounts/delta-foods/mapping"
QUANTITY = "/lines/0/quantity"


@pytest.fixture
def page(pages: Pages) -> Page:
    opened = pages.of("integration")
    opened.goto(PATH)
    expect(opened.locator("#text[data-editor]")).to_be_attached()
    return opened


def value(page: Page, pointer: str) -> Locator:
    """A canonical value among the results."""
    return page.locator(f".value[data-canonical='{pointer}']")


def piece(page: Page, pointer: str) -> Locator:
    """The same in the sample."""
    return page.locator(f"[data-part=source] [data-canonical~='{pointer}']")


def write(page: Page, change: tuple[str, str]) -> None:
    """Change the text as somebody who writes does."""
    editor = page.locator(".editor").get_by_role("textbox")
    text = page.locator("#text").input_value().replace(*change)
    editor.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def test_results_follow_what_is_written(page: Page) -> None:
    expect(value(page, "/currency")).to_have_text("currency EUR")
    write(page, ("currency: details.terms.currency", 'currency: {value: "USD"}'))
    expect(value(page, "/currency")).to_have_text("currency USD")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    write(page, ("sku", "'['"))
    expect(page.get_by_text("1 mistake in the map")).to_be_visible()
    expect(page.locator(".editor .cm-lintRange-error").first).to_be_visible()


def test_a_value_lights_its_source_and_its_rule(page: Page) -> None:
    value(page, QUANTITY).click()
    expect(value(page, QUANTITY)).to_contain_class("lit")
    expect(piece(page, QUANTITY)).to_contain_class("lit")
    expect(page.locator(".editor .marked-lit")).to_contain_text("quantity: {from: ordered.amount")
    expect(value(page, "/lines/1/quantity")).not_to_contain_class("lit")
    piece(page, "/order_number").click()
    expect(value(page, "/order_number")).to_contain_class("lit")
    expect(value(page, QUANTITY)).not_to_contain_class("lit")


def test_a_line_of_the_map_lights_what_it_made(page: Page) -> None:
    page.locator(".editor .cm-line", has_text="currency: details.terms.currency").click()
    expect(value(page, "/currency")).to_contain_class("lit")
    expect(piece(page, "/currency")).to_contain_class("lit")


def test_the_keyboard_goes_through_values_and_tabs(page: Page) -> None:
    page.locator(".value").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".value").nth(1)).to_be_focused()
    expect(page.locator(".value").nth(1)).to_contain_class("lit")
    page.get_by_role("tab", name="Canonical").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="Mapped lines")).to_be_visible()
    expect(page.get_by_role("tabpanel", name="Canonical")).to_be_hidden()


def test_each_count_jumps_to_its_line(page: Page) -> None:
    page.get_by_role("link", name="1 constant").click()
    expect(page.locator(".editor .cm-activeLine")).to_contain_text('scheme: {value: "0088"}')


@pytest.mark.parametrize(
    ("behind", "offered"), [("  lines:\n    ", "quantity"), ("  note:\n    ", "first"), ("order:\n  ", "order_number")]
)
def test_what_may_be_written_is_offered(page: Page, behind: str, offered: str) -> None:
    page.locator(".editor").get_by_role("textbox").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(f"reads: json\norder:\n{behind}" if not behind.startswith("order") else behind)
    page.keyboard.press("Control+Space")
    options = page.get_by_role("listbox", name="Completions")
    expect(options.get_by_role("option", name=offered).first).to_be_attached()


def test_a_dropped_file_is_shown_at_once(page: Page) -> None:
    order = '{"purchaseOrders": [{"header": {"poNumber": "DROPPED-1"}, "details": {"items": []}}]}'
    page.get_by_label("or a file of yours").set_input_files(
        {"name": "theirs.json", "mimeType": "application/json", "buffer": order.encode()}
    )
    expect(value(page, "/order_number")).to_have_text("order_number DROPPED-1")


def test_without_scripts_the_form_comes_back_with_the_results(pages: Pages) -> None:
    page = pages.of("integration", java_script_enabled=False)
    page.goto(PATH)
    page.locator("#text").fill(page.locator("#text").input_value().replace("sku\n", "'['\n"))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("link", name="Line 27").click()
    assert page.url.endswith("#m-27")
    expect(page.locator("#m-27")).to_be_visible()


@pytest.mark.parametrize("size", [NARROW, ZOOMED])
def test_it_fits_a_narrow_window(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert overflow(page) <= 0


def test_it_is_for_everybody(page: Page, axe: Callable[[Page], None], shot: Callable[[Page, str], None]) -> None:
    axe(page)
    value(page, QUANTITY).click()
    shot(page, "mapping")
    page.get_by_role("tab", name="Response").click()
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page)
