"""An account's tables and an import's steps in a browser: in each state, without scripts, by the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Pages
from tests.browser.test_every_page import look_everywhere

ACCOUNT = "/accounts/acme-retail"
ITEMS = f"{ACCOUNT}/items"
FILE = """Artikelnummer;Lieferantenartikel;Bestelleinheit;Basiseinheit;VPE;Bezeichnung;Lager
PL-0042;OAT-1L;CS;EA;10;ACME Haferdrink 1 l;7
PL-9001;OAT-1L;KRT;EA;1.200;Haferdrink, Palette;1
PL-9002;NOTHING;;;;;
=1+1;OAT-1L;;;;;
"""
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]


@pytest.mark.parametrize("table", ["items", "units", "sites", "prices"])
def test_every_table_can_be_used(pages: Pages, axe: Axe, shot: Shot, table: str) -> None:
    page = pages.of("support")
    page.goto(f"{ACCOUNT}/{table}")
    shot(page, f"table-{table}")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{ACCOUNT}/{table}?add")
    shot(page, f"table-{table}-add")
    look_everywhere(page, axe)


def test_a_row_is_edited_without_scripts_and_both_are_shown_to_who_comes_second(
    pages: Pages, axe: Axe, shot: Shot
) -> None:
    page, other = pages.of("support"), pages.of("integration", java_script_enabled=False)
    for one in (page, other):
        one.goto(f"{ITEMS}?q=PL-0107")
        one.get_by_role("link", name="Edit PL-0107").click()
    pages.complaints.clear()
    page.get_by_label("GTIN gtin").fill("12")
    page.get_by_label("How many of ours").fill("1,5")
    page.get_by_role("button", name="Save to the draft").click()
    expect(page.get_by_label("GTIN gtin")).to_be_focused()
    pages.complaints[:] = [one for one in pages.complaints if "422" not in one]
    shot(page, "table-faults")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("GTIN gtin").fill("")
    page.get_by_label("How many of ours").fill("")
    page.get_by_label("Description description").fill("Crispbread, 500 g")
    page.get_by_role("button", name="Save to the draft").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved to the draft: PL-0107")
    shot(page, "table-saved")
    look_everywhere(page, axe)
    other.get_by_label("Description description").fill("Crispbread")
    other.get_by_role("button", name="Save to the draft").click()
    expect(other.get_by_role("heading", name="Somebody was faster")).to_be_visible()
    pages.complaints[:] = [one for one in pages.complaints if "409" not in one]
    shot(other, "table-conflict")
    other.get_by_role("button", name="Use mine").click()
    expect(other.get_by_role("status").first).to_contain_text("Crispbread.")
    other.goto(f"{ITEMS}?q=PL-0107")
    other.get_by_role("link", name="Edit PL-0107").click()
    other.get_by_role("link", name="History of this row").click()
    shot(other, "row-history")
    other.go_back()
    other.get_by_role("button", name="Undo the edit").click()
    expect(other.get_by_role("status").first).to_contain_text("The edit is undone")


def test_a_file_is_imported_in_steps_by_the_keyboard_and_taken_back(
    pages: Pages, axe: Axe, shot: Shot, tmp_path: Path
) -> None:
    (tmp_path / "items.csv").write_bytes(FILE.encode("cp1252"))
    page = pages.of("support")
    page.goto(f"{ITEMS}/import")
    shot(page, "import-file")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("A file with a row").set_input_files(tmp_path / "items.csv")
    page.get_by_role("button", name="Look at it").press("Enter")
    expect(page.get_by_role("heading", name="Columns of items.csv")).to_be_visible()
    shot(page, "import-columns")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("radio", name="a point: 12.50").press("Space")
    page.get_by_role("radio", name="a point: 12.50").press("Enter")
    expect(page.get_by_text("1 new row")).to_be_visible()
    shot(page, "import-rows")
    look_everywhere(page, axe)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Put the other 2 rows into the draft").press("Enter")
    expect(page.get_by_text("It is in the draft:")).to_be_visible()
    shot(page, "import-applied")
    look_everywhere(page, axe)
    page.get_by_role("button", name="Take this import back").press("Enter")
    expect(page.get_by_text("The import was taken back.")).to_be_visible()


def test_five_thousand_items_with_twelve_bad_rows(pages: Pages, tmp_path: Path) -> None:
    bad = set(range(100, 4900, 400))
    rows = (f"{one:06},OAT-1L,CS,EA,{'0' if one in bad else '12'}\n" for one in range(5_000))
    (tmp_path / "items.csv").write_text("account_sku,product,account_unit,unit,factor\n" + "".join(rows))
    page = pages.of("support")
    page.goto("/accounts/evergreen-diy/items/import")
    page.get_by_label("A file with a row").set_input_files(tmp_path / "items.csv")
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="See what each row does").click()
    expect(page.get_by_text("4,988 new rows")).to_be_visible(timeout=20_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them with the reasons as CSV").click()
    rejects = Path(download.value.path()).read_text().splitlines()
    assert [line.split(",")[0] for line in rejects[1:]] == [f"line {one + 2}" for one in sorted(bad)]
    page.get_by_role("button", name="Put the other 4,988 rows into the draft").click()
    expect(page.get_by_text("It is in the draft:")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Take this import back").click()
    expect(page.get_by_text("The import was taken back.")).to_be_visible()
