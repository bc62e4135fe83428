"""What of account.yaml one input of a form is about: how its value is shown, and how what was typed is put back.

Values are texts, as account.yaml's are; what was left empty is as if nobody had written it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Tree = dict[str, Any]
Form = Mapping[str, str]
Option = tuple[str, str]
"""(what is sent, what people read)"""


@dataclass(frozen=True, slots=True)
class Input:
    """One input as a page shows it."""

    name: str
    label: str
    value: str
    options: tuple[Option, ...] = ()
    said: str = ""
    usual: str = ""
    """What is where nothing is said, in words; empty where nothing is."""
    kind: str = "text"
    """text, choice, tick or lines"""

    @property
    def is_other(self) -> bool:
        """Whether it differs from the usual."""
        return bool(self.usual) and bool(self.value) and self.shown != self.usual

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return dict(self.options).get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Group:
    """Inputs that belong together; without a title they stand by themselves."""

    inputs: tuple[Input, ...]
    title: str = ""
    said: str = ""
    is_folded: bool = False
    """Whether it shows once somebody asks for it: most don't need it."""


class Part(Protocol):
    """A part of a page."""

    @property
    def place(self) -> tuple[str, ...]:
        """Where in the terms it stands."""

    def groups(self, tree: Mapping[str, Any]) -> Iterator[Group]:
        """Its inputs, with what these terms say."""

    def put(self, tree: Tree, form: Form) -> None:
        """Put into the terms what a form says; what isn't on the form stays."""

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """What of the terms it shows and changes."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the terms."""

    place: tuple[str, ...]
    label: str
    said: str = ""
    options: tuple[Option, ...] = ()
    usual: str = ""
    is_list: bool = False
    """Several texts, with commas between them."""

    @property
    def name(self) -> str:
        """As the form has it, and faults name it."""
        return ".".join(self.place)

    def input(self, tree: Mapping[str, Any]) -> Input:
        """With what these terms say."""
        value = text_of(at(tree, self.place))
        kind = "choice" if self.options else "text"
        return Input(self.name, self.label, value, self.options, self.said, self.usual, kind)

    def groups(self, tree: Mapping[str, Any]) -> Iterator[Group]:
        """Itself."""
        yield Group((self.input(tree),))

    def put(self, tree: Tree, form: Form) -> None:
        """What was typed."""
        if self.name in form:
            typed = form[self.name].strip()
            put_at(tree, self.place, (split(typed) if self.is_list else typed) or None)

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """Its value."""
        return at(tree, self.place)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Some of several words, each ticked or not; those that stand keep their order. Its fieldset's hidden field says
    that it was on the form."""

    place: tuple[str, ...]
    label: str
    options: tuple[str, ...]
    said: str = ""

    @property
    def name(self) -> str:
        """As faults name it."""
        return ".".join(self.place)

    def groups(self, tree: Mapping[str, Any]) -> Iterator[Group]:
        """A tick for each word."""
        chosen = list(at(tree, self.place) or ())
        known = [*self.options, *(one for one in chosen if one not in self.options)]
        ticks = (
            Input(f"{self.name}.{one}", one.replace("_", " "), "on" if one in chosen else "", kind="tick")
            for one in known
        )
        yield Group((Input(self.name, "", "shown", kind="hidden"), *ticks), self.label, self.said)

    def put(self, tree: Tree, form: Form) -> None:
        """The ticked ones."""
        if self.name not in form:
            return
        before = list(at(tree, self.place) or ())
        known = [*before, *(one for one in self.options if one not in before)]
        put_at(tree, self.place, [one for one in known if f"{self.name}.{one}" in form] or None)

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """Its words."""
        return at(tree, self.place)


@dataclass(frozen=True, slots=True)
class Lines:
    """A list of texts, one a line."""

    place: tuple[str, ...]
    label: str
    said: str = ""

    @property
    def name(self) -> str:
        """As the form has it."""
        return ".".join(self.place)

    def groups(self, tree: Mapping[str, Any]) -> Iterator[Group]:
        """A text area."""
        value = "\n".join(map(str, at(tree, self.place) or ()))
        yield Group((Input(self.name, self.label, value, said=self.said, kind="lines"),))

    def put(self, tree: Tree, form: Form) -> None:
        """Each line that isn't blank."""
        if self.name in form:
            put_at(tree, self.place, [line.strip() for line in form[self.name].splitlines() if line.strip()] or None)

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """Its texts."""
        return at(tree, self.place)


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of which every member has these fields, by their places in it. One more is shown empty; one whose fields
    are all empty goes."""

    place: tuple[str, ...]
    label: str
    fields: tuple[Field, ...]
    said: str = ""

    @property
    def name(self) -> str:
        """As faults name it."""
        return ".".join(self.place)

    def groups(self, tree: Mapping[str, Any]) -> Iterator[Group]:
        """A group for each member, and one for the next."""
        members = list(at(tree, self.place) or ())
        for index, member in enumerate([*members, {}]):
            inputs = (_named(field.input(member), f"{self.name}.{index}.{field.name}") for field in self.fields)
            title = f"{self.label} {index + 1}" if index < len(members) else f"One more: {self.label.lower()}"
            yield Group(tuple(inputs), title, self.said if index == len(members) else "")

    def put(self, tree: Tree, form: Form) -> None:
        """Those that say something."""
        start = f"{self.name}."
        indexes = {name.removeprefix(start).split(".")[0] for name in form if name.startswith(start)}
        if not indexes:
            return
        members = [self._member(form, f"{start}{index}.") for index in sorted(indexes, key=_as_number)]
        put_at(tree, self.place, [one for one in members if one] or None)

    def _member(self, form: Form, start: str) -> Tree:
        own = {name.removeprefix(start): text for name, text in form.items() if name.startswith(start)}
        member: Tree = {}
        for field in self.fields:
            field.put(member, own)
        return member

    def seen(self, tree: Mapping[str, Any]) -> Any:
        """Its members."""
        return at(tree, self.place)


def _named(one: Input, name: str) -> Input:
    return Input(name, one.label, one.value, one.options, one.said, one.usual, one.kind)


def _as_number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


# --- trees ------------------------------------------------------------------------------------------------------------
def at(tree: Any, place: Sequence[str]) -> Any:
    """What stands there; None where nothing does."""
    for key in place:
        if not isinstance(tree, Mapping) or key not in tree:
            return None
        tree = tree[key]
    return tree


def put_at(tree: Tree, place: Sequence[str], value: Any) -> None:
    """Make it stand there. None: nothing does, and what is empty around it goes as well."""
    key, *rest = place
    if rest:
        below = tree.get(key)
        inner: Tree = dict(below) if isinstance(below, Mapping) else {}
        put_at(inner, rest, value)
        value = inner or None
    if value is None:
        tree.pop(key, None)
    else:
        tree[key] = value


def split(text: str) -> list[str]:
    """The texts between commas."""
    return [part for part in re.split(r"\s*,\s*", text) if part]


def text_of(value: Any) -> str:
    """A value of the terms as an input has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(text_of, value))
    return "" if value is None else str(value)
