"""JSON orders that others wrote in layouts of their own, read by maps alone.

The goldens say what is read of each order of a document, or its faults, in full. They were written by reading the
documents and what their layouts' owners say of them (a price without a unit is for a piece), not by running the maps.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mappings.fieldmaps import CompiledMap, compile_map
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected
from schemas.formats import ReadOrder

ACCOUNTS = Path(__file__).resolve().parents[1] / "mappings" / "fieldmaps" / "accounts"
GOLDENS = Path(__file__).with_name("goldens") / "json_by_map"


@pytest.fixture(scope="module")
def maps() -> dict[str, CompiledMap]:
    """By the account that sends such documents."""
    return {
        name: compile_map((ACCOUNTS / name / "order_map.yaml").read_text(encoding="utf-8"), "order_map.yaml")
        for name in ("gobl", "marketplace")
    }


def read(compiled: CompiledMap, body: bytes) -> list[ReadOrder | DocumentRejected]:
    try:
        return list(compiled.read_each(body))
    except DocumentRejected as rejected:
        return [rejected]


def said(one: ReadOrder | DocumentRejected) -> dict[str, Any]:
    if isinstance(one, ReadOrder):
        return one.order.model_dump(mode="json", exclude_defaults=True)
    faults = [fault.as_json() for fault in one.faults]
    return {"faults": [{name: fault[name] for name in ("code", "path", "location", "value")} for fault in faults]}


def test_every_order_is_read_as_its_golden_says(
    corpus_dir: Path, corpus_count: Callable[[str, int], None], maps: dict[str, CompiledMap]
) -> None:
    documents = sorted((corpus_dir / "json" / "purchase_order").glob("*.json"))
    assert documents
    orders = rejected = 0
    for document in documents:
        found = read(maps["gobl" if document.name.startswith("gobl") else "marketplace"], document.read_bytes())
        golden = GOLDENS / document.name
        if golden.exists():
            assert [said(one) for one in found] == json.loads(golden.read_text(encoding="utf-8")), document.name
        for one in found:
            if isinstance(one, ReadOrder):
                orders += 1
                continue
            rejected += 1
            assert all(fault.code in FAULTS and fault.detail and fault.location for fault in one.faults)
    corpus_count("json/purchase_order", len(documents))
    print(f"{len(documents)} JSON documents by maps: {orders} orders read, {rejected} refused with their faults")


@pytest.mark.parametrize("kind", ["order_ack", "order_status", "shipment", "invoice", "inventory"])
def test_what_is_no_order_is_refused(
    corpus_dir: Path, corpus_count: Callable[[str, int], None], maps: dict[str, CompiledMap], kind: str
) -> None:
    documents = sorted((corpus_dir / "json" / kind).glob("*.json"))
    assert documents
    for document in documents:
        (refused,) = [said(one) for one in read(maps["marketplace"], document.read_bytes())]
        (fault,) = refused["faults"]
        assert (fault["code"], fault["location"]) == ("wrong_document", "/ has no orders"), document.name
    corpus_count(f"json/{kind}", len(documents))
    print(f"{len(documents)} JSON documents of {kind} refused by name")


def test_no_golden_is_for_a_document_that_is_not_there(corpus_dir: Path) -> None:
    documents = {path.name for path in (corpus_dir / "json" / "purchase_order").glob("*.json")}
    assert {path.name for path in GOLDENS.glob("*.json")} <= documents
