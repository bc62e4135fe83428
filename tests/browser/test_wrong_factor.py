"""A wrong carton factor: seen in the differences before it is published, published on purpose, taken back. With the
keyboard alone, on the gateway as it runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.keyboard import press, tab_to, type_into
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere

ACCOUNT = "nordic-office"
AT = f"/accounts/{ACCOUNT}"
WRONG = "KRT of 0042 is 144 EA instead of 12 EA (240 → 2,880 EA)"


@pytest.fixture
def settled(stack: Stack) -> int:
    """An order that was answered; the revision that counts."""
    found = stack.store.messages.one(ACCOUNT, stack.send(ACCOUNT, "01-accepted"))
    assert found is not None
    assert found.status == "done"
    return stack.store.revisions.current([ACCOUNT])[ACCOUNT]


def test_it_is_seen_before_it_counts_and_taken_back_by_keyboard(
    settled: int,
    stack: Stack,
    pages: Pages,
    axe: Callable[[Page], None],
    shot: Callable[[Page, str], None],
) -> None:
    page = pages.of("support")

    def look(name: str) -> None:
        shot(page, name)
        look_everywhere(page, axe)
        page.set_viewport_size({"width": 1280, "height": 800})

    page.goto(AT)
    press(page, "Units")
    press(page, "Edit KRT")
    type_into(page, "How many of ours", "12")
    press(page, "Save to the draft")
    press(page, "Draft")
    look("flow-draft")
    press(page, "Test")
    if "/draft/tests/" not in page.url:  # the account's pages have one of that name
        press(page, "Test the draft")
    expect(page.get_by_role("heading", name="Summary")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("heading", name=WRONG)).to_be_visible()
    look("flow-test")
    press(page, "Draft")
    expect(page.get_by_text("1 order would newly fail")).to_be_visible()
    type_into(page, "Why is it published?", "cartons of 144")
    type_into(page, "Why although orders would fail?", "on purpose")
    press(page, "Publish 1 edit")
    assert stack.store.revisions.current([ACCOUNT]) == {ACCOUNT: settled + 1}
    look("flow-published")
    page.goto(AT)
    press(page, "Revisions")
    press(page, f"Revision {settled}")
    press(page, "Roll back to this")
    look("flow-roll-back")
    type_into(page, "Why?", "it was wrong")
    press(page, f"Roll back to revision {settled}")
    look("flow-rolled-back")
    tab_to(page, "Revisions")
    now = stack.store.revisions.current([ACCOUNT])[ACCOUNT]
    newest = stack.store.revisions.load(f"account/{ACCOUNT}", now)
    before = stack.store.revisions.load(f"account/{ACCOUNT}", settled)
    assert newest is not None
    assert before is not None
    assert (now, set(newest.rows)) == (settled + 2, set(before.rows))
