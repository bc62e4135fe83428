"""Layouts that accounts really send, as the documentation of their systems tells them, with values of our own: shops'
and marketplaces' JSON, procurement suites, ERPs. The goldens were written by reading the documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mappings.fieldmaps import compile_reading_map
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected
from schemas.formats import ReadOrder

LAYOUTS = sorted(path for path in Path(__file__).with_name("layouts").iterdir() if path.is_dir())


def said(one: ReadOrder | DocumentRejected) -> dict[str, Any]:
    """An order as its golden has it, or its faults."""
    if isinstance(one, ReadOrder):
        assert one.warnings == ()
        return in_order(one.order.model_dump(mode="json", exclude_defaults=True))
    assert all(fault.code in FAULTS and fault.detail for fault in one.faults)
    faults = [fault.as_json() for fault in one.faults]
    return {"faults": [{name: fault[name] for name in ("code", "path", "location", "value")} for fault in faults]}


def in_order(order: dict[str, Any]) -> dict[str, Any]:
    """What is kept aside in the order of its names: which of several places it was kept from first says nothing."""
    for part in (order, *order.get("lines", ())):
        part.get("extensions", []).sort(key=lambda one: (one["name"], one["value"]))
    return order


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.name)
def test_a_layout_is_read_as_its_golden_says(layout: Path) -> None:
    compiled = compile_reading_map((layout / "order_map.yaml").read_text(encoding="utf-8"), "order_map.yaml")
    (document,) = (path for path in layout.glob("order.*") if path.name != "order.expected.json")
    golden = json.loads((layout / "order.expected.json").read_text(encoding="utf-8"))
    body = document.read_bytes()
    assert compiled.sniff(body)
    assert [said(one) for one in compiled.read_each(body)] == [in_order(one) for one in golden]
