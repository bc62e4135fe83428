"""Problems in a real browser: everybody can use the pages, and the keys alone do."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere


def test_anybody_can_use_a_problem_in_every_state(
    stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    page = pages.of("support")
    (fingerprint,) = (one.fingerprint for one in stack.store.problems.all("acme-retail") if one.value == "PL-9999")
    page.goto(f"/problems/{fingerprint}")
    shot(page, "problem")
    look_everywhere(page, axe)
    page.goto(f"/problems/{fingerprint}")
    page.get_by_text("Ignore it for a while").click()
    page.get_by_label("For", exact=True).select_option("1 day")
    page.get_by_label("Why", exact=True).fill("The account sends it anew tomorrow.")
    page.get_by_role("button", name="Ignore it").click()
    expect(page.get_by_text("Ignored for now")).to_be_visible()
    shot(page, "problem-ignored")
    look_everywhere(page, axe)
    for path, name in (("/problems?state=ignored", "problems-ignored"), ("/problems", "problems-none")):
        page.goto(path)
        shot(page, name)
        look_everywhere(page, axe)
    page.goto(f"/problems/{fingerprint}")
    page.get_by_role("button", name="Open again").click()


def test_the_keys_alone_lead_to_a_problem_and_take_it(stack: Stack, pages: Pages) -> None:
    page = pages.of("support")
    page.goto("/problems")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    page.get_by_role("button", name="Take it").press("Enter")
    expect(page.get_by_role("button", name="Give it back")).to_be_visible()
    page.get_by_role("button", name="Give it back").press("Enter")
    expect(page.get_by_role("button", name="Take it")).to_be_visible()
