"""Keys for people who know them: what each does, and when none does anything."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages


@pytest.fixture
def accounts(page: Page) -> Page:
    page.goto("/accounts")
    return page


def row(page: Page) -> str:
    return str(page.evaluate("document.activeElement.querySelector('a')?.textContent ?? ''"))


def test_a_search_from_anywhere(accounts: Page) -> None:
    accounts.keyboard.press("/")
    accounts.keyboard.type("acme/j?")
    expect(accounts.locator("#search")).to_have_value("acme/j?")
    accounts.locator("#search").fill("acme")
    accounts.keyboard.press("Enter")
    expect(accounts.get_by_role("heading", level=1)).to_contain_text("acme")
    expect(accounts.get_by_role("table", name="Messages that fit")).to_be_visible()


def test_rows_are_walked_and_opened(accounts: Page) -> None:
    names = accounts.locator("tbody th a").all_inner_texts()
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        accounts.keyboard.press(key)
        assert row(accounts) == names[at]
    accounts.keyboard.press("Enter")
    expect(accounts.get_by_role("heading", level=1)).to_have_text(names[1])


def test_the_list_of_keys_opens_by_its_key_and_its_button_and_switches_them_off(accounts: Page) -> None:
    accounts.keyboard.press("?")
    dialog = accounts.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    accounts.keyboard.press("j")
    accounts.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    accounts.wait_for_function("document.activeElement === document.body")  # else the key moved to a row
    accounts.get_by_text("More", exact=True).click()
    accounts.get_by_role("button", name="Shortcuts").click()
    dialog.get_by_label("They are on").uncheck()
    dialog.get_by_role("button", name="Close").click()
    accounts.reload()
    for key in ("?", "/", "j"):
        accounts.keyboard.press(key)
    expect(dialog).to_be_hidden()
    assert accounts.evaluate("document.activeElement === document.body")
    accounts.get_by_text("More", exact=True).click()
    accounts.get_by_role("button", name="Shortcuts").click()
    dialog.get_by_label("They are on").check()
    accounts.keyboard.press("Escape")
    accounts.keyboard.press("/")
    expect(accounts.locator("#search")).to_be_focused()


def test_a_browsers_own_keys_stay_its_own(accounts: Page) -> None:
    for key in ("Control+j", "Alt+j", "Meta+/"):
        accounts.keyboard.press(key)
    assert accounts.evaluate("document.activeElement === document.body")


def test_a_row_of_a_table_is_edited_by_the_keyboard_alone(pages: Pages) -> None:
    """The place of the row is in the address, and a browser then leaves the focus where it was."""
    page = pages.of("support")
    page.goto("/accounts/acme-retail/items")
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement === document.body"), "no row is chosen yet"
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(page.get_by_role("form", name="Edit this item").get_by_label("Their number")).to_be_focused()
    assert "edit=" in page.url


def test_enter_in_a_field_of_a_row_saves_it(pages: Pages) -> None:
    """Not the first button of the form, which looks for a product."""
    page = pages.of("support")
    page.goto("/accounts/acme-retail/items?q=PL-0310")
    page.get_by_role("link", name="Edit PL-0310").click()
    page.get_by_label("Description description").fill("Raspberry jam, 340 g")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved to the draft: PL-0310")


def test_every_key_that_is_listed_does_something_somewhere(pages: Pages) -> None:
    page = pages.of("support")
    page.goto("/accounts/acme-retail/items")
    page.keyboard.press("?")
    listed = page.locator("#key-list dt").all_inner_texts()
    assert listed == ["/", "j", "k", "Enter", "x", "1 to 5", "e", "r", "[", "]", "?"]


PARTS = """<p class="tabs"><a href="#one">One</a> <a href="#two">Two</a></p>
<p><a data-key="e" href="#edit">Edit</a></p>
<p><a rel="prev" href="#before">Previous</a> <a rel="next" href="#after">Next</a></p>
<ul><li data-row><input type="checkbox" aria-label="Take it"> <a href="#row">Row</a></li></ul>"""


def test_tabs_neighbours_edit_and_select(pages: Pages) -> None:
    """On parts that pages have or will have."""
    page = pages.of("viewer")
    page.goto("/nowhere")
    pages.complaints.clear()
    page.locator("main").evaluate("(main, parts) => { main.innerHTML = parts; }", PARTS)
    for key, place in (("1", "#one"), ("2", "#two"), ("e", "#edit"), ("[", "#before"), ("]", "#after")):
        page.keyboard.press(key)
        assert page.url.endswith(place)
    page.keyboard.press("3")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Take it")).to_be_checked()
    page.keyboard.press("Enter")
    assert page.url.endswith("#row")
