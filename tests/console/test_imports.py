"""Files imported into an account's tables in steps: columns, what each row would do, the draft, and back."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from gateway.accounts import file_row, kept_file, table_rows
from gateway.console import imports
from gateway.drafting.drafts import Draft, draft_of, edit
from gateway.store.drafts import Change
from mappings.revision import ItemRow, UnitRow
from mappings.tables import natural_key
from tests.api.builders import Gateway
from tests.console.conftest import Browser, csrf, signed_in

ITEMS = "/accounts/acme/items"
OAT = ItemRow("PL-0042", None, "OAT-1L", "CS", "EA", Decimal(12))
OLD = ItemRow("PL-0001", None, "OAT-1L")


@pytest.fixture
def support(gateway: Gateway) -> Browser:
    rows = list(table_rows([OAT, OLD]))
    gateway.services.store.revisions.publish_account({"id": "acme", "name": "Acme"}, rows, author="Kim", reason="test")
    return signed_in(gateway, "support")


def upload(browser: Browser, body: str | bytes, name: str = "items.csv", table: str = ITEMS) -> Any:
    """Send the file, and look at what answers."""
    token = csrf(browser.open(f"{table}/import"))
    sent = {"csrf_token": token, "file": (io.BytesIO(body.encode() if isinstance(body, str) else body), name)}
    browser.answer = browser.client.post(f"{table}/import", data=sent)
    browser.answer.request.environ["wsgi.input"].close()  # a large body is a file, which the tests' client leaves open
    return follow(browser)


def follow(browser: Browser) -> Any:
    if browser.answer.status_code == 303:
        browser.open(browser.answer.headers["Location"])
    return browser.answer


def choose(browser: Browser, **chosen: str) -> Any:
    """Send the form of the columns as it stands, but for this."""
    (form,) = browser.root.xpath("//form[.//select[starts-with(@name, 'column.')]]")
    sent = {one.get("name"): one.get("value") for one in form.xpath(".//input[@type='hidden' or @checked]")}
    for one in form.iter("select"):
        sent[one.get("name")] = next((option.get("value") for option in one if option.get("selected") is not None), "")
    browser.answer = browser.client.post(form.get("action"), data=sent | chosen)
    return follow(browser)


def press(browser: Browser, ending: str) -> Any:
    """Send the form that goes there."""
    (action,) = {one for one in browser.root.xpath("//form/@action") if one.endswith(ending)}
    browser.send(action)
    return follow(browser)


def draft_items(gateway: Gateway) -> set[str]:
    return {row.natural_key for row in draft_of(gateway.services, "acme").rows if row.kind == "item"}


GERMAN = """Artikelnummer;Lieferantenartikel;Bestelleinheit;Basiseinheit;VPE;Bezeichnung;Lagerbestand
0017;OAT-1L;KRT;EA;12,5;Haferdrink groß;7
PL-0042;OAT-1L;CS;EA;6;;1
PL-0001;OAT-1L;;;;;
4,01E+12;OAT-1L;;;;;
=1+1;OAT-1L;;;;;
"""


def test_a_file_goes_into_the_draft_in_three_steps_and_back_in_one(gateway: Gateway, support: Browser) -> None:
    upload(support, GERMAN.encode("cp1252"))
    assert "read as Windows-1252, separated by semicolons" in support.text
    assert "Not taken: Lagerbestand." in support.text
    assert "As 12,5 in line 2, column VPE shows." in support.text
    choose(support)
    assert "1 new row, 1 changed, 0 go, 1 as before, 2 rejected. Nothing is done yet." in support.text
    assert "How many of ours: − 12 + 6" in support.text
    rejects = support.client.get(support.root.xpath("//a[contains(@href, '/rejects')]/@href")[0])
    assert [one.split(",")[0] for one in rejects.text.splitlines()[1:]] == ["line 5", "line 6"]
    assert "'=1+1" in rejects.text
    press(support, "/apply")
    assert (
        "It is in the draft: import of items.csv: 1 added, 1 changed, 2 rejected, by user support of ours"
        in support.text
    )
    assert natural_key(ItemRow("0017", None, "OAT-1L", "KRT")) in draft_items(gateway)
    (batch,) = {one.batch for one in draft_of(gateway.services, "acme").edits}
    assert batch is not None
    press(support, "/take-back")
    assert "The import was taken back." in support.text
    assert draft_of(gateway.services, "acme").edits == ()


def test_rules_of_a_folders_import_are_not_taken_back_from_a_table(gateway: Gateway, support: Browser) -> None:
    def folder(draft: Draft) -> list[Change]:
        row = next(iter(table_rows([ItemRow("PL-0099", None, "OAT-1L")])))
        rules = draft.change("file", "order_map.yaml", None, kept_file("reads: json"))
        return [draft.change(row.kind, row.natural_key, None, row.body), rules]

    edit(gateway.services, "acme", folder, author="Ada", batch="b1")
    sent = {"csrf_token": csrf(support.open(ITEMS)), "batch": "b1"}
    assert "Take this import back" not in support.open(ITEMS).text
    assert support.client.post(f"{ITEMS}/take-back", data=sent).status_code == 403
    assert len(draft_of(gateway.services, "acme").edits) == 2


def test_a_number_that_can_be_two_is_asked(gateway: Gateway, support: Browser) -> None:
    upload(support, "account_sku,product,account_unit,unit,factor\nA,OAT-1L,CS,EA,1.234\n")
    assert "1.234 in line 2, column factor can be 1.234 or 1234." in support.text
    assert choose(support).status_code == 422
    assert "can be read in two ways" in support.text
    choose(support, sign="comma")
    press(support, "/apply")
    assert '"factor": "1234"' in str(draft_of(gateway.services, "acme").edits[0].body)


def test_columns_are_changed_by_hand(support: Browser) -> None:
    upload(support, "a,b\nPL-9,OAT-1L\n")
    assert "No column of the file is Our product" in support.text
    assert choose(support).status_code == 422
    assert choose(support, **{"column.0": "product", "column.1": "product"}).status_code == 422
    assert "Our product is another column already." in support.text
    assert len(support.root.find_class("fault")) == 1
    choose(support, **{"column.0": "account_sku", "column.1": "product"})
    assert "1 new row" in support.text


def test_another_encoding_reads_it_anew(support: Browser) -> None:
    upload(support, "Artikelnummer;Produkt;Bezeichnung\n1;OAT-1L;groß\n".encode())
    choose(support, encoding="cp1252")
    assert "read as Windows-1252" in support.text
    assert "groÃŸ" in support.text
    assert choose(support, encoding="utf-16").status_code == 422
    choose(support, encoding="utf-8")
    assert "groß" in support.text


def test_the_file_as_the_whole_table(gateway: Gateway, support: Browser) -> None:
    upload(support, "account_sku,product\nPL-0001,OAT-1L\nPL-0099,OAT-1L\n")
    choose(support, manner="replace")
    assert "1 new row, 0 changed, 1 goes, 1 as before, 0 rejected" in support.text
    press(support, "/apply")
    assert draft_items(gateway) == {natural_key(OLD), natural_key(ItemRow("PL-0099", None, "OAT-1L"))}


def test_nothing_is_done_where_the_draft_changed_since(gateway: Gateway, support: Browser) -> None:
    upload(support, "account_sku,product\nPL-0099,OAT-1L\n")
    choose(support)
    row = next(iter(table_rows([UnitRow("KRT", None, "EA", Decimal(2))])))
    edit(
        gateway.services, "acme", lambda draft: [draft.change(row.kind, row.natural_key, None, row.body)], author="Ada"
    )
    page = press(support, "/apply")
    assert (page.status_code, len(draft_of(gateway.services, "acme").edits)) == (409, 1)
    assert "Somebody changed the draft" in support.text
    press(support, "/apply")
    assert len(draft_of(gateway.services, "acme").edits) == 2


def test_sent_twice_it_is_done_once(gateway: Gateway, support: Browser) -> None:
    upload(support, "account_sku,product\nPL-0099,OAT-1L\n")
    choose(support)
    (form,) = support.root.xpath("//form[contains(@action, '/apply')]")
    sent = {one.get("name"): one.get("value") for one in form.iter("input")}
    answers = [support.client.post(form.get("action"), data=sent) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert len(draft_of(gateway.services, "acme").edits) == 1


def test_whoever_leaves_it_has_done_nothing(gateway: Gateway, support: Browser) -> None:
    upload(support, "account_sku,product\nPL-0099,OAT-1L\n")
    here = support.path
    press(support, "/drop")
    assert draft_of(gateway.services, "acme").edits == ()
    assert support.open(here).status_code == 404


def test_a_file_is_its_uploaders_alone(gateway: Gateway, support: Browser) -> None:
    upload(support, "account_sku,product\nPL-0099,OAT-1L\n")
    here = support.path
    other = signed_in(gateway, "admin")
    for path in (here, f"{here}/rows", f"{here}/rejects", here.replace("items", "units")):
        assert other.open(path).status_code == 404
    assert support.open(here.replace("/items/", "/units/")).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "has nothing in it"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"),
        (b"PK\x03\x04 broken", "can't be read as a spreadsheet"),
        (b'a,b\n"x"y,2\n', "can't be read as CSV"),
    ],
)
def test_what_is_no_table_is_told(support: Browser, body: bytes, said: str) -> None:
    assert upload(support, body).status_code == 422
    assert said in support.text


def test_a_file_that_is_too_large_is_told(support: Browser) -> None:
    assert upload(support, b"account_sku,product\n" + b"xxxxxxxxx,y\n" * 15_000).status_code == 200
    large = b"x" * (imports._LARGEST_FILE + 20_000)
    support.answer = support.client.post(f"{ITEMS}/import", data=large, content_type="multipart/form-data; boundary=x")
    assert support.answer.status_code == 413
    assert "More than 20.0 MB can't be sent here." in support.text
    token = csrf(support.open(f"{ITEMS}?add"))
    assert support.client.post(ITEMS, data={"csrf_token": token, "note": "x" * 150_000}).status_code == 413


def test_no_file_is_told(support: Browser) -> None:
    token = csrf(support.open(f"{ITEMS}/import"))
    support.answer = support.client.post(f"{ITEMS}/import", data={"csrf_token": token})
    assert "Choose a file first." in support.text


def test_a_spreadsheet_is_read_and_its_formulas_are_not(support: Browser) -> None:
    book = Workbook()
    first = ["Item", "Our product", "UOM", "Our unit", "Factor"]
    rows = [["0042", "OAT-1L", "CS", "EA", 0.5], ["0043", "OAT-1L", "CS", "EA", "=6*2"]]
    for row in (first, *rows):
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    upload(support, out.getvalue(), "<b>items.xlsx")
    assert "Columns of <b>items.xlsx" in support.text
    choose(support)
    assert "1 new row" in support.text
    assert "row 3, cell E3" in support.text
    assert "is a formula" in support.text


def test_rows_are_paged_by_outcome(support: Browser) -> None:
    rows = "".join(f"A{one:04},{'OAT-1L' if one % 2 else 'NONE'}\n" for one in range(240))
    upload(support, f"account_sku,product\n{rows}")
    choose(support)
    here = support.path
    places: list[str] = []
    support.open(f"{here}?outcome=reject")
    while True:
        places += [" ".join(one.text_content().split()) for one in support.root.xpath("//tbody/tr/th")]
        more = support.root.xpath("//a[text()='The next ones']/@href")
        if not more:
            break
        support.open(more[0])
    assert places == [f"line {one}" for one in range(2, 242, 2)]
    assert support.open(f"{here}?outcome=nothing&after=x").status_code == 200


def test_what_was_downloaded_is_imported_as_no_change(support: Browser) -> None:
    for ending in ("csv", "xlsx"):
        file = support.client.get(f"{ITEMS}/file?as={ending}").data
        upload(support, file, f"items.{ending}")
        choose(support, sign="point", manner="replace")
        assert "0 new rows, 0 changed, 0 go, 2 as before, 0 rejected" in support.text
        assert "There is nothing in it that isn't there already." in support.text


def test_five_thousand_items_with_twelve_bad_rows(support: Browser) -> None:
    bad = dict.fromkeys(range(100, 4900, 400), "0")
    rows = "".join(f"{one:06},OAT-1L,CS,EA,{bad.get(one, '12')}\n" for one in range(5_000))
    upload(support, f"account_sku,product,account_unit,unit,factor\n{rows}")
    choose(support)
    assert "4,988 new rows" in support.text
    assert "12 rejected" in support.text
    press(support, "/apply")
    assert re.search(r"The draft has 4,988 edits", support.text)


def test_support_takes_no_import_of_rules_back(gateway: Gateway, support: Browser) -> None:
    """A folder that integration put into the draft is an import as well, of rules and terms."""
    rules = file_row("order_map.yaml", b"reads: json\n")
    known, (unit,) = {"author": "Kim", "batch": "b1"}, table_rows([UnitRow("CTN", None, "EA", Decimal(6))])
    both = (rules, unit)
    edit(
        gateway.services,
        "acme",
        lambda draft: [draft.change(one.kind, one.natural_key, None, one.body) for one in both],
        **known,
    )
    token = csrf(support.open(ITEMS))
    answer = support.client.post("/accounts/acme/units/take-back", data={"csrf_token": token, "batch": "b1"})
    assert answer.status_code == 403
    assert {one.key for one in draft_of(gateway.services, "acme").edits} == {
        (one.kind, one.natural_key) for one in both
    }


def test_files_that_are_read_leave_threads_for_orders(gateway: Gateway, support: Browser) -> None:
    """Each file waited for its turn in a thread of its own, until none was left."""
    turns = gateway.services.imports._turns
    with turns, turns, turns:
        answer = upload(support, GERMAN)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert "Others are importing files just now. Nothing was done" in support.text
    assert upload(support, GERMAN).status_code == 200
