"""A map that writes and a canonical document: what is written, value by value.

Each value is written between signs that no text has (noncharacters of Unicode), and these are taken out again: so the
text is the one that the map writes, and every value's place in it is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from mappings.fieldmaps.compile import templates_of
from mappings.fieldmaps.contexts import Here, Level, Reading
from mappings.fieldmaps.from_document import DocumentSource, plain_text
from mappings.fieldmaps.language import Rule
from mappings.fieldmaps.mistakes import MapRejected, Mistakes, Place
from mappings.fieldmaps.templates import Node
from mappings.fieldmaps.writing import Templates, Write
from mappings.fieldmaps.yaml_text import read_yaml
from mappings.tracing.deadline import InTime
from mappings.tracing.noting import Note, NotedReading, NotingDocumentRules
from mappings.tracing.reading import never
from mappings.tracing.strip import map_place, placeholders
from mappings.tracing.told import Origin, Strip, TracedWriting, Unused, WrittenValue
from schemas.documents.common import AnyDocument, Document, OwnDocument, fields_of
from schemas.documents.validation import pointer
from schemas.faults import DocumentFailure

MAX_VALUES = 700
"""Values whose way is told."""
MAX_UNUSED = 100
_OPEN, _BETWEEN, _CLOSE = "\ufdd0", "\ufdd1", "\ufdd2"
_ANY_SIGN = re.compile(f"[{_OPEN}{_BETWEEN}{_CLOSE}]")
_SIGN = re.compile(f"{_OPEN}([0-9]+){_BETWEEN}|{_CLOSE}")
Steps = tuple[str | int, ...]


def trace_writing(
    map_text: str, name: str, document: AnyDocument | None, *, is_over: Callable[[], bool] = never
) -> TracedWriting:
    """What the map of this file writes of the document. Never raises for what is wrong with either: `mistakes` and
    `faults` say it. Without a document only what is to be said of the map."""
    try:
        tree, mistakes = read_yaml(map_text.removeprefix("\ufeff"), name)
    except MapRejected as rejected:
        return TracedWriting(mistakes=rejected.faults)
    constants: list[Place] = []
    signed: list[tuple[Place, list[Note]]] = []
    known = None if document is None else _Document(document)
    has_signs = known is not None and any(type(value) is str and _ANY_SIGN.search(value) for _, value in known.leaves)
    try:
        templates = templates_of(tree, mistakes, name, Templates if has_signs else _signing(constants, signed))
        compiled = templates.compiled()
    except MapRejected as rejected:
        return TracedWriting(mistakes=rejected.faults, strip=_strip(map_text, mistakes, constants))
    told = TracedWriting(
        media_type=compiled.media_type, warnings=compiled.warnings, strip=_strip(map_text, mistakes, constants)
    )
    if document is None or known is None:
        return told
    budget = InTime(is_over)
    reading = NotedReading(budget)
    try:
        text = compiled.text(document, reading)
    except DocumentFailure as failure:
        return replace(told, faults=tuple(budget.told(fault) for fault in failure.faults))
    text, spans = (text, []) if has_signs else _without_signs(text)
    values = tuple(_value(known, mistakes, *signed[number], start, end) for number, start, end in spans)
    each_source = {id(note.source): note for note in reading.notes}.values()
    used = {_named(steps) for note in each_source for steps in known.of(note)}
    return replace(told, text=text, values=values, strip=replace(told.strip, unused=tuple(_unused(known.leaves, used))))


def _value(known: _Document, mistakes: Mistakes, place: Place, notes: list[Note], start: int, end: int) -> WrittenValue:
    pointers = dict.fromkeys(pointer(steps) for note in notes for steps in known.of(note))
    return WrittenValue(map_place(mistakes, place), start, end, tuple(pointers))


def _strip(map_text: str, mistakes: Mistakes, constants: list[Place]) -> Strip:
    fixed = tuple(sorted(map_place(mistakes, place) for place in constants))
    return Strip(placeholders=placeholders(map_text, mistakes), constants=fixed)


def _signing(constants: list[Place], signed: list[tuple[Place, list[Note]]]) -> type[Templates]:
    """Templates whose values stand between signs with the number of what is noted of them."""

    class Rules(NotingDocumentRules):
        def _begin(self) -> None:
            self.constants = constants

    class Signing(Templates):
        rules_of = Rules

        def _text(self, rule: Rule, level: Level, place: Place) -> Write:
            write = super()._text(rule, level, place)
            return write if self._written.writes == "json" else _signed(write, place, signed)

        def _written_node(self, node: Node, level: Level, place: Place) -> Write:
            write = super()._written_node(node, level, place)
            is_value = node.members is None and node.each is None and node.items is None
            return _signed(write, place, signed) if is_value else write

        def _cell(self) -> Callable[[str], str]:
            return _inside_signs(super()._cell())

    return Signing


def _signed(write: Write, place: Place, signed: list[tuple[Place, list[Note]]]) -> Write:
    def signing(reading: Reading, here: Here) -> str | None:
        if not isinstance(reading, NotedReading):
            raise AssertionError("a traced map writes for a trace alone")
        before = len(reading.notes)
        found = write(reading, here)
        if found is None or len(signed) >= MAX_VALUES:
            return found
        signed.append((place, reading.notes[before:]))
        return f"{_OPEN}{len(signed) - 1}{_BETWEEN}{found}{_CLOSE}"

    return signing


def _inside_signs(cell: Callable[[str], str]) -> Callable[[str], str]:
    """What is written as a cell is judged without its signs."""

    def signed_cell(text: str) -> str:
        opening, between, found = text.partition(_BETWEEN)
        return f"{opening}{between}{cell(found[:-1])}{_CLOSE}" if between else cell(text)

    return signed_cell


def _without_signs(text: str) -> tuple[str, list[tuple[int, int, int]]]:
    """The text as it is written, and each value's number with its first character and the one behind it."""
    parts: list[str] = []
    spans: list[tuple[int, int, int]] = []
    number = start = size = done = 0
    for sign in _SIGN.finditer(text):
        parts.append(text[done : sign.start()])
        size += sign.start() - done
        done = sign.end()
        if sign[1] is not None:
            number, start = int(sign[1]), size
        else:
            spans.append((number, start, size))
    return "".join((*parts, text[done:])), spans


class _Document:
    """Where each part of a canonical document stands in it, and its values but those that go without saying."""

    def __init__(self, document: AnyDocument) -> None:
        self._steps: dict[int, Steps] = {}
        self.leaves: list[tuple[Steps, Any]] = []
        self._walk(document)

    def _walk(self, document: AnyDocument) -> None:
        waiting: list[tuple[Any, Steps]] = [(document, ())]
        while waiting:
            part, steps = waiting.pop()
            if isinstance(part, tuple):
                waiting += [(member, (*steps, index)) for index, member in reversed(list(enumerate(part)))]
            elif fields := _fields(part.__class__):
                self._steps[id(part)] = steps
                inner = [(getattr(part, name), (*steps, name), usual) for name, usual in fields]
                waiting += [(value, at) for value, at, usual in inner if value is not None and value != usual]
            else:
                self.leaves.append((steps, part))

    def of(self, note: Note) -> Iterator[Steps]:
        """The steps to what a rule read; none to a text that is a member of a list."""
        if isinstance(note.source, DocumentSource):
            known = self._steps.get(id(note.source.place(note.here).node))
            if known is not None:
                yield (*known, *note.source.names)


@cache
def _fields(kind: Any) -> list[tuple[str, Any]]:
    """A model's fields, the last first, and what they are where nothing is said, found out once; none of a value."""
    if not issubclass(kind, (Document, OwnDocument)):
        return []
    return [(name, field.default) for name, field in reversed(list(fields_of(kind).items()))]


def _unused(leaves: Iterable[tuple[Steps, Any]], used: set[Steps]) -> list[Unused]:
    """The canonical values of which the account is told none of their name."""
    found: dict[Steps, Unused] = {}
    for steps, value in leaves:
        name = _named(steps)
        known = found.get(name)
        if known is not None:
            found[name] = replace(known, count=known.count + 1)
        elif name not in used and len(found) < MAX_UNUSED:
            found[name] = Unused(".".join(map(str, name)), 1, Origin(pointer(steps), plain_text(value)))
    return list(found.values())


def _named(steps: Steps) -> Steps:
    return tuple([step for step in steps if type(step) is str])
