"""Thirty-seven orders that fail on one item nobody knows, mended in the problem: by mouse, by keyboard, and without
scripts; nothing is answered twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.keyboard import press, type_into
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere

ACCOUNT = "acme-retail"
_GTIN = re.compile(r"<cac:StandardItemIdentification>.*?</cac:StandardItemIdentification>", re.DOTALL)
_SECOND_LINE = re.compile(r"<cac:OrderLine>\s*<cac:LineItem>\s*<cbc:ID>2<.*</cac:OrderLine>", re.DOTALL)


def held_for(stack: Stack, sku: str, count: int) -> tuple[str, list[str]]:
    """So many orders of an item that nobody knows: the problem's fingerprint, and the messages."""
    sender = stack.accounts[ACCOUNT]
    like = (sender.folder / "samples" / "03-unknown-item.xml").read_text()
    like = _SECOND_LINE.sub("", _GTIN.sub("", like)).replace("PL-0042", sku).replace("184.40", "125.00")

    def send(number: int) -> str:
        body = like.replace("ACME-1003", f"{sku}-{number}").encode()
        headers = {"Authorization": f"Bearer {sender.key}", "Content-Type": "application/xml"}
        asked = f"{stack.base_url}/v1/orders"
        answer = httpx.post(asked, content=body, headers=headers, timeout=40, trust_env=False)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["message_id"])

    with ThreadPoolExecutor(4) as sending:
        ids = list(sending.map(send, range(count)))
    until(lambda: {stack.store.messages.status(one) for one in ids} == {"held"})
    (problem,) = [one for one in stack.store.problems.all(ACCOUNT) if one.value == sku]
    assert problem.messages == count
    return problem.fingerprint, ids


def until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    import time

    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it didn't come to that"
        time.sleep(0.05)


def all_answered_once(stack: Stack, ids: Sequence[str]) -> None:
    until(lambda: {stack.store.messages.status(one) for one in ids} == {"done"})
    answers = stack.store.documents.of_messages(ids)
    assert len(answers) == len({one.number for one in answers}) == len(ids)


def not_there_yet(pages: Pages) -> None:
    """A browser tells of pages that are refused (422), and of the replay's, which others build."""
    expected = ("/replays/", "422")
    pages.complaints[:] = [one for one in pages.complaints if not any(some in one for some in expected)]


def test_by_mouse(stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]) -> None:
    fingerprint, ids = held_for(stack, "PL-7042", 37)
    page = pages.of("support")
    page.goto(f"/problems/{fingerprint}/fix")
    shot(page, "fix")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/")
    page.get_by_role("link", name="PL-7042").first.click()  # 1
    page.wait_for_url(f"**/problems/{fingerprint}")
    page.get_by_label("Our product").fill("OAT-1L")  # 2
    page.get_by_label("How many of ours").fill("12")  # 3
    page.get_by_label("Our unit").fill("EA")  # 4
    expect(page.get_by_text("37 orders: 37 would be answered")).to_be_visible()
    expect(page.get_by_text("10 XCS → 10 × 12 EA = 120 EA").first).to_be_visible()
    shot(page, "fix-effect")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("Why?").fill("new private label")  # 5
    page.get_by_role("button", name="Publish and replay 37").click()  # 6
    page.wait_for_url("**/replays/*")
    not_there_yet(pages)
    all_answered_once(stack, ids)


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
    not_there_yet(pages)


def test_by_keyboard(stack: Stack, pages: Pages) -> None:
    fingerprint, ids = held_for(stack, "PL-7044", 4)
    page = pages.of("support")
    page.goto(f"/problems/{fingerprint}/fix")
    page.keyboard.type("OAT-1L")
    type_into(page, "How many of ours", "12")
    type_into(page, "Our unit", "EA")
    expect(page.get_by_text("4 orders: 4 would be answered")).to_be_visible()
    type_into(page, "Why?", "new private label")
    press(page, "Publish and replay 4")
    not_there_yet(pages)
    all_answered_once(stack, ids)


def test_without_scripts(stack: Stack, pages: Pages) -> None:
    fingerprint, ids = held_for(stack, "PL-7045", 4)
    page = pages.of("support", java_script_enabled=False)
    page.goto(f"/problems/{fingerprint}/fix")
    page.get_by_label("Our product").fill("OAT-1L")
    page.get_by_label("How many of ours").fill("12")
    page.get_by_label("Our unit").fill("EA")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 orders: 4 would be answered")).to_be_visible()
    page.get_by_label("Why?").fill("new private label")
    page.get_by_role("button", name="Publish and replay 4").click()
    not_there_yet(pages)
    all_answered_once(stack, ids)
