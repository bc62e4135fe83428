"""Where expressions start: the document, an order in it, a line in that, and what was found there in one walk.

Most expressions are a few names one inside the other. All of those that start at one place are one tree of names
(`Branch`), so that the place's members are gone through once, whatever the number of rules; what no name leads to is
what the map doesn't read. Other expressions are worked out when their rule asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mappings.fieldmaps.budget import MAX_WORK, Budget
from mappings.fieldmaps.mistakes import Place
from schemas.documents.validation import Unreadable

MAX_KEPT = 5_000
"""Values of one order that are kept aside."""


class Several(list[Any]):
    """More than one value at one place."""


@dataclass(slots=True)
class Branch:
    """A name in the tree: where its value, its attributes and its members go."""

    slot: int | None = None
    """Its value's."""
    group: int | None = None
    """Where the elements or objects of this name go, for what repeats with them."""
    attributes: dict[str, int] = field(default_factory=dict)
    members: dict[str, Branch] = field(default_factory=dict)
    is_whole: bool = False
    """Whether everything in it counts as read."""

    def at(self, names: tuple[str, ...]) -> Branch:
        """The branch at these names, made where it isn't there yet."""
        found = self
        for name in names:
            found = found.members.setdefault(name, Branch())
        return found

    def is_empty(self) -> bool:
        """Whether nothing is looked for."""
        return not (self.members or self.attributes or self.slot is not None)


class Here:
    """One place of one document: its element or object, what was found in it, and the place around it."""

    __slots__ = ("choices", "chosen", "each", "index", "memo", "node", "parent", "position", "slots", "unread")

    def __init__(self, node: Any, parent: Here | None, level: Level) -> None:
        self.node = node
        self.parent = parent
        self.slots: list[Any] = [None] * level.slots
        self.choices = level.choices
        self.chosen: set[int] | None = set() if level.choices else None
        self.position = 0
        """Its number among its kind, from 0."""
        self.each: Source | None = None
        self.index = 0
        """Which of those that `each` found it is, from 0."""
        self.memo: dict[int, Any] | None = None
        self.unread: list[tuple[str, Any]] = []

    def choose(self, slot: int) -> None:
        """What is in this slot was taken."""
        if self.chosen is not None:
            self.chosen.add(slot)

    def left_over(self) -> Iterator[tuple[str, Any]]:
        """What only choices read that were not taken: names and values."""
        for slot, name in self.choices.items():
            if slot not in (self.chosen or ()) and (found := self.slots[slot]) is not None:
                yield name, found


class Reading:
    """The reading of one document."""

    __slots__ = ("budget", "entered", "is_placed", "keeps", "kept", "pending", "seen")

    def __init__(self, keeps: bool, is_placed: bool = False, steps: int = MAX_WORK) -> None:
        self.budget = Budget(steps)
        self.keeps = keeps
        self.is_placed = is_placed
        """Whether the groups read remember where they were read, for the places of faults."""
        self.seen: set[Any] = set()
        """Nodes that expressions other than plain names found."""
        self.entered: set[Any] = set()
        """Elements that such expressions found for what repeats with them."""
        self.kept: list[tuple[str, str]] = []
        """What is kept aside of the order or line that is being read: names and texts."""
        self.pending: list[tuple[Here, str, list[tuple[str, str]]]] = []
        """Places whose unread values are still to be kept, what their names begin with, and where they go."""


Text = Callable[[Reading, Here], "str | Unreadable | None"]


class Source:
    """An expression at its place in the map: what reads it, and what tells where its value stands."""

    own_slot: int | None = None
    """Where the walk has put its value, where it starts at the very place."""

    def is_read(self, is_choice: bool) -> None:
        """A rule reads it: always, or only where that is the one of several that is taken."""

    def is_chosen(self, here: Here) -> None:
        """A rule that is one of several was taken, and reads it."""

    def values(self, reading: Reading, here: Here) -> Any:
        """The value as the document has it, `Several` of them, or None."""
        raise NotImplementedError

    def groups(self, reading: Reading, here: Here) -> list[Any]:
        """The elements or objects, for what repeats with them."""
        raise NotImplementedError

    def located(self, here: Here) -> str:
        """Where the value stands, or would stand, in words."""
        raise NotImplementedError


@dataclass(slots=True)
class Level:
    """A place where expressions start, as the map is compiled."""

    parent: Level | None
    depth: int
    is_order: bool = False
    is_line: bool = False
    branch: Branch = field(default_factory=Branch)
    slots: int = 0
    choices: dict[int, str] = field(default_factory=dict)
    """Values that only one of several rules reads, where that is the one taken: their names by their slots."""
    firm: set[int] = field(default_factory=set)
    """Slots of values that are read whatever is taken."""

    def reads(self, slot: int, name: str, is_choice: bool) -> None:
        """A rule reads the value in this slot, always or only where it is the one taken."""
        if not is_choice:
            self.firm.add(slot)
            self.choices.pop(slot, None)
        elif slot not in self.firm:
            self.choices[slot] = name

    def new_slot(self) -> int:
        """A place for one more value."""
        self.slots += 1
        return self.slots - 1

    def value_slot(self, names: tuple[str, ...], attribute: str | None) -> int:
        """The slot of this value; rules that read the same have the same."""
        branch = self.branch.at(names)
        if attribute is not None:
            if attribute not in branch.attributes:
                branch.attributes[attribute] = self.new_slot()
            return branch.attributes[attribute]
        if branch.slot is None:
            branch.slot = self.new_slot()
        return branch.slot

    def group_slot(self, names: tuple[str, ...]) -> int:
        """The slot of what repeats at these names."""
        branch = self.branch.at(names)
        if branch.group is None:
            branch.group = self.new_slot()
        return branch.group

    def around(self) -> Iterator[Level]:
        """This level and those around it."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.parent

    def named(self, scope: str) -> Level | None:
        """The level that `of` names; None where there is none."""
        if scope == "here":
            return self
        if scope == "parent":
            return self.parent
        if scope == "order":
            return next((level for level in self.around() if level.is_order), None)
        return list(self.around())[-1]


def up(hops: int) -> Callable[[Here], Here]:
    """What goes so many places outwards."""

    def outwards(here: Here) -> Here:
        for _ in range(hops):
            here = here.parent or here
        return here

    return outwards


@dataclass(frozen=True, slots=True)
class Told:
    """A place in the map and its line there, for faults that name it."""

    place: Place
    location: str

    @property
    def name(self) -> str:
        """`order.lines.quantity`."""
        return ".".join(str(step) for step in self.place if not isinstance(step, int))
