"""Making notices: what is new is told, what is still open is told once an hour, what is over is told.

Several schedulers may look at once: what one has told of is marked in the transaction that makes its notices, and the
others find that out when they write. A burst of one cause is one notice; causes of an account that open within a minute
are told together. What is over within that minute is told to nobody, and what comes back within a minute of being over
was never over.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from gateway.notifying.gathering import everything_open
from gateway.notifying.people import People, Whom
from gateway.notifying.told import Open, Told, by_account, told_of
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.ids import now_us
from gateway.store.notices import NewNotice, Subject

GATHERED_US = 60_000_000
"""So long a cause waits for others of its account, to be told with them."""
OVER_US = 60_000_000
"""So long something must be gone to be over."""
DIGEST_US = 3_600_000_000

logger = logging.getLogger(__name__)

Found = Mapping[str, Open]


class Noticing:
    """One look after the other at what is open. One object a process, for one thread."""

    def __init__(self, services: Services, people: People | None = None) -> None:
        self._services, self._store = services, services.store.notices
        self._people = people or People(services.store)
        self._whom: dict[str, Whom] = {}
        """Who is told of each account, as of the present look."""

    def look(self, now: int | None = None) -> int:
        """Note what is open at this moment, in microseconds since 1970, and make the notices that are due; how many."""
        at = now_us() if now is None else now
        found = {one.subject: one for one in everything_open(self._services, at)}
        before = self._store.subjects()
        self._whom = self._people.several(
            [*(one.account_id for one in found.values()), *(one.account_id for one in before)]
        )
        self._note({one.subject: one for one in before}, found, at)
        known = [one for one in self._store.subjects() if one.account_id in self._whom]
        return (
            self._tell_opened(known, found, at) + self._tell_resolved(known, at) + self._tell_digests(known, found, at)
        )

    def _note(self, known: Mapping[str, Subject], found: Found, at: int) -> None:
        new = [one for subject, one in sorted(found.items()) if subject not in known and not one.is_quiet]
        there = [(one, found[subject]) for subject, one in known.items() if subject in found]
        dropped = [one.subject for one, now in there if one.told_at is None and now.is_quiet]
        gone = [one for subject, one in known.items() if subject not in found]
        self._store.note(
            [(one.subject, one.account_id, self._text(one)) for one in new],
            [
                (one.subject, self._text(now))
                for one, now in there
                if one.gone_at is not None or one.body != self._text(now)
            ],
            [one.subject for one in gone if one.told_at is not None and one.gone_at is None],
            [*dropped, *(one.subject for one in gone if one.told_at is None)],
            at,
        )

    def _text(self, one: Open) -> str:
        return self._told(one.account_id, [one]).as_text()

    # --- telling ------------------------------------------------------------------------------------------------
    def _tell_opened(self, known: Sequence[Subject], found: Found, at: int) -> int:
        made = 0
        waits = [one for one in known if one.told_at is None and one.subject in found]
        digested = {one.account_id for one in known if one.told_at is not None and one.gone_at is None}
        for account_id, own in by_account(found[one.subject] for one in waits):
            marks = [one for one in waits if one.account_id == account_id]
            if any(_is_past(one.opened_at, GATHERED_US, at) for one in marks):
                notices = self._notices("opened", self._told(account_id, own), _times_of(marks))
                restarts, following = account_id not in digested, at + DIGEST_US
                tell = partial(self._store.tell_opened, marks, notices, account_id, following, at, restarts=restarts)
                made += _wrote(tell, notices)
        return made

    def _tell_resolved(self, known: Sequence[Subject], at: int) -> int:
        made = 0
        over = [one for one in known if one.told_at is not None and one.gone_at and _is_past(one.gone_at, OVER_US, at)]
        items = [item for one in over for item in Told.of_text(one.body).items]
        for account_id, own in by_account(items):
            marks = [one for one in over if one.account_id == account_id]
            notices = self._notices("resolved", self._told(account_id, own), _times_of(marks))
            made += _wrote(partial(self._store.tell_resolved, marks, notices, at), notices)
        return made

    def _tell_digests(self, known: Sequence[Subject], found: Found, at: int) -> int:
        made = 0
        told = [one for one in known if one.told_at is not None and one.gone_at is None and one.subject in found]
        open_now = dict(by_account(found[one.subject] for one in told))
        for account_id, due_at in self._store.digests_due(at):
            if account_id not in open_now:
                made += _wrote(partial(self._store.tell_digest, account_id, due_at, None, [], at), [])
                continue
            own = [one for one in open_now[account_id] if not one.is_quiet]
            notices = self._notices("digest", self._told(account_id, own), str(due_at)) if own else []
            made += _wrote(partial(self._store.tell_digest, account_id, due_at, at + DIGEST_US, notices, at), notices)
        return made

    # --- to whom ------------------------------------------------------------------------------------------------
    def _told(self, account_id: str, own: Sequence[Open]) -> Told:
        whom = self._whom[account_id]
        return told_of(account_id, whom.name, whom.time_zone, own)

    def _notices(self, kind: str, told: Told, times: str) -> list[NewNotice]:
        """One for each of whom it is told."""
        return [
            NewNotice(
                key=f"{kind}/{told.account_id}/{times}/{channel}/{recipient}",
                account_id=told.account_id,
                kind=kind,
                channel=channel,
                recipient=recipient,
                body=told.as_text(),
            )
            for channel, recipient in self._recipients(kind, told.account_id)
        ]

    def _recipients(self, kind: str, account_id: str) -> Iterator[tuple[str, str]]:
        """(channel, recipient). Without a mail server what opened waits for one; a digest would be old by then."""
        whom = self._whom[account_id]
        if kind != "digest" or self._services.calls.mail is not None:
            for email in whom.emails:
                yield "email", email
        if whom.webhook and self._services.notices.webhook:
            yield "webhook", ""


def _wrote(write: Callable[[], None], notices: Sequence[NewNotice]) -> int:
    """How many notices this one made: none where another scheduler has, or what they tell of is otherwise by now."""
    try:
        write()
    except Collision as other:
        logger.info("Notices were made elsewhere (%s)", other)
        return 0
    return len(notices)


def _times_of(marks: Sequence[Subject]) -> str:
    """What tells this notice apart from one of the same causes another time."""
    times = "\n".join(f"{one.subject} {one.opened_at}" for one in sorted(marks, key=lambda one: one.subject))
    return hashlib.sha256(times.encode()).hexdigest()[:32]


def _is_past(since: int, wait: int, at: int) -> bool:
    """Also where the clock was put back behind it: nothing waits for it to come round again."""
    return at >= since + wait or at < since
