"""The editor over a field of text: the field stays what forms and scripts know it as."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NARROW, Pages, overflow

HEARD = """(field) => {
  window.heard = [];
  field.addEventListener("input", () => heard.push(`input ${field.value.length}`));
  field.addEventListener("editor:cursor", (event) => heard.push(`cursor ${event.detail.line}`));
}"""


@pytest.fixture
def page(pages: Pages) -> Page:
    opened = pages.of("viewer")
    opened.goto("/style")
    return opened


@pytest.fixture
def field(page: Page) -> Locator:
    """What the form sends."""
    return page.locator("#example_text")


@pytest.fixture
def editor(page: Page) -> Locator:
    """What is written into."""
    return mounted(page)


def mounted(page: Page) -> Locator:
    """The editor, once it stands where the field stood."""
    found = page.locator(".editor").get_by_role("textbox", name="Example of a text")
    expect(found).to_be_visible()
    return found


def write(page: Page, editor: Locator, text: str) -> None:
    """In place of all that stands there."""
    editor.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def options(page: Page, editor: Locator, text: str) -> list[str]:
    """What is offered behind this text."""
    write(page, editor, text)
    page.keyboard.press("Control+Space")
    offered = page.get_by_role("listbox", name="Completions")
    expect(offered).to_be_visible()
    return offered.locator(".cm-completionLabel").all_inner_texts()


def test_what_is_written_stands_in_the_field_at_once(page: Page, field: Locator, editor: Locator) -> None:
    expect(field).to_be_hidden()
    field.evaluate(HEARD)
    write(page, editor, "name: Café\n")
    assert field.input_value() == "name: Café\n"
    assert f"input {len('name: Café') + 1}" in page.evaluate("heard")
    field.evaluate("(one) => { one.value = 'tier: gold'; one.dispatchEvent(new Event('input')); }")
    expect(editor).to_have_text("tier: gold")


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("", ["name", "tier", "active", "contacts", "format"]),
        ("name: A\n", ["tier", "active", "contacts", "format"]),
        ("name: A\nformat: ", ["csv-1", "json-1", "ubl-2.1"]),
        ("tier: ", ["gold", "platinum", "standard"]),
        ("active: ", ["false", "true"]),
        ("contacts:\n  - ", ["name", "email", "role"]),
        ("contacts:\n- name: Dana\n  ", ["email", "role"]),
        ("contacts:\n  - name: Dana\n  - role: ", ["buyer", "planner"]),
        ("contacts:\n  - name: Dana\n    # a remark\n\n    email: a@b.example\nt", ["tier"]),
        ('contacts:\n  - name: Dana\n"format": u', ["ubl-2.1"]),
    ],
)
def test_the_schema_says_what_may_stand_there(page: Page, editor: Locator, text: str, offered: list[str]) -> None:
    assert sorted(options(page, editor, text)) == sorted(offered)


@pytest.mark.parametrize("text", ["# na", "name: A # t", "nowhere:\n  x", "name: A\n  b: c\nnothing: "])
def test_nothing_is_offered_where_nothing_is_known(page: Page, editor: Locator, text: str) -> None:
    write(page, editor, text)
    page.keyboard.press("Control+Space")
    page.keyboard.press("Control+End")
    expect(page.get_by_role("listbox", name="Completions")).to_have_count(0)


def test_a_choice_is_taken_by_keyboard_with_what_it_means(page: Page, field: Locator, editor: Locator) -> None:
    options(page, editor, "na")
    expect(page.get_by_text("What people call it.")).to_be_visible()
    page.evaluate("new Promise((done) => setTimeout(done, 100))")  # sooner it takes no key: it may not have been meant
    page.keyboard.press("Enter")
    assert field.input_value() == "name: "


def test_tab_leaves_it(page: Page, editor: Locator) -> None:
    editor.focus()
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(editor).to_be_focused()
    expect(page.get_by_text("Tab leaves the editor")).to_be_visible()


def test_its_label_leads_to_it(page: Page, editor: Locator) -> None:
    page.get_by_text("Example of a text", exact=True).click()
    expect(editor).to_be_focused()


def test_faults_stand_at_their_lines(page: Page, field: Locator, editor: Locator) -> None:
    faulty = page.locator(".cm-lintRange-error")
    expect(faulty).to_have_text("csv-9")
    field.evaluate(
        "(one) => one.dispatchEvent(new CustomEvent('editor:faults', {detail: ["
        "{line: 4, column: 7, message: 'No such tier.'}, {line: 99, column: 99, message: 'Beyond.'}]}))"
    )
    expect(faulty).to_have_text("gold")
    editor.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("F8")
    expect(page.locator(".cm-tooltip").get_by_text("No such tier.")).to_be_visible()
    field.evaluate("(one) => one.dispatchEvent(new CustomEvent('editor:faults', {detail: []}))")
    expect(faulty).to_have_count(0)


def test_lines_are_gone_to_and_marked(page: Page, field: Locator, editor: Locator) -> None:
    write(page, editor, "\n".join(f"key{number}: 1" for number in range(1, 301)))
    field.evaluate(HEARD)
    field.evaluate("(one) => one.dispatchEvent(new CustomEvent('editor:goto', {detail: {line: 150}}))")
    expect(page.get_by_text("key150", exact=True)).to_be_in_viewport()
    expect(editor).to_be_focused()
    assert page.evaluate("heard") == ["cursor 150"]
    marking = "(one, detail) => one.dispatchEvent(new CustomEvent('editor:mark', {detail}))"
    field.evaluate(marking, {"lines": [149, 151, 9999, 0], "kind": "bad"})
    field.evaluate(marking, {"lines": [150], "kind": "good"})
    expect(page.locator(".marked-bad")).to_have_text(["key149: 1", "key151: 1"])
    expect(page.locator(".marked-good")).to_have_text(["key150: 1"])
    field.evaluate(marking, {"lines": [150], "kind": "bad"})
    expect(page.locator(".marked-bad")).to_have_text(["key150: 1"])
    field.evaluate(marking, {"lines": [], "kind": "bad"})
    expect(page.locator(".marked-bad")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(
    pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None], scheme: str
) -> None:
    page = pages.of("viewer", color_scheme=scheme)
    page.goto("/style")
    editor = mounted(page)
    options(page, editor, "name: A\n")
    axe(page)
    shot(page, f"editor-{scheme}-completing")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+f")
    expect(page.get_by_role("textbox", name="Find")).to_be_focused()
    page.keyboard.type("nam")
    axe(page)
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert overflow(page) <= 0


def test_where_the_bundle_is_not_built_the_field_is_written_into(pages: Pages) -> None:
    page = pages.of("viewer")
    page.route("**/built/*", lambda route: route.abort())
    page.goto("/style")
    pages.complaints.clear()
    page.get_by_label("Example of a text").fill("tier: gold")
    expect(page.get_by_text("Line 3: No such format.")).to_be_visible()


def test_numbers_stand_beside_their_lines(page: Page, editor: Locator) -> None:
    editor.scroll_into_view_if_needed()
    beside = """(content) => {
      const view = content.getRootNode();
      const top = (one) => Math.round(one.getBoundingClientRect().top);
      const tops = (found) => [...view.querySelectorAll(found)].map(top);
      const [numbers, lines] = [tops(".cm-lineNumbers .cm-gutterElement").slice(1), tops(".cm-line")];
      return lines.length > 5 && lines.every((top, at) => Math.abs(top - numbers[at]) < 3);
    }"""
    content = editor.element_handle()
    page.wait_for_function(beside, arg=content)
