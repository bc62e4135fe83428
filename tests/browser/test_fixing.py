"""The form that mends a problem, in every light: empty, with what it would do, and with what is wrong. That it answers
every order, and none twice, is shown by the support desk's tests."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.held_orders import held_for
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere


def test_it_can_be_used_by_anybody(
    stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    fingerprint, _ = held_for(stack, "PL-7042", 6)
    page = pages.of("support")
    page.goto(f"/problems/{fingerprint}/fix")
    shot(page, "fix")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"/problems/{fingerprint}")
    page.get_by_label("Our product").fill("OAT-1L")
    page.get_by_label("How many of ours").fill("12")
    page.get_by_label("Our unit").fill("EA")
    expect(page.get_by_text("6 orders: 6 would be answered")).to_be_visible()
    expect(page.get_by_text("10 XCS → 10 × 12 EA = 120 EA").first).to_be_visible()
    shot(page, "fix-effect")
    look_everywhere(page, axe)


def test_a_wrong_row_is_seen(
    stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    fingerprint, _ = held_for(stack, "PL-7043", 3)
    page = pages.of("support", java_script_enabled=False)
    page.goto(f"/problems/{fingerprint}/fix")
    page.get_by_label("Our product").fill("OAT-2L")
    page.get_by_label("How many of ours").fill("0")
    page.get_by_role("button", name="Show what it would do").last.click()
    expect(page.get_by_text("There is no product OAT-2L")).to_have_count(2)
    shot(page, "fix-faults")
    page.get_by_label("Our product").fill("OAT-1L")
    page.get_by_label("How many of ours").fill("144")
    page.get_by_label("Our unit").fill("EA")
    page.get_by_role("button", name="Show what it would do").last.click()
    expect(page.get_by_text("10 XCS → 10 × 144 EA = 1,440 EA").first).to_be_visible()
    shot(page, "fix-wrong-factor")
    pages.complaints[:] = [one for one in pages.complaints if "422" not in one]
