"""Places that orders are picked up from: which is due, who looks at it now, how it stands, and the files that are on
their way from there.

A look is claimed by a lease, so that no two processes take from one place at once. Due times and leases are the lease
clock's. A file's row is written before the file is read and goes when it is moved: whoever finds the file again, in the
same state, knows that somebody began with it and didn't live to tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gateway.store.audit import Audit
from gateway.store.clock import LeaseClock
from gateway.store.database import Database
from gateway.store.fault_rows import fingerprint, storable
from gateway.store.ids import new_id, now_us
from gateway.store.leases import LeaseLost
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import pickup_files, pickups
from schemas.faults import Fault

PickupKey = tuple[str, str]
"""Account and endpoint."""
TOLD_AFTER_SECONDS = 900
"""A place that fails for so long is somebody's to mend."""
FAILED, REFUSED = "pickup_failed", "pickup_refused"
_DETAIL = 500
_KEPT = "account_id = ? AND endpoint = ?"
FileStatus = Literal["taking", "stored", "unfit", "refused"]
"""taking: somebody began with it. stored: it is a message, and is to be moved. unfit: nobody can take it, and it is to
be moved. refused: it was moved, and a person should look at it."""


@dataclass(frozen=True, slots=True)
class PickupLease:
    """The right to look at one place, for a while."""

    id: str
    account_id: str
    endpoint: str
    failures: int
    """Looks in a row that failed, before this one."""

    @property
    def key(self) -> PickupKey:
        return self.account_id, self.endpoint


@dataclass(frozen=True, slots=True)
class PickupFile:
    """A file from there, from before it is read until it is moved."""

    id: str
    name: str
    status: FileStatus
    began_at: int
    message_id: str | None = None
    detail: str | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class PickupState:
    """How a place stands. Times are microseconds since 1970."""

    account_id: str
    endpoint: str
    place: str
    looked_at: int | None
    succeeded_at: int | None
    failures: int
    failing_since: int | None
    detail: str | None
    due_in_seconds: float
    is_being_looked_at: bool
    unmoved: int = 0
    """Files that were taken, or can't be, and could not be moved."""
    refused: int = 0
    """Files that nobody could take, until a person says that they were seen."""


@dataclass(frozen=True, slots=True)
class PickupProblem:
    """A place that fails, or files from there that nobody could take."""

    fingerprint: str
    account_id: str
    code: str
    endpoint: str
    files: int
    first_at: int
    last_at: int
    detail: str


class Pickups:
    """The repository of places. One object a process."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database, self._audit = database, audit
        self._clock = LeaseClock(is_sqlite=database.is_sqlite)

    # --- which there are ----------------------------------------------------------------------------------------
    def know(self, places: Mapping[PickupKey, str]) -> None:
        """Have a row for each of these places, (account, endpoint) → kind, and for no other; what was refused at those
        that are gone stays until it was seen."""
        with self._database.read() as connection:
            known = {(row[0], row[1]) for row in fetch(connection, "SELECT account_id, endpoint FROM pickups")}
        if known == places.keys():
            return
        with self._database.write_lightly() as connection:
            new = [
                (*key, place, 0, None, None, None, None, None, None, 0, None, None)
                for key, place in places.items()
                if key not in known
            ]
            insert(connection, pickups, new, skip_conflicts=True)
            gone = sorted(known - places.keys())
            run(connection, f"DELETE FROM pickups WHERE {_KEPT}", gone)
            run(connection, f"DELETE FROM pickup_files WHERE {_KEPT} AND status IN ('taking', 'stored')", gone)

    # --- looks --------------------------------------------------------------------------------------------------
    def claim(self, keys: Collection[PickupKey], most: int, seconds: float) -> list[PickupLease]:
        """Up to so many of these places that are due and that nobody looks at, the longest due first; they are the
        caller's for so many seconds."""
        if most <= 0 or not keys:
            return []
        with self._database.read() as connection:
            now, moment = self._clock.now()
            query = (
                f"SELECT account_id, endpoint FROM pickups WHERE {_is_due(now)} AND {_is_free(now)} "
                "ORDER BY due_at, account_id, endpoint"
            )
            parameters = [*moment, self._clock.boot, *moment, self._clock.boot]
            due = [(row[0], row[1]) for row in fetch(connection, query, parameters)]
        claimed = (self._claim(key, seconds, only_due=True) for key in [one for one in due if one in keys][:most])
        return [lease for lease in claimed if lease is not None]

    def claim_now(self, key: PickupKey, seconds: float) -> PickupLease | None:
        """This place, due or not; None where somebody looks at it."""
        return self._claim(key, seconds, only_due=False)

    def _claim(self, key: PickupKey, seconds: float, *, only_due: bool) -> PickupLease | None:
        lease_id = new_id()
        with self._database.write_lightly() as connection:
            now, moment = self._clock.now()
            due = f" AND {_is_due(now)}" if only_due else ""
            text = (
                f"UPDATE pickups SET lease_id = ?, leased_until = {now} + ?, lease_boot = ? "
                f"WHERE {_KEPT} AND {_is_free(now)}{due}"
            )
            boot = self._clock.boot
            set_to = (lease_id, *moment, int(seconds * 1000), boot)
            parameters = (*set_to, *key, *moment, boot, *((*moment, boot) if only_due else ()))
            if run(connection, text, [parameters]) != 1:
                return None
            failures = fetch(connection, f"SELECT failures FROM pickups WHERE {_KEPT}", key)[0][0]
        return PickupLease(lease_id, *key, failures)

    def end(
        self, lease: PickupLease, told: Sequence[PickupFile], gone: Iterable[str], detail: str | None, wait: float
    ) -> None:
        """The look is over: how its files stand, those of which nothing is left to be known, what is wrong (`detail`),
        and after how many seconds the next look is due. Raises LeaseLost where the place was somebody else's by then.
        """
        at = now_us()
        with self._database.write_lightly() as connection:
            now, moment = self._clock.now()
            text = (
                "UPDATE pickups SET looked_at = ?, succeeded_at = COALESCE(?, succeeded_at), failures = ?, "
                "failing_since = CASE WHEN ? = 0 THEN NULL ELSE COALESCE(failing_since, ?) END, detail = ?, "
                f"due_at = {now} + ?, due_boot = ?, lease_id = NULL, leased_until = NULL, lease_boot = NULL "
                f"WHERE {_KEPT} AND lease_id = ?"
            )
            failures = 0 if detail is None else lease.failures + 1
            said = _as_kept(detail)
            due = (*moment, int(wait * 1000), self._clock.boot)
            succeeded = at if detail is None else None
            row = (at, succeeded, failures, failures, at, said, *due, *lease.key, lease.id)
            if run(connection, text, [row]) != 1:
                raise LeaseLost(lease.id)
            self._tell(connection, told)
            run(connection, "DELETE FROM pickup_files WHERE id = ?", [(one,) for one in gone])

    def release(self, leases: Sequence[PickupLease]) -> None:
        """Looks that nobody can tell the end of: the places are due again."""
        text = f"UPDATE pickups SET lease_id = NULL, due_at = 0 WHERE {_KEPT} AND lease_id = ?"
        with self._database.write_lightly() as connection:
            run(connection, text, [(*lease.key, lease.id) for lease in leases])

    # --- files --------------------------------------------------------------------------------------------------
    def files(self, key: PickupKey) -> dict[str, PickupFile]:
        """Id → what is known of the files there that somebody began with."""
        query = (
            "SELECT id, name, status, began_at, message_id, detail, moved_to FROM pickup_files "
            f"WHERE {_KEPT} AND status IN ('taking', 'stored', 'unfit')"
        )
        with self._database.read() as connection:
            return {row[0]: PickupFile(*row) for row in fetch(connection, query, key)}

    def begin(self, key: PickupKey, files: Sequence[PickupFile]) -> None:
        """Say that these are about to be read. It is on disk before what comes of them is."""
        rows = [(one.id, *key, one.name, one.status, one.began_at, None, None, None) for one in files]
        with self._database.write_lightly() as connection:
            insert(connection, pickup_files, rows, skip_conflicts=True)

    def tell(self, told: Sequence[PickupFile]) -> None:
        """How these files stand by now, durably."""
        with self._database.write() as connection:
            self._tell(connection, told)

    @staticmethod
    def _tell(connection: Any, told: Sequence[PickupFile]) -> None:
        text = "UPDATE pickup_files SET status = ?, message_id = ?, detail = ?, moved_to = ? WHERE id = ?"
        rows = [(one.status, one.message_id, _as_kept(one.detail), one.moved_to, one.id) for one in told]
        run(connection, text, rows)

    def taken_since(self, account_id: str, *, test: bool, key: str, since: int) -> tuple[str, bool] | None:
        """(message, whether its bytes can't be read) of what was kept under this Idempotency-Key since then; None where
        nothing was."""
        query = (
            "SELECT m.id, EXISTS (SELECT 1 FROM faults f WHERE f.message_id = m.id AND f.run = 1 "
            "AND f.stage = 'receive') FROM messages m "
            "WHERE m.account_id = ? AND m.test = ? AND m.idempotency_key = ? AND m.received_at >= ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [account_id, int(test), key, since])
        return (rows[0][0], bool(rows[0][1])) if rows else None

    # --- how they stand -----------------------------------------------------------------------------------------
    def all(self, account_id: str | None = None) -> list[PickupState]:
        """Every place, by account."""
        own, named = ("", []) if account_id is None else (" WHERE account_id = ?", [account_id])
        with self._database.snapshot() as connection:
            now, moment = self._clock.now()
            query = (
                "SELECT account_id, endpoint, place, looked_at, succeeded_at, failures, failing_since, detail, "
                f"CASE WHEN due_boot = ? AND due_at > {now} THEN due_at - {now} ELSE 0 END, "
                f"lease_id IS NOT NULL AND lease_boot = ? AND leased_until > {now} FROM pickups{own} "
                "ORDER BY account_id, endpoint"
            )
            boot = self._clock.boot
            rows = fetch(connection, query, [boot, *moment, *moment, boot, *moment, *named])
            counts = fetch(
                connection,
                "SELECT account_id, endpoint, sum(CASE WHEN status IN ('stored', 'unfit') THEN 1 ELSE 0 END), "
                f"sum(CASE WHEN status = 'refused' THEN 1 ELSE 0 END) FROM pickup_files{own} GROUP BY 1, 2",
                named,
            )
        files = {(row[0], row[1]): (int(row[2]), int(row[3])) for row in counts}
        return [_state(row, *files.get((row[0], row[1]), (0, 0))) for row in rows]

    def failing(self) -> dict[str, int]:
        """Account → how many of its places fail just now; accounts without any are left out."""
        query = "SELECT account_id, count(*) FROM pickups WHERE failing_since IS NOT NULL GROUP BY account_id"
        with self._database.read() as connection:
            return {row[0]: int(row[1]) for row in fetch(connection, query)}

    def refused(self, account_id: str | None = None) -> list[tuple[str, PickupFile]]:
        """(endpoint, file) of the files that nobody could take and no person has seen yet, the oldest first."""
        own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
        query = (
            "SELECT endpoint, id, name, status, began_at, message_id, detail, moved_to FROM pickup_files "
            f"WHERE status IN ('unfit', 'refused'){own} ORDER BY began_at, name LIMIT 1000"
        )
        with self._database.read() as connection:
            return [(row[0], PickupFile(*row[1:])) for row in fetch(connection, query, named)]

    def dismiss(self, account_id: str, actor: str, reason: str) -> int:
        """Forget the account's files that were refused and moved, on record with their names; how many they were."""
        with self._database.write() as connection:
            query = "SELECT name, moved_to FROM pickup_files WHERE account_id = ? AND status = 'refused' ORDER BY name"
            files = [{"name": row[0], "moved_to": row[1]} for row in fetch(connection, query, [account_id])]
            if files:
                run(connection, "DELETE FROM pickup_files WHERE account_id = ? AND status = 'refused'", [(account_id,)])
                body = {"reason": reason, "files": files}
                self._audit.note(connection, f"pickup/{account_id}", "refused_files_dismissed", actor, body)
            return len(files)

    def problems(self, account_id: str | None = None, fingerprint: str | None = None) -> list[PickupProblem]:
        """Places that have failed for TOLD_AFTER_SECONDS, and those whose files nobody could take."""
        found = [*self._failed(account_id), *self._refusals(account_id)]
        return [one for one in found if fingerprint in (None, one.fingerprint)]

    def _failed(self, account_id: str | None) -> Iterator[PickupProblem]:
        before = now_us() - TOLD_AFTER_SECONDS * 1_000_000
        for one in self.all(account_id):
            if one.failing_since is not None and one.failing_since <= before:
                last = one.looked_at or one.failing_since
                yield _problem(one.account_id, FAILED, one.endpoint, 0, one.failing_since, last, one.detail or "")

    def _refusals(self, account_id: str | None) -> Iterator[PickupProblem]:
        own, named = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
        query = (
            "SELECT account_id, endpoint, count(*), min(began_at), max(began_at) FROM pickup_files "
            f"WHERE status IN ('unfit', 'refused'){own} GROUP BY 1, 2"
        )
        newest = (
            f"SELECT name, detail FROM pickup_files WHERE {_KEPT} AND status IN ('unfit', 'refused') "
            "ORDER BY began_at DESC, name LIMIT 1"
        )
        with self._database.snapshot() as connection:
            for account, endpoint, count, first, last in fetch(connection, query, named):
                ((name, detail),) = fetch(connection, newest, [account, endpoint])
                yield _problem(account, REFUSED, endpoint, int(count), first, last, f"{name} {detail or ''}".strip())


def _as_kept(said: str | None) -> str | None:
    """Somebody else's words as every database takes them."""
    return None if said is None else storable(said[:_DETAIL])


def _state(row: Sequence[Any], unmoved: int, refused: int) -> PickupState:
    account_id, endpoint, place, looked_at, succeeded_at, failures, failing_since, detail, due_in_ms, is_leased = row
    return PickupState(
        *(account_id, endpoint, place, looked_at, succeeded_at, failures, failing_since, detail),
        float(due_in_ms) / 1000,
        bool(is_leased),
        unmoved,
        refused,
    )


def _problem(
    account_id: str, code: str, endpoint: str, files: int, first_at: int, last_at: int, detail: str
) -> PickupProblem:
    cause = fingerprint(account_id, Fault(code, "", value=endpoint))
    return PickupProblem(cause, account_id, code, endpoint, files, first_at, last_at, detail)


def _is_due(now: str) -> str:
    return f"(due_at <= {now} OR COALESCE(due_boot, '') <> ?)"


def _is_free(now: str) -> str:
    return f"(lease_id IS NULL OR leased_until <= {now} OR COALESCE(lease_boot, '') <> ?)"
