"""A preview as the editor's page shows it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.console.pieces import Count, Entry, Kind, Piece, Row, Span, Value, at_its_line, at_line, pieces, tree
from gateway.console.words import counted
from gateway.previewing import Preview, PreviewedOrder
from mappings.own_format import ORDER_MAP, maps_for
from mappings.tracing import (
    MAX_SOURCE,
    MapPlace,
    Strip,
    TracedReading,
    TracedWriting,
    Unused,
    pointed_spans,
    shown_until,
)
from schemas.documents.order import canonical_json

MAX_ROWS = 500
"""Canonical values that are shown."""
MAX_WRITTEN = 20_000
"""Characters of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is written: of one order, or of a sample of what we send."""

    pieces: tuple[Piece, ...]
    media_type: str
    more: int
    """Characters beyond those that are shown."""


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """What comes of one order of the sample."""

    order: PreviewedOrder
    answer: Answer | None
    faults: tuple[tuple[Any, str], ...]
    """Each with the anchor of the value that it is about."""


@dataclass(frozen=True, slots=True)
class ShownPreview:
    """Everything that the page shows of a preview."""

    made: Preview
    source: tuple[Piece, ...]
    more_source_lines: int
    rows: tuple[Row, ...]
    more_values: int
    orders: tuple[ShownOrder, ...]
    written: Answer | None
    strip: tuple[Count, ...]
    mistakes: tuple[Entry, ...]
    warnings: tuple[Entry, ...]


def shown(made: Preview, chosen: str) -> ShownPreview:
    """The preview of the map in the editor, in pieces."""
    until = made.reading.shown_until if made.reading else shown_until(made.source, MAX_SOURCE)
    reads, answers = chosen == ORDER_MAP, chosen in maps_for("order_response")
    values, more = _values(made, by_map=reads)
    rows = tuple(tree(values))
    anchors = {row.value.pointer: row.anchor for row in rows if row.value is not None}
    return ShownPreview(
        made,
        tuple(pieces(made.source[:until], _source_spans(made, until, by_map=reads), anchors)),
        made.source.count("\n", until),
        rows,
        more,
        tuple(_order(made, index, anchors, by_map=answers) for index in range(len(made.orders))),
        None if made.written is None else _answer(made.written, "w", by_map=True, of_source=True),
        tuple(_counts(made.strip, _starts(made, until))),
        tuple(map(at_its_line, made.mistakes)),
        tuple(map(at_its_line, made.warnings)),
    )


# --- canonical values ---------------------------------------------------------------------------------------------
def _values(made: Preview, *, by_map: bool) -> tuple[list[Value], int]:
    """Those that are shown, and how many more there are."""
    if made.reading is not None:
        found = list(_traced(made.reading, by_map=by_map))
        return found[:MAX_ROWS], max(0, len(found) - MAX_ROWS) + made.reading.untraced
    several = len(made.orders) > 1
    plain = [
        value
        for index, one in enumerate(made.orders)
        if one.order is not None
        for value in _plain(json.loads(canonical_json(one.order)), f"/{index}" if several else "")
    ]
    return plain[:MAX_ROWS], max(0, len(plain) - MAX_ROWS)


def _traced(reading: TracedReading, *, by_map: bool) -> Iterator[Value]:
    for value in reading.values:
        starts = [one.start for one in value.origins if one.start is not None]
        line = value.rule.line if by_map else None
        before = " · ".join(one.text for one in value.origins)
        yield Value(
            value.pointer,
            value.text,
            before if before != value.text else None,
            line,
            f"s-{starts[0]}" if starts else f"m-{line}" if line else "",
            value.is_right,
            value.is_constant,
        )


def _plain(found: Any, pointer: str) -> Iterator[Value]:
    """Of an order that no map of the account's reads."""
    if isinstance(found, dict):
        for name, value in found.items():
            yield from _plain(value, f"{pointer}/{name}")
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from _plain(value, f"{pointer}/{index}")
    elif found is not None:
        yield Value(pointer, found if isinstance(found, str) else json.dumps(found))


# --- the source ---------------------------------------------------------------------------------------------------
def _source_spans(made: Preview, until: int, *, by_map: bool) -> Iterator[Span]:
    if made.written is not None:
        yield from _canonical_spans(made.written, made.source, until)
    if made.reading is None:
        return
    used: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
    for value in made.reading.values:
        for one in value.origins:
            if one.start is not None and one.end is not None:
                used[one.start, one.end].append((value.pointer, value.rule.line))
    for (start, end), makes in used.items():
        line = makes[0][1] if by_map else None
        yield Span(start, end, "used", tuple(pointer for pointer, _ in makes), line, f"s-{start}")
    for unused in made.reading.strip.unused:
        if unused.first.start is not None and unused.first.end is not None:
            yield Span(unused.first.start, unused.first.end, "unused", anchor=f"s-{unused.first.start}")


def _canonical_spans(written: TracedWriting, source: str, until: int) -> Iterator[Span]:
    """Of a sample of what we send: it is canonical itself."""
    lines = {pointer: value.rule.line for value in written.values for pointer in value.pointers}
    for pointer, (start, end) in pointed_spans(source, until).items():
        kind: Kind = "used" if pointer in lines else "unused"
        yield Span(start, end, kind, (pointer,) if pointer in lines else (), lines.get(pointer), f"s-{start}")


# --- what comes of it ---------------------------------------------------------------------------------------------
def _order(made: Preview, index: int, anchors: Mapping[str, str], *, by_map: bool) -> ShownOrder:
    one, before = made.orders[index], f"/{index}" if len(made.orders) > 1 else ""
    return ShownOrder(
        one,
        None if one.response is None or one.response.faults else _answer(one.response, f"w{index}", by_map=by_map),
        tuple((fault, anchors.get(before + fault.path, "")) for fault in one.faults),
    )


def _answer(written: TracedWriting, anchor: str, *, by_map: bool, of_source: bool = False) -> Answer:
    """`by_map`: the map in the editor wrote it."""
    spans = (
        Span(
            value.start,
            value.end,
            "used",
            value.pointers if of_source else (),
            value.rule.line if by_map else None,
            f"{anchor}-{index}",
        )
        for index, value in enumerate(written.values)
    )
    shown_text = written.text[:MAX_WRITTEN]
    cut = pieces(shown_text, spans if by_map or of_source else (), {})
    return Answer(tuple(cut), written.media_type, len(written.text) - len(shown_text))


# --- the strip ----------------------------------------------------------------------------------------------------
def _starts(made: Preview, until: int) -> Mapping[str, int]:
    """Where the canonical values of a sample of what we send begin in it, by their pointers."""
    if made.written is None:
        return {}
    return {pointer: start for pointer, (start, _) in pointed_spans(made.source, until).items()}


def _counts(strip: Strip, starts: Mapping[str, int]) -> Iterator[Count]:
    yield _of_map("bad", strip.unmapped, "required field", "without a rule")
    count = strip.unused_count
    entries = tuple(_unused(one, starts) for one in strip.unused)
    yield Count("quiet", count, f"{counted(count, 'value')} of the sample that no rule uses", entries)
    yield _of_map("wait", strip.placeholders, "placeholder", "to be replaced")
    yield _of_map("fixed", strip.constants, "constant", "that the sample has no part in")


def _of_map(kind: str, places: tuple[MapPlace, ...], word: str, more: str) -> Count:
    entries = tuple(at_line(one.name, one.line, one.column) for one in places)
    return Count(kind, len(places), f"{counted(len(places), word)} {more}", entries)


def _unused(one: Unused, starts: Mapping[str, int]) -> Entry:
    times = "" if one.count == 1 else f", {one.count:,} times"
    start = starts.get(one.first.where) if one.first.start is None else one.first.start
    leads_to = "" if start is None else f"s-{start}"
    return Entry(f"{one.name} ({one.first.text[:60]}{times}), {one.first.where}", leads_to)
