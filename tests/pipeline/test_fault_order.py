"""Faults are told as the document is read: the header's first, then line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.faults import Fault, in_document_order
from tests.examples.small_gateway import SmallGateway

PINE = "pine-hardware"
LINES = [
    {"line_number": "1", "buyer_item": "PH-0101", "quantity": "70", "unit": "STUK", "schedule": [{"quantity": "7"}]},
    {"line_number": "2", "buyer_item": "PH-0901", "quantity": "1", "unit": "DOOS", "gtin": "9521234001028"},
    {"line_number": "3", "buyer_item": "PH-0101", "quantity": "4", "unit": "ZAK"},
]
ORDER: dict[str, Any] = {
    "order_number": "PH-4001",
    "issue_date": "2026-11-23",
    "currency": "EUR",
    "buyer": {"id": "68750110", "scheme": "0106"},
    "ship_to": {"id": "YARD-1"},
    "requested_delivery": {"start": "2026-11-20"},
    "lines": LINES,
}
FOUND = [
    ("past_date", "/requested_delivery/start"),
    ("fractional_unit", "/lines/0/quantity"),
    ("schedule_mismatch", "/lines/0/schedule"),
    ("unknown_item", "/lines/1/buyer_item"),
    ("check_digit", "/lines/1/gtin"),
    ("unknown_unit", "/lines/2/unit"),
]


def test_mapping_checks_and_remarks_are_told_line_by_line(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, ORDER)
    assert gateway.faults(message.id) == FOUND
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    judged = gateway.client.post("/v1/orders/validate", data=json.dumps(ORDER).encode(), headers=headers).json
    assert [(fault["code"], fault["path"]) for fault in judged["faults"]] == FOUND


def test_so_are_those_of_an_order_that_is_read_in_part(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, {**ORDER, "lines": [*LINES[:2], {**LINES[2], "quantity": "four"}]})
    assert message.status == "rejected"
    rest = [fault for fault in FOUND if fault[0] not in ("check_digit", "unknown_unit")]
    assert gateway.faults(message.id) == [*rest, ("not_a_number", "/lines/2/quantity")]


@pytest.mark.parametrize("index", [10, 100])
def test_lines_are_ordered_by_their_numbers_and_what_has_no_place_comes_last(index: int) -> None:
    paths = ["", f"/lines/{index}/unit", "/lines/9/unit", "/lines/9", "/lines", "/buyer/id"]
    ordered = in_document_order(Fault("bad_value", "wrong", path) for path in paths)
    assert [fault.path for fault in ordered] == [
        "/lines",
        "/buyer/id",
        "/lines/9/unit",
        "/lines/9",
        f"/lines/{index}/unit",
        "",
    ]
