"""json-1: the canonical documents as JSON. README.md describes every member."""

from __future__ import annotations

from schemas.formats import Format
from schemas.formats.json_1.reading import (
    check,
    locate,
    parse_order,
    parse_order_response,
    parse_orders,
    read_parts,
    sniff,
)
from schemas.formats.json_1.writing import render_order, render_order_response

JSON_1 = Format(
    name="json-1",
    media_type="application/json",
    suffix=".json",
    sniff=sniff,
    check=check,
    parse_orders=parse_orders,
    read_parts=read_parts,
    locate=locate,
    parsers={"order": parse_order, "order_response": parse_order_response},
    renderers={"order": render_order, "order_response": render_order_response},
)

__all__ = ["JSON_1", "parse_order", "parse_order_response", "parse_orders", "render_order", "render_order_response"]
