"""What a trace tells."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.faults import DocumentRejected, Fault
from schemas.formats import ReadOrder


@dataclass(frozen=True, slots=True, order=True)
class MapPlace:
    """A rule of a map; line and column from 1."""

    line: int
    column: int
    name: str
    """`order.lines.quantity`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value stands in a document."""

    where: str
    """A JSON Pointer, or `line 4: /Order/Head/@number`."""
    text: str
    """As it stands there."""
    start: int | None = None
    """The characters of the document's text that it is, where they are known: from here on, before `end`."""
    end: int | None = None


@dataclass(frozen=True, slots=True)
class TracedValue:
    """A canonical value, the rule that made it, and what that made it of."""

    pointer: str
    """In the order; where the body has several, in a list of them."""
    text: str
    rule: MapPlace
    origins: tuple[Origin, ...] = ()
    is_right: bool = True
    """False for what couldn't be converted: `text` is then what stood there."""
    is_constant: bool = False
    """The rule's `value` or `default`: nothing of the document made it."""


@dataclass(frozen=True, slots=True)
class Unused:
    """Values of one name that no rule uses: how many, and the first."""

    name: str
    count: int
    first: Origin


@dataclass(frozen=True, slots=True)
class Strip:
    """What is counted above the editor, in the order of the lines."""

    unmapped: tuple[MapPlace, ...] = ()
    """Required fields without a rule: where they would stand."""
    unused: tuple[Unused, ...] = ()
    placeholders: tuple[MapPlace, ...] = ()
    """Rules that a comment calls TODO."""
    constants: tuple[MapPlace, ...] = ()
    """Rules of a `value`."""

    @property
    def unused_count(self) -> int:
        """Values that nothing uses."""
        return sum(one.count for one in self.unused)


NOTHING = Strip()


@dataclass(frozen=True, slots=True)
class TracedReading:
    """What a map makes of a document."""

    source: str
    """The document's text, which `start` and `end` of origins count in."""
    shown_until: int = 0
    """Characters of it that are to be shown; values behind them have no `start`."""
    mistakes: tuple[Fault, ...] = ()
    """Of the map, each with its line and column."""
    orders: tuple[ReadOrder | DocumentRejected, ...] = ()
    """Each as read or as rejected; none where `faults` say why."""
    faults: tuple[Fault, ...] = ()
    """Of the document as a whole."""
    values: tuple[TracedValue, ...] = ()
    untraced: int = 0
    """Canonical values beyond those."""
    strip: Strip = NOTHING
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class TracedWriting:
    """What a map makes of a canonical document."""

    text: str = ""
    """What is written; origins of `values` count in the canonical document, `written` in this."""
    media_type: str = ""
    mistakes: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    faults: tuple[Fault, ...] = ()
    values: tuple[WrittenValue, ...] = ()
    strip: Strip = NOTHING


@dataclass(frozen=True, slots=True)
class WrittenValue:
    """A value as it was written, and the rule that wrote it."""

    rule: MapPlace
    start: int
    end: int
    pointers: tuple[str, ...] = field(default=())
    """The canonical values that it was made of; none of a constant."""
