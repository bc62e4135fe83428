"""The page of one message as people use it: to a fault's place and back, by keys, without scripts, at any width."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.conftest import Pages
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere


def held(stack: Stack) -> str:
    """The id of the demo's order that is held."""
    found = stack.store.messages.page(account_id="acme-retail", status="held", limit=500)
    return next(one.id for one in found if one.order_number == "ACME-1003")


def done(stack: Stack) -> str:
    """The id of the one that is answered."""
    return stack.store.messages.page(account_id="acme-retail", status="done", limit=50)[-1].id


def test_every_tab_can_be_used_by_anybody(
    stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    page = pages.of("support")
    for view in ("raw", "canonical", "lines", "documents", "receipts"):
        page.set_viewport_size({"width": 1280, "height": 800})
        message_id = done(stack) if view in ("documents", "receipts") else held(stack)
        page.goto(f"/messages/{message_id}?view={view}")
        shot(page, f"message-{view}")
        look_everywhere(page, axe)


def test_a_fault_leads_to_its_place_and_back(stack: Stack, pages: Pages) -> None:
    for scripts in (True, False):
        page = pages.of("viewer", java_script_enabled=scripts)
        page.goto(f"/messages/{held(stack)}")
        page.locator(".fault-list li", has_text="PL-9999").get_by_role("link", name="Line").click()
        lit = page.locator(".piece.fault:target")
        assert lit.inner_text() == "PL-9999"
        lit.click()
        assert "PL-9999" in page.locator(".fault-list li:target").inner_text()


def test_keys_turn_its_tabs_and_lead_to_the_neighbours(stack: Stack, pages: Pages) -> None:
    page = pages.of("support")
    page.goto(f"/messages/{held(stack)}")
    page.keyboard.press("3")
    page.wait_for_url("**view=lines*")
    assert page.get_by_role("link", name="Lines", exact=True).get_attribute("aria-current") == "page"
    page.goto(f"/messages/{held(stack)}")
    page.keyboard.press("[")
    page.wait_for_url(lambda url: held(stack) not in url)
    page.keyboard.press("]")
    page.wait_for_url(lambda url: held(stack) in url)


def test_it_is_closed_by_the_keyboard_alone(stack: Stack, pages: Pages) -> None:
    message_id = stack.send("acme-retail", "05-part-of-a-carton")
    if stack.store.messages.status(message_id) not in ("held", "failed", "rejected"):
        message_id = stack.send("evergreen-diy", "03-unknown-item")
    page = pages.of("support")
    page.goto(f"/messages/{message_id}")
    page.locator("summary", has_text="Dismiss").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("they ordered by telephone")
    page.keyboard.press("Enter")
    page.get_by_text("“they ordered by telephone”").wait_for()
    assert stack.store.messages.status(message_id) == "dismissed"


def test_the_document_is_copied_by_a_button(stack: Stack, pages: Pages) -> None:
    page = pages.of("viewer", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/messages/{held(stack)}")
    page.get_by_role("button", name="Copy the document").click()
    page.get_by_text("Copied.").wait_for()
    assert "PL-9999" in page.evaluate("navigator.clipboard.readText()")
