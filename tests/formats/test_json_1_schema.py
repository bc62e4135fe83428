"""The served JSON Schemas, judged by a validator that is not ours: examples pass, wrong documents don't."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.faults import DocumentRejected
from schemas.formats import json_1
from schemas.formats.json_1 import JSON_1, render
from schemas.json_schema import DOCUMENTS, schema
from tests.outbound_strategies import despatch_advices, inventory_reports, invoices
from tests.strategies import order_responses, orders

EXAMPLES = Path(json_1.__file__).parent / "examples"
OUTBOUND = {
    "despatch_advice": despatch_advices,
    "inventory_report": inventory_reports,
    "invoice": invoices,
    "credit_note": invoices,
}
VALIDATORS = {name: jsonschema_rs.Draft202012Validator(schema(name)) for name in DOCUMENTS}
PLAIN = json.loads((EXAMPLES / "order/plain.json").read_bytes())


@pytest.mark.parametrize("document_type", sorted(DOCUMENTS))
def test_a_schema_is_one_and_says_its_address(document_type: str) -> None:
    found = schema(document_type)
    jsonschema_rs.meta.validate(found)
    assert found["$id"] == f"/v1/schemas/{document_type}.json"
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(one["description"] for one in found["$defs"].values())


@pytest.mark.parametrize("document_type", sorted(DOCUMENTS))
def test_every_example_fits(document_type: str) -> None:
    paths = sorted((EXAMPLES / document_type).glob("*.json"))
    assert paths
    for path in paths:
        found = json.loads(path.read_bytes())
        for one in found if isinstance(found, list) else [found]:
            VALIDATORS[document_type].validate(one)


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda order: order.update({name: value})


def _set_in_line(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda order: order["lines"][0].update({name: value})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda order: order.pop("order_number"),
        lambda order: order["lines"][0].pop("quantity"),
        _set("order_number", None),
        _set("order_number", 1001),
        _set("order_number", ""),
        _set("order_number", " "),
        _set("lines", []),
        _set("rushh", True),
        _set("test", 1),
        _set("version", "1"),
        _set("version", -1),
        _set("issue_date", "23.11.2026"),
        _set("issue_date", 20261123),
        _set("issued_at", "2026-11-23"),
        _set("currency", "eur"),
        _set("function", "new"),
        _set("buyer", "ACME"),
        _set_in_line("quantity", "1e3"),
        _set_in_line("quantity", " 1 "),
        _set_in_line("quantity", "1.00000000001"),
        _set_in_line("quantity", "100000000000000000000"),
        _set_in_line("quantity", "１２"),
        _set_in_line("quantity", True),
        _set_in_line("price", {"amount": None}),
        _set_in_line("colour", "red"),
    ],
)
def test_a_wrong_order_doesnt_fit(spoil: Callable[[dict[str, Any]], object]) -> None:
    order = copy.deepcopy(PLAIN)
    assert VALIDATORS["order"].is_valid(order)
    spoil(order)
    assert not VALIDATORS["order"].is_valid(order)
    with pytest.raises(DocumentRejected):
        json_1.parse_order(json.dumps(order).encode())


@pytest.mark.parametrize(("document_type", "member"), [("shipment", "shipped_at"), ("delivery", "delivered_at")])
def test_a_moment_of_our_own_systems_has_its_offset(document_type: str, member: str) -> None:
    """They are of no account's time zone."""
    found = schema(document_type)["properties"][member]
    fits = jsonschema_rs.Draft202012Validator(found).is_valid
    assert [fits(f"2026-11-26T12:00:00{offset}") for offset in ("+01:00", "Z", "")] == [True, True, False]
    assert "account" not in found["description"]


@settings(max_examples=60, deadline=None)
@given(orders())
def test_every_order_as_written_fits(order: Order) -> None:
    VALIDATORS["order"].validate(json.loads(render(order)))


@settings(max_examples=60, deadline=None)
@given(order_responses())
def test_every_order_response_as_written_fits(response: OrderResponse) -> None:
    VALIDATORS["order_response"].validate(json.loads(render(response)))


@pytest.mark.parametrize("document_type", sorted(OUTBOUND))
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_goes_out_fits_as_written_and_is_read_as_it_was(document_type: str, data: st.DataObject) -> None:
    document = data.draw(OUTBOUND[document_type]())
    body = render(document)
    VALIDATORS[document_type].validate(json.loads(body))
    assert JSON_1.parsers[document_type](body) == document


@pytest.mark.parametrize("document_type", sorted(OUTBOUND))
def test_an_example_is_written_as_it_was_read(document_type: str) -> None:
    for path in sorted((EXAMPLES / document_type).glob("*.json")):
        body = path.read_bytes()
        assert json.loads(render(JSON_1.parsers[document_type](body)), parse_float=str) == json.loads(body)
        spoilt = {**json.loads(body), "shipments": 1}
        del spoilt["number"]
        with pytest.raises(DocumentRejected) as refused:
            JSON_1.parsers[document_type](json.dumps(spoilt).encode())
        assert {(fault.code, fault.path) for fault in refused.value.faults} == {
            ("missing_field", "/number"),
            ("unknown_field", "/shipments"),
        }
