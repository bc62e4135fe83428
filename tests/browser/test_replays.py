"""A replay by the gateway as it runs: planned, started and watched in a browser, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere


@pytest.mark.parametrize("scripts", [True, False])
def test_a_replay_is_watched_until_it_stops(
    stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None], scripts: bool
) -> None:
    """Nobody mended the orders, so the first comes back with its cause, and the other is left as it is."""
    stack.send("acme-retail", "04-price-two-percent-off")
    held = sorted(one.id for one in stack.store.messages.page(account_id="acme-retail", status="held"))[:2]
    page = pages.of("support", java_script_enabled=scripts)
    page.goto("/replays/new?" + "&".join(f"message={one}" for one in held))
    expect(page.get_by_role("heading", name="Replay 2 messages")).to_be_visible()
    if scripts:
        page.locator(".ahead summary").first.click()
        shot(page, "replay-begin")
        look_everywhere(page, axe)
    page.get_by_label("Why").fill("looks better now")
    page.get_by_role("button", name="Replay 2 messages").click()
    expect(page.get_by_role("heading", name=re.compile("Replay of 2 messages"))).to_be_visible()
    expect(page.get_by_text("The first of them was held again for the same cause")).to_be_visible(timeout=60_000)
    if scripts:
        shot(page, "replay-stopped")
        look_everywhere(page, axe)
    page.get_by_role("button", name="Go on anyway with the other 1").click()
    expect(page.get_by_text("It is done.")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="2 failed again").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    if scripts:
        shot(page, "replay-done")
        page.goto("/replays")
        shot(page, "replays")
        look_everywhere(page, axe)
