"""Tables as people bring them: columns matched, decimals told, files read whatever wrote them, and written back."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from mappings.compile import compile_catalogue
from mappings.files.text import FilesRejected
from mappings.revision import Catalogue, ItemRow, Pack, Product
from mappings.rows import rows_of
from mappings.sheets.choices import Choices, choice_faults, guessed
from mappings.sheets.columns import matched_columns
from mappings.sheets.decimals import Number, decimals_of, with_point
from mappings.sheets.plan import ImportPlan, Standing, plan_import
from mappings.sheets.reading import read_sheet
from mappings.sheets.words import label, words
from mappings.sheets.writing import csv_file, harmless, rejects_file, xlsx_file
from mappings.tables import TABLES, Kind, natural_key, row_text

KINDS: tuple[Kind, ...] = ("item", "unit", "site", "price")
CATALOGUE = compile_catalogue(
    1,
    [Product("OAT-1L", "Oat drink 1 l", "EA"), Product("0042", "Answer", "EA"), Product("RYE", "Crispbread", "EA")],
    [Pack("OAT-1L", "XCT", Decimal(12))],
)


# --- columns -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "header", "found"),
    [
        ("item", ["account_sku", "gtin", "product"], ["account_sku", "gtin", "product"]),
        ("item", ["Account SKU", "EAN", "Our product"], ["account_sku", "gtin", "product"]),
        ("item", ["Artikelnr.", "Lieferantenartikelnummer", "VPE"], ["account_sku", "product", "factor"]),
        ("item", ["Kundenartikel-Nr.", "Bezeichnung", "Faktor"], ["account_sku", "description", "factor"]),
        (
            "item",
            ["Référence", "Désignation", "Unité", "Code barres"],
            ["account_sku", "description", "account_unit", "gtin"],
        ),
        ("item", ["Código de artículo", "Descripción", "Unidad"], ["account_sku", "description", "account_unit"]),
        ("item", ["Varenummer", "Beskrivelse", "Enhed"], ["account_sku", "description", "account_unit"]),
        ("item", ["acount_sku", "faktor", "Stock"], ["account_sku", "factor", None]),
        ("item", ["sku", "item", "product"], ["account_sku", None, "product"]),
        ("price", ["Produkt", "Einheit", "Preis", "Währung"], ["product", "unit", "price", "currency"]),
        ("site", ["GLN", "Straße", "PLZ", "Ort", "Land"], ["account_site", "street", "postal_code", "city", "country"]),
        ("unit", ["Enhet", "Vår enhet", "Faktor"], ["account_unit", "unit", "factor"]),
        ("unit", ["", "Preis"], [None, None]),
    ],
)
def test_columns_are_matched_by_what_they_are_called(kind: str, header: list[str], found: list[str | None]) -> None:
    assert list(matched_columns(kind, header)) == found


def test_every_column_has_words() -> None:
    for kind in KINDS:
        for column in TABLES[kind].names:
            assert words(kind, column)[0] == label(kind, column)


# --- decimals ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("texts", "sign", "unclear"),
    [
        (["12", "1", ""], "point", None),
        (["12,5", "3"], "comma", None),
        (["12.5", "3"], "point", None),
        (["1.234"], None, "1.234"),
        (["1,234", "7"], None, "1,234"),
        (["1.234", "12,50"], "comma", "1.234"),
        (["1.234", "12.50"], "point", "1.234"),
        (["0.125"], "point", None),
        (["0,125"], "comma", None),
        (["1.234,50"], "comma", None),
        (["1,234.50"], "point", None),
        (["1.234.567"], "comma", None),
        (["1 234,5"], "comma", None),
        (["12,5", "12.5"], None, None),
        (["=1+1", "12.E3", "abc."], "point", None),
    ],
)
def test_decimals_are_told_by_the_file_or_asked(texts: list[str], sign: str | None, unclear: str | None) -> None:
    found = decimals_of(Number(f"line {index}", text) for index, text in enumerate(texts))
    assert (found.sign, found.unclear.text if found.unclear else None) == (sign, unclear)


@pytest.mark.parametrize(
    ("text", "sign", "read"),
    [
        ("1.234,50", "comma", "1234.50"),
        ("1.234", "comma", "1234"),
        ("1.234", "point", "1.234"),
        ("1'234.50", "point", "1234.50"),
        ("1\u202f234,5", "comma", "1234.5"),
        ("12.5", "comma", None),
        ("1.23E+12", "comma", None),
        ("1.23.4", "comma", None),
        ("-3,0", "comma", "-3.0"),
    ],
)
def test_numbers_are_read_by_the_sign(text: str, sign: Any, read: str | None) -> None:
    assert with_point(text, sign) == read


# --- files -------------------------------------------------------------------------------------------------------
TEXT = "account_sku;product;description\r\nPL-1;OAT-1L;Größe\r\n"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16"),
        (TEXT.encode("utf-16-be"), "utf-16"),
    ],
)
def test_encodings_are_found_out(body: bytes, encoding: str) -> None:
    sheet = read_sheet(body, "items.csv", "item")
    assert (sheet.encoding, sheet.separator) == (encoding, ";")
    assert sheet.rows == ((2, ["PL-1", "OAT-1L", "Größe"]),)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_separators_are_found_out(sign: str) -> None:
    body = "\n".join(sign.join(cells) for cells in (["Artikelnr", "Produkt", "Preis"], ["1", "2", '"3,5; 4|5\t"']))
    sheet = read_sheet(body.encode(), "x.csv", "item")
    assert (sheet.separator, len(sheet.header), len(sheet.rows[0][1])) == (sign, 3, 3)


def test_what_excel_says_of_the_separator_is_no_row() -> None:
    sheet = read_sheet(b"sep=;\r\nfoo;bar, baz\r\n1;2\r\n", "x.csv", "item")
    assert (sheet.header, sheet.place(0, 1)) == (("foo", "bar, baz"), "line 3, column bar, baz")


@pytest.mark.parametrize(
    "body", [b"", b"\n\n", b"\xd0\xcf\x11\xe0 old", b"PK\x03\x04 broken", b'a,b\n"x"y,2\n', bytes(range(256))]
)
def test_what_is_no_table_is_refused(body: bytes) -> None:
    with pytest.raises(FilesRejected):
        read_sheet(body, "items.csv", "item")


# --- plans -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"a\n" * 300_000, "has more than 200,000 rows"),
        (b"a,b\n" + b"\n" * 1_100_000, "has more than 1,048,576 lines, empty ones among them"),
        (b"a" + b"," * 20_000, "has a line of 20,001 cells"),
        (b"a,b\n" + b"," * 20_000, "has a line of 20,001 cells"),
    ],
)
def test_what_is_far_too_large_is_refused_where_that_shows(body: bytes, said: str) -> None:
    """20 MB of lines of one byte took a minute and 2 GB to be told too many; a line of 20,000 cells, some minutes."""
    with pytest.raises(FilesRejected, match=said):
        read_sheet(body, "items.csv", "item")


def planned(
    text: str | bytes, *standing: Any, kind: Kind = "item", catalogue: Catalogue = CATALOGUE, **chosen: Any
) -> ImportPlan:
    body = text.encode() if isinstance(text, str) else text
    sheet = read_sheet(body, "x.csv", kind)
    choices = guessed(kind, sheet)
    choices = Choices(**{name: chosen.get(name, getattr(choices, name)) for name in choices.__slots__})
    assert choice_faults(kind, sheet, choices) == {}
    rows = {natural_key(row): row_text(row) for row in standing}
    return plan_import(kind, sheet, choices, Standing(rows, catalogue))


def outcomes(plan: ImportPlan) -> list[str]:
    return [row.outcome for row in plan.rows]


OAT = ItemRow("PL-1", None, "OAT-1L", "CS", "EA", Decimal(12))


def test_rows_come_change_and_stay() -> None:
    other = ItemRow("PL-2", None, "RYE")
    plan = planned(
        "account_sku,product,account_unit,unit,factor\n0017,OAT-1L,,,\nPL-1,OAT-1L,CS,EA,6\nPL-2,RYE,,,\n", OAT, other
    )
    assert outcomes(plan) == ["add", "change", "same"]
    assert plan.rows[0].body is not None
    assert '"0017"' in plan.rows[0].body
    changed = natural_key(OAT)
    assert [(key, was is None) for key, was, _ in plan.changes] == [("0017||OAT-1L||", True), (changed, False)]


def test_a_number_that_is_another_product_now_is_the_row_changed() -> None:
    plan = planned("account_sku,product,account_unit,unit,factor\nPL-1,RYE,CS,EA,12\n", OAT)
    (row,) = plan.rows
    assert (row.outcome, row.replaces) == ("change", natural_key(OAT))
    assert [(key, body is None) for key, _, body in plan.changes] == [(natural_key(OAT), True), (row.key, False)]
    both = planned("account_sku,product,account_unit,unit,factor\nPL-1,RYE,CS,EA,12\nPL-1,OAT-1L,CS,EA,12\n", OAT)
    assert outcomes(both) == ["add", "same"]


def test_a_number_written_otherwise_is_the_same() -> None:
    assert outcomes(planned("account_sku;product;account_unit;unit;factor\nPL-1;OAT-1L;CS;EA;12,0\n", OAT)) == ["same"]


def test_what_cannot_be_taken_is_rejected_with_its_reason_and_place() -> None:
    text = """account_sku,product,account_unit,unit,factor
1.23E+12,OAT-1L,,,
PL-2,OAT-1L,CS,EA,0
PL-3,OAT-1L,CS,EA,-2
PL-4,NOTHING,,,
PL-5,42,,,
PL-6,OAT-1L,CS,EA,=6*2
PL-7,OAT-1L,,,
PL-7,OAT-1L,,,
PL-8,OAT-1L,CS,EA,1.5,9
PL-9,,,,
PL-10,OAT-1L,CS,EA,a dozen
"""
    plan = planned(text)
    said = {row.place: row.reasons for row in plan.rows if row.outcome == "reject"}
    parts = {
        "line 2": "long number that a spreadsheet has rounded",
        "line 3": "must be above zero",
        "line 4": "must be above zero",
        "line 5": "there is no product NOTHING",
        "line 6": "0042: its leading zeros were lost",
        "line 7": "is a formula",
        "line 9": "stand at line 8 already",
        "line 10": "more cells than the first row has columns",
        "line 11": "product is missing",
        "line 12": "factor 'a dozen' is not a decimal number",
    }
    assert list(said) == list(parts)
    for place, part in parts.items():
        assert part in said[place][0], said[place]
        assert said[place][0].startswith(place)
    assert plan.count("add") == 1


def test_a_whole_table_loses_what_the_file_has_not_but_for_what_it_rejects() -> None:
    gone, kept = ItemRow("PL-2", None, "RYE"), ItemRow("PL|3", None, "RYE")
    text = "account_sku,product,account_unit,unit,factor\nPL-1,OAT-1L,CS,EA,12\nPL|3,RYE,CS,EA,0\n"
    plan = planned(text, OAT, gone, kept, manner="replace")
    assert outcomes(plan) == ["same", "reject", "delete"]
    assert list(plan.changes) == [(natural_key(gone), row_text(gone), None)]


def test_what_will_not_work_is_told_and_taken() -> None:
    plan = planned("account_sku,product,account_unit,unit,factor\nPL-1,OAT-1L,PAL,XPX,2\n")
    assert (outcomes(plan), plan.count("warned")) == (["add"], 1)
    assert "there is no XPX of OAT-1L" in plan.rows[0].reasons[0]


def test_decimals_by_the_chosen_sign() -> None:
    text = "product;unit;currency;price;valid_from\nOAT-1L;EA;EUR;1.234,50;31.12.2026\nRYE;EA;EUR;12.5;\n"
    plan = planned(text, kind="price", sign="comma")
    assert outcomes(plan) == ["add", "reject"]
    assert '"price": "1234.50"' in (plan.rows[0].body or "")
    assert '"valid_from": "2026-12-31"' in (plan.rows[0].body or "")
    assert "isn't written with a comma" in plan.rows[1].reasons[0]


def test_an_unclear_number_is_asked_for() -> None:
    sheet = read_sheet(b"product;unit;currency;price\nOAT-1L;EA;EUR;1.234\n", "x.csv", "price")
    choices = guessed("price", sheet)
    assert (choices.sign, list(choice_faults("price", sheet, choices))) == (None, ["sign"])


def test_columns_that_cannot_be_so_are_told() -> None:
    sheet = read_sheet(b"sku,product,stuff\n1,2,3\n", "x.csv", "item")
    twice = Choices(("account_sku", "account_sku", None), "point", "add", "utf-8", ",")
    assert set(choice_faults("item", sheet, twice)) == {"column.1", "columns"}


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_spreadsheets_rows_are_placed_by_their_cells() -> None:
    body = workbook(["account_sku", "product", "account_unit", "unit", "factor"], ["0042", "OAT-1L", "CS", "EA", 0.5])
    assert outcomes(planned(body)) == ["add"]
    body = workbook(["account_sku", "product", "account_unit", "unit", "factor"], [42, "OAT-1L", "CS", "EA", "=1+1"])
    (row,) = planned(body).rows
    assert row.outcome == "reject"
    assert "row 2, cell A2" in row.reasons[0]
    assert "row 2, cell E2" in row.reasons[1]


# --- there and back ----------------------------------------------------------------------------------------------
_TEXTS = st.one_of(
    st.sampled_from(
        ["0042", "-5", "+49 40", "@home", "'quoted", "''", "=", "= x", "#N/A", "TRUE", "_x0041_", 'a"b', "a\nb", ";|,"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=12),
)
_NUMBERS = st.decimals("0.0000000001", "99999999999", allow_nan=False, places=10) | st.integers(1, 10**18).map(Decimal)
_DAYS = st.dates(date(1800, 1, 1), date(2999, 12, 31)).map(date.isoformat)
_CELLS = {
    "unit": st.sampled_from(["EA", "XCT"]),
    "product": st.sampled_from(sorted(CATALOGUE.products)),
    "gtin": st.sampled_from(["4012345000016", "04012345", "00012345678905"]),
    "currency": st.sampled_from(["EUR", "SEK"]),
    "country": st.sampled_from(["DE", "SE"]),
    "transit_days": st.integers(0, 9).map(str),
    "receiving_days": st.integers(0, 9).map(str),
    "valid_from": _DAYS,
    "valid_to": _DAYS,
    **dict.fromkeys(("factor", "price", "base_quantity", "min_quantity"), _NUMBERS.map(lambda one: f"{one:f}")),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[Kind, list[Any]]:
    kind = draw(st.sampled_from(KINDS))
    names = {one.name: _CELLS.get(one.name, _TEXTS) for one in TABLES[kind].columns}
    row = st.fixed_dictionaries({}, optional=names)
    full = st.fixed_dictionaries(names)
    read = rows_of(kind, draw(st.lists(row | full, max_size=5)))
    return kind, [one for _, one in read.good]


@settings(deadline=None, max_examples=150)
@given(tables(), st.booleans())
def test_what_is_written_is_read_as_the_same_rows(table: tuple[Kind, list[Any]], spread: bool) -> None:
    kind, rows = table
    body = xlsx_file(kind, rows) if spread else "".join(csv_file(kind, rows)).encode()
    plan = planned(body, *rows, kind=kind, sign="point", manner="replace")
    assert plan.count("same") == len(rows) == len(plan.rows), [row.reasons for row in plan.rows]


def test_numbers_are_numbers_and_nothing_is_calculated() -> None:
    rows = [ItemRow("0042", None, "OAT-1L", "CS", "EA", Decimal("1.5"), "=x", date(2026, 1, 2))]
    sheet = load_workbook(io.BytesIO(xlsx_file("item", rows))).worksheets[0]
    cells = {name.value: cell for name, cell in zip(sheet[1], sheet[2], strict=True)}
    assert (cells["account_sku"].value, cells["account_sku"].number_format) == ("0042", "@")
    assert (cells["factor"].value, cells["factor"].data_type) == (1.5, "n")
    assert (cells["description"].value, cells["description"].data_type) == ("=x", "s")
    assert cells["valid_from"].is_date
    (_, line) = "".join(csv_file("item", rows)).splitlines()
    assert line == "0042,,OAT-1L,CS,EA,1.5,'=x,2026-01-02,"


def test_rejects_are_the_rows_as_they_came_with_the_reasons() -> None:
    sheet = read_sheet(b"account_sku,product,factor,=cmd\n=1+1,OAT-1L,-2,@x\n", "x.csv", "item")
    plan = plan_import("item", sheet, guessed("item", sheet), Standing({}, CATALOGUE))
    head, line = "".join(rejects_file(sheet, plan.rows)).splitlines()
    assert head == "\ufeffplace,reason,account_sku,product,factor,'=cmd"
    assert line.startswith('line 2,"line 2, column account_sku: account_sku')
    assert line.endswith(",'=1+1,OAT-1L,'-2,'@x")


def test_texts_that_a_spreadsheet_calculates_are_marked() -> None:
    assert [harmless(one) for one in ("=1", "+1", "-1", "@x", "'x", "x", "")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@x",
        "''x",
        "x",
        "",
    ]


def test_a_template_is_the_columns_alone() -> None:
    assert "".join(csv_file("unit", [])) == "\ufeffaccount_unit,product,unit,factor\r\n"


def test_a_spreadsheet_of_too_many_rows_is_read_no_further() -> None:
    """0.1 MB of them unpack to a million rows, which took a minute."""
    with pytest.raises(FilesRejected, match="has more than 200,000 rows"):
        read_sheet(workbook(*[["x"]] * 200_002), "items.xlsx", "item")
