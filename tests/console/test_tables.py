"""An account's tables in the console: found, edited in place, their history, and nobody's edit lost unseen."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from gateway.accounts import table_rows
from gateway.drafting.drafts import draft_of, edit, publish_draft
from mappings.revision import ItemRow, PriceRow, SiteRow, UnitRow
from mappings.tables import natural_key
from tests.api.builders import Gateway
from tests.console.conftest import Browser, csrf, signed_in

ITEMS = "/accounts/acme/items"
OAT = ItemRow("PL-0042", "4012345000016", "OAT-1L", "CS", "EA", Decimal(12), "ACME oat drink")
RYE = ItemRow("PL-0107", None, "RYE-500")


def publish(gateway: Gateway, *rows: Any, reason: str = "test") -> None:
    terms = {"id": "acme", "name": "Acme"}
    gateway.services.store.revisions.publish_account(terms, list(table_rows(rows)), author="user Kim", reason=reason)


@pytest.fixture
def support(gateway: Gateway) -> Browser:
    publish(gateway, OAT, RYE, UnitRow("KRT", None, "EA", Decimal(6)))
    return signed_in(gateway, "support")


def opened(browser: Browser, row: Any, table: str = "items") -> Any:
    return browser.open(f"/accounts/acme/{table}", query_string={"edit": natural_key(row)})


def body_of(gateway: Gateway, row: Any, kind: str = "item") -> Any:
    found = draft_of(gateway.services, "acme").body(kind, natural_key(row))
    return None if found is None else json.loads(found)


def test_rows_read_in_sentences_with_our_product_beside_their_number(support: Browser) -> None:
    support.open(ITEMS)
    for said in (
        "PL-0042 GTIN 4012345000016",
        "OAT-1L Oat drink 1 l",
        "1 CS = 12 EA",
        "RYE-500 ▲ not in our catalogue",
    ):
        assert said in support.text
    assert "Nothing is edited. This is what is published, as revision 1." in support.text


@pytest.mark.parametrize(
    ("table", "rows", "said"),
    [
        ("units", [UnitRow("KRT", None, "EA", Decimal(6))], "KRT all products 1 KRT = 6 EA"),
        (
            "sites",
            [SiteRow("4012345000016", "0088", "ship_to", "DC East", "Kai 4", "Hamburg", "20457", "DE", None, 2, 1)],
            "4012345000016 scheme 0088, ship_to DC East Kai 4, 20457 Hamburg, DE 2 days on the way, 1 to receive",
        ),
        (
            "prices",
            [PriceRow("OAT-1L", "EA", "EUR", Decimal("1.10"), Decimal(1), Decimal(40))],
            "OAT-1L Oat drink 1 l 1.10 EUR for 1 EA 40 EA and more always",
        ),
    ],
)
def test_every_table_has_its_page(gateway: Gateway, table: str, rows: list[Any], said: str) -> None:
    publish(gateway, *rows)
    browser = signed_in(gateway, "viewer")
    browser.open(f"/accounts/acme/{table}")
    assert said in browser.text
    assert "Edit" not in browser.text
    assert f"No {table} yet." not in browser.text


def test_an_empty_table_offers_the_columns(gateway: Gateway) -> None:
    publish(gateway)
    browser = signed_in(gateway, "support")
    for table in ("items", "units", "sites", "prices"):
        browser.open(f"/accounts/acme/{table}")
        assert f"No {table} yet." in browser.text
        file = browser.client.get(f"/accounts/acme/{table}/file?as=csv&of=nothing")
        assert (file.status_code, file.text.count("\n")) == (200, 1)


def test_rows_are_found_by_their_number_first_and_then_anywhere(gateway: Gateway) -> None:
    rows = [ItemRow(f"PL-{one:04}", None, "OAT-1L", description="like PL-0007 in red") for one in range(120)]
    publish(gateway, *rows)
    browser = signed_in(gateway, "viewer")
    browser.open(f"{ITEMS}?q=PL-0007")
    shown = [" ".join(one.text_content().split()) for one in browser.root.xpath("//tbody/tr/th")]
    assert shown[:2] == ["PL-0007", "PL-0000"]
    seen = set(shown)
    while more := browser.root.xpath("//a[text()='The next ones']/@href"):
        browser.open(more[0])
        shown = [" ".join(one.text_content().split()) for one in browser.root.xpath("//tbody/tr/th")]
        assert not seen & set(shown)
        seen |= set(shown)
    assert len(seen) == 120
    assert "These are the last." in browser.text
    browser.open(f"{ITEMS}?q=nothing+such")
    assert "No item has “nothing such” in it." in browser.text


def test_a_row_is_edited_in_place(gateway: Gateway, support: Browser) -> None:
    opened(support, OAT)
    answer = support.send(ITEMS, ("save", "1"), factor="6", description="smaller cases", note="new cases")
    assert answer.status_code == 303
    support.open(answer.headers["Location"])
    assert "Saved to the draft: PL-0042, OAT-1L, 1 CS = 6 EA, smaller cases" in support.text
    assert "± changed" in support.text
    assert "The draft has 1 edit, not published yet." in support.text
    assert body_of(gateway, OAT)["factor"] == "6"
    (made,) = draft_of(gateway.services, "acme").edits
    assert (made.author, made.note) == ("user support of ours", "new cases")
    assert gateway.services.terms.current(["acme"])["acme"].items_by_sku["PL-0042"][0].factor == 12
    opened(support, OAT)
    assert support.send(f"{ITEMS}/undo").status_code == 303
    assert draft_of(gateway.services, "acme").edits == ()


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(gateway: Gateway, support: Browser) -> None:
    opened(support, OAT)
    answer = support.send(ITEMS, factor="12,5", gtin="12", description="kept", account_unit="")
    assert answer.status_code == 422
    said = {one.get("id"): " ".join(one.text_content().split()) for one in support.root.find_class("fault")}
    assert set(said) == {"field-factor-fault", "field-gtin-fault", "field-account_unit-fault"}
    assert "is written with a comma" in said["field-factor-fault"]
    fields = {one.get("name"): one for one in support.root.xpath("//form[@class='edit']//input")}
    assert (fields["factor"].get("value"), fields["description"].get("value")) == ("12,5", "kept")
    assert fields["factor"].get("aria-describedby").split()[0] == "field-factor-fault"
    assert "3 fields can't be taken" in support.text
    assert draft_of(gateway.services, "acme").edits == ()


def test_a_row_is_added_and_an_unknown_product_is_told_but_taken(gateway: Gateway, support: Browser) -> None:
    support.open(f"{ITEMS}?add")
    answer = support.send(ITEMS, account_sku="0099", product="OAT-2L")
    support.open(answer.headers["Location"])
    assert "OAT-2L is not in our catalogue" in support.text
    assert "+ new" in support.text
    assert body_of(gateway, ItemRow("0099", None, "OAT-2L")) == {"account_sku": "0099", "product": "OAT-2L"}
    support.open(f"{ITEMS}?add")
    assert support.send(ITEMS, account_sku="0099", product="OAT-2L").status_code == 422
    assert "There is such a row already" in support.text
    support.open(f"{ITEMS}?edited=1")
    assert len(support.root.xpath("//tbody/tr")) == 1


def test_what_is_not_found_can_be_added_as_it_was_searched(support: Browser) -> None:
    support.open(f"{ITEMS}?q=00-9%209")
    (add,) = support.root.xpath("//a[.='Add it']/@href")
    support.open(add)
    (field,) = support.root.xpath("//input[@name='account_sku']/@value")
    assert field == "00-9 9"
    support.open(f"{ITEMS}?add&nonsense=1&product=OAT-1L")
    assert support.root.xpath("//input[@name='product']/@value") == ["OAT-1L"]


def test_products_are_found_for_the_field(support: Browser) -> None:
    support.open(f"{ITEMS}?add")
    support.send(ITEMS, ("find", "1"), account_sku="0099", product="drink")
    (button,) = support.root.xpath("//button[@name='take']")
    assert " ".join(button.text_content().split()) == "OAT-1L Oat drink 1 l"
    support.send(ITEMS, ("take", "OAT-1L"))
    assert support.root.xpath("//input[@name='product']/@value") == ["OAT-1L"]
    assert " ".join(support.root.find_class("product-find")[0].text_content().split()).startswith("Oat drink 1 l")
    assert support.root.xpath("//input[@name='account_sku']/@value") == ["0099"]
    support.send(ITEMS, ("find", "1"), product="zzz")
    assert "No product of ours" in support.text
    assert "▲ zzz is not in our catalogue" in support.text


def test_another_key_is_the_old_row_gone_and_a_new_one(gateway: Gateway, support: Browser) -> None:
    opened(support, RYE)
    assert support.send(ITEMS, product="OAT-1L").status_code == 303
    assert body_of(gateway, RYE) is None
    assert body_of(gateway, ItemRow("PL-0107", None, "OAT-1L"))["product"] == "OAT-1L"
    assert len(draft_of(gateway.services, "acme").edits) == 2


def test_a_row_is_removed_and_that_is_undone(gateway: Gateway, support: Browser) -> None:
    opened(support, OAT)
    answer = support.send(f"{ITEMS}/remove")
    support.open(answer.headers["Location"])
    assert "− goes" in support.text
    assert body_of(gateway, OAT) is None
    opened(support, OAT)
    assert "This row goes when the draft is published." in support.text
    support.send(f"{ITEMS}/undo")
    assert body_of(gateway, OAT) is not None


def test_a_row_of_the_draft_alone_is_gone_at_once(gateway: Gateway, support: Browser) -> None:
    new = ItemRow("0099", None, "OAT-1L")
    for action in ("remove", "undo"):
        support.open(f"{ITEMS}?add")
        support.send(ITEMS, account_sku="0099", product="OAT-1L")
        opened(support, new)
        answer = support.send(f"{ITEMS}/{action}")
        support.open(answer.headers["Location"])
        assert "It was in the draft alone, and is gone." in support.text
        assert draft_of(gateway.services, "acme").edits == ()


def test_a_number_written_otherwise_is_no_edit(gateway: Gateway, support: Browser) -> None:
    opened(support, OAT)
    assert support.send(ITEMS, factor="12.0").status_code == 303
    assert draft_of(gateway.services, "acme").edits == ()


def test_who_comes_second_sees_both_and_chooses(gateway: Gateway, support: Browser) -> None:
    other = signed_in(gateway, "admin")
    for browser in (support, other):
        opened(browser, OAT)
    other.send(ITEMS, factor="10")
    answer = support.send(ITEMS, factor="6", description="mine")
    assert answer.status_code == 409
    assert "User admin of ours changed PL-0042" in support.text
    assert "How many of ours factor 12 10 6" in support.text
    assert "Description description ACME oat drink ACME oat drink mine" in support.text
    assert body_of(gateway, OAT)["factor"] == "10"
    assert support.root.xpath("//a[text()='Keep theirs']/@href") == [ITEMS]
    assert support.send(ITEMS, ("save", "1")).status_code == 303
    assert (body_of(gateway, OAT)["factor"], body_of(gateway, OAT)["description"]) == ("6", "mine")


def test_who_removes_what_was_changed_is_asked_too(gateway: Gateway, support: Browser) -> None:
    other = signed_in(gateway, "admin")
    for browser in (support, other):
        opened(browser, OAT)
    other.send(ITEMS, factor="10")
    assert support.send(f"{ITEMS}/remove").status_code == 409
    assert "You wanted it to go." in support.text
    assert support.send(f"{ITEMS}/remove").status_code == 303
    assert body_of(gateway, OAT) is None


def test_mine_is_used_where_theirs_is_gone(gateway: Gateway, support: Browser) -> None:
    other = signed_in(gateway, "admin")
    for browser in (support, other):
        opened(browser, OAT)
    other.send(f"{ITEMS}/remove")
    assert support.send(ITEMS, factor="6").status_code == 409
    assert "They took it out." in support.text
    assert support.send(ITEMS, ("save", "1")).status_code == 303
    assert body_of(gateway, OAT)["factor"] == "6"


def test_a_rows_history_says_who_when_why_and_what(gateway: Gateway, support: Browser) -> None:
    opened(support, OAT)
    support.send(ITEMS, factor="6", note="cases shrank")
    publish_draft(gateway.services, draft_of(gateway.services, "acme"), author="user Ada", reason="new cases")
    publish(gateway, ItemRow("PL-0042", "4012345000016", "SOY-1L"), RYE, reason="another product")
    support.open(f"{ITEMS}/history", query_string={"key": natural_key(OAT)})
    said = [" ".join(one.text_content().split()) for one in support.root.xpath("//ol[@class='events']/li")]
    assert len(said) == 3
    assert said[0].startswith("− goes with revision 3")
    assert "Another row came in its place: PL-0042|04012345000016|SOY-1L||" in said[0]
    assert "user Ada: new cases" in said[1]
    assert "How many of ours factor: − 12 → + 6" in said[1]
    assert "user Kim: test" in said[2]
    support.open(support.root.xpath("//ol//a/@href")[0])
    assert "In place of PL-0042|04012345000016|OAT-1L|CS|" in support.text
    opened(support, RYE)
    support.send(ITEMS, description="bread")
    support.open(f"{ITEMS}/history", query_string={"key": natural_key(RYE)})
    assert "± changed in the draft, not published yet" in support.text
    assert support.open(f"{ITEMS}/history?key=nothing").status_code == 404


def test_the_draft_and_what_is_published_are_downloaded(gateway: Gateway, support: Browser) -> None:
    opened(support, OAT)
    support.send(ITEMS, factor="6")
    draft = support.client.get(f"{ITEMS}/file?as=csv")
    published = support.client.get(f"{ITEMS}/file?as=csv&of=published")
    assert "PL-0042,4012345000016,OAT-1L,CS,EA,6,ACME" in draft.text
    assert "PL-0042,4012345000016,OAT-1L,CS,EA,12,ACME" in published.text
    assert "acme-items-draft.csv" in draft.headers["Content-Disposition"]
    sheet = load_workbook(io.BytesIO(support.client.get(f"{ITEMS}/file").data)).worksheets[0]
    assert [cell.value for cell in sheet[2]][:2] == ["PL-0107", None]


def test_scripts_in_rows_are_text(gateway: Gateway) -> None:
    nasty = "<script>alert(1)</script>\"'"
    row = ItemRow(nasty, None, nasty, description=nasty)
    publish(gateway, row)
    browser = signed_in(gateway, "support")
    key = natural_key(row)
    assert "<script>alert" not in browser.open(ITEMS, query_string={"edit": key}).text
    assert browser.root.xpath("//input[@name='description']/@value") == [nasty]
    for path, query in ((ITEMS, {}), (f"{ITEMS}/history", {"key": key}), (ITEMS, {"q": "<script"})):
        page = browser.open(path, query_string=query)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert nasty in browser.text


def test_an_account_that_is_a_draft_alone_has_tables_and_none_has_none(gateway: Gateway) -> None:
    row = next(iter(table_rows([OAT])))
    edit(gateway.services, "new", lambda draft: [draft.change(row.kind, row.natural_key, None, row.body)], author="Kim")
    browser = signed_in(gateway, "support")
    browser.open("/accounts/new/items")
    assert "PL-0042" in browser.text
    assert browser.open("/accounts/nobody/items").status_code == 404
    assert browser.open("/accounts/new/items?edit=nothing").status_code == 404


def test_characters_that_no_text_has_find_nothing(support: Browser) -> None:
    for query in ({"q": "a\0"}, {"edit": "\0"}, {"after": "\0"}, {"told": "\0"}):
        assert support.open(ITEMS, query_string=query).status_code == 404
    assert support.open(f"{ITEMS}/import/%00").status_code == 404
    opened(support, OAT)
    assert support.send(ITEMS, description="a\0").status_code == 404


def test_a_form_of_another_site_saves_nothing(support: Browser) -> None:
    assert csrf(support.open(f"{ITEMS}?add"))
    assert support.client.post(ITEMS, data={"account_sku": "1", "product": "2"}).status_code == 400
