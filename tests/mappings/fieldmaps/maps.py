"""Small maps for tests, compiled from what differs."""

from __future__ import annotations

from typing import Any

from mappings.fieldmaps import CompiledMap, MapRejected, compile_map
from schemas.documents.order import Order
from schemas.faults import DocumentRejected, Fault

HEAD = "order_number: '@nr'"
LINE = "{each: L, line_number: '@n', quantity: '@q'}"
XML = b'<O nr="1"><L n="1" q="2"/></O>'


def xml_map(order: str, lines: str = LINE, top: str = "") -> CompiledMap:
    """A map of XML whose order has these members besides its number and lines."""
    return compile_map(f"reads: xml\n{top}\norder:\n  {HEAD}\n  {order}\n  lines: {lines}\n", "order_map.yaml")


def json_map(order: str, lines: str = "{each: lines, line_number: n, quantity: q}", top: str = "") -> CompiledMap:
    """The same of JSON."""
    return compile_map(
        f"reads: json\n{top}\norder:\n  order_number: nr\n  {order}\n  lines: {lines}\n", "order_map.yaml"
    )


def one(compiled: CompiledMap, body: bytes) -> Order:
    """The one order read."""
    (read,) = compiled.read(body)
    return read.order


def faults(compiled: CompiledMap, body: bytes) -> tuple[Fault, ...]:
    """What the reading refuses."""
    try:
        compiled.read(body)
    except DocumentRejected as rejected:
        return rejected.faults
    raise AssertionError("it was read")


def mistakes(text: str) -> list[Any]:
    """What compiling refuses: line, column, place, detail."""
    try:
        compile_map(text, "order_map.yaml")
    except MapRejected as rejected:
        found = []
        for fault in rejected.faults:
            words = fault.location.split()
            assert words[0] == "order_map.yaml", fault
            found.append((int(words[2]), int(words[4]), fault.path, fault.detail, fault.expected))
        return found
    raise AssertionError("it was compiled")
