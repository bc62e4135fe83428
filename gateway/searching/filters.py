"""The filters of a search: read from an address or a command's options, and written back the same.

What can't be understood is said at its filter, and then nothing is looked for: a filter that was passed over would let
more through than whoever asked meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from gateway.lanes import LANES
from gateway.searching.words import BadQuery, wanted
from gateway.states import STATUSES, Status

OPEN = "open"
"""Stands for the statuses in which we must act."""
OPEN_STATUSES: tuple[Status, ...] = ("held", "failed")
UNANSWERED: frozenset[str] = frozenset(("received", "processing", *OPEN_STATUSES))
STATUS_CHOICES = (OPEN, *STATUSES)
UNREAD = "unread"
KINDS = ("order", "change", "cancel", "answer", "several", UNREAD)
"""What a message may be; unread: nobody could tell."""
TESTS = ("no", "yes")
LATE = ("yes",)
LONGEST_QUERY = 200
_LONGEST_ID = 200
_US = timedelta(microseconds=1)
_BEFORE = re.compile(r"(\d{1,4})\s*(min|m|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_SAID = (
    "Write a day (2026-11-23), a time (2026-11-23 14:30, in UTC unless it has an offset), or how long ago it was: 90m, "
    "24h, 7d, 2w."
)


@dataclass(frozen=True, slots=True)
class Search:
    """What messages are looked for; every filter that says something has to fit. Never changed."""

    q: str = ""
    """Words, or a whole id or number; see `gateway.searching.words`."""
    account: str = ""
    kind: str = ""
    status: tuple[str, ...] = ()
    """Any of these; `open` stands for held and failed."""
    lane: str = ""
    since: str = ""
    """From then on, as it was written: a day, a time, or how long ago."""
    until: str = ""
    """Up to then; a day's whole day."""
    problem: str = ""
    """The fingerprint of a fault of the message's last run."""
    test: str = ""
    """yes: only tests; no: none."""
    late: str = ""
    """yes: only what isn't answered yet and is past the time of its response; tests are never late."""

    def __bool__(self) -> bool:
        """Whether it asks for anything."""
        return any(getattr(self, one.name) for one in fields(self))

    @property
    def statuses(self) -> frozenset[str] | None:
        """The statuses that fit; None where all do."""
        found = frozenset(self.status) - {OPEN} | (frozenset(OPEN_STATUSES) if OPEN in self.status else frozenset())
        if self.late:
            return found & UNANSWERED if self.status else UNANSWERED
        return found or None

    def between(self, now: int) -> tuple[int | None, int | None]:
        """From when on and before when it looks, in microseconds since 1970; `now` is what times ago are counted from.
        Raises ValueError where a time isn't one."""
        since = None if not self.since else _moment(self.since, now, is_end=False)
        until = None if not self.until else _moment(self.until, now, is_end=True)
        return since, until

    def of_account(self, account_id: str | None) -> Search:
        """The same in this account alone, as its people look; None: as it is."""
        return self if account_id is None else replace(self, account=account_id)

    def pairs(self) -> list[tuple[str, str]]:
        """What says it in an address, filter by filter."""
        found: list[tuple[str, str]] = []
        for one in fields(self):
            value = getattr(self, one.name)
            found += [(one.name, each) for each in (value if isinstance(value, tuple) else (value,)) if each]
        return found

    def query(self) -> str:
        """The same as an address has it behind the `?`."""
        return urlencode(self.pairs())

    def without(self, name: str, value: str = "") -> Search:
        """The same without this filter; of several statuses without this one."""
        if name == "status":
            return replace(self, status=tuple(one for one in self.status if value and one != value))
        return replace(self, **{name: ""})  # type: ignore[arg-type]  # every other filter is a text


FILTERS = tuple(one.name for one in fields(Search))
_UNKNOWN = {
    "kind": ("what a message is", KINDS),
    "lane": ("a lane", LANES),
    "test": ("yes or no", TESTS),
    "late": ("what this filter may be", LATE),
}


def read_search(told: Mapping[str, Sequence[str]], now: int) -> tuple[Search, dict[str, str]]:
    """The search that these say, each filter with what was written for it, and what is wrong: filter → a sentence. What
    is wrong is kept as it was written, so that it can be mended. `now`: microseconds since 1970."""
    wrong: dict[str, str] = {}
    found: dict[str, str] = {}
    for name in FILTERS:
        if name != "status":
            values = [one.strip() for one in told.get(name, ()) if one.strip()]
            found[name] = values[-1] if values else ""
            if len(set(values)) > 1:
                wrong[name] = "This is said twice; only one of them can be."
    status = tuple(dict.fromkeys(one.strip() for each in told.get("status", ()) for one in each.split(",")))
    search = Search(**found, status=tuple(one for one in status if one))
    for name in ("account", "problem", *_UNKNOWN, "since", "until"):
        if len(found[name]) > _LONGEST_ID or _is_unwritable(found[name]):
            wrong[name] = "That is nothing that is kept here."
    for name, (what, choices) in _UNKNOWN.items():
        if found[name] and found[name] not in choices:
            wrong[name] = f"That isn't {what}; {'there is' if len(choices) == 1 else 'there are'} {_listed(choices)}."
    unknown = [one for one in search.status if one not in STATUS_CHOICES]
    if unknown:
        wrong["status"] = f"“{_shown(unknown[0])}” is no status; there are {_listed(STATUS_CHOICES)}."
    _judge_words(search.q, wrong)
    _judge_times(search, now, wrong)
    return search, wrong


def _judge_words(text: str, wrong: dict[str, str]) -> None:
    if len(text) > LONGEST_QUERY:
        wrong["q"] = f"A search has {LONGEST_QUERY} characters at most; this one has {len(text)}."
    elif "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        wrong["q"] = "There is a character in it that is in no text that is kept here."
    elif text:
        try:
            wanted(text)
        except BadQuery as bad:
            wrong["q"] = str(bad)


def _judge_times(search: Search, now: int, wrong: dict[str, str]) -> None:
    moments: dict[str, int] = {}
    for name, is_end in (("since", False), ("until", True)):
        value = getattr(search, name)
        if value and name not in wrong:
            try:
                moments[name] = _moment(value, now, is_end=is_end)
            except (ValueError, OverflowError):
                wrong[name] = _TIME_SAID
    if len(moments) == 2 and moments["since"] >= moments["until"]:
        wrong["until"] = "This is before the time from which on it looks."


def _moment(text: str, now: int, *, is_end: bool) -> int:
    """Microseconds since 1970. A day ends with its last moment. Raises ValueError, OverflowError."""
    text = text.strip()
    if ago := _BEFORE.fullmatch(text.casefold().removesuffix(" ago")):
        return max(0, now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}) // _US)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        day = date.fromisoformat(text) + timedelta(days=int(is_end))
        found = datetime.combine(day, time(), UTC)
    else:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    moment = (found - _EPOCH) // _US
    if moment < 0:
        raise ValueError("before 1970")
    return moment


def _is_unwritable(text: str) -> bool:
    """Whether no text that is kept can have that in it."""
    return "\0" in text or not text.isprintable() or any("\ud800" <= one <= "\udfff" for one in text)


def _listed(choices: Sequence[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} and {choices[-1]}"


def _shown(text: str) -> str:
    return text[:40].encode("utf-8", "replace").decode()
