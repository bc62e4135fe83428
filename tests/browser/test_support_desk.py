"""What the support desk promises, in a browser on the gateway as it runs: a hundred failed orders are mended by one
entry, an order is found in no time, a correction takes two people, and a replay can be left alone. By mouse, by the
keyboard alone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from gateway.accounts import publish_folder, published_folder
from mappings.revision import ItemRow
from tests.browser.conftest import Pages
from tests.browser.held_orders import ACCOUNT, KNOWN, all_answered_once, held_for, order, sent, settled
from tests.browser.keyboard import press, tab_to, type_into
from tests.browser.stack import Stack
from tests.browser.test_every_page import look_everywhere

PRODUCT = "OAT-1L"


class Mouse:
    """Somebody who points and clicks: each click, each field that is filled and each key is an action."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def follows(self, name: str) -> None:
        """A link or a button that leads to another page."""
        self.actions += 1
        main = self.page.locator("main")
        with self.page.expect_navigation():
            main.get_by_role("link", name=name).or_(main.get_by_role("button", name=name)).first.click()

    def fills(self, label: str, text: str) -> None:
        self.actions += 1
        self.page.get_by_label(label).first.fill(text)

    def searches(self, text: str) -> None:
        self.actions += 2
        box = self.page.get_by_role("searchbox").first
        box.fill(text)
        with self.page.expect_navigation():
            box.locator("xpath=..").get_by_role("button", name="Search").click()


class Keyboard(Mouse):
    """Somebody who has no mouse, and goes on with the Tab key: going there is not counted, as pointing isn't."""

    def follows(self, name: str) -> None:
        self.actions += 1
        press(self.page, name)

    def fills(self, label: str, text: str) -> None:
        self.actions += 1
        type_into(self.page, label, text)

    def searches(self, text: str) -> None:
        self.actions += 3
        self.page.keyboard.press("/")
        self.page.keyboard.type(text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


def back_to_wide(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})


# --- thirty-seven orders of one unknown item ---------------------------------------------------------------------
def said_of(page: Page, sku: str) -> Locator:
    """What the start page says of the item's problem."""
    return page.locator(".causes > li", has_text=f"Unknown item {sku}").locator(".cause")


@pytest.mark.parametrize("person", [Mouse, Keyboard])
def test_one_entry_answers_thirty_seven_orders(stack: Stack, pages: Pages, person: type[Mouse]) -> None:
    """The problem 1; the product, how many of ours, our unit 4; why 5; publish and replay 6."""
    sku = f"PL-37{person.__name__}"
    _, ids = held_for(stack, sku, 37)
    page = pages.of("support")
    page.goto("/")
    expect(said_of(page, sku)).to_contain_text("37 orders, 4,625.00 EUR, oldest")
    somebody = person(page)
    somebody.follows(f"Unknown item {sku}")
    somebody.fills("Our product", PRODUCT)
    somebody.fills("How many of ours", "12")
    somebody.fills("Our unit", "EA")
    expect(page.get_by_text("37 orders: 37 would be answered")).to_be_visible()
    expect(page.get_by_text("10 XCS → 10 × 12 EA = 120 EA").first).to_be_visible()
    somebody.fills("Why?", "new private label")
    somebody.follows("Publish and replay 37")
    expect(page.get_by_text("It is done.")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="37 went through")).to_be_visible()
    assert somebody.actions <= 6
    all_answered_once(stack, ids)
    page.goto("/")
    expect(said_of(page, sku)).to_have_count(0)


def test_so_it_does_without_scripts(stack: Stack, pages: Pages) -> None:
    """The problem 1; the product 2; why 3; publish, which shows what it would do 4; publish 5. The carton's size is
    known from the account's units and our packs."""
    _, ids = held_for(stack, "PL-37plain", 37)
    page = pages.of("support", java_script_enabled=False)
    page.goto("/")
    expect(said_of(page, "PL-37plain")).to_contain_text("37 orders, 4,625.00 EUR, oldest")
    somebody = Mouse(page)
    somebody.follows("Unknown item PL-37plain")
    somebody.fills("Our product", PRODUCT)
    somebody.fills("Why?", "new private label")
    somebody.follows("Publish and replay 37")
    expect(page.get_by_text("37 orders: 37 would be answered")).to_be_visible()
    assert stack.store.messages.status(ids[0]) == "held", "nothing is published that wasn't shown"
    somebody.follows("Publish and replay 37")
    expect(page.get_by_text("It is done.")).to_be_visible(timeout=60_000)
    assert somebody.actions <= 6
    all_answered_once(stack, ids)
    pages.complaints[:] = [one for one in pages.complaints if "409" not in one]


# --- an order by its number --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def numbered(stack: Stack) -> dict[str, str]:
    """An answered order, a held one, and one that came twice with different content: number → the first message."""
    found = {
        "DESK-DONE": sent(stack, order(stack, "DESK-DONE")),
        "DESK-HELD": sent(stack, order(stack, "DESK-HELD", "PL-DESK")),
        "DESK-TWICE": sent(stack, order(stack, "DESK-TWICE")),
    }
    settled(stack, [found["DESK-DONE"], found["DESK-TWICE"]], "done")
    settled(stack, [found["DESK-HELD"], sent(stack, order(stack, "DESK-TWICE", quantity=11))], "held")
    return found


@pytest.mark.parametrize("person", [Mouse, Keyboard])
@pytest.mark.parametrize("number", ["DESK-DONE", "DESK-HELD"])
def test_an_order_is_found_by_its_number(
    stack: Stack, pages: Pages, numbered: dict[str, str], person: type[Mouse], number: str
) -> None:
    """`/` or nothing, the number, Enter or Search: it leads straight to the order, or to the message that is held."""
    page = pages.of("viewer")
    page.goto("/")
    somebody = person(page)
    somebody.searches(number)
    is_held = number == "DESK-HELD"
    expect(page).to_have_url(
        re.compile(f"/messages/{re.escape(numbered[number])}$" if is_held else "/orders/[0-9a-f]+$")
    )
    whose = f"from {ACCOUNT}" if is_held else "of ACME Retail Group"
    expect(page.get_by_role("heading", name=f"Order {number} {whose}")).to_be_visible()
    assert somebody.actions <= 3


@pytest.mark.parametrize("person", [Mouse, Keyboard])
def test_one_of_several_messages_leads_to_its_thread(
    pages: Pages, numbered: dict[str, str], person: type[Mouse]
) -> None:
    page = pages.of("viewer")
    page.goto("/")
    somebody = person(page)
    somebody.searches("DESK-TWICE")
    expect(page.locator("main tbody tr")).to_have_count(2)
    if person is Mouse:
        somebody.follows("DESK-TWICE")
        expect(page.get_by_role("heading", name="Order DESK-TWICE")).to_be_visible()
        assert somebody.actions <= 3
    else:
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Order DESK-TWICE")).to_be_visible()


# --- edit and resubmit, with a second person ---------------------------------------------------------------------
MISTYPED = "PL-0O42"


def corrects_by_mouse(page: Page, message_id: str) -> None:
    page.goto(f"/messages/{message_id}")
    page.get_by_role("link", name="Edit and resubmit").click()
    text = page.get_by_label("As it is to be judged")
    text.fill(text.input_value().replace(MISTYPED, KNOWN))
    page.get_by_role("button", name="Show what it changes").click()


def corrects_by_keyboard(page: Page, message_id: str) -> None:
    page.goto(f"/messages/{message_id}")
    page.keyboard.press("e")
    page.wait_for_url("**/edit")
    tab_to(page, "As it is to be judged")
    below = page.get_by_label("As it is to be judged").input_value().split(MISTYPED)[1].count("\n")
    page.keyboard.press("Control+End")
    for _ in range(below):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type(f"          <cbc:ID>{KNOWN}</cbc:ID>")
    press(page, "Show what it changes")


@pytest.mark.parametrize("is_by_mouse", [True, False], ids=["mouse", "keyboard"])
def test_a_mistyped_item_is_corrected_by_two_people(
    stack: Stack,
    pages: Pages,
    axe: Callable[[Page], None],
    shot: Callable[[Page, str], None],
    is_by_mouse: bool,
) -> None:
    number = f"DESK-EDIT-{is_by_mouse:d}"
    message_id = sent(stack, order(stack, number, MISTYPED))
    settled(stack, [message_id], "held")
    first, second = pages.of("support"), pages.of("support", name="Sam of support")
    somebody, other = (Mouse(first), Mouse(second)) if is_by_mouse else (Keyboard(first), Keyboard(second))
    (corrects_by_mouse if is_by_mouse else corrects_by_keyboard)(first, message_id)
    expect(first.get_by_role("heading", name="What it changes")).to_be_visible()
    expect(first.locator("ins")).to_contain_text([KNOWN])
    expect(first.locator("del")).to_contain_text([MISTYPED])
    expect(first.get_by_text("somebody else has to agree before it is judged")).to_be_visible()
    if is_by_mouse:
        shot(first, "edit-difference")
        look_everywhere(first, axe)
        back_to_wide(first)
    somebody.fills("Why?", "a letter O for a zero, says their buyer")
    somebody.follows("Ask for a second person")
    expect(first.get_by_text("You asked for it: somebody else has to agree.")).to_be_visible()
    expect(first.get_by_role("button", name="Agree")).to_have_count(0)
    assert stack.store.messages.status(message_id) == "held", "nobody has agreed yet"
    second.goto("/corrections")
    if is_by_mouse:
        shot(second, "corrections")
        look_everywhere(second, axe)
        back_to_wide(second)
    other.follows(f"Order {number}")
    expect(second.get_by_text("a letter O for a zero, says their buyer")).to_be_visible()
    if is_by_mouse:
        shot(second, "correction")
        look_everywhere(second, axe)
        back_to_wide(second)
    other.follows("Agree, and have it judged")
    expect(second.get_by_text("It took the original's place.")).to_be_visible()
    if is_by_mouse:
        shot(second, "correction-agreed")
    (correction,) = stack.store.resubmissions.of_message(message_id)
    child_id = correction.child_id
    assert child_id is not None
    settled(stack, [child_id], "done")
    assert stack.store.messages.status(message_id) == "superseded"
    (answer,) = stack.store.documents.of_messages([message_id, child_id])
    assert (answer.type, answer.order_number) == ("order_response", number)
    assert len(stack.store.orders.by_number(ACCOUNT, number)) == 1


# --- the replay of a search --------------------------------------------------------------------------------------
@contextmanager
def no_worker(stack: Stack) -> Iterator[None]:
    """Workers that stand still, and nobody who replaces them: what is asked for waits."""
    supervisor = psutil.Process(stack.gateway.process.pid)
    still = [supervisor, *stack.gateway.parts("worker")]
    for one in still:
        one.suspend()
    try:
        yield
    finally:
        for one in reversed(still):
            one.resume()


def publish_item(stack: Stack, sku: str) -> None:
    """Somebody says elsewhere what the item is; nothing is replayed by that."""
    folder = published_folder(stack.store, ACCOUNT)
    assert folder is not None
    row = ItemRow(account_sku=sku, gtin=None, product=PRODUCT)
    known = replace(folder, items=(*folder.items, row))
    publish_folder(stack.store, known, author="test", reason="a new item")


def test_a_search_is_replayed_paused_left_and_come_back_to(
    stack: Stack, pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    """Four orders are found and selected, and replayed once what they wait for was entered elsewhere."""
    _, ids = held_for(stack, "PL-FOUR", 4)
    page = pages.of("support")
    page.goto("/messages")
    page.get_by_label("Find", exact=True).fill("PL-FOUR")
    page.get_by_label("open: we must act").check()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(4)
    for _ in range(4):
        page.keyboard.press("j")
        page.keyboard.press("x")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Replay 4 messages")).to_be_visible()
    shot(page, "replay-of-a-search")
    expect(page.get_by_text("4 would still be held")).to_be_visible()
    publish_item(stack, "PL-FOUR")
    page.reload()
    expect(page.get_by_text("4 would be answered")).to_be_visible()
    page.get_by_label("Why").fill("the item is known by now")
    with no_worker(stack):
        page.get_by_role("button", name="Replay 4 messages").click()
        expect(page.get_by_text("0 of 4: 0 went through")).to_be_visible()
        shot(page, "replay-waits")
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("It is paused")).to_be_visible()
    address = page.url
    page.goto("/")
    settled(stack, [sent(stack, order(stack, "DESK-MEANWHILE"))], "done")
    assert {stack.store.messages.status(one) for one in ids} == {"held"}, "it is paused"
    page.goto("/replays")
    page.get_by_role("link", name="4 messages").first.click()
    expect(page).to_have_url(address)
    expect(page.get_by_text("0 of 4 are judged")).to_be_visible()
    shot(page, "replay-paused")
    look_everywhere(page, axe)
    back_to_wide(page)
    page.get_by_role("button", name="Go on").click()
    page.goto("/problems")
    settled(stack, ids, "done")
    page.goto(address)
    expect(page.get_by_text("It is done.")).to_be_visible(timeout=60_000)
    shot(page, "replay-of-a-search-done")
    all_answered_once(stack, ids)


# --- pages that no other test looks at ---------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["edit", "erase"])
def test_what_is_done_with_a_message_can_be_done_by_anybody(
    stack: Stack,
    pages: Pages,
    numbered: dict[str, str],
    axe: Callable[[Page], None],
    shot: Callable[[Page, str], None],
    what: str,
) -> None:
    page = pages.of("admin")
    answer = page.goto(f"/messages/{numbered['DESK-HELD']}/{what}")
    assert answer is not None
    assert answer.status == 200
    if what == "edit":
        page.get_by_role("button", name=re.compile("^Show line")).first.click()
        place = "const text = document.getElementById('text'); text.value.slice(text.selectionStart, text.selectionEnd)"
        assert "PL-DESK" in page.evaluate(place)
        expect(page.locator("#text")).to_be_focused()
    shot(page, f"message-{what}")
    look_everywhere(page, axe)


def test_the_overview_with_problems_can_be_read_by_anybody(
    pages: Pages, numbered: dict[str, str], axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    page = pages.of("support")
    for path, name in (("/", "overview-filled"), ("/problems", "problems-filled"), ("/messages", "messages-filled")):
        page.goto(path)
        back_to_wide(page)
        shot(page, name)
        look_everywhere(page, axe)
