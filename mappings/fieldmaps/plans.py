"""Groups of rules → plans: which values, groups and lists of groups a place of the document makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import PydanticUndefined

from mappings.fieldmaps.budget import TooMuchWork, beyond
from mappings.fieldmaps.contexts import Here, Level, Reading, Source, Told
from mappings.fieldmaps.groups import Group, Repeated, kind_of
from mappings.fieldmaps.jmes import FailedExpression
from mappings.fieldmaps.mistakes import Place
from mappings.fieldmaps.values import Rules, Test, Value
from schemas.documents.common import AnyDocument, fields_of
from schemas.documents.order import MAX_LINES, Order, OrderLine, ScheduleLine
from schemas.documents.validation import Unreadable
from schemas.faults import DocumentRejected, Fault

Scan = Callable[[Reading, Here, Level], None]
_MISSING = Unreadable("", "missing_field", "a value")
_NUMBERED = (OrderLine, ScheduleLine)
KEPT = ""
"""The member of a line that holds what is kept aside of it, until it is known."""
MAX_TOGETHER = 20_000
"""Members of one list of an order but its lines."""


class Located(dict[str, Any]):
    """A group that remembers how and where it was read."""

    plan: GroupPlan
    here: Here


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field's value."""

    name: str
    value: Value
    told: Told


@dataclass(slots=True)
class ListPlan:
    """Members of a list: one, or one for each that the sources find, each inside the one before."""

    steps: tuple[tuple[Source, Level], ...]
    group: GroupPlan
    told: Told
    is_line: bool
    prefix: str


@dataclass(slots=True)
class GroupPlan:
    """What a group is made of."""

    told: Told
    condition: Test | None = None
    fields: list[tuple[str, Callable[[Reading, Here], Any], Told]] = field(default_factory=list)
    fallbacks: list[tuple[str, Any]] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    groups: list[tuple[str, GroupPlan]] = field(default_factory=list)
    texts: list[tuple[str, list[FieldPlan]]] = field(default_factory=list)
    lists: list[tuple[str, list[ListPlan]]] = field(default_factory=list)
    sources: dict[str, tuple[Source, ...]] = field(default_factory=dict)
    work: int = 1
    """Rules in it and in the groups inside."""


# --- compiling ----------------------------------------------------------------------------------------------------
class Plans:
    """Compiles groups. `said` are words around an expression in names of what is kept: `/` or `.`"""

    def __init__(self, rules: Rules, between: str) -> None:
        self._rules = rules
        self.between = between

    def group(self, written: Group, model: type[AnyDocument], level: Level, place: Place) -> GroupPlan:
        """The plan of a group that makes this model."""
        plan = GroupPlan(self._told(place))
        if written.condition is not None:
            plan.condition = self._rules.test(written.condition, level, (*place, "if"))
        for name, known in fields_of(model).items():
            rule, kind, at = getattr(written, name), kind_of(known.annotation), (*place, name)
            if rule is None or rule == ():
                self._judge_missing(written, model, name, known.default, place)
            elif kind.is_several and kind.model is not None:
                self._lists(plan, name, rule, kind.model, level, at)
            elif kind.is_several:
                values = [
                    FieldPlan(name, self._rules.value(one, kind, level, (*at, index)), self._told((*at, index)))
                    for index, one in enumerate(rule)
                ]
                plan.texts.append((name, values))
                plan.work += len(values)
                plan.sources[name] = tuple(source for one in values for source in one.value.sources)
            elif kind.model is not None:
                inner = self.group(rule, kind.model, level, at)
                plan.groups.append((name, inner))
                plan.work += inner.work
            else:
                value = self._rules.value(rule, kind, level, at)
                self._field(plan, name, value, at, is_needed=_is_needed(known.default))
            plan.work += 1
        return plan

    def _field(self, plan: GroupPlan, name: str, value: Value, place: Place, *, is_needed: bool) -> None:
        plan.sources[name] = value.sources
        if value.evaluate is not None:
            plan.fields.append((name, value.evaluate, self._told(place)))
        if value.fallback is not None:
            plan.fallbacks.append((name, value.fallback))
        if value.is_required or is_needed:
            plan.required.append(name)

    def _judge_missing(self, written: Group, model: type[AnyDocument], name: str, default: Any, place: Place) -> None:
        is_needed = _is_needed(default)
        if model is Order and name == "lines":
            is_needed = written.function is None  # type: ignore[attr-defined]
        if is_needed:
            self._rules.mistakes.add(place, f"{name} has no rule", f"a rule for {name}", code="missing_field")

    def _lists(
        self, plan: GroupPlan, name: str, several: tuple[Repeated, ...], model: Any, level: Level, place: Place
    ) -> None:
        plans = [self._list(one, model, level, (*place, index)) for index, one in enumerate(several)]
        plan.work += len(plans)
        plan.lists.append((name, plans))
        plan.sources[name] = tuple(steps[0][0] for one in plans if (steps := one.steps))

    def _list(self, written: Repeated, model: type[AnyDocument], level: Level, place: Place) -> ListPlan:
        steps: list[tuple[Source, Level]] = []
        inner = level
        for index, expression in enumerate(written.each):
            source = self._rules.source_of(expression, "here", inner, (*place, "each", index), True)
            is_last = index == len(written.each) - 1
            inner = Level(inner, inner.depth + 1, is_line=model is OrderLine and is_last)
            if source is not None:
                steps.append((source, inner))
        group = self.group(written, model, inner, place)
        is_line = model is OrderLine
        prefix = "" if is_line or not written.each else self.between.join(written.each) + self.between
        return ListPlan(tuple(steps), group, self._told(place), is_line, prefix)

    def _told(self, place: Place) -> Told:
        mistakes = self._rules.mistakes
        return Told(place, mistakes.location(mistakes.mark(place)))


def _is_needed(default: Any) -> bool:
    return default is PydanticUndefined or default is ...


# --- reading ------------------------------------------------------------------------------------------------------
class Reader:
    """Reads by plans; `scan` walks a place of the kind of document that the map is for."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan

    def enter(self, reading: Reading, node: Any, around: Here | None, level: Level) -> Here:
        """A new place, walked through."""
        here = Here(node, around, level)
        self.scan(reading, here, level)
        return here

    def group(self, plan: GroupPlan, reading: Reading, here: Here, is_alone: bool = True) -> dict[str, Any] | None:
        """The group's members; None where nothing in the document says one of them, unless it is one of a list."""
        if plan.condition is not None and not plan.condition(reading, here):
            return None
        found: dict[str, Any] = {}
        if reading.is_placed:
            found = Located()
            found.plan, found.here = plan, here
        told = plan.told
        try:
            for name, evaluate, told in plan.fields:  # noqa: B007  # said where it was too much
                value = evaluate(reading, here)
                if value is not None:
                    found[name] = value
        except TooMuchWork:
            raise beyond(told.name, told.location) from None
        for name, inner in plan.groups:
            value = self.group(inner, reading, here)
            if value is not None:
                found[name] = value
        for name, texts in plan.texts:
            if several := [value for one in texts if (value := self._text(one, reading, here)) is not None]:
                found[name] = several
        for name, lists in plan.lists:
            if members := self._members(lists, reading, here):
                found[name] = members
        if is_alone and not found:
            return None
        for name, value in plan.fallbacks:
            if name not in found:
                found[name] = value
        for name in plan.required:
            if name not in found:
                found[name] = _missing(plan.sources[name], here)
        return found

    def _text(self, plan: FieldPlan, reading: Reading, here: Here) -> Any:
        try:
            found = None if plan.value.evaluate is None else plan.value.evaluate(reading, here)
        except TooMuchWork:
            raise beyond(plan.told.name, plan.told.location) from None
        return plan.value.fallback if found is None else found

    def _members(self, plans: list[ListPlan], reading: Reading, here: Here) -> list[Any]:
        members: list[Any] = []
        count = 0
        for plan in plans:
            if not plan.steps:
                member = self.group(plan.group, reading, here)
                count += 1
                if member is not None:
                    members.append(member)
                continue
            for place in self._places(plan, reading, here):
                place.position = count
                count += 1
                member = self._member(plan, reading, place)
                if member is not None:
                    members.append(member)
                    if len(members) > (MAX_LINES if plan.is_line else MAX_TOGETHER):
                        raise _too_many(plan)
        return members

    def _places(self, plan: ListPlan, reading: Reading, here: Here) -> list[Here]:
        places = [here]
        try:
            for source, level in plan.steps:
                inner = []
                for place in places:
                    for index, node in enumerate(source.groups(reading, place)):
                        reading.budget.spend(plan.group.work)
                        one = self.enter(reading, node, place, level)
                        one.each, one.index = source, index
                        inner.append(one)
                    if place is not here and (place.unread or place.choices):
                        reading.pending.append((place, plan.prefix, reading.kept))
                places = inner
        except TooMuchWork:
            raise beyond(f"{plan.told.name}.each", plan.told.location) from None
        except FailedExpression as failed:
            path = f"/{plan.told.place[1]}" if len(plan.told.place) > 1 else ""
            fault = Fault("bad_value", f"{plan.told.name}.each: {failed}", path, "", None, "what the map expects")
            raise DocumentRejected([fault]) from None
        return places

    def _member(self, plan: ListPlan, reading: Reading, place: Here) -> dict[str, Any] | None:
        if not plan.is_line:
            if place.unread or place.choices:
                reading.pending.append((place, plan.prefix, reading.kept))
            return self.group(plan.group, reading, place, is_alone=False)
        around, reading.kept = reading.kept, []
        line = self.group(plan.group, reading, place, is_alone=False)
        if line is not None and reading.keeps:
            line[KEPT] = reading.kept
            if place.unread or place.choices:
                reading.pending.append((place, "", reading.kept))
        reading.kept = around
        return line


def _missing(sources: tuple[Source, ...], here: Here) -> Unreadable:
    """What is said where a needed value isn't there, or where one is there of which its rule makes nothing."""
    for source in sources:
        try:
            found = source.values(Reading(keeps=False), here)
        except (TooMuchWork, FailedExpression):
            continue
        if isinstance(found, str):
            return Unreadable(found, "bad_value", "a value of which the map's rule makes something")
    return _MISSING


def _too_many(plan: ListPlan) -> DocumentRejected:
    if plan.is_line:
        limit = f"at most {MAX_LINES} lines"
        return DocumentRejected([Fault("too_many_lines", f"lines must be {limit}", "/lines", "", None, limit)])
    raise beyond(plan.told.name, plan.told.location, f"more than {MAX_TOGETHER:,} members")


def located(root: Mapping[str, Any], steps: list[str], place: Callable[[Here], str]) -> str:
    """Where the value at these steps of an order was read, or would have been: what its source says, or the place of
    the nearest group around it."""
    found: Any = root
    group, name = root, ""
    for step in steps:
        if isinstance(found, Located):
            group, name = found, step
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            break
    if isinstance(found, Located):
        return place(found.here)
    if not isinstance(group, Located):
        return ""
    return _said(group.plan.sources.get(name, ()), group.here) or place(group.here)


def _said(sources: tuple[Source, ...], here: Here) -> str:
    """Of several sources that which has a value, else the first."""
    for source in sources:
        try:
            if source.values(Reading(keeps=False), here) is not None:
                return source.located(here)
        except (TooMuchWork, FailedExpression):
            continue
    return sources[0].located(here) if sources else ""
