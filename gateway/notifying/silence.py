"""Which accounts usually have sent by now and haven't, kept in a table so that a page needn't work it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.notifying.people import People, Whom
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.silences import Silence
from gateway.trade.silence import COMPARED, days_like, local_day, span_of, usual_by

_PAGE = 200


@dataclass(frozen=True, slots=True)
class _Expected:
    """What is expected of an account on one day of its own."""

    day: date
    usual_by: int | None
    """None: nothing, or it has come."""
    sent_days: int


def silent_accounts(services: Services, account_id: str | None = None) -> list[Silence]:
    """The accounts that are silent, what was missed first; or this one, where it is. Read from a table."""
    return services.store.silences.all(account_id)


class SilenceWatch:
    """Looks at every account now and then. One object a process, for one thread.

    What is expected of an account is worked out once a day, by a seek for each day that today is compared with; after
    that it is one seek a look, from when it was expected until it sends.
    """

    def __init__(self, services: Services, people: People | None = None) -> None:
        self._store = services.store
        self._people = people or People(services.store)
        self._expected: dict[Whom, _Expected] = {}

    def look(self, now: int | None = None) -> tuple[int, int]:
        """Note which accounts are silent at this moment, in microseconds since 1970; how many began to be and how many
        ended."""
        at = now_us() if now is None else now
        silent = {one.account_id: one for one in self._store.silences.all()}
        whom = {one.account_id: one for one in self._all() if one.silence}
        begun = [found for one in whom.values() if one.account_id not in silent and (found := self._silence(one, at))]
        ended = [one.account_id for one in silent.values() if self._is_over(one, whom.get(one.account_id), at)]
        self._store.silences.change(begun, ended)
        self._expected = {one: told for one, told in self._expected.items() if whom.get(one.account_id) == one}
        return len(begun), len(ended)

    def _all(self) -> Iterator[Whom]:
        after = ""
        while page := self._store.revisions.accounts_after(after, _PAGE):
            yield from (self._people.at(str(one["id"]), int(one["revision"])) for one in page)
            after = str(page[-1]["id"])

    def _silence(self, whom: Whom, at: int) -> Silence | None:
        day = local_day(at, whom.time_zone)
        expected = self._expected.get(whom)
        if expected is None or expected.day != day:
            expected = self._expected[whom] = self._expect(whom, day)
        if expected.usual_by is None or at < expected.usual_by:
            return None
        (today,) = self._store.silences.firsts(whom.account_id, [span_of(day, whom.time_zone)])
        if today is not None:
            self._expected[whom] = _Expected(day, None, expected.sent_days)
            return None
        last = self._store.silences.last(whom.account_id)
        return Silence(whom.account_id, expected.usual_by, expected.sent_days, COMPARED, at, last)

    def _expect(self, whom: Whom, day: date) -> _Expected:
        days = days_like(day, whom.calendar)
        spans = [span_of(one, whom.time_zone) for one in days]
        firsts = dict(zip(days, self._store.silences.firsts(whom.account_id, spans), strict=True))
        sent_days = sum(first is not None for first in firsts.values())
        return _Expected(day, usual_by(day, whom.time_zone, firsts), sent_days)

    def _is_over(self, silence: Silence, whom: Whom | None, at: int) -> bool:
        """It has sent since the day began on which it was missed, or nobody wants to know any more."""
        if whom is None:
            return True
        begins, _ = span_of(local_day(silence.usual_by, whom.time_zone), whom.time_zone)
        return self._store.silences.firsts(whom.account_id, [(begins, at + 1_000_000)])[0] is not None
