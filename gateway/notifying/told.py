"""What is told: one thing that is open, and a notice of several."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["problem", "late_answer", "late_notice", "silence"]
MOST_IN_A_NOTICE = 50
"""Things that one notice names; of others it says how many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Something that waits for somebody. Times are microseconds since 1970; `amounts` are (amount, currency)."""

    subject: str
    kind: Kind
    account_id: str
    title: str
    """The beginning of its sentence: `Unknown item 12345`."""
    path: str
    """Where in the console it is mended."""
    count: int = 0
    of: str = ""
    """What is counted: order, document, file."""
    amounts: tuple[tuple[str, str], ...] = ()
    oldest_at: int | None = None
    due_at: int | None = None
    is_quiet: bool = False
    """Whether nobody is told of it just now: somebody has said to ignore it, or it is of tests alone."""

    def as_json(self) -> dict[str, Any]:
        """As it is kept; `is_quiet` is of the moment."""
        return {name: value for name, value in asdict(self).items() if name != "is_quiet"}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Open:
        """The other way."""
        return cls(**{**told, "amounts": tuple((amount, currency) for amount, currency in told["amounts"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one notice tells of one account."""

    account_id: str
    name: str
    time_zone: str
    items: tuple[Open, ...]
    more: int = 0
    """How many others there are, which it doesn't name."""

    def as_text(self) -> str:
        """As JSON, the same for the same."""
        return json.dumps(
            {**asdict(self), "items": [one.as_json() for one in self.items]}, ensure_ascii=True, sort_keys=True
        )

    @classmethod
    def of_text(cls, text: str) -> Told:
        """The other way."""
        told = json.loads(text)
        return cls(**{**told, "items": tuple(map(Open.of_json, told["items"]))})


def told_of(account_id: str, name: str, time_zone: str, found: Sequence[Open]) -> Told:
    """A notice of these, as many of them as it names."""
    shown = tuple(found[:MOST_IN_A_NOTICE])
    return Told(account_id=account_id, name=name, time_zone=time_zone, items=shown, more=len(found) - len(shown))


def in_order(found: Iterable[Open]) -> list[Open]:
    """What is due first, then what waits longest."""
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or 0, one.oldest_at or 0, one.subject))


def by_account(found: Iterable[Open]) -> Iterator[tuple[str, list[Open]]]:
    """(account, what of these is its own), each in order."""
    accounts: dict[str, list[Open]] = {}
    for one in found:
        accounts.setdefault(one.account_id, []).append(one)
    for account_id, own in sorted(accounts.items()):
        yield account_id, in_order(own)
