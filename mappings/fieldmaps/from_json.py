"""Values out of JSON: one walk for all plain paths of a place, JMESPath for the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mappings.fieldmaps.budget import Budget, TooMuchWork
from mappings.fieldmaps.contexts import Branch, Here, Level, Reading, Several, Source, up
from mappings.fieldmaps.jmes import FailedExpression, JmesPath
from mappings.fieldmaps.sent import SentNumber
from schemas.documents.validation import Unreadable, pointer

MAX_SEARCHED = 10_000
"""Objects and lists that are gone through for the place of one."""


def scan(reading: Reading, here: Here, level: Level) -> None:
    """Everything that plain paths of this place name, into its slots."""
    branch = level.branch
    if branch.slot is not None:
        here.slots[branch.slot] = here.node
    if branch.group is not None:
        here.slots[branch.group] = _listed(here.node)
    if type(here.node) is dict:
        _into(reading, here, here.node, branch, reading.keeps, "")


def _into(reading: Reading, here: Here, found: dict[str, Any], branch: Branch, keeps: bool, path: str) -> None:
    reading.budget.left -= len(found) + 1
    step_for, slots = branch.members.get, here.slots
    keeps = keeps and not branch.is_whole
    for name, value in found.items():
        step = step_for(name)
        if step is None:
            if keeps:
                here.unread.append((path + name, value))
            continue
        if step.slot is not None:
            slots[step.slot] = value
        if step.group is not None:
            slots[step.group] = _listed(value)
        if step.members and type(value) is dict:
            inside = keeps and step.group is None and step.slot is None
            _into(reading, here, value, step, inside, f"{path}{name}." if inside else "")
        elif keeps and step.slot is None and step.group is None and not step.is_whole:
            here.unread.append((path + name, value))


def _listed(value: Any) -> list[Any]:
    return value if type(value) is list else [] if value is None else [value]


def leaves(reading: Reading, here: Here, prefix: str, lost: set[str]) -> Iterator[tuple[str, str]]:
    """What no rule read of this place: names, which begin with the prefix, and texts."""
    for name, found in here.unread:
        yield from _inside(reading, found, prefix + name, lost)
    for name, found in here.left_over():
        yield from _inside(reading, found, prefix + name, lost)


def _inside(reading: Reading, found: Any, name: str, lost: set[str]) -> Iterator[tuple[str, str]]:
    if name in lost:
        return
    reading.budget.spend(1)
    if type(found) is dict:
        for member, value in found.items():
            yield from _inside(reading, value, f"{name}.{member}", lost)
    elif type(found) is list:
        for value in found:
            yield from _inside(reading, value, name, lost)
    else:
        text = text_of(found)
        if isinstance(text, str) and text:
            yield name, text


def text_of(value: Any) -> str | Unreadable | None:
    """A JSON value as text: a number as its digits (`SentNumber`), true and false by name."""
    kind = type(value)
    if kind is str:
        return value.strip() or None
    if value is None:
        return None
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return SentNumber(value)
    if kind is Decimal:
        return SentNumber(f"{value:f}")
    return Unreadable("an object" if kind is dict else "a list", "bad_value", "a value, no object and no list")


# --- sources ------------------------------------------------------------------------------------------------------
class JsonSource(Source):
    """A JMESPath, from a place so many levels outwards."""

    def __init__(self, path: JmesPath, hops: int) -> None:
        self.path = path
        self._out = up(hops)

    def values(self, reading: Reading, here: Here) -> Any:
        """Its value; worked out once a place."""
        return _texts(self._found(reading, self._out(here)))

    def groups(self, reading: Reading, here: Here) -> list[Any]:
        """The objects that it names."""
        return _listed(self._found(reading, self._out(here)))

    def place(self, here: Here) -> Here:
        """Where it starts."""
        return self._out(here)

    def found(self, reading: Reading, here: Here) -> Any:
        """What it names, as the document has it."""
        return self._found(reading, self._out(here))

    def _found(self, reading: Reading, place: Here) -> Any:
        memo = place.memo
        if memo is None:
            memo = place.memo = {}
        key = id(self.path)
        if key not in memo:
            memo[key] = self.path.value(place.node, reading.budget)
        return memo[key]

    def located(self, here: Here) -> str:
        """The pointer of the place, and the expression, or that it finds nothing there."""
        place = self._out(here)
        try:
            is_there = self.path.value(place.node, Budget()) is not None
        except (FailedExpression, TooMuchWork):
            is_there = True
        return f"{where(place) or '/'} {'' if is_there else 'has no '}{self.path.text}"


class JsonSlot(JsonSource):
    """A plain path, which the walk has read already."""

    def __init__(self, path: JmesPath, hops: int, slot: int, target: Level) -> None:
        super().__init__(path, hops)
        self.slot = slot
        self._target = target
        self.own_slot = None if hops else slot

    def is_read(self, is_choice: bool) -> None:
        """Under its path."""
        self._target.reads(self.slot, ".".join(self.path.plain or ()), is_choice)

    def is_chosen(self, here: Here) -> None:
        """At the place where it starts."""
        self._out(here).choose(self.slot)

    def values(self, reading: Reading, here: Here) -> Any:
        """What the walk put there."""
        return _texts(self._out(here).slots[self.slot])

    def groups(self, reading: Reading, here: Here) -> list[Any]:
        """The objects that the walk put there."""
        return self._out(here).slots[self.slot] or []

    def located(self, here: Here) -> str:
        """A pointer into the document; where nothing is there, as far as the document goes, and what it hasn't."""
        place, names = self._out(here), self.path.plain or ()
        found, depth = place.node, 0
        while depth < len(names) and type(found) is dict and names[depth] in found:
            found, depth = found[names[depth]], depth + 1
        known = where(place) + pointer(names[:depth])
        return known if depth == len(names) else f"{known or '/'} has no {'.'.join(names[depth:])}"


def _texts(found: Any) -> Any:
    if type(found) is str:
        return found.strip() or None
    if type(found) is not list:
        return text_of(found)
    texts = [text for one in found if (text := text_of(one)) is not None]
    return None if not texts else texts[0] if len(texts) == 1 else Several(texts)


def where(here: Here) -> str:
    """The JSON Pointer of a place; where an expression made it of the document's values, that and a number."""
    if here.each is None:
        return ""
    around = here.parent or here
    if not isinstance(here.each, JsonSlot):
        steps = _steps_to(here.node, around.node)
        return f"{here.each.located(around)}/{here.index}" if steps is None else where(around) + pointer(steps)
    named, found = here.each.located(around), around.slots[here.each.slot]
    return named if found is not None and _is_single(here, found) else f"{named}/{here.index}"


def _steps_to(node: Any, found: Any) -> tuple[str | int, ...] | None:
    """The way from `found` to this very object; None where it isn't near, or is in none of its lists."""
    waiting: deque[tuple[Any, tuple[str | int, ...]]] = deque([(found, ())])
    for _ in range(MAX_SEARCHED):
        if not waiting:
            return None
        one, steps = waiting.popleft()
        if one is node:
            return steps
        inner = one.items() if type(one) is dict else enumerate(one) if type(one) is list else ()
        waiting.extend((value, (*steps, name)) for name, value in inner if type(value) in (dict, list))
    return None


def _is_single(here: Here, groups: list[Any]) -> bool:
    """Whether the document has the object itself there, and no list around it."""
    return len(groups) == 1 and groups[0] is here.node and not _is_in_list(here, groups)


def _is_in_list(here: Here, groups: list[Any]) -> bool:
    node: Any = (here.parent or here).node
    for name in here.each.path.plain or () if isinstance(here.each, JsonSlot) else ():
        node = node.get(name) if type(node) is dict else None
    return node is groups


def source_of(path: JmesPath, level: Level, target: Level, for_groups: bool) -> JsonSource:
    """The source of this expression, used at `level` and starting at `target`."""
    hops, names = level.depth - target.depth, path.plain
    if names is None:
        for one in path.looked_at:
            target.branch.at(one).is_whole = True
        return JsonSource(path, hops)
    if for_groups:
        return JsonSlot(path, hops, target.group_slot(names), target)
    return JsonSlot(path, hops, target.value_slot(names, None), target)
