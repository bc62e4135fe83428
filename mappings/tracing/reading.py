"""A map that reads and a document: what comes of it, value by value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from mappings.fieldmaps.budget import TooMuchWork
from mappings.fieldmaps.compile import plan_of
from mappings.fieldmaps.contexts import Here, Reading, Source
from mappings.fieldmaps.from_document import plain_text
from mappings.fieldmaps.jmes import FailedExpression
from mappings.fieldmaps.mistakes import MapRejected, Mistakes, Place
from mappings.fieldmaps.plans import KEPT, Located, Reader
from mappings.fieldmaps.reading import OrdersPlan, ReadingMap
from mappings.fieldmaps.yaml_text import read_yaml
from mappings.tracing.deadline import InTime
from mappings.tracing.json_places import JsonPlaces
from mappings.tracing.noting import NotedReading, NotingRules, noting
from mappings.tracing.places import Leaf, Places, readable, shown_until
from mappings.tracing.strip import map_place, placeholders, unmapped
from mappings.tracing.told import MapPlace, Origin, Strip, TracedReading, TracedValue, Unused
from mappings.tracing.xml_places import XmlPlaces
from schemas.documents.validation import Unreadable, pointer
from schemas.faults import DocumentFailure, DocumentHeld, DocumentRejected, Fault
from schemas.formats import ReadOrder

MAX_VALUES = 700
"""Canonical values whose way is told; the others are counted."""
MAX_UNUSED = 100
"""Names of unused values that are told."""
MAX_SOURCE = 200_000
"""Characters of the document in which values are placed."""


def never() -> bool:
    """For whoever waits as long as it takes."""
    return False


def trace_reading(
    map_text: str,
    body: bytes,
    *,
    name: str = "order_map.yaml",
    is_over: Callable[[], bool] = never,
    places_until: int = MAX_SOURCE,
) -> TracedReading:
    """What the map of this file makes of the document. Never raises for what is wrong with either: `mistakes` and
    `faults` say it. Characters are told of the document's first `places_until`.

    Where a map's only mistakes are required fields without a rule, the rest of it is traced all the same.
    """
    try:
        tree, mistakes = read_yaml(map_text.removeprefix("\ufeff"), name)
    except MapRejected as rejected:
        return _untold(body, places_until, rejected.faults)
    constants: list[Place] = []

    def rules(*given: Any) -> NotingRules:
        made = NotingRules(*given)
        made.constants = constants
        return made

    try:
        plan = plan_of(tree, mistakes, rules)
    except MapRejected as rejected:
        return _untraced(map_text, body, mistakes, constants, rejected.faults, places_until)
    found = mistakes.found()
    missing = unmapped(found)
    if mistakes.has_lost_any() or len(missing) < len(found):
        return _untraced(map_text, body, mistakes, constants, found, places_until)
    traced = _Traced(plan, mistakes, is_over, places_until).trace(body)
    strip = replace(_strip(map_text, mistakes, constants, found), unused=traced.strip.unused)
    return replace(traced, mistakes=found, strip=strip)


def _untraced(
    map_text: str, body: bytes, mistakes: Mistakes, constants: list[Place], found: tuple[Fault, ...], until: int
) -> TracedReading:
    return replace(_untold(body, until, found), strip=_strip(map_text, mistakes, constants, found))


def _untold(body: bytes, until: int, mistakes: tuple[Fault, ...] = ()) -> TracedReading:
    """Its text alone."""
    text = readable(body, until)
    return TracedReading(text, shown_until(text, until), mistakes)


def _strip(map_text: str, mistakes: Mistakes, constants: list[Place], found: tuple[Fault, ...]) -> Strip:
    fixed = tuple(sorted(map_place(mistakes, place) for place in constants))
    return Strip(unmapped(found), (), placeholders(map_text, mistakes), fixed)


class _Traced(ReadingMap):
    """A map for one document alone, which remembers how that was read."""

    def __init__(self, plan: OrdersPlan, mistakes: Mistakes, is_over: Callable[[], bool], places_until: int) -> None:
        super().__init__(plan)
        self._reader = Reader(noting(self._reader.scan))
        self._mistakes = mistakes
        self._is_over = is_over
        self._until = places_until
        self._roots: dict[int, dict[str, Any]] = {}
        self._prefixes: dict[int, str] = {}

    def trace(self, body: bytes) -> TracedReading:
        """What comes of the document."""
        budget = InTime(self._is_over)
        reading = NotedReading(budget)
        faults: tuple[Fault, ...] = ()
        orders: list[ReadOrder | DocumentRejected] = []
        document = places = None
        try:
            document = self._document(reading, body)
            places = self._places_in(body, document)
            for node, index in self._orders(reading, document):
                orders.append(self._judged(reading, document, node, index, body))
        except DocumentFailure as failure:
            faults = tuple(budget.told(fault) for fault in failure.faults)
        except TooMuchWork:
            faults = (_cut_off(),)
        if places is None or document is None:
            return replace(_untold(body, self._until), faults=faults, media_type=self.media_type)
        return self._told(reading, places, document, tuple(orders), faults)

    def _places_in(self, body: bytes, document: Here) -> Places:
        made = XmlPlaces if self._is_xml else JsonPlaces
        return made(body, document.node, self._until)

    def _order(self, reading: Reading, document: Here, node: Any, index: int) -> tuple[Here, dict[str, Any]]:
        here, found = super()._order(reading, document, node, index)
        self._roots[index] = found
        self._prefixes.update((id(place), prefix) for place, prefix, _ in reading.pending)
        return here, found

    def _placed(self, document: Here, node: Any, index: int) -> dict[str, Any]:
        """It was read so the first time."""
        if index not in self._roots:
            raise DocumentHeld(())
        return self._roots[index]

    # --- what is told ---
    def _told(
        self,
        reading: NotedReading,
        places: Places,
        document: Here,
        orders: tuple[ReadOrder | DocumentRejected, ...],
        faults: tuple[Fault, ...],
    ) -> TracedReading:
        reading.budget = InTime(self._is_over)
        values: list[TracedValue] = []
        unused: tuple[Unused, ...] = ()
        count = 0
        try:
            for value in self._values(reading, places, len(orders) > 1):
                count += 1
                if len(values) < MAX_VALUES:
                    values.append(value())
            unused = self._unused(reading, places, document)
        except (TooMuchWork, FailedExpression):
            faults = (*faults, _cut_off())
        return TracedReading(
            places.text,
            places.shown_until,
            orders=orders,
            faults=faults,
            values=tuple(values),
            untraced=count - len(values),
            strip=Strip(unused=unused),
            media_type=self.media_type,
        )

    def _values(self, reading: NotedReading, places: Places, is_several: bool) -> Iterator[Callable[[], TracedValue]]:
        """What makes each canonical value's trace, so that those beyond the limit are counted alone."""
        told = _Told(reading, places, self._mistakes)
        for index, root in self._roots.items():
            if isinstance(root, Located):
                yield from told.group(root, (index,) if is_several else ())

    def _unused(self, reading: NotedReading, places: Places, document: Here) -> tuple[Unused, ...]:
        leaves = (
            leaf
            for here, level in reading.entries
            for leaf in places.unread(reading, here, level, self._prefix(here, document), self._plan.lost)
        )
        return tuple(_together(leaves))

    def _prefix(self, here: Here, document: Here) -> str:
        return "/" if here is document else self._prefixes.get(id(here), "")


class _Told:
    """Tells the values of groups."""

    def __init__(self, reading: NotedReading, places: Places, mistakes: Mistakes) -> None:
        self._reading = reading
        self._places = places
        self._mistakes = mistakes
        self._sources = reading.by_field()
        self._marks: dict[Place, MapPlace] = {}

    def group(self, found: Located, steps: tuple[str | int, ...]) -> Iterator[Callable[[], TracedValue]]:
        """Each value of a group and of those inside it, in the order of the map's lines."""
        plan, here = found.plan, found.here
        for name in sorted(found, key=lambda one: self._mark((*plan.told.place, one))):
            value, at = found[name], (*steps, name)
            if name == KEPT or (name not in plan.sources and not isinstance(value, Located)):
                continue
            place = (*plan.told.place, name)
            if isinstance(value, Located):
                yield from self.group(value, at)
            elif isinstance(value, list):
                yield from self._list(value, here, place, at, len(dict(plan.texts).get(name, ())))
            else:
                yield self._value(value, here, place, at)

    def _list(
        self, members: list[Any], here: Here, place: Place, steps: tuple[str | int, ...], rules: int
    ) -> Iterator[Callable[[], TracedValue]]:
        """Of texts each has the rule of its number, where each rule made one."""
        for index, member in enumerate(members):
            at = (*steps, index)
            if isinstance(member, Located):
                yield from self.group(member, at)
            else:
                field = (*place, index if rules == len(members) else 0)
                yield self._value(member, here, field, at)

    def _value(self, value: Any, here: Here, place: Place, steps: tuple[str | int, ...]) -> Callable[[], TracedValue]:
        def told() -> TracedValue:
            sources = self._sources.get((id(here), place), ())
            origins = self._origins(sources, here)
            is_right = not isinstance(value, Unreadable)
            return TracedValue(
                pointer(steps),
                plain_text(value),
                self._mark(place),
                origins,
                is_right,
                is_right and not sources,
            )

        return told

    def _mark(self, place: Place) -> MapPlace:
        if place not in self._marks:
            self._marks[place] = map_place(self._mistakes, place)
        return self._marks[place]

    def _origins(self, sources: list[Source] | tuple[()], here: Here) -> tuple[Origin, ...]:
        each_once = dict.fromkeys(
            one for source in sources for one in self._places.origins(self._reading, source, here)
        )
        return tuple(each_once)


def _together(leaves: Iterator[Leaf]) -> list[Unused]:
    """Those of one name as one; a place that several orders share counts once."""
    met: set[tuple[str, Any]] = set()
    found: dict[str, Unused] = {}
    for name, origin in leaves:
        if (name, origin.where) in met:
            continue
        met.add((name, origin.where))
        known = found.get(name)
        if known is not None:
            found[name] = replace(known, count=known.count + 1)
        elif len(found) < MAX_UNUSED:
            found[name] = Unused(name, 1, origin)
    return list(found.values())


def _cut_off() -> Fault:
    detail = "The sample takes too long for a preview; it was cut off"
    return Fault("map_limit", detail, expected="a smaller sample, or simpler expressions")


__all__ = ["MAX_SOURCE", "never", "trace_reading"]
