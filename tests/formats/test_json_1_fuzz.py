"""json-1 both ways for any document, and no bytes that raise anything but a rejection."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.documents.order import Order, content_digest
from schemas.documents.order_response import OrderResponse
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected, Fault
from schemas.formats import json_1
from schemas.formats.json_1 import (
    JSON_1,
    parse_order,
    parse_order_response,
    parse_orders,
    render,
)
from tests.strategies import order_responses, orders

EXAMPLES = Path(json_1.__file__).parent / "examples"
BODIES = [path.read_bytes() for path in sorted((EXAMPLES / "order").glob("*.json"))]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["1e3", "NaN", "-0", "2026-02-30", "2026-11-23T99:00:00Z", "0001-01-01T00:00:00+14:00"]),
    st.sampled_from([[], {}, [[]]]),
    st.lists(st.one_of(st.none(), st.integers(), st.dictionaries(st.text(max_size=2), st.none())), max_size=3),
)


@settings(max_examples=80, deadline=None)
@given(orders())
def test_an_order_written_is_read_as_it_was(order: Order) -> None:
    body = render(order)
    again = parse_order(body)
    assert again == order
    assert content_digest(again) == content_digest(order)
    assert render(again) == body


@settings(max_examples=80, deadline=None)
@given(order_responses())
def test_an_order_response_written_is_read_as_it_was(response: OrderResponse) -> None:
    body = render(response)
    assert parse_order_response(body) == response
    assert render(parse_order_response(body)) == body


def only_rejects(body: bytes) -> None:
    for read in (JSON_1.check, parse_orders, parse_order_response):
        faults = faults_of_reading(read, body)
        assert all(fault.code in FAULTS for fault in faults)
        assert all(fault.path == "" or fault.path.startswith("/") for fault in faults)
        json.dumps([fault.as_json() for fault in faults], ensure_ascii=False).encode()
    JSON_1.sniff(body)
    JSON_1.locate(body, ["/lines/0/quantity"])


def faults_of_reading(read: Callable[[bytes], object], body: bytes) -> tuple[Fault, ...]:
    """No faults for a body that is read; a rejection without faults would be silence."""
    try:
        read(body)
    except DocumentRejected as rejected:
        return rejected.faults or (Fault("silence", "rejected without a fault"),)
    return ()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_only_ever_rejected(body: bytes) -> None:
    only_rejects(body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(BODIES), st.integers(0), st.integers(0, 8), st.binary(max_size=8))
def test_examples_with_bytes_changed_are_read_or_rejected(body: bytes, at: int, cut: int, put: bytes) -> None:
    at %= len(body)
    only_rejects(body[:at] + put + body[at + cut :])


def _places(value: Any) -> list[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[Any, Any]] = []
    for step, child in members:
        found += [(value, step), *_places(child)]
    return found


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(BODIES), st.lists(st.tuples(st.integers(0), VALUES), min_size=1, max_size=3))
def test_examples_with_values_changed_are_read_or_rejected(body: bytes, changes: list[tuple[int, Any]]) -> None:
    order = json.loads(body)
    for number, value in changes:
        places = _places(order)
        node, step = places[number % len(places)]
        node[step] = copy.deepcopy(value)
        if not _places(order):
            break
    only_rejects(json.dumps(order).encode())
