"""json-1: the canonical documents as JSON. README.md describes every member."""

from __future__ import annotations

from collections.abc import Callable

from schemas.documents.common import AnyDocument
from schemas.formats import Format
from schemas.formats.json_1.reading import (
    check,
    locate,
    parse_despatch_advice,
    parse_inventory_report,
    parse_invoice,
    parse_order,
    parse_order_response,
    parse_orders,
    parse_shipment,
    read_parts,
    sniff,
)
from schemas.formats.json_1.writing import render, stream_inventory_report

_PARSERS: dict[str, Callable[[bytes], AnyDocument]] = {
    "order": parse_order,
    "order_response": parse_order_response,
    "despatch_advice": parse_despatch_advice,
    "inventory_report": parse_inventory_report,
    "invoice": parse_invoice,
    "credit_note": parse_invoice,
}

JSON_1 = Format(
    name="json-1",
    media_type="application/json",
    suffix=".json",
    sniff=sniff,
    check=check,
    parse_orders=parse_orders,
    read_parts=read_parts,
    locate=locate,
    parsers=_PARSERS,
    renderers=dict.fromkeys(_PARSERS, render),
    streams={"inventory_report": stream_inventory_report},
)

__all__ = ["JSON_1", "parse_order", "parse_order_response", "parse_orders", "parse_shipment", "render"]
