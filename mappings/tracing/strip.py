"""What the strip above the editor counts of a map's text, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mappings.fieldmaps.mistakes import Mistakes, Place
from mappings.tracing.told import MapPlace
from schemas.faults import Fault

_TODO = re.compile(r"(?:^|\s)#.*\bTODO\b")
_VALUE = re.compile(r"[:{,\[]\s*[\"']?TODO[\"']?\s*(?:[,}\]#]|$)")
_IN_COMMENT = re.compile(r"\s*# TODO (\w+): ")
"""`# TODO issue_date: {from: orderDate, date: DD/MM/YYYY}`"""
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
    """The rules that are TODO, that a comment with TODO stands beside or directly above, or that stand in such a
    comment themselves."""
    lines = text.splitlines()
    called = dict(_called(lines))
    if not called:
        return ()
    first = {number: MapPlace(number, 1, name) for number, name in called.items() if name}
    for place in mistakes.places():
        at = map_place(mistakes, place)
        is_rule = len(place) > 1 or _VALUE.search(lines[at.line - 1]) is not None
        if called.get(at.line) == "" and place and is_rule:
            first[at.line] = min(at, first.get(at.line, at))
    return tuple(sorted(first.values()))


def _called(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The numbers of the lines that are called so, with the name of a rule that is itself a comment."""
    waits = False
    for number, line in enumerate(lines, 1):
        is_comment = line.lstrip().startswith("#")
        in_comment = _IN_COMMENT.match(line)
        is_called = in_comment is not None or _TODO.search(line) is not None or _VALUE.search(line) is not None
        if in_comment is not None:
            yield number, in_comment[1]
        elif not is_comment and line.strip() and (waits or is_called):
            yield number, ""
        waits = is_comment and in_comment is None and (waits or is_called)
