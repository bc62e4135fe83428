"""The audit's pages in a browser: narrowed by the keyboard alone, and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.test_every_page import look_everywhere


@pytest.mark.parametrize("path", ["/audit", "/audit?about=user", "/audit?who=nobody&since=x", "/settings"])
def test_they_are_fit_for_everybody(
    pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None], path: str
) -> None:
    page = pages.of("admin")
    page.goto(path)
    shot(page, path.strip("/").replace("?", "-").replace("&", "-").replace("=", "-"))
    look_everywhere(page, axe)


def test_who_did_it_is_found_by_the_keyboard(pages: Pages) -> None:
    page = pages.of("admin")
    page.goto("/audit")
    page.get_by_label("Who").focus()
    page.keyboard.type("nobody at all")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing that fits.")).to_be_visible()
    page.get_by_role("link", name="Everything").click()
    expect(page.locator("tbody tr").first).to_be_visible()
