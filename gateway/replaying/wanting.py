"""What somebody asks to have judged again: messages by their ids, a problem's, or those that a search finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol

from gateway.searching.filters import FILTERS, OPEN, OPEN_STATUSES, Search, read_search
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.message_search import Frozen

MOST_MESSAGES = 50_000
"""Messages of one replay."""
MOST_NAMED = 1_000
"""Of these, so many that are named one by one."""
_LONGEST_ID = 100
_REPLAYABLE = (OPEN, "rejected")
_OF_SEARCH = "fits"
"""Beside a fingerprint: all messages that have it are meant, as their list shows them, and not the problem's."""
_OTHERS = ("message", "problem", "again", "mapping", _OF_SEARCH)


class Found(Protocol):
    """What finds messages of itself."""

    def ids(self, services: Services, limit: int) -> Frozen:
        """The messages' ids in the order of receipt, up to so many, and whether there are more."""

    @property
    def words(self) -> str:
        """What is looked for, in words."""

    @property
    def as_query(self) -> Mapping[str, Any]:
        """The same as it stands in an address."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """What the list of messages shows for these filters; of all statuses where it names none, those that can be judged
    again."""

    search: Search

    def ids(self, services: Services, limit: int) -> Frozen:
        return services.store.search.ids(self._narrowed, limit, oldest_first=True)

    @property
    def _narrowed(self) -> Search:
        return self.search if self.search.status else replace(self.search, status=_REPLAYABLE)

    @property
    def words(self) -> str:
        told = self.search.pairs()
        said = [f"{_SAID[name]} {value}" for name, value in told if name not in ("status", "late")]
        said += ["past the time of their response"] if self.search.late else []
        named = (OPEN_STATUSES if one == OPEN else (one,) for one in self._narrowed.status)
        states = list(dict.fromkeys(chain.from_iterable(named)))
        state = states[0] if len(states) == 1 else f"{', '.join(states[:-1])} or {states[-1]}"
        return f"messages that are {state}" + (f", {', '.join(said)}" if said else "")

    @property
    def as_query(self) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for name, value in self.search.pairs():
            found.setdefault(name, []).append(value)
        return found | ({_OF_SEARCH: "yes"} if self.search.problem else {})


_SAID = {
    "q": "found by",
    "account": "of",
    "kind": "of the type",
    "lane": "in the lane",
    "since": "since",
    "until": "until",
    "problem": "of problem",
    "test": "tests:",
}


@dataclass(frozen=True, slots=True)
class FailedAgain:
    """What failed again in an earlier replay."""

    replay_id: str

    def ids(self, services: Services, limit: int) -> Frozen:
        found = services.store.replays.messages(self.replay_id, state="failed", limit=limit + 1)
        return Frozen(tuple(one.message_id for one in found[:limit]), len(found) > limit)

    @property
    def words(self) -> str:
        return f"what failed again in replay {self.replay_id}"

    @property
    def as_query(self) -> Mapping[str, Any]:
        return {"again": self.replay_id}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of the three; nothing at all where none is named."""

    messages: tuple[str, ...] = ()
    problem: str | None = None
    search: Found | None = None

    @classmethod
    def of_messages(cls, message_ids: Iterable[str]) -> Wanted:
        """These, each once, in their order."""
        return cls(messages=tuple(dict.fromkeys(message_ids)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named."""
        return not self.messages and self.problem is None and self.search is None

    def ids(self, services: Services, limit: int = MOST_MESSAGES) -> Frozen:
        """The messages' ids in the order in which they are judged: as they are named, else in that of receipt; up to so
        many, and whether there are more."""
        found, is_cut = list(self.messages), False
        if self.problem is not None:
            found += services.store.problems.messages(self.problem)
        if self.search is not None:
            fitting = self.search.ids(services, limit)
            found, is_cut = [*found, *fitting.ids], fitting.is_cut
        each = tuple(dict.fromkeys(found))
        return Frozen(each[:limit], is_cut or len(each) > limit)

    @property
    def words(self) -> str:
        """What it is of, before it is known how many they are."""
        parts = (
            [f"message {self.messages[0]}" if len(self.messages) == 1 else "named messages"] if self.messages else []
        )
        parts += [f"problem {self.problem}"] if self.problem is not None else []
        parts += [self.search.words] if self.search is not None else []
        return " and ".join(parts) or "nothing"

    @property
    def as_query(self) -> dict[str, Any]:
        """The same as it stands in an address."""
        told: dict[str, Any] = dict(self.search.as_query) if self.search is not None else {}
        if self.messages:
            told["message"] = list(self.messages)
        if self.problem is not None:
            told["problem"] = self.problem
        return told


class BadQuery(ValueError):
    """What is wrong with what was asked, in a sentence."""


def wanted_from(query: Mapping[str, Sequence[str]]) -> Wanted:
    """What an address names: `message=ID` any number of times, `problem=FINGERPRINT`, or the filters of the messages'
    list (where the fingerprint is the only one of them, `fits=yes` stands beside it). Raises BadQuery."""
    named = [one.strip() for one in query.get("message", ()) if one.strip()]
    if len(named) > MOST_NAMED:
        raise BadQuery(f"{len(named):,} messages are named; {MOST_NAMED:,} may be, and any number by a search.")
    problem, again, fits = (_first(query, name) for name in ("problem", "again", _OF_SEARCH))
    if any(len(one) > _LONGEST_ID for one in (*named, problem or "", again or "")):
        raise BadQuery(f"An id has at most {_LONGEST_ID} characters.")
    search = _search(query)
    of_problem = problem is not None and not fits and search == Search(problem=problem)
    if named and search and not of_problem:
        raise BadQuery("Name messages, or say by filters which: not both.")
    if named or of_problem:
        return Wanted(tuple(dict.fromkeys(named)), problem)
    if again is not None:
        if search:
            raise BadQuery("What failed again in a replay can't be narrowed by filters.")
        return Wanted(search=FailedAgain(again))
    return Wanted(search=Fitting(search)) if search else Wanted()


def _first(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    return next((one.strip() for one in query.get(name, ()) if one.strip()), None)


def _search(query: Mapping[str, Sequence[str]]) -> Search:
    """The filters of the messages' list. Raises BadQuery where one isn't understood: passed over it would let through
    more than whoever asked meant."""
    unknown = [name for name, values in query.items() if name not in (*FILTERS, *_OTHERS) and any(values)]
    if unknown:
        raise BadQuery(f"There is no filter {unknown[0][:40]!r}; nothing is replayed by half of what was asked.")
    search, wrong = read_search(query, now_us())
    if wrong:
        name, said = next(iter(wrong.items()))
        raise BadQuery(f"The filter {name} can't be understood. {said}")
    return search
