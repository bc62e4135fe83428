"""The rest of an order that is wrong somewhere has the faults that it has in the whole order: none is lost with its
neighbour, and none comes of what is missing."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.trade.checks import check
from gateway.trade.rest import faults_of_rest
from mappings.revision import MappingRevision, PriceRow, SiteRow
from schemas.documents.partly_read import OrderPartlyRead
from schemas.faults import DocumentFailure, DocumentRejected, Fault, line_index
from schemas.formats.json_1 import parse_orders
from schemas.formats.ubl_2_1 import UBL_2_1
from tests.formats.test_ubl_alike import documents
from tests.mappings.small_world import CATALOGUE, ISSUED, SUPPLIER, map_order, revision, sku

WRONG: dict[str, Any] = {"nobody": ["knows"]}
"""What no member takes."""
LINES: list[dict[str, Any]] = [
    {"buyer_item": "PL-0042", "quantity": "2", "unit": "EA", "price": {"amount": "1.25"}},
    {"buyer_item": "PL-0042", "quantity": "2", "unit": "EA", "price": {"amount": "9.25", "base_quantity": "1"}},
    {"buyer_item": "nobody's", "quantity": "2", "unit": "EA"},
    {"buyer_item": "PL-0042", "quantity": "2", "unit": "barrel", "ship_to": {"id": "DC-1"}},
    {"buyer_item": "PL-0042", "quantity": "2", "unit": "EA", "ship_to": {"id": "nowhere"}},
    {"buyer_item": "PL-0042", "quantity": "2", "unit": "EA", "requested_delivery": {"start": "2020-01-01"}},
    {"buyer_item": "PL-0042", "quantity": "2", "unit": "EA", "schedule": [{"quantity": "1"}]},
]
HEADERS: list[dict[str, Any]] = [
    {"ship_to": {"id": "DC-1"}, "currency": "EUR", "issue_date": str(ISSUED), "buyer": {"id": "9", "name": "ACME"}},
    {"ship_to": {"id": "nowhere"}, "currency": "GBP", "seller": {"id": "1", "scheme": "0088"}},
    {"order_type": "release", "contract": "C-7", "requested_delivery": {"start": "2026-12-01", "end": "2026-12-02"}},
    {"cancel_after": "2026-12-01", "requested_delivery": {"start": "2026-12-05"}, "currency": "EUR"},
]


def world(policy: str) -> MappingRevision:
    sites = [SiteRow("DC-1", None, "ship_to", "DC One")]
    prices = [PriceRow("MUG", "EA", "EUR", Decimal("1.25"))]
    return revision([sku("PL-0042", "MUG")], sites=sites, prices=prices, policies={"price_date": policy})


@st.composite
def asked(draw: st.DrawFn) -> dict[str, Any]:
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=4))
    numbered = [{"line_number": str(number), **line} for number, line in enumerate(lines, 1)]
    order = {"order_number": "PO-1", **draw(st.sampled_from(HEADERS)), "lines": numbered}
    return dict(json.loads(json.dumps(order)))  # lines that are alike share nothing


def members_of(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The steps to every member and to every line."""
    below = list(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ())
    return [found for step, value in below for found in ((*path, step), *members_of(value, (*path, step)))]


def spoil(order: dict[str, Any], path: tuple[Any, ...], misspelt: bool) -> None:
    node: Any = order
    for step in path[:-1]:
        node = node[step]
    if misspelt and isinstance(path[-1], str):
        node[f"{path[-1]}_"] = node.pop(path[-1])
    else:
        node[path[-1]] = WRONG


def whole(order: dict[str, Any], terms: MappingRevision) -> list[tuple[str, str]]:
    """(code, path) of what mapping and checking say of an order that is read."""
    (read,) = parse_orders(json.dumps(order).encode())
    mapped = map_order(read.order, terms)
    return [(fault.code, fault.path) for fault in (*mapped.all_faults(), *check(mapped, ISSUED))]


def rest(order: dict[str, Any], terms: MappingRevision) -> tuple[tuple[Fault, ...], list[tuple[str, str]]]:
    """What the codec says of one that isn't, and (code, path) of what the rest adds to it."""
    with pytest.raises(DocumentRejected) as refused:
        parse_orders(json.dumps(order).encode())
    assert isinstance(refused.value, OrderPartlyRead)
    found = faults_of_rest(refused.value.rest, refused.value.faults, terms, CATALOGUE, SUPPLIER, ISSUED)
    return refused.value.faults, [(fault.code, fault.path) for fault in found]


@settings(max_examples=400, deadline=None)
@given(st.data(), asked(), st.sampled_from(["order", "delivery", "despatch"]))
def test_the_rest_has_the_faults_that_it_has_in_the_whole(data: st.DataObject, order: dict[str, Any], day: str) -> None:
    terms = world(day)
    expected = whole(order, terms)
    spoilt = copy.deepcopy(order)
    path = data.draw(st.sampled_from(members_of(order)))
    spoil(spoilt, path, data.draw(st.booleans()))
    _, found = rest(spoilt, terms)
    assert set(found) <= set(expected), "a fault that comes of what is missing"
    if path[0] == "lines" and len(path) > 1:
        lost = [one for one in expected if one not in found]
        own = (f"/lines/{path[1]}/", "/ship_to")  # whether the header needs a place depends on every line's
        assert [place for _, place in lost if not f"{place}/".startswith(own)] == [], "a fault lost with its neighbour"
    elif path[0] != "lines":
        lost = [one for one in expected if one not in found]
        assert all(not place.startswith("/lines/") or "/price" in place for _, place in lost)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_whatever_is_wrong_with_a_ubl_order_its_rest_can_be_judged(body: bytes) -> None:
    """Every line that is judged is one that nothing else is said of, but that its number repeats."""
    partly = partly_read(body)
    if partly is None:
        return
    found = faults_of_rest(partly.rest, partly.faults, world("order"), CATALOGUE, SUPPLIER, ISSUED)
    assert len(partly.rest.lines) == len(partly.rest.order.lines)
    wrong = {line_index(fault) for fault in partly.faults if fault.code != "duplicate_line"} - {None}
    assert wrong.isdisjoint(partly.rest.lines)
    assert {line_index(fault) for fault in found} <= {None, *partly.rest.lines}
    UBL_2_1.locate(body, [fault.path for fault in found])


def partly_read(body: bytes) -> OrderPartlyRead | None:
    try:
        UBL_2_1.parse_orders(body)
    except OrderPartlyRead as partly:
        return partly
    except DocumentFailure:
        pass
    return None
