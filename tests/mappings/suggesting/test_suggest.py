"""What a suggestion says besides the rules: what is to be decided, what is unused, who the buyer is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mappings.fieldmaps import compile_reading_map
from mappings.suggesting import TODO, SuggestedField, Suggestion, suggest
from tests.mappings.suggesting.reading import NAMES, read, sample


def _of(value: Any) -> Suggestion:
    found = suggest(json.dumps(value).encode())
    compile_reading_map(found.text, "order_map.yaml")
    return found


def _field(found: Suggestion, path: str) -> SuggestedField:
    return next(one for one in found.fields if one.path == path)


def _with_line(**members: Any) -> Suggestion:
    line = {"line": 1, "sku": "A-1", "quantity": 2} | members
    return _of({"orderNumber": "1", "lines": [line]})


# --- what is not there --------------------------------------------------------------------------------------------
def test_what_is_required_and_not_found_is_a_placeholder_that_no_order_passes() -> None:
    found = _of({"hello": "world"})
    assert found.placeholders == ("order_number", "lines.line_number", "lines.quantity", "lines")
    lines = [line.split("#")[0].rstrip() for line in found.text.splitlines()]
    assert f"  order_number: {TODO}" in lines
    assert f"    each: {TODO}" in lines
    assert "    line_number: {position: {}}" in lines
    assert f"    quantity: {TODO}" in lines
    assert read(found.text, b'{"hello": "world"}') == [{"faults": ["missing_field /order_number", "no_lines /lines"]}]


def test_a_missing_quantity_refuses_the_order_until_somebody_puts_it_in() -> None:
    body = b'{"orderNumber": "1", "lines": [{"sku": "A", "x": 5, "y": 6}, {"sku": "B", "x": 7, "y": 8}]}'
    found = suggest(body)
    assert found.placeholders == ("lines.line_number", "lines.quantity")
    assert read(found.text, body) == [
        {"faults": ["missing_field /lines/0/quantity", "missing_field /lines/1/quantity"]}
    ]
    mended = found.text.replace(f"quantity: {TODO}", "quantity: x")
    assert [line["quantity"] for line in read(mended, body)[0]["lines"]] == ["5", "7"]


def test_every_field_is_told_of_once_or_as_in_doubt() -> None:
    for name in NAMES:
        found = suggest(sample(name))
        clear = [one.path for one in found.fields if one.found in ("name", "shape")]
        assert len(clear) == len(set(clear))
        assert {"order_number", "lines.quantity", "buyer.id"} <= {one.path for one in found.fields}
        assert all((one.where is None) == (one.example is None) for one in found.fields)
        assert all(0 <= one.sure <= 100 for one in found.fields)


# --- what may be two things ---------------------------------------------------------------------------------------
def test_a_day_that_may_be_two_is_a_comment_with_both() -> None:
    found = _of({"orderNumber": "1", "orderDate": "03/04/2026", "lines": [{"sku": "A", "qty": 1}]})
    field = _field(found, "issue_date")
    assert (field.found, field.where) == ("unclear", "orderDate")
    assert "date: DD/MM/YYYY or date: MM/DD/YYYY" in field.said
    assert "# TODO issue_date: {from: orderDate, date: DD/MM/YYYY}" in found.text
    assert (
        "issue_date"
        not in read(found.text, b'{"orderNumber": "1", "orderDate": "03/04/2026", "lines": [{"qty": 1}]}')[0]
    )
    assert [one.where for one in found.unused] == ["orderDate"]


@pytest.mark.parametrize(("shows", "form"), [("23/11/2026", "DD/MM/YYYY"), ("11/23/2026", "MM/DD/YYYY")])
def test_another_day_of_the_sample_decides(shows: str, form: str) -> None:
    found = _of({"orderNumber": "1", "orderDate": "03/04/2026", "printDate": shows, "lines": [{"sku": "A", "qty": 1}]})
    assert _field(found, "issue_date").rule == f"{{from: orderDate, date: {form}}}"


@pytest.mark.parametrize("same", ["05/05/2026", "04/04/2026"])
def test_a_day_that_is_the_same_both_ways_decides_nothing(same: str) -> None:
    found = _of({"orderNumber": "1", "orderDate": "03/04/2026", "printDate": same, "lines": [{"sku": "A", "qty": 1}]})
    assert _field(found, "issue_date").found == "unclear"


def test_a_number_that_may_be_two_is_a_comment_with_both() -> None:
    found = _with_line(quantity="1.500", price="2.000")
    assert _field(found, "lines.price.amount").found == "unclear"
    assert "lines.quantity" in found.placeholders
    assert (
        '# TODO quantity: quantity  # 1.500 may be two numbers: number: {decimal: "."} or number: {decimal: ","'
        in found.text
    )


@pytest.mark.parametrize(
    ("total", "quantity"), [("3000,00", "1500"), ("3000.00", "1.500")]
)  # fmt: skip
def test_another_number_of_the_sample_decides(total: str, quantity: str) -> None:
    value = {"orderNumber": "1", "total": total, "lines": [{"sku": "A", "qty": "1.500"}]}
    assert read(_of(value).text, json.dumps(value).encode())[0]["lines"][0]["quantity"] == quantity


def test_a_number_of_json_is_one_number() -> None:
    found = _with_line(quantity=1.5, price=2.25)
    assert _field(found, "lines.price.amount").rule == "price"


def test_an_amount_in_cents_is_to_be_decided() -> None:
    found = _with_line(priceInCents="1250")
    assert _field(found, "lines.price.amount").found == "unclear"
    assert "implied: 2" in _field(found, "lines.price.amount").said


def test_two_places_for_one_field_are_both_told() -> None:
    found = _with_line(itemCode="B-2", productNumber="C-3")
    field = _field(found, "lines.buyer_item")
    assert {place.where for place in field.also} | {field.where} == {"sku", "itemCode", "productNumber"}
    assert "TODO or " in found.text


def test_where_an_order_may_say_that_it_is_a_change_is_told() -> None:
    found = _of({"orderNumber": "1", "orderStatus": "CHANGED", "lines": [{"sku": "A", "qty": 1}]})
    assert _field(found, "function").found == "unclear"
    assert "# TODO function: orderStatus" in found.text


# --- values -------------------------------------------------------------------------------------------------------
def test_nothing_is_said_of_what_units_mean() -> None:
    for name in NAMES:
        text = suggest(sample(name)).text
        assert "tables:" not in text
        assert "table:" not in text


def test_a_gtin_is_found_by_its_check_digit() -> None:
    found = _of(
        {"orderNumber": "1", "lines": [{"code": "4006381333931", "qty": 1}, {"code": "5901234123457", "qty": 2}]}
    )
    assert (_field(found, "lines.gtin").where, _field(found, "lines.gtin").found) == ("code", "shape")


def test_a_gtin_without_its_check_digit_is_told() -> None:
    assert "TODO no GTIN" in _field(_with_line(ean="4006381333932"), "lines.gtin").said


def test_a_quantity_with_its_unit_is_split() -> None:
    value = {"orderNumber": "1", "lines": [{"sku": "A", "qty": "10 CS"}, {"sku": "B", "qty": "2,5 KG"}]}
    lines = read(_of(value).text, json.dumps(value).encode())[0]["lines"]
    assert [(line["quantity"], line["unit"]) for line in lines] == [("10", "CS"), ("2.5", "KG")]


def test_two_days_in_one_text_are_split() -> None:
    value = {"orderNumber": "1", "deliveryWindow": "2026-12-01--2026-12-02", "lines": [{"sku": "A", "qty": 1}]}
    (order,) = read(_of(value).text, json.dumps(value).encode())
    assert order["requested_delivery"] == {"start": "2026-12-01", "end": "2026-12-02"}


def test_a_slip_in_a_sample_hides_no_field() -> None:
    lines = [{"sku": f"A{number}", "quantity": quantity} for number, quantity in enumerate(["5", "1O", "7", "8"])]
    assert _field(_of({"orderNumber": "1", "lines": lines}), "lines.quantity").where == "quantity"


def test_values_can_break_no_map() -> None:
    found = _of(
        {"orderNumber": "1\n  currency: EUR", "note": "a\u2028b # c\x85d", "lines": [{"sku": "A: {", "qty": 1}]}
    )
    assert "\u2028" not in found.text
    assert "currency: EUR" not in [line.strip() for line in found.text.splitlines()]


def test_names_that_need_quotes_are_quoted() -> None:
    value = {"order no.": "1", "lines": [{'item "x"': "A", "qty": 1, "l'unité": "EA"}]}
    assert read(_of(value).text, json.dumps(value).encode())[0]["order_number"] == "1"


def test_a_list_in_a_list_is_walked() -> None:
    value = {"orderNumber": "1", "groups": [{"items": [{"sku": "A", "qty": 1}]}, {"items": [{"sku": "B", "qty": 2}]}]}
    (order,) = read(_of(value).text, json.dumps(value).encode())
    assert [(line["line_number"], line["quantity"]) for line in order["lines"]] == [("1", "1"), ("2", "2")]


# --- the buyer ----------------------------------------------------------------------------------------------------
def test_what_names_the_buyer() -> None:
    told = [(one.kind, one.value, one.scheme, one.party) for one in suggest(sample("bestelling.json")).identifiers]
    assert told == [
        ("gln", "8712345000004", "0088", "buyer"),
        ("name", "Groothandel Vos BV", None, "buyer"),
        ("gln", "8712345000011", "0088", "ship_to"),
        ("currency", "EUR", None, ""),
    ]


def test_our_own_identity_is_none_of_the_buyer() -> None:
    told = [one.value for one in suggest(sample("typed_parties.json")).identifiers]
    assert "5790000000036" not in told
    assert told[0] == "5790000000012"


def test_a_gln_that_nobody_says_whose_it_is() -> None:
    found = _of({"orderNumber": "1", "interface": {"partner": "4012345000009"}, "lines": [{"sku": "A", "qty": 1}]})
    assert [(one.kind, one.party) for one in found.identifiers] == [("gln", "")]


# --- the document -------------------------------------------------------------------------------------------------
def test_what_no_rule_takes_is_told_with_an_example() -> None:
    told = {one.where: one.example for one in suggest(sample("mittelstand.xml")).unused}
    assert told == {"Positionen/Position/Gesamtpreis": "47,25"}


def test_rows_of_several_orders_are_never_read_as_one() -> None:
    found = suggest(sample("rows_of_two_orders.json"))
    assert "order_number" in found.placeholders


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_other_encodings(encoding: str) -> None:
    text = sample("pedido.json").decode()
    assert suggest(text.encode(encoding)).text == suggest(sample("pedido.json")).text
