"""Canonical documents → json-1: decimals as strings in plain notation, times with their offset."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from schemas.documents.common import AnyDocument, Document, OwnDocument, fields_of
from schemas.documents.inventory_report import InventoryLine, InventoryReport
from schemas.formats.json_1.layout import ALWAYS


def render(document: AnyDocument) -> bytes:
    """The document as one JSON object in UTF-8, the contract's members first and in its order, absent ones as null."""
    return _ENCODE(_members(document)).encode()


def _members(document: AnyDocument) -> dict[str, Any]:
    always, otherwise = _LAYOUTS[type(document)]
    members = {name: getattr(document, name) for name in always}
    for name, silent in otherwise:
        value = getattr(document, name)
        if value is not silent and value != silent:
            members[name] = value
    return members


def _written(value: Any) -> Any:
    """What the C encoder asks for: everything that JSON has no value for."""
    if isinstance(value, (Document, OwnDocument)):
        return _members(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a document")


def _layout(model: type[AnyDocument]) -> tuple[tuple[str, ...], tuple[tuple[str, Any], ...]]:
    always = ALWAYS[model]
    others = ((name, field.default) for name, field in fields_of(model).items() if name not in always)
    return always, tuple(others)


_LAYOUTS = {model: _layout(model) for model in ALWAYS}
_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, default=_written).encode


def stream_inventory_report(report: InventoryReport, lines: Iterable[InventoryLine]) -> Iterator[bytes]:
    """`render` of a report in pieces, its lines as they come."""
    head, _, tail = _ENCODE({**_members(report), "lines": _LINES_HERE}).partition(f'"{_LINES_HERE}"')
    written = [head, "["]
    separator = ""
    for line in lines:
        written += (separator, _ENCODE(_members(line)))
        separator = ", "
        if len(written) >= _AT_ONCE:
            yield "".join(written).encode()
            written = []
    yield "".join([*written, "]", tail]).encode()


_AT_ONCE = 1000
_LINES_HERE = "\ufdd0"
"""Where the lines go: a noncharacter (Unicode 23.7), which no text of a document is alone."""
