"""Replays: a set of messages that is frozen when it is begun, asked for a chunk at a time, and what came of each.

Whoever does a chunk writes in one transaction which messages are judged again (each by an event in its own chain, and
one run further), which are passed over, what came of those asked before, and the counts. A message is asked for only
where it is still in the run that the set was frozen with: so no replay asks for one twice, whatever is killed when, and
of two replays of one message the second passes it over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.engine import Connection

from gateway.states import advance
from gateway.store.audit import Audit
from gateway.store.chain import next_event
from gateway.store.chunk_leases import ChunkLeases
from gateway.store.database import Collision, Database
from gateway.store.erasable import judged_by
from gateway.store.ids import new_id, now_us
from gateway.store.leases import LeaseLost
from gateway.store.open_causes import JUDGED_AGAIN, wait_no_more
from gateway.store.statements import fetch, insert, one_of, run, values
from gateway.store.tables import events, replay_messages, replays

Status = Literal["waiting", "running", "paused", "stopped", "done", "cancelled"]
Mapped = Literal["current", "pinned"]
MOST_LOST = 10
"""Workers lost one after the other with a replay, after which it stops."""
UNDER_WAY = ("waiting", "running")
ENDED = ("done", "cancelled")
_COLUMNS = (
    "id, asked_for, account_id, fingerprint, mapping, reason, asked_by, asked_at, status, detail, total, reached, "
    "asked, done, failed, skipped, returned, streak, tries_first, careful, ended_at"
)
_KEPT = ("status", "detail", "reached", "asked", "done", "failed", "skipped", "returned", "streak", "tries_first")
"""What a chunk changes."""
_LAST = 500
"""Replays of an account among which those of one problem are looked for."""
REASON_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay, with how far it is. What is none of `asked`, `done`, `failed` and `skipped` waits for its turn."""

    id: str
    asked_for: Mapping[str, Any]
    """`words`: the set in words; `excluded`: why messages were left out of it → how many; and what was asked for."""
    account_id: str | None
    fingerprint: str | None
    mapping: Mapped
    reason: str
    asked_by: str
    asked_at: int
    status: Status
    detail: str | None
    total: int
    reached: int
    asked: int
    """Are judged just now, or wait for it."""
    done: int
    failed: int
    skipped: int
    returned: int
    streak: int
    tries_first: bool
    careful: bool
    ended_at: int | None

    @property
    def words(self) -> str:
        """What it is of, as a person reads it."""
        return str(self.asked_for.get("words", ""))

    @property
    def settled(self) -> int:
        """So many were judged."""
        return self.done + self.failed

    @property
    def through(self) -> int:
        """So many are through, one way or another."""
        return self.settled + self.skipped

    @property
    def left(self) -> int:
        """So many wait for their turn."""
        return self.total - self.asked - self.through

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on by itself."""
        return self.status in UNDER_WAY

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is asked for."""
        return self.status in ENDED

    @property
    def is_open(self) -> bool:
        """Whether workers do something for it: ask for more, or see what came of those that are being judged."""
        return self.is_under_way or self.asked > 0


@dataclass(frozen=True, slots=True)
class ReplayMessage:
    """One message of a replay's set, with how it stands by now."""

    position: int
    message_id: str
    run: int
    state: str
    outcome: str | None
    detail: str | None
    account_id: str | None
    order_number: str | None
    status: str | None
    """The message's; None where it isn't kept any more."""
    mapping_revision: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A message of a chunk as it stands: what is asked for is judged on it, and written only while it is so."""

    position: int
    message_id: str
    run: int
    """The run that it is to be asked for."""
    status: str | None
    now_run: int
    lane: int
    event_count: int
    event_hash: bytes
    mapping_revision: int | None
    has_bytes: bool
    not_before: int | None = None
    waits_for_version: int | None = None


@dataclass(frozen=True, slots=True)
class FaultOfRun:
    """A fault that a message of the set had in the run before (`before`), or in the one that was asked for."""

    message_id: str
    before: bool
    account_id: str
    mapping_revision: int | None
    received_at: int
    code: str
    path: str
    detail: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A replay of which one worker may do a chunk."""

    lease_id: str
    replay: Replay


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one that was asked for: `state` is done or failed."""

    position: int
    state: str
    outcome: str
    detail: str | None


@dataclass(slots=True)
class Chunk:
    """What a worker writes of a replay at once."""

    after: Replay
    """With the counts as they are then."""
    came: list[Came] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    """(position, why)."""
    ask: list[Standing] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ToReplay:
    """A message as it is looked at when a set is made."""

    id: str
    account_id: str
    status: str
    run: int
    mapping_revision: int | None
    order_number: str | None
    has_bytes: bool
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class ReadyReplay:
    """A replay as it will be written: its row, those of its messages, and what the audit says."""

    replay_id: str
    row: tuple[Any, ...]
    messages: Sequence[tuple[Any, ...]]
    actor: str
    told: Mapping[str, Any]


class Replays:
    """The repository of replays."""

    def __init__(self, database: Database, audit: Audit, *, lease_seconds: float = 30.0) -> None:
        self._database, self._audit = database, audit
        lease: dict[str, Any] = {"lease_seconds": lease_seconds, "max_losses": MOST_LOST}
        self.leases = ChunkLeases(database, "replays", is_open="is_open = 1", order="looked_at, id", **lease)

    # --- what people do -----------------------------------------------------------------------------------------------
    def ready(
        self,
        found: Sequence[ToReplay],
        *,
        asked_for: Mapping[str, Any],
        fingerprint: str | None,
        mapping: Mapped,
        reason: str,
        actor: str,
        tries_first: bool,
    ) -> ReadyReplay:
        """The set, frozen in this order, to be asked for once it is written."""
        replay_id, at = new_id(), now_us()
        accounts = {one.account_id for one in found}
        account = accounts.pop() if len(accounts) == 1 else None
        row = (replay_id, json.dumps(asked_for), account, fingerprint, mapping, reason, actor, at, "waiting", None)
        counts = (len(found), 0, 0, 0, 0, 0, 0, 0, int(tries_first), 1, 1)
        rows = [(replay_id, at, one.id, one.run + 1, "waiting", None, None) for at, one in enumerate(found, 1)]
        told = {"messages": len(found), "mapping": mapping, "reason": reason, "of": asked_for}
        return ReadyReplay(replay_id, (*row, *counts, None, at, None, None, None, None, 0), rows, actor, told)

    def write(self, connection: Connection, ready: ReadyReplay) -> None:
        """Begin it, inside the transaction of what it goes with: with that, or not at all."""
        insert(connection, replays, [ready.row])
        insert(connection, replay_messages, ready.messages)
        self._audit.note(connection, _stream(ready.replay_id), "replay asked for", ready.actor, ready.told)

    def begin(self, found: Sequence[ToReplay], **told: Any) -> str:
        """What is `ready` by that, begun in a transaction of its own; the replay's id."""
        ready = self.ready(found, **told)
        with self._database.write() as connection:
            self.write(connection, ready)
        self._database.has_grown("replay_messages", len(ready.messages))
        return ready.replay_id

    def pause(self, replay_id: str, *, actor: str) -> bool:
        """Ask for nothing more for now; what is being judged just now is judged. False where it stands still."""
        return self._move(replay_id, UNDER_WAY, "paused", "replay paused", actor)

    def resume(self, replay_id: str, *, actor: str, anyway: bool = False) -> bool:
        """Go on where it was paused, or has stopped; `anyway`: whatever comes of the messages, without stopping again.
        False where it doesn't stand still."""
        return self._move(replay_id, ("paused", "stopped"), "running", "replay resumed", actor, anyway=anyway)

    def cancel(self, replay_id: str, *, actor: str) -> bool:
        """Ask for nothing more; what is being judged just now is judged. False where it has ended."""
        standing = (*UNDER_WAY, "paused", "stopped")
        return self._move(replay_id, standing, "cancelled", "replay cancelled", actor)

    def _move(
        self, replay_id: str, before: Sequence[str], after: Status, kind: str, actor: str, *, anyway: bool = False
    ) -> bool:
        is_open = "1" if after in UNDER_WAY else "CASE WHEN asked > 0 THEN 1 ELSE 0 END"
        bold = ", careful = 0, tries_first = 0" if anyway else ""
        ended_at = now_us() if after in ENDED else None
        among = ", ".join(f"'{one}'" for one in before)
        text = (
            f"UPDATE replays SET status = ?, detail = NULL, is_open = {is_open}, ended_at = ?, lease_id = NULL, "
            f"worker = NULL, losses = 0{bold} WHERE id = ? AND status IN ({among})"
        )
        with self._database.write() as connection:
            if run(connection, text, [(after, ended_at, replay_id)]) != 1:
                return False
            told = {"anyway": True} if anyway else {}
            self._audit.note(connection, _stream(replay_id), kind, actor, told)
        return True

    # --- what pages show ----------------------------------------------------------------------------------------------
    def found(self, replay_id: str) -> Replay | None:
        """The replay; None where there is none of that id."""
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT {_COLUMNS} FROM replays WHERE id = ?", [replay_id])
        return _replay(rows[0]) if rows else None

    def page(self, *, account_id: str | None = None, before: str | None = None, limit: int = 50) -> list[Replay]:
        """Replays newest first, behind the id `before`; those of one account's messages alone where it is named."""
        conditions, told = [], []
        for condition, value in (("account_id = ?", account_id), ("id < ?", before)):
            if value is not None:
                conditions.append(condition)
                told.append(value)
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        query = f"SELECT {_COLUMNS} FROM replays {where}ORDER BY id DESC LIMIT ?"
        with self._database.read() as connection:
            return [_replay(row) for row in fetch(connection, query, [*told, limit])]

    def of_problem(self, account_id: str, fingerprint: str, limit: int) -> list[Replay]:
        """Replays of this problem among the account's last ones, newest first."""
        query = (
            f"SELECT {_COLUMNS} FROM (SELECT {_COLUMNS} FROM replays WHERE account_id = ? ORDER BY id DESC LIMIT ?) r "
            "WHERE fingerprint = ? ORDER BY id DESC LIMIT ?"
        )
        with self._database.read() as connection:
            return [_replay(row) for row in fetch(connection, query, [account_id, _LAST, fingerprint, limit])]

    def messages(
        self, replay_id: str, *, state: str | None = None, after: int = 0, limit: int = 50
    ) -> list[ReplayMessage]:
        """The set in its order, behind a position; those in one state alone where it is named."""
        only, told = ("", []) if state is None else (" AND r.state = ?", [state])
        query = (
            "SELECT r.position, r.message_id, r.run, r.state, r.outcome, r.detail, m.account_id, m.order_number, "
            "m.status, m.mapping_revision FROM replay_messages r LEFT JOIN messages m ON m.id = r.message_id "
            f"WHERE r.replay_id = ?{only} AND r.position > ? ORDER BY r.position LIMIT ?"
        )
        with self._database.read() as connection:
            return [ReplayMessage(*row) for row in fetch(connection, query, [replay_id, *told, after, limit])]

    def of_message(self, message_id: str, limit: int = 20) -> list[Replay]:
        """The replays that have this message in their sets, newest first."""
        columns = ", ".join(f"p.{one}" for one in _COLUMNS.split(", "))
        query = (
            f"SELECT {columns} FROM replay_messages r JOIN replays p ON p.id = r.replay_id WHERE r.message_id = ? "
            "ORDER BY r.replay_id DESC LIMIT ?"
        )
        with self._database.read() as connection:
            return [_replay(row) for row in fetch(connection, query, [message_id, limit])]

    # --- what a worker does -------------------------------------------------------------------------------------------
    def claim(self, worker: str, passed_over: Sequence[str] = ()) -> Claimed | None:
        """The one that was looked at longest ago, but for these, under a lease; None where there is none. One that lost
        too many workers stops instead."""
        also = f"looked_at = {now_us()}, "
        taken = self.leases.claim(worker, self._stop, also=also, passed_over=passed_over)
        found = None if taken is None else self.found(taken[0])
        return None if taken is None or found is None else Claimed(taken[1], found)

    @staticmethod
    def _stop(connection: Connection, replay_id: str) -> None:
        text = (
            "UPDATE replays SET status = CASE WHEN status IN ('waiting', 'running') THEN 'stopped' ELSE status END, "
            "detail = ?, is_open = 0, lease_id = NULL, worker = NULL, losses = 0 WHERE id = ?"
        )
        run(connection, text, [(f"It ended its worker {MOST_LOST} times, one after the other.", replay_id)])

    def asked(self, replay_id: str) -> list[Standing]:
        """Those that were asked for and not seen settled yet, as they stand."""
        return self._standing("r.replay_id = ? AND r.state = 'asked'", [replay_id])

    def is_behind(self, replay_id: str) -> bool:
        """Whether one that was asked for is settled, and was not seen so yet."""
        query = (
            "SELECT 1 FROM replay_messages r LEFT JOIN messages m ON m.id = r.message_id WHERE r.replay_id = ? "
            "AND r.state = 'asked' AND (m.id IS NULL OR m.run > r.run OR m.status NOT IN ('received', 'processing')) "
            "LIMIT 1"
        )
        with self._database.read() as connection:
            return bool(fetch(connection, query, [replay_id]))

    def next(self, replay_id: str, reached: int, limit: int) -> list[Standing]:
        """Those whose turn is next, behind this position, as they stand."""
        upto = [replay_id, reached, reached + limit]
        return self._standing("r.replay_id = ? AND r.position > ? AND r.position <= ?", upto)

    def _standing(self, condition: str, told: Sequence[Any]) -> list[Standing]:
        query = (
            "SELECT r.position, r.message_id, r.run, m.status, m.run, m.lane, m.event_count, m.event_hash, "
            "m.mapping_revision, p.body IS NOT NULL, m.not_before, m.waits_for_version FROM replay_messages r "
            "LEFT JOIN messages m ON m.id = r.message_id LEFT JOIN payloads p ON p.id = m.payload_id "
            f"WHERE {condition} ORDER BY r.position"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, told)
        return [
            Standing(  # type: ignore[call-arg]
                *row[:4], row[4] or 0, row[5] or 0, row[6] or 0, bytes(row[7] or b""), row[8], bool(row[9]), *row[10:]
            )
            for row in rows
        ]

    def faults(self, replay_id: str) -> list[FaultOfRun]:
        """The faults of those that were asked for and not seen settled yet: of that run, and of the one before."""
        query = (
            "SELECT f.message_id, f.run < r.run, m.account_id, m.mapping_revision, m.received_at, f.code, f.path, "
            "f.detail, f.fingerprint FROM replay_messages r CROSS JOIN faults f CROSS JOIN messages m "
            "WHERE r.replay_id = ? AND r.state = 'asked' AND f.message_id = r.message_id "
            "AND f.run >= r.run - 1 AND f.run <= r.run AND m.id = r.message_id "
            "ORDER BY f.message_id, f.run, f.number"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [replay_id])
        return [FaultOfRun(row[0], bool(row[1]), *row[2:]) for row in rows]

    def ended_as(self, message_id: str, number: int) -> str | None:
        """How that run of the message ended, where it is in another by now; None where its chain doesn't say."""
        for event in self._audit.of(message_id):
            if event["body"].get("run") == number and "status" in event["body"]:
                return str(event["body"]["status"])
        return None

    def others(self, replay_id: str, asked: Iterable[tuple[str, int]]) -> dict[str, str]:
        """Message → the other replay that asked for it, in this run or a later one; those that one did."""
        found: dict[str, str] = {}
        query = (
            "SELECT replay_id FROM replay_messages WHERE message_id = ? AND replay_id <> ? AND run >= ? "
            "AND state IN ('asked', 'done', 'failed') ORDER BY replay_id DESC LIMIT 1"
        )
        with self._database.read() as connection:
            for message_id, number in asked:
                for row in fetch(connection, query, [message_id, replay_id, number]):
                    found[message_id] = str(row[0])
        return found

    def save(self, claimed: Claimed, chunk: Chunk) -> None:
        """Write a chunk, and give the lease back. Raises LeaseLost where it was paused, cancelled or taken over since,
        and Collision where a message stands otherwise by now; nothing of it is written then."""
        before, after, at = claimed.replay, chunk.after, now_us()
        entries = [_entry(before, one, at) for one in chunk.ask]
        with self._database.write() as connection:
            self._save_counts(connection, claimed, after, at)
            moved = self._settle(connection, before.id, chunk)
            if moved != len(chunk.came) + len(chunk.skipped) + len(chunk.ask):
                raise Collision(f"messages of replay {before.id} stand otherwise by now")
            self._ask(connection, before.mapping, chunk.ask, entries)
            if after.status != before.status and after.status != "running":
                self._audit.note(connection, _stream(before.id), f"replay {after.status}", "gateway", _told(after))

    @staticmethod
    def _save_counts(connection: Connection, claimed: Claimed, after: Replay, at: int) -> None:
        settings = ", ".join(f"{column} = ?" for column in _KEPT)
        ended_at = at if after.has_ended and after.ended_at is None else after.ended_at
        told = [getattr(after, column) for column in _KEPT[:-1]]
        text = (
            f"UPDATE replays SET {settings}, is_open = ?, ended_at = ?, lease_id = NULL, worker = NULL, losses = 0 "
            "WHERE id = ? AND lease_id = ?"
        )
        row = (*told, int(after.tries_first), int(after.is_open), ended_at, after.id, claimed.lease_id)
        if run(connection, text, [row]) != 1:
            raise LeaseLost(claimed.lease_id)

    @staticmethod
    def _settle(connection: Connection, replay_id: str, chunk: Chunk) -> int:
        at_place = "WHERE replay_id = ? AND position = ? AND state ="
        came = [(one.state, one.outcome, one.detail, replay_id, one.position) for one in chunk.came]
        skipped = [(why, replay_id, position) for position, why in chunk.skipped]
        asked = [(replay_id, one.position) for one in chunk.ask]
        settle = f"UPDATE replay_messages SET state = ?, outcome = ?, detail = ? {at_place} 'asked'"
        skip = f"UPDATE replay_messages SET state = 'skipped', detail = ? {at_place} 'waiting'"
        ask = f"UPDATE replay_messages SET state = 'asked' {at_place} 'waiting'"
        return run(connection, settle, came) + run(connection, skip, skipped) + run(connection, ask, asked)

    @staticmethod
    def _ask(connection: Connection, mapping: Mapped, asked: Sequence[Standing], entries: Sequence[Any]) -> None:
        """The messages wait to be judged. One whose chain has grown since it was looked at stands otherwise."""
        insert(connection, events, [entry.row() for entry in entries])
        moved = run(
            connection,
            again(keeps_mapping=mapping == "pinned") + " AND event_count = ?",
            [
                (one.run, entry.number, entry.hash, one.message_id, one.event_count)
                for one, entry in zip(asked, entries, strict=True)
            ],
        )
        if moved != len(asked) or not judged_by(connection, [one.message_id for one in asked]):
            raise Collision("a message was moved, or its bytes were erased, meanwhile")
        wait_no_more(connection, [one.message_id for one in asked], JUDGED_AGAIN)

    # --- what a set is made of ----------------------------------------------------------------------------------------
    def look_at(self, message_ids: Sequence[str]) -> dict[str, ToReplay]:
        """The messages as they stand, those that there are."""
        query = (
            "SELECT m.id, m.account_id, m.status, m.run, m.mapping_revision, m.order_number, "
            "p.body IS NOT NULL, m.parts FROM messages m LEFT JOIN payloads p ON p.id = m.payload_id WHERE "
        )
        found: dict[str, ToReplay] = {}
        with self._database.read() as connection:
            for start in range(0, len(message_ids), _AT_ONCE):
                wanted = values(connection, message_ids[start : start + _AT_ONCE])
                for row in fetch(connection, query + one_of(connection, "m.id"), [wanted]):
                    found[row[0]] = ToReplay(*row[:6], bool(row[6]), row[7])  # type: ignore[call-arg]
        return found


_AT_ONCE = 1_000


def again(*, keeps_mapping: bool) -> str:
    """The statement that has a message judged again: its parameters are the run, the number and hash of the event that
    says so, and the message's id."""
    unpinned = "" if keeps_mapping else "mapping_revision = NULL, "
    return (
        "UPDATE messages SET status = 'received', run = ?, losses = 0, not_before = NULL, not_before_boot = NULL, "
        f"{unpinned}settled_at = NULL, event_count = ?, event_hash = ? WHERE id = ?"
    )


def _entry(replay: Replay, one: Standing, at: int) -> Any:
    after = advance(one.status or "", "replay")
    told: dict[str, Any] = {"reason": replay.reason, "replay": replay.id, "status": after}
    if replay.mapping == "pinned" and one.mapping_revision is not None:
        told["pinned_revision"] = one.mapping_revision
    return next_event(one.message_id, one.event_count + 1, one.event_hash, "replay", replay.asked_by, told, at)


def _told(replay: Replay) -> dict[str, Any]:
    counts = {"done": replay.done, "failed": replay.failed, "skipped": replay.skipped}
    return counts | ({"detail": replay.detail} if replay.detail else {})


def _stream(replay_id: str) -> str:
    return f"replay/{replay_id}"


def _replay(row: Any) -> Replay:
    flags = bool(row[18]), bool(row[19])
    return Replay(row[0], json.loads(row[1]), *row[2:18], *flags, row[20])  # type: ignore[call-arg]
