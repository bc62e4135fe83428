"""What our people are told: what is open, and its notices on their way.

A notice is there once: it is made in the transaction that marks what it tells of as told, and its key is unique.
Whoever sends one has a lease on it; one that its process didn't live to tell of is sent again with the same id, so that
the receiver can tell. Due times and leases are the lease clock's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.clock import LeaseClock
from gateway.store.database import Collision, Database
from gateway.store.ids import id_from, new_id, now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import notice_subjects, notices

DIGEST = "notice_digest"
"""The kind of the timers that say when an account's next digest is due."""
_SPARE_SECONDS = 30.0
"""So much longer than an attempt may take a notice is its sender's: what became of it has to be kept as well."""
_LISTED = "id, account_id, kind, channel, recipient, status, attempts, body, detail, created_at, sent_at"
_OPEN = "status IN ('waiting', 'sending')"


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is open, or was until lately. Times are microseconds since 1970."""

    subject: str
    account_id: str
    opened_at: int
    told_at: int | None
    gone_at: int | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """A notice to be made. `key` is what is told to whom, `body` what is told, as JSON."""

    key: str
    account_id: str
    kind: str
    channel: str
    recipient: str
    body: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it stands."""

    id: str
    account_id: str
    kind: str
    channel: str
    recipient: str
    status: str
    attempts: int
    body: str
    detail: str | None
    created_at: int
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class ClaimedNotice:
    """A notice that this process is to send; `attempt` counts from 1."""

    id: str
    account_id: str
    kind: str
    channel: str
    recipient: str
    attempt: int
    body: str
    created_at: int
    lease_id: str


class Notices:
    """The repository of notices. One object a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = LeaseClock(is_sqlite=database.is_sqlite)

    # --- what is open -------------------------------------------------------------------------------------------
    def subjects(self) -> list[Subject]:
        """All that is open, or whose end was not told yet."""
        query = "SELECT subject, account_id, opened_at, told_at, gone_at, body FROM notice_subjects ORDER BY subject"
        with self._database.read() as connection:
            return [Subject(*row) for row in fetch(connection, query)]

    def note(
        self,
        opened: Sequence[tuple[str, str, str]],
        said: Sequence[tuple[str, str]],
        gone: Collection[str],
        dropped: Collection[str],
        at: int,
    ) -> None:
        """What was seen at this moment: new (subject, account, body); (subject, body) of what is open and says
        something else now; those that aren't open any more; and those that nobody was told of and that need not be
        told any more."""
        if not (opened or said or gone or dropped):
            return
        with self._database.write_lightly() as connection:
            rows = [(subject, account_id, at, None, None, body) for subject, account_id, body in opened]
            insert(connection, notice_subjects, rows, skip_conflicts=True)
            text = "UPDATE notice_subjects SET body = ?, gone_at = NULL WHERE subject = ?"
            run(connection, text, [(body, subject) for subject, body in said])
            text = "UPDATE notice_subjects SET gone_at = ? WHERE subject = ? AND gone_at IS NULL"
            run(connection, text, [(at, subject) for subject in gone])
            text = "DELETE FROM notice_subjects WHERE subject = ? AND told_at IS NULL"
            run(connection, text, [(subject,) for subject in dropped])

    # --- making -------------------------------------------------------------------------------------------------
    def tell_opened(
        self,
        told: Sequence[Subject],
        made: Sequence[NewNotice],
        account_id: str,
        next_digest: int,
        at: int,
        *,
        restarts: bool,
    ) -> None:
        """Mark these as told and make their notices; the account's next digest is due at that time, or where one is
        due already and it doesn't `restart`, then. Raises Collision where somebody else has told of one: nothing is
        written."""
        with self._database.write() as connection:
            text = (
                "UPDATE notice_subjects SET told_at = ? WHERE subject = ? AND opened_at = ? AND told_at IS NULL "
                "AND gone_at IS NULL"
            )
            _all_of(told, run(connection, text, [(at, one.subject, one.opened_at) for one in told]))
            self._make(connection, made, at)
            meets = "(kind, subject) DO UPDATE SET due_at = excluded.due_at" if restarts else "DO NOTHING"
            timer = f"INSERT INTO timers (kind, subject, due_at, body) VALUES (?, ?, ?, '') ON CONFLICT {meets}"
            run(connection, timer, [(DIGEST, account_id, next_digest)])

    def tell_resolved(self, told: Sequence[Subject], made: Sequence[NewNotice], at: int) -> None:
        """Forget these, because they are over, and make the notices of that. Raises Collision where one of them is open
        again, or somebody else has told of it."""
        with self._database.write() as connection:
            text = "DELETE FROM notice_subjects WHERE subject = ? AND opened_at = ? AND gone_at = ?"
            _all_of(told, run(connection, text, [(one.subject, one.opened_at, one.gone_at) for one in told]))
            self._make(connection, made, at)

    def digests_due(self, at: int) -> list[tuple[str, int]]:
        """(account, when it was due) of the digests that are due at this moment, the longest due first."""
        query = "SELECT subject, due_at FROM timers WHERE kind = ? AND due_at <= ? ORDER BY due_at, subject"
        with self._database.read() as connection:
            return [(row[0], row[1]) for row in fetch(connection, query, [DIGEST, at])]

    def tell_digest(
        self, account_id: str, due_at: int, next_at: int | None, made: Sequence[NewNotice], at: int
    ) -> None:
        """Make a digest that was due then; the next one is due at that time, or none is. Raises Collision where
        somebody else has."""
        with self._database.write() as connection:
            mine = (DIGEST, account_id, due_at)
            if next_at is None:
                touched = run(connection, "DELETE FROM timers WHERE kind = ? AND subject = ? AND due_at = ?", [mine])
            else:
                text = "UPDATE timers SET due_at = ? WHERE kind = ? AND subject = ? AND due_at = ?"
                touched = run(connection, text, [(next_at, *mine)])
            _all_of([account_id], touched)
            self._make(connection, made, at)

    def _make(self, connection: Connection, made: Sequence[NewNotice], at: int) -> None:
        rows = [
            (
                *(new_id(), one.key, one.account_id, one.kind, one.channel, one.recipient, "waiting", 0, 0, None),
                *(None, None, None, one.body, None, at, None),
            )
            for one in made
        ]
        insert(connection, notices, rows, skip_conflicts=True)

    # --- sending ------------------------------------------------------------------------------------------------
    def claim(self, channel: str, seconds: float) -> ClaimedNotice | None:
        """The notice of this channel that is due for longest, for so many seconds the caller's; also one whose sender
        didn't live to tell what became of it. None where none is due."""
        now, moment = self._clock.now()
        boot, lease_id = self._clock.boot, new_id()
        ready = (
            f"((status = 'waiting' AND (not_before <= {now} OR COALESCE(not_before_boot, '') <> ?)) OR "
            f"(status = 'sending' AND (leased_until <= {now} OR COALESCE(lease_boot, '') <> ?)))"
        )
        is_ready = [*moment, boot, *moment, boot]
        query = f"SELECT id FROM notices WHERE {_OPEN} AND channel = ? AND {ready} ORDER BY not_before, id LIMIT 1"
        with self._database.read() as connection:
            found = fetch(connection, query, [channel, *is_ready])
        if not found:
            return None
        lasts = int((seconds + _SPARE_SECONDS) * 1000)
        with self._database.write_lightly() as connection:
            text = (
                f"UPDATE notices SET status = 'sending', attempts = attempts + 1, lease_id = ?, "
                f"leased_until = {now} + ?, lease_boot = ? WHERE id = ? AND {_OPEN} AND {ready}"
            )
            if run(connection, text, [(lease_id, *moment, lasts, boot, found[0][0], *is_ready)]) != 1:
                return None
            query = (
                "SELECT id, account_id, kind, channel, recipient, attempts, body, created_at, lease_id "
                "FROM notices WHERE id = ?"
            )
            row = fetch(connection, query, [found[0][0]])[0]
        return ClaimedNotice(*row)

    def settle(self, claimed: ClaimedNotice, status: str, detail: str, wait_seconds: float | None = None) -> bool:
        """What became of an attempt: `sent`, `given_up`, or `waiting` for the next one. False where the notice was
        somebody else's by then."""
        at = now_us()
        waits = 0 if wait_seconds is None else int(wait_seconds * 1000)
        now, moment = self._clock.now()
        text = (
            f"UPDATE notices SET status = ?, detail = ?, not_before = {now} + ?, not_before_boot = ?, lease_id = NULL, "
            "leased_until = NULL, lease_boot = NULL, sent_at = ? WHERE id = ? AND lease_id = ?"
        )
        sent_at = at if status == "sent" else None
        row = (status, detail, *moment, waits, self._clock.boot or None, sent_at, claimed.id, claimed.lease_id)
        with self._database.write() as connection:
            return run(connection, text, [row]) == 1

    def give_up(self, channel: str, made_before: int, detail: str) -> int:
        """Give up what waits on this channel and was made before that moment; how many they were."""
        text = (
            "UPDATE notices SET status = 'given_up', detail = ? "
            "WHERE status = 'waiting' AND channel = ? AND created_at < ?"
        )
        query = "SELECT 1 FROM notices WHERE status = 'waiting' AND channel = ? AND created_at < ? LIMIT 1"
        with self._database.read() as connection:
            if not fetch(connection, query, [channel, made_before]):
                return 0
        with self._database.write() as connection:
            return run(connection, text, [(detail, channel, made_before)])

    def drop_old(self, made_before: int, at_once: int = 1000) -> int:
        """Forget what was settled and is older than that moment, so many at once; how many they were."""
        query = f"SELECT id FROM notices WHERE status = ? AND id < ? ORDER BY id LIMIT {int(at_once)}"
        with self._database.read() as connection:
            old = [
                row
                for status in ("sent", "given_up")
                for row in fetch(connection, query, [status, id_from(made_before)])
            ]
        if old:
            with self._database.write() as connection:
                run(connection, "DELETE FROM notices WHERE id = ?", old)
        return len(old)

    # --- looking ------------------------------------------------------------------------------------------------
    def page(
        self,
        *,
        account_id: str | None = None,
        status: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Notice]:
        """Notices, newest first: of an account, of those that stand so, behind that id."""
        named: list[Any] = []
        conditions = ["1 = 1"]
        for column, value in (("account_id", account_id), ("status", status)):
            if value is not None:
                conditions.append(f"{column} = ?")
                named.append(value)
        if before is not None:
            conditions.append("id < ?")
            named.append(before)
        query = f"SELECT {_LISTED} FROM notices WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
        with self._database.read() as connection:
            return [Notice(*row) for row in fetch(connection, query, [*named, limit])]

    def counts(self) -> dict[str, int]:
        """How many wait or are being sent, and how many were given up."""
        query = "SELECT count(*) FROM notices WHERE status = ?"
        with self._database.read() as connection:
            waiting, sending, given_up = (
                int(fetch(connection, query, [one])[0][0]) for one in ("waiting", "sending", "given_up")
            )
        return {"waiting": waiting + sending, "given_up": given_up}

    def oldest_waiting(self) -> dict[str, tuple[int, int]]:
        """Channel → how many of its notices are not sent yet, and when the oldest of them was made."""
        query = f"SELECT channel, count(*), min(created_at) FROM notices WHERE {_OPEN} GROUP BY channel"
        with self._database.read() as connection:
            return {row[0]: (int(row[1]), row[2]) for row in fetch(connection, query)}


def _all_of(wanted: Sequence[Any], touched: int) -> None:
    if touched != len(wanted):
        raise Collision(f"{len(wanted) - touched} of {len(wanted)} were told of meanwhile")
