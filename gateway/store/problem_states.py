"""What our people make of each cause: open, acknowledged, assigned, ignored until, resolved.

A problem is open by itself as soon as something waits for it and resolved by itself when nothing does. `follow` writes
that down; whoever reads in between judges by what is there (`ProblemState.now`). What people do is noted in the
problem's own stream, `problem/<fingerprint>`, as is when it was opened and resolved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy.engine import Connection

from gateway.store.audit import Audit
from gateway.store.database import Database
from gateway.store.fault_rows import storable
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, one_of, run, values
from gateway.store.tables import problem_states

State = Literal["open", "acknowledged", "ignored", "resolved"]
What = Literal["message", "document", "file"]
STATES: tuple[State, ...] = get_args(State)
LONGEST_REASON = 1_000
SAME_SECONDS = 60.0
"""What comes back so soon after nothing was left of it was never resolved: its messages were judged again just then."""
_SAME_US = int(SAME_SECONDS * 1_000_000)
_DETAIL = 500
_US = "gateway"
_TEXT_OF_STREAM = "problem/{}"
_STANDING = "state <> 'resolved'"
_COLUMNS = ", ".join(column.name for column in problem_states.columns)


class SeenCause(NamedTuple):
    """A cause as it is seen now, with what it reads as."""

    fingerprint: str
    account_id: str
    code: str
    what: What
    value: str | None
    path: str
    detail: str


@dataclass(frozen=True, slots=True)
class ProblemState:
    """How a cause stands, as it was written down last. Times are microseconds since 1970."""

    fingerprint: str
    account_id: str
    code: str
    what: What
    value: str | None
    path: str
    detail: str
    state: State
    assigned_to: str | None
    """A user's id."""
    ignored_until: int | None
    reason: str | None
    opened_at: int
    resolved_at: int | None
    changed_by: str
    changed_at: int
    times_reopened: int

    def now(self, at: int, *, is_there: bool) -> State:
        """Its state at that moment, when something waits for it or nothing does."""
        if not is_there:
            return "resolved"
        if self.state == "resolved" or (self.state == "ignored" and (self.ignored_until or 0) <= at):
            return "open"
        return self.state


class ProblemStates:
    """The repository of how problems stand."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    # --- looking ------------------------------------------------------------------------------------------------
    def one(self, fingerprint: str) -> ProblemState | None:
        """How this cause stands; None where nothing ever waited for it."""
        return self.of([fingerprint]).get(fingerprint)

    def of(self, fingerprints: Iterable[str]) -> dict[str, ProblemState]:
        """Fingerprint → how it stands, of those that are known."""
        with self._database.read() as connection:
            query = f"SELECT {_COLUMNS} FROM problem_states WHERE {one_of(connection, 'fingerprint')}"
            found = [ProblemState(*row) for row in fetch(connection, query, [values(connection, fingerprints)])]
        return {one.fingerprint: one for one in found}

    def standing(self) -> dict[str, ProblemState]:
        """Every one that is written down as not resolved."""
        with self._database.read() as connection:
            rows = fetch(connection, f"SELECT {_COLUMNS} FROM problem_states WHERE {_STANDING}")
        return {row[0]: ProblemState(*row) for row in rows}

    def resolved(self, account_id: str | None, limit: int, before: tuple[int, str] | None = None) -> list[ProblemState]:
        """Those that are resolved, the last one first, behind another's `resolved_at` and fingerprint."""
        conditions, named = ["resolved_at IS NOT NULL"], list[Any]()
        if account_id is not None:
            conditions.append("account_id = ?")
            named.append(account_id)
        if before is not None:
            conditions.append("(resolved_at, fingerprint) < (?, ?)")
            named += before
        query = (
            f"SELECT {_COLUMNS} FROM problem_states WHERE {' AND '.join(conditions)} "
            "ORDER BY resolved_at DESC, fingerprint DESC LIMIT ?"
        )
        with self._database.read() as connection:
            return [ProblemState(*row) for row in fetch(connection, query, [*named, limit])]

    def history(self, fingerprint: str) -> list[dict[str, Any]]:
        """What became of it and who did what, the first first."""
        return self._audit.of(_TEXT_OF_STREAM.format(fingerprint))

    # --- what happens by itself ---------------------------------------------------------------------------------
    def follow(self, seen: Sequence[SeenCause], gone: Collection[str], at: int) -> None:
        """Write down that these causes hold something, that nothing waits for those that are `gone`, and that what was
        ignored until now is open again."""
        for start in range(0, len(seen), _AT_ONCE):
            with self._database.write_lightly() as connection:
                for one in seen[start : start + _AT_ONCE]:
                    self._open(connection, one, at)
        left = sorted(gone)
        for start in range(0, len(left), _AT_ONCE):
            with self._database.write_lightly() as connection:
                for fingerprint in left[start : start + _AT_ONCE]:
                    self._resolve(connection, fingerprint, at)
        self._wake(at)

    def _open(self, connection: Connection, one: SeenCause, at: int) -> ProblemState:
        """The cause's row, open unless it stands otherwise."""
        known = _locked(connection, one.fingerprint)
        if known is None:
            row = _new_row(one, at)
            if insert(connection, problem_states, [row], skip_conflicts=True):
                self._note(connection, one.fingerprint, "opened", _US, {"code": one.code, "account": one.account_id})
            return _known(connection, one.fingerprint)
        if known.state != "resolved":
            return known
        never_left = known.resolved_at is not None and at - known.resolved_at < _SAME_US
        run(
            connection,
            "UPDATE problem_states SET state = 'open', ignored_until = NULL, reason = NULL, resolved_at = NULL, "
            "value = ?, path = ?, detail = ?, opened_at = ?, times_reopened = times_reopened + ?, "
            "changed_by = ?, changed_at = ? WHERE fingerprint = ?",
            [
                (
                    *_said(one),
                    known.opened_at if never_left else at,
                    0 if never_left else 1,
                    *(_US, at, one.fingerprint),
                )
            ],
        )
        self._note(connection, one.fingerprint, "came back", _US, {"code": one.code})
        return _known(connection, one.fingerprint)

    def _resolve(self, connection: Connection, fingerprint: str, at: int) -> None:
        """Nothing is left of it; looked at again here, for it may have come back meanwhile."""
        text = (
            "UPDATE problem_states SET state = 'resolved', resolved_at = ?, ignored_until = NULL, changed_by = ?, "
            f"changed_at = ? WHERE fingerprint = ? AND {_STANDING} "
            "AND NOT EXISTS (SELECT 1 FROM open_causes o WHERE o.fingerprint = problem_states.fingerprint)"
        )
        if run(connection, text, [(at, _US, at, fingerprint)]):
            self._note(connection, fingerprint, "resolved", _US, {})

    def _wake(self, at: int) -> None:
        with self._database.read() as connection:
            query = (
                f"SELECT fingerprint FROM problem_states WHERE {_STANDING} AND state = 'ignored' "
                "AND ignored_until IS NOT NULL AND ignored_until <= ?"
            )
            over = [row[0] for row in fetch(connection, query, [at])]
        if not over:
            return
        with self._database.write_lightly() as connection:
            text = (
                "UPDATE problem_states SET state = 'open', ignored_until = NULL, changed_by = ?, changed_at = ? "
                "WHERE fingerprint = ? AND state = 'ignored' AND ignored_until <= ?"
            )
            for fingerprint in over:
                if run(connection, text, [(_US, at, fingerprint, at)]):
                    self._note(connection, fingerprint, "ignored no more", _US, {})

    # --- what people do -----------------------------------------------------------------------------------------
    def acknowledge(self, cause: SeenCause, actor: str, reason: str = "") -> None:
        """Somebody has seen it."""
        self._change(cause, "acknowledged", actor, {"state": "acknowledged", "ignored_until": None}, reason)

    def assign(self, cause: SeenCause, user_id: str | None, name: str, actor: str, reason: str = "") -> None:
        """It is this one's from now on, or nobody's."""
        told = {"to": name} if user_id else {"to": None}
        self._change(cause, "assigned", actor, {"assigned_to": user_id}, reason, told)

    def ignore(self, cause: SeenCause, until: int, actor: str, reason: str) -> None:
        """Nobody is asked about it before that moment. Raises ValueError without a reason."""
        if not reason.strip():
            raise ValueError("a reason is needed")
        self._change(cause, "ignored", actor, {"state": "ignored", "ignored_until": until}, reason, {"until": until})

    def reopen(self, cause: SeenCause, actor: str, reason: str = "") -> None:
        """It is open again, whatever was said of it; who has it keeps it."""
        self._change(cause, "reopened", actor, {"state": "open", "ignored_until": None}, reason)

    def _change(
        self,
        cause: SeenCause,
        kind: str,
        actor: str,
        changes: Mapping[str, Any],
        reason: str,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        at, said = now_us(), storable(reason.strip())[:LONGEST_REASON]
        with self._database.write() as connection:
            known = self._open(connection, cause, at)
            if all(getattr(known, column) == value for column, value in changes.items()) and not said:
                return
            changed = {**changes, "reason": said or None, "changed_by": actor, "changed_at": at}
            settings = ", ".join(f"{column} = ?" for column in changed)
            text = f"UPDATE problem_states SET {settings} WHERE fingerprint = ?"
            run(connection, text, [(*changed.values(), cause.fingerprint)])
            body = {**(told or {}), **({"reason": said} if said else {})}
            self._note(connection, cause.fingerprint, kind, actor, body)

    def _note(self, connection: Connection, fingerprint: str, kind: str, actor: str, body: Mapping[str, Any]) -> None:
        self._audit.note(connection, _TEXT_OF_STREAM.format(fingerprint), kind, actor, body)


_AT_ONCE = 100


def _locked(connection: Connection, fingerprint: str) -> ProblemState | None:
    lock = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    rows = fetch(connection, f"SELECT {_COLUMNS} FROM problem_states WHERE fingerprint = ?{lock}", [fingerprint])
    return ProblemState(*rows[0]) if rows else None


def _known(connection: Connection, fingerprint: str) -> ProblemState:
    found = _locked(connection, fingerprint)
    if found is None:
        raise AssertionError("it was written just now")
    return found


def _said(one: SeenCause) -> tuple[str | None, str, str]:
    return one.value, one.path, one.detail[:_DETAIL]


def _new_row(one: SeenCause, at: int) -> tuple[Any, ...]:
    return (
        *(one.fingerprint, one.account_id, one.code, one.what, *_said(one)),
        *("open", None, None, None, at, None, _US, at, 0),
    )
