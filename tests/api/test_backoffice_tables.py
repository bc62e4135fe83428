"""Products, packs, stock and prices from the supplier's own systems: good rows stored, every bad one named, nothing
done twice."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from openpyxl import Workbook

from gateway.backoffice.uploads import CSV, JSON, XLSX
from gateway.store.revisions import CATALOGUE, account_scope
from tests.api.builders import Gateway, Sender

NOON = "2026-11-23T12:00:00+00:00"
OATS = {"product": "OAT-1L", "site": "HAMBURG", "as_of": NOON, "on_hand": "10"}


@pytest.fixture
def office(gateway: Gateway) -> Sender:
    """The back office, with a key of its own."""
    key, text = gateway.services.store.keys.create(None, actor="test")
    return Sender(key.id, text)


def put(gateway: Gateway, office: Sender, what: str, rows: Any, media_type: str = JSON) -> Any:
    """The answer to these rows: a list as JSON, bytes as they are."""
    body = rows if isinstance(rows, bytes) else json.dumps({"rows": rows}).encode()
    headers = {"Content-Type": media_type, **office.headers}
    return gateway.client.put(f"/v1/backoffice/{what}", data=body, headers=headers)


def spreadsheet(*rows: Sequence[Any]) -> bytes:
    """An XLSX file of these rows; a text that begins with = is a formula there, as in any spreadsheet program."""
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(file)
    return file.getvalue()


def on_hand(gateway: Gateway) -> dict[tuple[str, str], Decimal]:
    found = gateway.services.store.stock.standing()
    return {(one.counted.product, one.counted.site): one.counted.on_hand for one in found}


def faults(answer: Any) -> list[tuple[int, str, str, str | None]]:
    return [(one["row"], one["code"], one["path"], one["value"]) for one in answer.json["faults"]]


# --- products and packs --------------------------------------------------------------------------------------------
def test_products_are_put_row_by_row_and_others_stay(gateway: Gateway, office: Sender) -> None:
    paper = {"product": "0042", "name": "Paper", "base_unit": "EA", "order_multiple": 5}
    first = put(gateway, office, "products", [paper])
    assert first.status_code == 200
    assert first.json == {
        "rows": 1,
        "stored": 1,
        "unchanged": 0,
        "bad": 0,
        "faults": [],
        "warnings": [],
        "revision": 2,
        "published": True,
    }
    catalogue = gateway.services.terms.catalogue()
    assert set(catalogue.products) == {"OAT-1L", "0042"}
    assert catalogue.products["0042"].order_multiple == 5
    (newest, _) = gateway.services.store.revisions.history(CATALOGUE)
    assert newest["author"] == f"back office, key {office.account_id}"

    again = put(gateway, office, "products", [paper])
    assert (again.json["unchanged"], again.json["published"], again.json["revision"]) == (1, False, 2)
    assert len(gateway.services.store.revisions.history(CATALOGUE)) == 2

    renamed = put(gateway, office, "products", [{**paper, "name": "Copy paper"}, {**paper, "product": "0043"}])
    assert (renamed.json["stored"], renamed.json["revision"]) == (2, 3)
    assert {one.name for one in gateway.services.terms.catalogue().products.values()} == {
        "Oat drink 1 l",
        "Copy paper",
        "Paper",
    }
    assert gateway.services.terms.catalogue(2).products["0042"].name == "Paper"


def test_a_bad_row_is_named_and_the_others_are_stored(gateway: Gateway, office: Sender) -> None:
    rows = [
        {"product": "OAT-1L", "unit": "XCT", "quantity": "12"},
        {"product": "OAT-1L", "unit": "XPX", "quantity": "=12*40"},
        {"product": 42, "unit": "CT", "quantity": "12,5", "colour": "red"},
        {"product": "OAT-1L", "unit": "XCT", "quantity": "6"},
        "OAT-1L",
        {"product": "OAT-1L", "unit": "XCS", "quantity": True},
    ]
    answer = put(gateway, office, "packs", rows)
    assert answer.status_code == 200
    assert (answer.json["rows"], answer.json["stored"], answer.json["bad"]) == (6, 1, 5)
    assert faults(answer) == [
        (1, "not_a_number", "/rows/1/quantity", "=12*40"),
        (2, "bad_value", "/rows/2/product", "42"),
        (2, "bad_value", "/rows/2/unit", "CT"),
        (2, "not_a_number", "/rows/2/quantity", "12,5"),
        (2, "unknown_field", "/rows/2/colour", "colour"),
        (3, "duplicate_row", "/rows/3", "OAT-1L|XCT"),
        (4, "bad_value", "/rows/4", "OAT-1L"),
        (5, "not_a_number", "/rows/5/quantity", "True"),
    ]
    told = [one["detail"] for one in answer.json["faults"]]
    assert told[0] == "/rows/1/quantity: quantity '=12*40' is a formula; paste its value instead"
    assert "leading zeros" in told[1]
    assert "write a point for the decimal comma" in told[3]
    assert list(gateway.services.terms.catalogue().packs) == [("OAT-1L", "XCT")]


def test_what_does_not_hold_together_is_stored_and_told(gateway: Gateway, office: Sender) -> None:
    answer = put(gateway, office, "packs", [{"product": "NONE", "unit": "XCT", "quantity": "12"}])
    assert (answer.json["stored"], len(answer.json["warnings"])) == (1, 1)
    assert "which products.csv does not have" in answer.json["warnings"][0]["detail"]


# --- taxes ----------------------------------------------------------------------------------------------------------
TAX = {"tax_class": "food", "ship_from_country": "DE", "ship_to_country": "DE", "category": "S", "percent": "7"}


def test_taxes_are_put_in_beside_those_that_are_there(gateway: Gateway, office: Sender) -> None:
    """A row is known by what it is of and when it begins: another category or rate takes its place."""
    first = put(gateway, office, "taxes", [TAX, {**TAX, "tax_class": "books", "percent": 5}])
    assert (first.json["stored"], first.json["revision"], first.json["warnings"]) == (2, 2, [])
    again = put(gateway, office, "taxes", [{**TAX, "buyer_vat": "any"}, TAX])
    assert faults(again) == [(1, "duplicate_row", "/rows/1", "food|DE|DE|any|")]
    assert put(gateway, office, "taxes", [TAX]).json["stored"] == 1, "any is written as it was sent"
    assert put(gateway, office, "taxes", [TAX]).json["published"] is False
    changed = put(gateway, office, "taxes", [{**TAX, "category": "E", "percent": 0, "exemption_code": "VATEX-EU-132"}])
    assert changed.json["stored"] == 1
    taxes = gateway.services.terms.catalogue().taxes
    assert [(row.tax_class, row.category, row.percent) for row in taxes] == [("books", "S", 5), ("food", "E", 0)]
    assert set(gateway.services.terms.catalogue().products) == {"OAT-1L"}, "what isn't named stays"


def test_two_taxes_of_the_same_goods_on_one_day_are_told(gateway: Gateway, office: Sender) -> None:
    """No invoice could bear either; once the older one has an end the newer one follows it."""
    newer = {**TAX, "percent": "5", "valid_from": "2027-01-01"}
    (told,) = put(gateway, office, "taxes", [TAX, newer]).json["warnings"]
    assert (told["location"], told["value"], told["expected"]) == (
        "taxes.csv",
        "food,DE,DE,any",
        "valid_to before 2027-01-01",
    )
    assert put(gateway, office, "taxes", [{**TAX, "valid_to": "2027-01-01"}]).json["warnings"] != []
    assert put(gateway, office, "taxes", [{**TAX, "valid_to": "2026-12-31"}]).json["warnings"] == []


@pytest.mark.parametrize(
    ("wrong", "code", "column", "value"),
    [
        ({"percent": "=14/2"}, "not_a_number", "percent", "=14/2"),
        ({"percent": "7,0"}, "not_a_number", "percent", "7,0"),
        ({"percent": "0"}, "bad_value", "percent", "0"),
        ({"percent": "101"}, "not_a_number", "percent", "101"),
        ({"category": "VAT"}, "bad_value", "category", "VAT"),
        ({"category": None}, "missing_field", "category", None),
        ({"category": "E"}, "bad_value", "percent", "7"),
        ({"exemption_code": "VATEX-EU-132"}, "bad_value", "exemption_code", "VATEX-EU-132"),
        ({"ship_to_country": "Germany"}, "bad_value", "ship_to_country", "Germany"),
        ({"buyer_vat": "perhaps"}, "bad_value", "buyer_vat", "perhaps"),
        ({"valid_from": "01.01.2027"}, "not_a_date", "valid_from", "01.01.2027"),
        ({"valid_from": "2027-01-01", "valid_to": "2026-01-01"}, "bad_value", "valid_to", "2026-01-01"),
        ({"rate": "7"}, "unknown_field", "rate", "rate"),
    ],
)
def test_a_tax_that_can_not_be_is_named_and_the_others_are_stored(
    gateway: Gateway, office: Sender, wrong: dict[str, Any], code: str, column: str, value: str | None
) -> None:
    answer = put(gateway, office, "taxes", [{**TAX, **wrong}, {**TAX, "tax_class": "books"}])
    assert (answer.status_code, answer.json["stored"], answer.json["bad"]) == (200, 1, 1)
    assert faults(answer) == [(0, code, f"/rows/0/{column}", value)]
    assert [row.tax_class for row in gateway.services.terms.catalogue().taxes] == ["books"]


def test_taxes_come_as_files_too(gateway: Gateway, office: Sender) -> None:
    header = "tax_class,ship_from_country,ship_to_country,buyer_vat,category,percent,exemption_code,valid_from,valid_to"
    text = f"{header}\nfood,DE,DE,any,S,7,,2026-01-01,\nfood,DE,FR,registered,K,0,,2026-01-01,\nfood,DE,NO,,G,1,,,\n"
    answer = put(gateway, office, "taxes", text.encode(), CSV)
    assert (answer.json["stored"], faults(answer)) == (2, [(2, "bad_value", "/rows/2/percent", "1")])
    assert answer.json["faults"][0]["location"] == "taxes.csv line 4"


# --- stock ----------------------------------------------------------------------------------------------------------
def test_an_older_count_is_left_out_and_the_same_again_changes_nothing(gateway: Gateway, office: Sender) -> None:
    tea = {**OATS, "product": "TEA", "on_hand": 7}
    assert put(gateway, office, "stock", [OATS, tea]).json["stored"] == 2
    (oats, _) = gateway.services.store.stock.load(["OAT-1L", "TEA"], []).positions.values()
    again = put(gateway, office, "stock", [OATS, tea]).json
    assert (again["stored"], again["unchanged"], again["older"]) == (0, 2, [])
    assert oats == next(iter(gateway.services.store.stock.load(["OAT-1L"], []).positions.values()))

    older = {**OATS, "as_of": "2026-11-23T11:00:00+00:00", "on_hand": 3}
    answer = put(gateway, office, "stock", [older, {**tea, "on_hand": 8}]).json
    assert (answer["rows"], answer["stored"], answer["unchanged"], answer["bad"]) == (2, 1, 0, 0)
    place = {"product": "OAT-1L", "site": "HAMBURG"}
    assert answer["older"] == [{"row": 0, **place, "as_of": older["as_of"], "known_as_of": NOON}]
    assert on_hand(gateway) == {("OAT-1L", "HAMBURG"): 10, ("TEA", "HAMBURG"): 8}


def test_a_count_of_a_day_to_come_is_a_fault_and_the_others_are_stored(gateway: Gateway, office: Sender) -> None:
    late = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    answer = put(gateway, office, "stock", [{**OATS, "site": "BREMEN", "as_of": late}, OATS])
    assert [one[:3] for one in faults(answer)] == [(0, "bad_value", "/rows/0/as_of")]
    assert on_hand(gateway) == {("OAT-1L", "HAMBURG"): 10}


def test_a_site_that_nothing_knows_is_warned_of_and_stored(gateway: Gateway, office: Sender) -> None:
    assert put(gateway, office, "stock", [OATS]).json["warnings"] == [], "the first stock of all"
    rows = [OATS, {**OATS, "site": "Hambrug"}, {**OATS, "site": "Hambrug", "product": "TEA"}, {**OATS, "site": "OSLO"}]
    answer = put(gateway, office, "stock", rows).json
    assert answer["stored"] == 3
    sites = [one for one in answer["warnings"] if "no stock before" in one["detail"]]
    told = [(one["code"], one["value"], one["expected"]) for one in sites]
    assert told == [
        ("bad_value", "Hambrug", "HAMBURG"),
        ("bad_value", "OSLO", "a site that has stock, or supplies an account"),
    ]
    assert sites[0]["detail"].startswith("The body counts 2 products at Hambrug, where there was no stock before")
    again = put(gateway, office, "stock", rows).json["warnings"]
    assert [one for one in again if "no stock before" in one["detail"]] == [], "it is known by now"


# --- prices ---------------------------------------------------------------------------------------------------------
def test_prices_make_a_revision_of_each_account_by_the_back_office(
    gateway: Gateway, office: Sender, acme: Sender, delta: Sender
) -> None:
    price = {"account": "acme", "product": "OAT-1L", "unit": "EA", "currency": "EUR", "price": "1.10"}
    rows = [price, {**price, "min_quantity": "100", "price": 1.05}, {**price, "account": "delta"}]
    answer = put(gateway, office, "prices", [*rows, {**price, "account": "nobody"}])
    assert faults(answer) == [(3, "bad_value", "/rows/3/account", "nobody")]
    assert answer.json["accounts"] == [
        {"account": "acme", "revision": 2, "published": True, "stored": 2, "unchanged": 0},
        {"account": "delta", "revision": 2, "published": True, "stored": 1, "unchanged": 0},
    ]
    (newest, _) = gateway.services.store.revisions.history(account_scope("acme"))
    assert newest["author"].startswith("back office")
    mapping = gateway.services.terms.current(["acme"])["acme"]
    assert mapping.number == 2
    assert sorted((row.min_quantity, row.price) for row in mapping.prices["OAT-1L"]) == [
        (0, Decimal("1.10")),
        (100, Decimal("1.05")),
    ]
    assert mapping.account.inbound.formats == ("json-1", "ubl-2.1")

    again = put(gateway, office, "prices", rows).json
    assert [(one["revision"], one["published"]) for one in again["accounts"]] == [(2, False), (2, False)]
    assert again["unchanged"] == 3

    ended = put(gateway, office, "prices", [{**price, "valid_to": "2026-12-31"}]).json
    assert [(one["account"], one["revision"]) for one in ended["accounts"]] == [("acme", 3)]
    assert gateway.services.terms.current(["delta"])["delta"].number == 2


def test_a_price_that_never_counts_is_told(gateway: Gateway, office: Sender, acme: Sender) -> None:
    price = {"account": "acme", "product": "OAT-1L", "unit": "BX", "currency": "EUR", "price": "1.10"}
    answer = put(gateway, office, "prices", [price, {**price, "product": "NONE", "unit": "EA"}])
    assert answer.json["stored"] == 2
    assert sorted((one["location"], one["value"]) for one in answer.json["warnings"]) == [
        ("/rows/0", "BX"),
        ("/rows/1", "NONE"),
    ]


def test_an_order_is_priced_by_what_the_back_office_sent(gateway: Gateway, office: Sender, acme: Sender) -> None:
    from tests.api.builders import order

    price = {"account": "acme", "product": "OAT-1L", "unit": "EA", "currency": "EUR", "price": "1.10"}
    assert put(gateway, office, "prices", [price]).status_code == 200
    gateway.app.extensions["door"]._mappings.clear()  # a second at most, as for any revision
    judged = gateway.client.post("/v1/orders/validate", json=order(currency="EUR"), headers=acme.headers).json
    assert judged["lines"][0]["contract_price"] == "1.10"


# --- files ----------------------------------------------------------------------------------------------------------
def test_a_csv_file_is_taken_with_its_good_rows(gateway: Gateway, office: Sender) -> None:
    text = f"product,site,as_of,on_hand\nOAT-1L,HAMBURG,{NOON},12\n\nOAT-1L,BREMEN,{NOON},=1+1\n"
    answer = put(gateway, office, "stock", text.encode(), CSV)
    assert (answer.json["rows"], answer.json["stored"]) == (2, 1)
    (fault,) = answer.json["faults"]
    assert (fault["row"], fault["path"], fault["location"]) == (1, "/rows/1/on_hand", "stock.csv line 4")
    assert fault["detail"] == "stock.csv line 4: on_hand '=1+1' is a formula; paste its value instead"
    assert on_hand(gateway) == {("OAT-1L", "HAMBURG"): 12}


def test_a_spreadsheet_that_lost_its_zeros_or_has_formulas_is_told_so(gateway: Gateway, office: Sender) -> None:
    put(gateway, office, "products", [{"product": "0042", "name": "Paper", "base_unit": "EA"}])
    counts = spreadsheet(
        ["product", "site", "as_of", "on_hand"],
        [42, "HAMBURG", NOON, 5],
        ["0042", "HAMBURG", NOON, "=1+1"],
        ["0042", "BREMEN", NOON, 5],
    )
    answer = put(gateway, office, "stock", counts, XLSX)
    assert faults(answer) == [
        (0, "bad_value", "/rows/0/product", "42"),
        (1, "not_a_number", "/rows/1/on_hand", "=1+1"),
    ]
    assert "format the cell as text, so that leading zeros stay" in answer.json["faults"][0]["detail"]
    assert answer.json["faults"][1]["location"] == "stock.xlsx row 3, cell D3"
    assert on_hand(gateway) == {("0042", "BREMEN"): 5}
    products = spreadsheet(["product", "name", "base_unit", "gtin"], ["0043", "Pens", "EA", 4098765001215])
    answer = put(gateway, office, "products", products, XLSX)
    assert faults(answer) == [(0, "bad_value", "/rows/0/gtin", "4098765001215")]
    assert "0043" not in gateway.services.terms.catalogue().products


@pytest.mark.parametrize("what", ["products", "packs", "stock", "prices"])
def test_a_product_that_lost_its_zeros_as_text_is_no_other_product(
    gateway: Gateway, office: Sender, acme: Sender, what: str
) -> None:
    put(gateway, office, "products", [{"product": "0042", "name": "Paper", "base_unit": "EA"}])
    row = {
        "products": {"product": "42", "name": "Paper", "base_unit": "EA"},
        "packs": {"product": "42", "unit": "XCT", "quantity": "5"},
        "stock": {**OATS, "product": "42"},
        "prices": {"account": "acme", "product": "42", "unit": "EA", "currency": "EUR", "price": "1"},
    }[what]
    answer = put(gateway, office, what, [row])
    assert (answer.json["stored"], faults(answer)) == (0, [(0, "bad_value", "/rows/0/product", "42")])
    assert answer.json["faults"][0]["expected"] == "0042"


@pytest.mark.parametrize(
    ("body", "media_type", "code", "said"),
    [
        ("product;site;as_of;on_hand\nÖl;NORD;2026-11-23;12,5\n".encode("latin-1"), CSV, "file_not_readable", "UTF-8"),
        ("product;site;as_of;on_hand\nÖl;NORD;2026-11-23;12,5\n".encode(), CSV, "file_not_readable", "separated by"),
        (b"product,site\n", CSV, "missing_field", "as_of"),
        (b"no zip", XLSX, "file_not_readable", "spreadsheet"),
        (b"[]", JSON, "wrong_document", "rows"),
        (b'{"rows": {}}', JSON, "bad_value", "rows"),
        (b"{}", JSON, "missing_field", "rows"),
        (b'{"rows": [], "row": []}', JSON, "unknown_field", "row"),
        (b'{"rows": [{"on_hand": NaN}]}', JSON, "json_number", "finite"),
        (b"{", JSON, "json_not_valid", ""),
    ],
)
def test_rows_that_can_not_be_told_are_refused_as_a_whole(
    gateway: Gateway, office: Sender, body: bytes, media_type: str, code: str, said: str
) -> None:
    answer = put(gateway, office, "stock", body, media_type)
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert said in answer.json["detail"]
    assert answer.json["faults"][0]["code"] == code
    assert on_hand(gateway) == {}


def test_only_the_media_types_named_are_taken(gateway: Gateway, office: Sender) -> None:
    answer = put(gateway, office, "stock", b"<x/>", "application/xml")
    assert (answer.status_code, answer.headers["Accept"]) == (415, f"{JSON}, {CSV}, {XLSX}")


def test_a_spreadsheet_with_entities_of_its_own_is_refused(gateway: Gateway, office: Sender) -> None:
    import zipfile

    file = io.BytesIO(spreadsheet(["product", "site", "as_of", "on_hand"], ["OAT-1L", "S", NOON, 1]))
    bomb = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(bomb, "w") as target:
        for member in source.namelist():
            doctype = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' if member.endswith("sheet1.xml") else b""
            target.writestr(member, doctype + source.read(member))
    answer = put(gateway, office, "stock", bomb.getvalue(), XLSX)
    assert (answer.status_code, answer.json["code"]) == (400, "file_not_readable")
    assert "DOCTYPE" in answer.json["detail"]


def test_the_examples_of_the_description_are_taken_and_as_answered(gateway: Gateway, office: Sender) -> None:
    gateway.account("nordic-office")
    described = gateway.client.get("/v1/openapi.json").json
    components = {"components": described["components"]}
    for path in ("products", "packs", "taxes", "stock", "prices"):
        operation = described["paths"][f"/v1/backoffice/{path}"]["put"]
        sent = operation["requestBody"]["content"][JSON]
        jsonschema_rs.validator_for({**sent["schema"], **components}).validate(sent["example"])
        answer = put(gateway, office, path, sent["example"]["rows"]).json
        assert (answer["bad"], answer["stored"]) == (0, len(sent["example"]["rows"])), answer["faults"]
        body = operation["responses"]["200"]["content"][JSON]
        for shown in (body["example"], answer):
            jsonschema_rs.validator_for({**body["schema"], **components}).validate(shown)
