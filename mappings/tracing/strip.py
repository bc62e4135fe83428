"""What the strip above the editor counts of a map's text, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mappings.fieldmaps.mistakes import Mistakes, Place
from mappings.tracing.told import MapPlace
from schemas.faults import Fault

_TODO = re.compile(r"(?:^|\s)#.*\bTODO\b")
_MISSING = re.compile(r": (\w+) has no rule$")
_LOCATION = re.compile(r" line (\d+) column (\d+)$")


def map_place(mistakes: Mistakes, place: Place) -> MapPlace:
    """Where this place of the map stands."""
    mark = mistakes.mark(place)
    return MapPlace(mark.line, mark.column, named(place))


def named(place: Place) -> str:
    """`order.lines.quantity`."""
    return ".".join(str(step) for step in place if not isinstance(step, int)) or "the map"


def unmapped(faults: Iterable[Fault]) -> tuple[MapPlace, ...]:
    """Of a map's mistakes those that say a required field has no rule."""
    return tuple(
        MapPlace(int(found[1]), int(found[2]), ".".join((*_names(fault.path), missing[1])))
        for fault in faults
        if fault.code == "missing_field"
        if (missing := _MISSING.search(fault.detail)) and (found := _LOCATION.search(fault.location))
    )


def _names(path: str) -> list[str]:
    return [step for step in path.split("/")[1:] if not step.isdigit()]


def placeholders(text: str, mistakes: Mistakes) -> tuple[MapPlace, ...]:
    """The rules that a comment with TODO stands beside, or directly above."""
    lines = set(_lines_to_do(text.splitlines()))
    if not lines:
        return ()
    first: dict[int, MapPlace] = {}
    for place in mistakes.places():
        at = map_place(mistakes, place)
        if at.line in lines and place:
            first[at.line] = min(at, first.get(at.line, at))
    return tuple(sorted(first.values()))


def _lines_to_do(lines: list[str]) -> Iterator[int]:
    """The numbers of the lines that are called so."""
    waits = False
    for number, line in enumerate(lines, 1):
        is_comment = line.lstrip().startswith("#")
        is_called = _TODO.search(line) is not None
        if not is_comment and line.strip() and (waits or is_called):
            yield number
        waits = is_comment and (waits or is_called)
