"""What a mapping change does to past orders: differences grouped by the change that they come of, the worst first.

Effects of one chunk of messages are merged with those of the next, so that any number of messages takes the memory of
one chunk: of each group so many lines are kept and the rest is counted, and beyond so many groups what is left goes
into one group of its kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from gateway.effects.titles import left_out_words, title_of
from schemas.values import EXACT

Severity = Literal["newly_fails", "changed", "now_passes"]
"""`newly_fails`: an order that was answered is held or refused, or a line of it is. Worst first."""
_WORST_FIRST: Sequence[Severity] = ("newly_fails", "changed", "now_passes")
MOST_LINES = 50
"""Lines that are kept of a group."""
MOST_GROUPS = 200
OTHERS = "…"
"""What a group is about that takes what is left of its kind."""
_LONGEST = 300
"""Characters that are kept of a value."""


class Change(NamedTuple):
    """One difference at one line of an order, or at its header (`line_number` is None)."""

    kind: str
    about: tuple[str, ...]
    """What tells this change from others of its kind: the item and unit, the fault's code and value."""
    before: str
    after: str
    line_number: str | None = None
    severity: Severity = "changed"
    sums_before: Mapping[str, Decimal] = {}
    """Quantities by what they are of: base units of the line by their unit, or parts of it by what becomes of them."""
    sums_after: Mapping[str, Decimal] = {}

    @property
    def key(self) -> tuple[str, ...]:
        """What groups it with others."""
        return (self.kind, self.severity, *self.about)


class ChangedLine(NamedTuple):
    """One place where a change shows."""

    message_id: str
    order_number: str | None
    line_number: str | None
    before: str
    after: str


@dataclass(slots=True)
class Group:
    """All that one change does. `lines` is 0 where it is about whole orders; `is_uniform`: whether it reads the same
    everywhere; `shown` are its first lines, all further ones are counted."""

    kind: str
    severity: Severity
    about: tuple[str, ...]
    before: str
    after: str
    orders: int = 0
    lines: int = 0
    is_uniform: bool = True
    sums_before: dict[str, Decimal] = field(default_factory=dict)
    sums_after: dict[str, Decimal] = field(default_factory=dict)
    shown: list[ChangedLine] = field(default_factory=list)
    places: int = 0
    """Of all its lines and orders, how many there are: so many would be shown were there room."""

    @property
    def title(self) -> str:
        """The change in one sentence: `38 lines in 12 orders: KRT of PL-0042 is 12 EA instead of 1 EA`."""
        return title_of(self)

    @property
    def is_rest(self) -> bool:
        """Whether this is what is left of its kind beyond the groups that are told apart."""
        return self.about == (OTHERS,)

    @property
    def not_shown(self) -> int:
        """Places that are counted only."""
        return self.places - len(self.shown)

    def add(self, other: Group) -> None:
        """Take what another chunk has of the same change."""
        self.is_uniform = self.is_uniform and other.is_uniform and (self.before, self.after) == _values(other)
        self.orders += other.orders
        self.lines += other.lines
        self.places += other.places
        _add(self.sums_before, other.sums_before)
        _add(self.sums_after, other.sums_after)
        self.shown += other.shown[: MOST_LINES - len(self.shown)]

    def copy(self) -> Group:
        """The same, to be added to."""
        sums = dict(self.sums_before), dict(self.sums_after)
        return replace(self, sums_before=sums[0], sums_after=sums[1], shown=list(self.shown))

    def as_json(self) -> dict[str, Any]:
        """For programs and for the store; amounts as exact text."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "about": list(self.about),
            "title": self.title,
            "before": self.before,
            "after": self.after,
            "orders": self.orders,
            "lines": self.lines,
            "is_uniform": self.is_uniform,
            "sums_before": {unit: f"{amount:f}" for unit, amount in self.sums_before.items()},
            "sums_after": {unit: f"{amount:f}" for unit, amount in self.sums_after.items()},
            "places": self.places,
            "shown": [one._asdict() for one in self.shown],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Group:
        """What `as_json` said."""
        rest = {name: value for name, value in told.items() if name != "title"}
        return cls(
            **{
                **rest,
                "about": tuple(told["about"]),
                "sums_before": {unit: Decimal(amount) for unit, amount in told["sums_before"].items()},
                "sums_after": {unit: Decimal(amount) for unit, amount in told["sums_after"].items()},
                "shown": [ChangedLine(**one) for one in told["shown"]],
            }
        )


@dataclass(slots=True)
class Effects:
    """What came of comparing messages: how many were, which were not and why, and the groups of differences.

    `orders` were compared, of which `differ` come out otherwise, `newly_fail` are held or refused now, wholly or at a
    line, and `now_pass` are no more.
    """

    messages: int = 0
    """All that were looked at."""
    orders: int = 0
    differ: int = 0
    newly_fail: int = 0
    now_pass: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Reason → messages that were not compared for it."""
    _groups: dict[tuple[str, ...], Group] = field(default_factory=dict)

    @property
    def groups(self) -> list[Group]:
        """The worst first, and of equally bad ones those of most orders."""
        return sorted(self._groups.values(), key=_rank)

    @property
    def not_compared(self) -> int:
        """Messages that were left out."""
        return self.left_out.total()

    def reasons(self) -> list[str]:
        """Why messages were not compared, a sentence for each reason, the most frequent first."""
        return [left_out_words(reason, count) for reason, count in self.left_out.most_common()]

    def note(self, message_id: str, order_number: str | None, changes: Iterable[Change]) -> None:
        """One order that was compared, with its differences."""
        self.orders += 1
        found = list(changes)
        severities = {one.severity for one in found}
        self.differ += bool(found)
        self.newly_fail += "newly_fails" in severities
        self.now_pass += "now_passes" in severities and "newly_fails" not in severities
        of_this_order: dict[tuple[str, ...], Group] = {}
        for one in found:
            group = of_this_order.get(one.key)
            place = ChangedLine(message_id, order_number, one.line_number, _cut(one.before), _cut(one.after))
            if group is None:
                about = tuple(map(_cut, one.about))
                group = Group(one.kind, one.severity, about, place.before, place.after, orders=1)
                of_this_order[one.key] = group
            _note(group, one, place)
        for group in of_this_order.values():
            self._take(group)

    def merge(self, other: Effects) -> None:
        """Take what came of other messages."""
        self.messages += other.messages
        self.orders += other.orders
        self.differ += other.differ
        self.newly_fail += other.newly_fail
        self.now_pass += other.now_pass
        self.left_out += other.left_out
        for group in other._groups.values():
            self._take(group.copy())

    def _take(self, group: Group) -> None:
        key = (group.kind, group.severity, *group.about)
        if key not in self._groups and len(self._groups) >= MOST_GROUPS:
            key = (group.kind, group.severity, OTHERS)
            group.about, group.is_uniform = (OTHERS,), False
        if key in self._groups:
            self._groups[key].add(group)
        else:
            self._groups[key] = group

    def as_json(self) -> dict[str, Any]:
        """For programs and for the store."""
        return {
            "messages": self.messages,
            "orders": self.orders,
            "differ": self.differ,
            "newly_fail": self.newly_fail,
            "now_pass": self.now_pass,
            "left_out": dict(self.left_out),
            "groups": [group.as_json() for group in self.groups],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Effects:
        """What `as_json` said."""
        numbers = {name: told[name] for name in ("messages", "orders", "differ", "newly_fail", "now_pass")}
        found = cls(**numbers, left_out=Counter(told["left_out"]))
        for one in told["groups"]:
            found._take(Group.from_json(one))
        return found


def _note(group: Group, change: Change, place: ChangedLine) -> None:
    group.lines += change.line_number is not None
    group.places += 1
    group.is_uniform = group.is_uniform and (group.before, group.after) == (place.before, place.after)
    _add(group.sums_before, change.sums_before)
    _add(group.sums_after, change.sums_after)
    if len(group.shown) < MOST_LINES:
        group.shown.append(place)


def _values(group: Group) -> tuple[str, str]:
    return group.before, group.after


def _add(sums: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for unit, amount in more.items():
        sums[unit] = EXACT.add(sums.get(unit, Decimal(0)), amount)


def _rank(group: Group) -> tuple[int, bool, int, int, tuple[str, ...]]:
    rank = _WORST_FIRST.index(group.severity)
    return rank, group.is_rest, -group.orders, -group.lines, (group.kind, *group.about)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
