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

from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.faults import DocumentRejected
from schemas.formats import json_1
from schemas.formats.json_1 import render_order, render_order_response
from schemas.json_schema import DOCUMENTS, schema
from tests.strategies import order_responses, orders

EXAMPLES = Path(json_1.__file__).parent / "examples"
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


@settings(max_examples=60, deadline=None)
@given(orders())
def test_every_order_as_written_fits(order: Order) -> None:
    VALIDATORS["order"].validate(json.loads(render_order(order)))


@settings(max_examples=60, deadline=None)
@given(order_responses())
def test_every_order_response_as_written_fits(response: OrderResponse) -> None:
    VALIDATORS["order_response"].validate(json.loads(render_order_response(response)))
