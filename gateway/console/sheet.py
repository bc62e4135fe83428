"""A text in numbered lines, in parts that a page can bear however large it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from gateway.console.pieces import Piece, Span, pieces

LINES_A_PART = 300
CHARACTERS_A_PART = 30_000
_END = re.compile("\n")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the text, or the rest of one that began in the part before."""

    number: int
    pieces: tuple[Piece, ...]
    is_rest: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the text: characters from `start` on, before `end`; numbered from 1."""

    number: int
    start: int
    end: int


class Sheet:
    """A text with its lines and parts; both are the same for the same text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(one.end() for one in _END.finditer(text))]
        if len(self._starts) > 1 and self._starts[-1] == len(text):
            self._starts.pop()

    @property
    def lines(self) -> int:
        """How many there are."""
        return len(self._starts)

    @cached_property
    def parts(self) -> list[Part]:
        """All of them: one at least."""
        found: list[Part] = []
        start = 0
        while not found or start < len(self.text):
            end = self._end_of_part(start)
            found.append(Part(len(found) + 1, start, end))
            start = end
        return found

    def _end_of_part(self, start: int) -> int:
        first = self._index_at(start)
        most = start + CHARACTERS_A_PART
        last = min(bisect_right(self._starts, most) - 1, first + LINES_A_PART)
        if last > first and last < len(self._starts):
            return self._starts[last] if most < len(self.text) or last == first + LINES_A_PART else len(self.text)
        return min(most, len(self.text))

    def _index_at(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1

    def number_at(self, at: int) -> int:
        """The number of the line that this character is in."""
        return self._index_at(at) + 1

    def span_of(self, line: int) -> tuple[int, int] | None:
        """The characters of this line without its end; None where there is no such line."""
        if not 1 <= line <= len(self._starts):
            return None
        start, behind = self._starts[line - 1], self._starts[line] if line < len(self._starts) else len(self.text)
        ending = self.text[max(start, behind - 2) : behind]
        return start, behind - len(ending) + len(ending.rstrip("\r\n"))

    def part_at(self, at: int) -> Part:
        """The part that this character is in."""
        return self.parts[max(0, bisect_right(self.parts, at, key=lambda one: one.start) - 1)]

    def written(self, part: Part, spans: Iterable[Span], anchors: dict[str, str]) -> Iterator[Line]:
        """The part's lines, cut at these spans of the text; a span over several lines is lit in each of them."""
        found = sorted(spans, key=lambda one: one.start)
        for index in range(self._index_at(part.start), self.lines):
            start = max(self._starts[index], part.start)
            if start >= part.end and index > self._index_at(part.start):
                return
            end = min(self._starts[index + 1] if index + 1 < self.lines else len(self.text), part.end)
            shown = self.text[start:end].rstrip("\r\n")
            inside = [_within(one, start, start + len(shown)) for one in found if one.start < end and one.end > start]
            cut = tuple(pieces(shown, [one for one in inside if one is not None], anchors))
            yield Line(index + 1, cut, start > self._starts[index])


def _within(span: Span, start: int, end: int) -> Span | None:
    """The span's share of a line, counted from its beginning; only the first one has the anchor."""
    first, last = max(span.start, start), min(span.end, end)
    if first >= last:
        return None
    anchor = span.anchor if span.start >= start else ""
    return Span(first - start, last - start, span.kind, span.pointers, span.line, anchor)
