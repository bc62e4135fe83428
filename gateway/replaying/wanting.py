"""What somebody asks to have judged again: messages by their ids, a problem's, or those that a search finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.services import Services
from gateway.states import STATUSES

MOST_MESSAGES = 50_000
"""Messages of one replay."""
MOST_NAMED = 1_000
"""Of these, so many that are named one by one."""
_AT_ONCE = 500
_LONGEST_ID = 100
_REPLAYABLE = ("held", "failed", "rejected")


class Search(Protocol):
    """What finds messages: the filters of their list."""

    def ids(self, services: Services, limit: int) -> list[str]:
        """The messages' ids, newest first, up to so many."""

    @property
    def words(self) -> str:
        """What is looked for, in words."""

    @property
    def as_query(self) -> Mapping[str, str]:
        """The same as it stands in an address."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Messages of an account, in a state."""

    account: str | None = None
    status: str | None = None

    def ids(self, services: Services, limit: int) -> list[str]:
        found: list[str] = []
        statuses = [self.status] if self.status else _REPLAYABLE
        for status in statuses:
            before = None
            while len(found) < limit:
                page = services.store.messages.page(
                    account_id=self.account, status=status, before=before, limit=min(_AT_ONCE, limit - len(found))
                )
                found += [one.id for one in page]
                if not page:
                    break
                before = page[-1].id
        return found

    @property
    def words(self) -> str:
        whose = f"messages of {self.account}" if self.account else "messages"
        state = self.status or "held, failed or rejected"
        return f"all {whose} that are {state}"

    @property
    def as_query(self) -> Mapping[str, str]:
        told = {"account": self.account, "status": self.status}
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class FailedAgain:
    """What failed again in an earlier replay."""

    replay_id: str

    def ids(self, services: Services, limit: int) -> list[str]:
        found = services.store.replays.messages(self.replay_id, state="failed", limit=limit)
        return [one.message_id for one in found]

    @property
    def words(self) -> str:
        return f"what failed again in replay {self.replay_id}"

    @property
    def as_query(self) -> Mapping[str, str]:
        return {"again": self.replay_id}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of the three; nothing at all where none is named."""

    messages: tuple[str, ...] = ()
    problem: str | None = None
    search: Search | None = None

    @classmethod
    def of_messages(cls, message_ids: Iterable[str]) -> Wanted:
        """These, each once, in their order."""
        return cls(messages=tuple(dict.fromkeys(message_ids)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named."""
        return not self.messages and self.problem is None and self.search is None

    def ids(self, services: Services, limit: int = MOST_MESSAGES) -> list[str]:
        """The messages' ids in the order in which they are judged: as they are named, else in that of receipt; up to so
        many."""
        found = list(self.messages)
        if self.problem is not None:
            found += services.store.problems.messages(self.problem)
        if self.search is not None:
            found += sorted(self.search.ids(services, limit))
        return list(dict.fromkeys(found))[:limit]

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


def wanted_from(query: Mapping[str, list[str]]) -> Wanted:
    """What an address names: `message=ID` any number of times, `problem=FINGERPRINT`, or the filters of the messages'
    list. Raises BadQuery."""
    named = [one.strip() for one in query.get("message", []) if one.strip()]
    if len(named) > MOST_NAMED:
        raise BadQuery(f"{len(named):,} messages are named; {MOST_NAMED:,} may be, and any number by a search.")
    problem = next((one.strip() for one in query.get("problem", []) if one.strip()), None)
    again = next((one.strip() for one in query.get("again", []) if one.strip()), None)
    if any(len(one) > _LONGEST_ID for one in (*named, problem or "", again or "")):
        raise BadQuery(f"An id has at most {_LONGEST_ID} characters.")
    if named or problem is not None:
        return Wanted(tuple(dict.fromkeys(named)), problem)
    if again is not None:
        return Wanted(search=FailedAgain(again))
    return Wanted(search=_search(query))


def _search(query: Mapping[str, list[str]]) -> Search | None:
    """The filters of the messages' list; None where there is none."""
    told = {name: next(iter(query.get(name, [])), "").strip() or None for name in ("account", "status")}
    if told["status"] is not None and told["status"] not in STATUSES:
        raise BadQuery(f"No message has the status {told['status'][:40]}.")
    if not any(told.values()):
        return None
    return Filters(told["account"], told["status"])
