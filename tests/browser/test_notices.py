"""The page of what was told, with notices on it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from gateway.notifying.told import Open, told_of
from gateway.store.ids import now_us
from gateway.store.notices import NewNotice
from gateway.store.silences import Silence
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere

ACME = "acme-retail"


def told(number: int, kind: str, recipient: str) -> NewNotice:
    item = Open(
        subject=f"problem/{number}",
        kind="problem",
        account_id=ACME,
        title="Unknown item PL-9999",
        path="/accounts/acme-retail",
        count=37,
        of="order",
        amounts=(("18400.00", "EUR"),),
        oldest_at=now_us(),
        due_at=now_us() + 7_200_000_000,
    )
    late = Open(
        subject="late",
        kind="late_answer",
        account_id=ACME,
        title="Order responses are overdue",
        path="/accounts/acme-retail",
        count=1204,
        of="order",
        due_at=now_us(),
    )
    body = told_of(ACME, "ACME Retail Group", "Europe/Berlin", [item, late]).as_text()
    channel = "email" if recipient else "webhook"
    key = f"{kind}/{number}/{recipient}"
    return NewNotice(key=key, account_id=ACME, kind=kind, channel=channel, recipient=recipient, body=body)


def test_what_was_told_can_be_read_by_anybody(
    stack: Stack, page: Page, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    store = stack.store
    made = [told(1, "opened", "dana@example.com"), told(1, "opened", ""), told(2, "resolved", "sam@example.com")]
    store.notices.tell_resolved([], made, now_us())
    claimed = store.notices.claim("email", 5.0)
    assert claimed is not None
    store.notices.settle(claimed, "given_up", "SMTP 550: sam@example.com: no such mailbox")
    page.goto(f"/accounts/{ACME}/notices")
    expect(page.get_by_role("row").filter(has_text="no such mailbox").first).to_be_visible()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('tr') !== null")
    shot(page, "notices-filled")
    look_everywhere(page, axe)


def test_that_an_account_is_silent_stands_first(
    stack: Stack, page: Page, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    at = now_us()
    stack.store.silences.change([Silence("blue-harbor", at - 3_600_000_000, 7, 8, at, at - 604_800_000_000)], ())
    page.goto("/accounts/blue-harbor")
    expect(page.get_by_text("No orders have come from them yet")).to_be_visible()
    shot(page, "silent-account")
    look_everywhere(page, axe)
