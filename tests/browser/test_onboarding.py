"""From a dropped sample order of an unknown layout to an answered order, in a browser, in 15 actions at most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from gateway.console.terms.sections import SECTIONS
from tests.browser.conftest import Pages
from tests.browser.keyboard import press, tab_to, type_into
from tests.browser.test_every_page import look_everywhere
from tests.console.small_catalogue import JSON_ORDER, XML_ORDER

PRODUCTS = ("OAT-1L", "SOY-1L", "RYE-500")


class Person:
    """Somebody at a browser: each click, typed field and chosen file is an action."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def clicks(self, name: str) -> None:
        self.actions += 1
        self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name)).first.click()

    def types(self, field: Locator, text: str) -> None:
        self.actions += 1
        field.fill(text)

    def chooses(self, field: Locator, option: str) -> None:
        self.actions += 1
        field.select_option(option)

    def drops(self, file: Path) -> None:
        self.actions += 1
        self.page.get_by_label("The sample order, as a file").set_input_files(file)


@pytest.mark.parametrize("scripts", [True, False], ids=["live", "without scripts"])
@pytest.mark.parametrize(
    ("name", "sample", "account", "unit"),
    [("order.json", JSON_ORDER, "kaufhaus-nord", "KRT"), ("order.xml", XML_ORDER, "lakeside-hotels", "TRAY")],
)
def test_from_a_foreign_sample_to_an_answered_order(
    pages: Pages,
    axe: Callable[[Page], None],
    shot: Callable[[Page, str], None],
    tmp_path: Path,
    scripts: bool,
    name: str,
    sample: bytes,
    account: str,
    unit: str,
) -> None:
    """New account 1; file, read it 3; start 4; manager's name and e-mail 6; three products 9; factor and unit 11;
    whence the place is supplied 12; save 13; publish 14; send the sample 15."""
    file = tmp_path / name
    file.write_bytes(sample)
    page = pages.of("integration", java_script_enabled=scripts)
    person = Person(page)
    seen = _looks(page, axe, shot, account) if scripts else lambda _: None
    page.goto("/accounts")
    person.clicks("New account")
    person.drops(file)
    person.clicks("Read it")
    seen("whose")
    assert page.get_by_label("Id", exact=True).input_value().startswith(account)
    person.clicks("Start the account")
    seen("unknown")
    person.types(page.get_by_label("Name", exact=True), "Jan Petersen")
    person.types(page.get_by_label("E-mail"), "jan@example.com")
    for field, product in zip(page.get_by_label("Our product").all(), PRODUCTS, strict=True):
        person.types(field, product)
    units = page.locator("fieldset#units")
    person.types(units.get_by_label(f"1 {unit} is"), "12")
    person.chooses(units.get_by_label("of our unit"), "EA")
    person.chooses(page.get_by_label("Supplied from"), "HAMBURG")
    person.clicks("Save to the draft")
    page.get_by_text("Everything in it is understood.").wait_for()
    seen("understood")
    person.clicks("Publish as revision 1")
    person.clicks("Send the sample as a test order")
    page.get_by_text("It was answered.").wait_for()
    seen("answered")
    assert '"accepted"' in page.locator("pre").inner_text()
    assert person.actions <= 15


def _looks(
    page: Page, axe: Callable[[Page], None], shot: Callable[[Page, str], None], account: str
) -> Callable[[str], None]:
    def look(name: str) -> None:
        shot(page, f"{account}-{name}")
        look_everywhere(page, axe)
        page.set_viewport_size({"width": 1280, "height": 800})

    return look


@pytest.mark.parametrize("section", [*SECTIONS, "text"])
def test_anybody_can_edit_terms(
    pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None], section: str
) -> None:
    page = pages.of("integration")
    page.goto(f"/accounts/acme-retail/terms/{section}")
    shot(page, f"terms-{section}")
    look_everywhere(page, axe)


def test_what_is_wrong_is_seen_and_heard(
    pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]
) -> None:
    page = pages.of("integration")
    page.goto("/accounts/acme-retail/terms/policies")
    page.get_by_label("Acknowledge within").fill("soon")
    page.get_by_role("button", name="Save to the draft").click()
    wrong = page.get_by_label("Acknowledge within")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert wrong.input_value() == "soon"
    shot(page, "terms-wrong")
    axe(page)
    pages.complaints[:] = [one for one in pages.complaints if "400" not in one]


def test_a_key_is_rotated(pages: Pages, axe: Callable[[Page], None], shot: Callable[[Page, str], None]) -> None:
    page = pages.of("admin")
    page.goto("/accounts/blue-harbor")
    page.get_by_text("Rotate", exact=True).first.click()
    page.get_by_label("The old one ends").first.select_option("in 7 days")
    page.get_by_role("button", name="Rotate").first.click()
    page.get_by_text("It is shown this once").wait_for()
    shot(page, "key-rotated")
    axe(page)


@pytest.mark.parametrize(("sample", "unit"), [(JSON_ORDER, "KRT"), (XML_ORDER, "TRAY")], ids=["json", "xml"])
def test_the_same_with_the_keyboard_alone(pages: Pages, sample: bytes, unit: str) -> None:
    page = pages.of("integration")
    page.goto("/accounts/new")
    tab_to(page, "Or its text, pasted")
    page.keyboard.insert_text(sample.decode())
    press(page, "Read it")
    press(page, "Start the account")
    type_into(page, "Name", "Jan Petersen")
    for product in PRODUCTS:
        type_into(page, "Our product", product)
    type_into(page, f"1 {unit} is", "12")
    type_into(page, "of our unit", "EA")
    type_into(page, "Supplied from", "HAMBURG")
    press(page, "Save to the draft")
    page.get_by_text("Everything in it is understood.").wait_for()
    press(page, "Publish as revision 1")
    press(page, "Send the sample as a test order")
    page.get_by_text("It was answered.").wait_for()
