"""Texts in pieces that name one another: a source, a tree of canonical values, an answer.

Each piece says which canonical values it is of, by their JSON Pointers, and which line of the map made it; by these the
page's script lights what belongs together, and without a script each piece leads to the next by a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.faults import Fault

_DEEPEST = 6
Kind = Literal["", "used", "unused", "fault"]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a text that something is to be said of."""

    start: int
    end: int
    kind: Kind
    pointers: tuple[str, ...] = ()
    line: int | None = None
    """Of the map."""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a text as they are shown."""

    text: str
    kind: Kind = ""
    pointers: tuple[str, ...] = ()
    line: int | None = None
    anchor: str = ""
    leads_to: str = ""
    """The anchor of what belongs to it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A canonical value to be shown."""

    pointer: str
    text: str
    before: str | None = None
    """What stood in the source."""
    line: int | None = None
    leads_to: str = ""
    is_right: bool = True
    is_constant: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A canonical value, or (without one) the name of the group that the next ones are in."""

    name: str
    depth: int
    anchor: str = ""
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that stands at a line of the map, or in the source."""

    name: str
    leads_to: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A figure of the strip with all that it counts: `bad`, `quiet`, `wait` or `fixed`."""

    kind: str
    count: int
    said: str
    entries: tuple[Entry, ...]


def at_line(name: str, line: int, column: int | None = None) -> Entry:
    """What stands at this line of the map."""
    return Entry(name, f"m-{line}", line, column)


def at_its_line(fault: Fault) -> Entry:
    """A mistake of a map: `location` names the line and column."""
    words = fault.location.split()
    numbers = [int(word) for word in words[-3:] if word.isdigit()]
    said = fault.detail.removeprefix(f"{fault.location}: ")
    if fault.expected:
        said += f"; {fault.expected}" if fault.expected.startswith("did you") else f"; expected: {fault.expected}"
    return at_line(said, *numbers) if len(numbers) == 2 else Entry(said, "")


def pieces(text: str, spans: Iterable[Span], anchors: dict[str, str]) -> Iterator[Piece]:
    """The text cut at these spans, of which one inside another is left out. `anchors`: where values are shown."""
    done = 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if span.start < done or span.end > len(text) or span.start >= span.end:
            continue
        if span.start > done:
            yield Piece(text[done : span.start])
        leads_to = next((anchors[one] for one in span.pointers if one in anchors), "")
        if not leads_to and span.line is not None:
            leads_to = f"m-{span.line}"
        yield Piece(text[span.start : span.end], span.kind, span.pointers, span.line, span.anchor, leads_to)
        done = span.end
    if done < len(text):
        yield Piece(text[done:])


def tree(values: Iterable[Value]) -> Iterator[Row]:
    """The values under the names of their groups."""
    around: list[str] = []
    for index, value in enumerate(values):
        *groups, name = (one.replace("~1", "/").replace("~0", "~") for one in value.pointer.split("/")[1:])
        same = next((at for at, (old, new) in enumerate(zip(around, groups, strict=False)) if old != new), None)
        same = min(len(around), len(groups)) if same is None else same
        for depth in range(same, len(groups)):
            yield Row(_group(groups[depth]), min(depth, _DEEPEST))
        around = groups
        yield Row(_group(name), min(len(groups), _DEEPEST), f"c-{index}", value)


def _group(name: str) -> str:
    """A list's member is counted from 1, as people do."""
    return str(int(name) + 1) if name.isdigit() else name
