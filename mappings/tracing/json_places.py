"""Where values of a JSON document stand: their steps, and the characters of its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from mappings.fieldmaps.contexts import Branch, Here, Level
from mappings.fieldmaps.from_json import JsonSlot, JsonSource, text_of
from mappings.tracing.noting import NotedReading
from mappings.tracing.places import Leaf, Places, is_lost, shown_until
from mappings.tracing.told import Origin
from schemas.documents.validation import pointer
from schemas.safe_json.text import decoded

Steps = tuple[str | int, ...]
Span = tuple[int, int]
MAX_INDEXED = 300_000
"""Objects, lists and texts whose steps are known."""
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]+')


def spans(text: str, until: int) -> Mapping[Steps, Span]:
    """Steps → the characters of every text, number, true and false that begins before `until`."""
    found: dict[Steps, Span] = {}
    open_at: list[Steps] = []
    step: list[str | int] = []
    is_name = False
    for token in _TOKEN.finditer(text):
        if token.start() >= until:
            break
        sign = token[0]
        if sign in "{[":
            open_at.append((*open_at[-1], step[-1]) if open_at else ())
            step.append(0 if sign == "[" else "")
            is_name = sign == "{"
        elif sign in "}]":
            open_at.pop()
            step.pop()
        elif sign == ",":
            here = step[-1]
            is_name = isinstance(here, str)
            step[-1] = here + 1 if isinstance(here, int) else here
        elif sign == ":":
            is_name = False
        elif is_name:
            step[-1] = json.loads(sign) if "\\" in sign else sign[1:-1]
        else:
            found[(*open_at[-1], step[-1]) if open_at else ()] = _without_quotes(token.span(), sign)
    return found


def pointed_spans(text: str, until: int) -> Mapping[str, Span]:
    """The same by JSON Pointers."""
    return {pointer(steps): span for steps, span in spans(text, until).items()}


def _without_quotes(span: Span, sign: str) -> Span:
    return (span[0] + 1, span[1] - 1) if sign[0] == '"' else span


class JsonPlaces(Places):
    """The places of one JSON document."""

    def __init__(self, body: bytes, root: Any, until: int) -> None:
        self.text = decoded(body)
        self.shown_until = shown_until(self.text, until)
        self._root = root
        self._spans = spans(self.text, self.shown_until)
        self._steps = _steps_by_id(root, (dict, list))

    @cached_property
    def _with_texts(self) -> dict[int, Steps]:
        return _steps_by_id(self._root, (dict, list, str))

    def origins(self, reading: NotedReading, source: Any, here: Here) -> list[Origin]:
        """Where the values stand that this source has here. A value that only a JMESPath names is found by itself
        where it is a text of some length; else its expression and where that starts are told."""
        if not isinstance(source, JsonSource):
            return []
        start = source.place(here)
        at = self._steps.get(id(start.node))
        if isinstance(source, JsonSlot):
            found = start.slots[source.slot]
            known = None if at is None else (*at, *(source.path.plain or ()))
        else:
            found = source.found(reading, here)
            known = self._with_texts.get(id(found))
        if known is not None:
            return [leaf.origin for leaf in self._leaves("", known, found)]
        several = found if type(found) is list else [found]
        inside = [self._with_texts.get(id(one)) for one in several]
        where = f"{pointer(at or ())} {source.path.text}".strip()
        return [
            self._origin(steps, one) if steps is not None else Origin(where, str(text_of(one) or ""))
            for steps, one in zip(inside, several, strict=True)
        ]

    def unread(self, reading: NotedReading, here: Here, level: Level, prefix: str, lost: set[str]) -> Iterator[Leaf]:
        """The values of this place that no rule used."""
        at = self._steps.get(id(here.node))
        if at is None or type(here.node) is not dict:
            return
        for steps, value in _unused(here.node, level.branch, here, ()):
            name = prefix + ".".join(str(step) for step in steps)
            yield from (leaf for leaf in self._leaves(name, (*at, *steps), value) if not is_lost(leaf.name, lost, "."))

    def _leaves(self, name: str, steps: Steps, found: Any) -> Iterator[Leaf]:
        if type(found) is dict:
            for member, value in found.items():
                yield from self._leaves(f"{name}.{member}", (*steps, member), value)
        elif type(found) is list:
            for index, value in enumerate(found):
                yield from self._leaves(name, (*steps, index), value)
        elif found not in (None, ""):
            yield Leaf(name, self._origin(steps, found))

    def _origin(self, steps: Steps, value: Any) -> Origin:
        return Origin(pointer(steps), str(text_of(value) or ""), *self._spans.get(steps, (None, None)))


def _unused(
    found: Mapping[str, Any], branch: Branch, here: Here, steps: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Members that no name leads to, and those that a choice reads which was not taken."""
    if branch.is_whole:
        return
    for name, value in found.items():
        step, inner = branch.members.get(name), (*steps, name)
        if step is None:
            yield inner, value
        elif step.slot is not None:
            if step.slot in here.choices and step.slot not in (here.chosen or ()):
                yield inner, value
        elif step.group is None and not step.is_whole:
            if step.members and type(value) is dict:
                yield from _unused(value, step, here, inner)
            else:
                yield inner, value


def _steps_by_id(root: Any, kinds: tuple[type, ...]) -> dict[int, Steps]:
    """The steps to everything of these kinds of which there is one alone: Python shares texts of one character."""
    found: dict[int, Steps] = {}
    waiting: list[tuple[Any, Steps]] = [(root, ())]
    while waiting and len(found) < MAX_INDEXED:
        one, steps = waiting.pop()
        found[id(one)] = steps
        inner = one.items() if type(one) is dict else enumerate(one) if type(one) is list else ()
        waiting += [
            (value, (*steps, step))
            for step, value in inner
            if type(value) in kinds and (type(value) is not str or len(value) > 1)
        ]
    return found
