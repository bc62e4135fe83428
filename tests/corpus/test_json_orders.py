"""JSON orders that others wrote, in layouts of their own: read exactly, and refused as json-1 by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.faults import DocumentRejected
from schemas.formats.json_1 import parse_orders
from schemas.safe_json.reader import read_json


def test_every_json_document_is_read_exactly(corpus_dir: Path, corpus_count: Callable[[str, int], None]) -> None:
    paths = sorted((corpus_dir / "json").rglob("*.json"))
    assert paths
    for path in paths:
        body = path.read_bytes()
        assert read_json(body) == json.loads(body, parse_float=Decimal), path.name
    corpus_count("json", len(paths))


def test_orders_of_other_layouts_are_refused_by_name(
    corpus_dir: Path, corpus_count: Callable[[str, int], None]
) -> None:
    paths = sorted((corpus_dir / "json" / "purchase_order").glob("*.json"))
    assert paths
    for path in paths:
        body = path.read_bytes()
        with pytest.raises(DocumentRejected) as rejected:
            parse_orders(body)
        found = {(fault.code, fault.path) for fault in rejected.value.faults}
        assert {("unknown_field", f"/{name}") for name in _members(json.loads(body))} <= found, path.name
        assert {("missing_field", "/order_number"), ("no_lines", "/lines")} <= found, path.name
    corpus_count("json/purchase_order", len(paths))


def _members(order: Any) -> set[str]:
    """The members of a document that has none of json-1's names; what is null says nothing and is no fault."""
    assert isinstance(order, dict)
    return {name for name, value in order.items() if value is not None}
