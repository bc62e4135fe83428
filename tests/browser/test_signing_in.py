"""Into the console and out of it, by keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.stack import PASSWORD, Stack
from tests.harness.waiting import until


def focused(page: Page) -> str:
    """What has the focus, as it is named."""
    return str(page.evaluate("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"))


def tab_to(page: Page, name: str, most: int = 30) -> None:
    """Press Tab until the focus is there."""
    for _ in range(most):
        if focused(page).strip() == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab doesn't reach {name}")


def test_by_a_link_and_then_by_password_without_a_mouse(stack: Stack, pages: Pages) -> None:
    page = pages.of(None)
    page.goto(stack.link_of("Kim", "support"))
    until(lambda: focused(page) == "Password", 10, "there one begins")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    tab_to(page, "More")
    page.keyboard.press("Enter")
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.goto("/accounts")
    until(lambda: focused(page) == "Name", 10, "there one begins")
    page.keyboard.type("kim")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Accounts", exact=True)).to_be_visible()


def test_the_first_tab_leads_past_the_navigation(page: Page) -> None:
    page.goto("/accounts")
    page.keyboard.press("Tab")
    assert focused(page) == "To the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
