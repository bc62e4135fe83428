"""How one document reads under two mappings: the fields of the canonical order that differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from gateway.effects.effects import Change
from schemas.documents.order import Order

_NOTHING = "nothing"


def reading_changes(before: Order, after: Order) -> Iterator[Change]:
    """A change for every field that reads otherwise, its pointer without the indexes; lines are paired by their number.
    A field that is left out on one side is nothing there."""
    if before is after or before == after:
        return
    was, now = before.model_dump(), after.model_dump()
    lines, others = _lines(was.pop("lines")), _lines(now.pop("lines"))
    yield from _fields(was, now, None, "")
    for key, line in lines.items():
        if key in others:
            yield from _fields(line, others[key], key[0], "/lines/*")
        else:
            yield Change("line_count", ("gone",), _line(line), _NOTHING, key[0])
    for key, line in others.items():
        if key not in lines:
            yield Change("line_count", ("added",), _NOTHING, _line(line), key[0])


def _lines(lines: Any) -> dict[tuple[str, int], dict[str, Any]]:
    """By their number, and for a number that several have by which of those it is."""
    seen: Counter[str] = Counter()
    found = {}
    for line in lines:
        number = line["line_number"]
        found[number, seen[number]] = line
        seen[number] += 1
    return found


def _fields(was: Any, now: Any, line_number: str | None, place: str) -> Iterator[Change]:
    before, after = dict(_leaves(was, place, place)), dict(_leaves(now, place, place))
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield Change("field", (key[1],), _text(before.get(key)), _text(after.get(key)), line_number)


def _leaves(value: Any, place: str, pattern: str) -> Iterator[tuple[tuple[str, str], Any]]:
    """(pointer, pointer without indexes) → value, of all that is said."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{place}/{name}", f"{pattern}/{name}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{place}/{index}", f"{pattern}/*")
    elif value is not None:
        yield (place, pattern), value


def _line(line: Mapping[str, Any]) -> str:
    item = line["buyer_item"] or line["gtin"] or line["seller_item"] or "an item"
    return f"{item}: {_text(line['quantity'])}{' ' + line['unit'] if line['unit'] else ''}"


def _text(value: Any) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value)
