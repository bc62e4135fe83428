"""Drafts of accounts' mappings: what was edited and isn't published yet, row by row.

Whoever edits says what they saw: where somebody else was faster nothing is written, so that no edit is lost unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.store.audit import Audit
from gateway.store.database import Collision, Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, given, insert, run
from gateway.store.tables import draft_edits

TERMS_KIND, TERMS_KEY = "terms", ""
"""What account.yaml stands under, beside the rows of the tables and the files."""
Key = tuple[str, str]
"""(kind, natural key) of a row."""
_COLUMNS = "kind, natural_key, was, body, author, at, note, batch"
_MOST_NAMED = 500
"""Edits that are looked up by their keys; of more all are read."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One row as it is to be. `was` is the published row that was edited (None: there was none), `body` what it becomes
    (None: it goes). `batch` is the import that it came with."""

    kind: str
    natural_key: str
    was: str | None
    body: str | None
    author: str
    at: int
    note: str = ""
    batch: str | None = None

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.kind, self.natural_key


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants a row to be: what they saw there (None: nothing), what is published, and what it becomes."""

    kind: str
    natural_key: str
    seen: str | None
    published: str | None
    body: str | None

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.kind, self.natural_key


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """An account's draft; version 0 and without edits where nobody ever edited anything."""

    account_id: str
    version: int = 0
    changed_at: int = 0
    edits: tuple[Edit, ...] = ()


class Overtaken(Exception):
    """Somebody changed these rows after they were seen. `now` is what stands there."""

    def __init__(self, now: dict[Key, str | None]) -> None:
        super().__init__(f"{len(now)} rows were changed meanwhile")
        self.now = now


class Drafts:
    """The repository of drafts."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def of(self, account_id: str) -> StoredDraft:
        """The account's draft, its edits in the order in which they were made."""
        with self._database.read() as connection:
            found = fetch(connection, "SELECT version, changed_at FROM drafts WHERE account_id = ?", [account_id])
            query = f"SELECT {_COLUMNS} FROM draft_edits WHERE account_id = ? ORDER BY at, kind, natural_key"
            rows = fetch(connection, query, [account_id]) if found else []
        if not found:
            return StoredDraft(account_id)
        return StoredDraft(account_id, int(found[0][0]), int(found[0][1]), tuple(Edit(*row) for row in rows))

    def version(self, account_id: str) -> int:
        """The draft's version alone; 0 where nobody ever edited anything."""
        with self._database.read() as connection:
            found = fetch(connection, "SELECT version FROM drafts WHERE account_id = ?", [account_id])
        return int(found[0][0]) if found else 0

    def size(self, account_id: str) -> int:
        """How many edits the account's draft has."""
        with self._database.read() as connection:
            found = fetch(connection, "SELECT count(*) FROM draft_edits WHERE account_id = ?", [account_id])
        return int(found[0][0])

    def open_accounts(self) -> list[str]:
        """The accounts whose draft has edits."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT DISTINCT account_id FROM draft_edits ORDER BY account_id")
        return [str(row[0]) for row in rows]

    def put(
        self,
        account_id: str,
        number: int,
        changes: Sequence[Change],
        *,
        author: str,
        note: str = "",
        batch: str | None = None,
    ) -> int:
        """Make these rows what they are to be, all or none; the draft's version then. A row that becomes what is
        published is no edit any more. One that was edited before is still an edit of what it was made of: a conflict
        with what was published since stays one until somebody decides it.

        Raises Overtaken where somebody changed one after it was seen, Collision where another revision than `number`
        is published (0: none).
        """
        at, wanted = now_us(), [change.key for change in changes]
        with self._database.write() as connection:
            version = _next_version(connection, account_id, at)
            _require_revision(connection, account_id, number)
            standing = dict(_standing(connection, account_id, wanted))
            _refuse_overtaken(changes, standing)
            edits = [
                Edit(*change.key, _made_of(change, standing), change.body, author, at, note, batch)
                for change in changes
                if change.body != change.published
            ]
            replaced = [(account_id, *key) for key in wanted if key in standing]
            run(connection, f"{_DELETE} AND kind = ? AND natural_key = ?", replaced)
            insert(connection, draft_edits, [_row(account_id, edit) for edit in edits])
            self._audit.note(
                connection, f"draft/{account_id}", "draft changed", author, {"rows": len(changes), "note": note}
            )
        self._database.has_grown("draft_edits", len(edits))
        return version

    def discard(self, account_id: str, keys: Iterable[Key], *, author: str) -> int:
        """Take these edits back; how many there were."""
        with self._database.write() as connection:
            rows = [(account_id, *key) for key in keys]
            gone = run(connection, f"{_DELETE} AND kind = ? AND natural_key = ?", rows)
            return self._after_discarding(connection, account_id, gone, author)

    def batch_kinds(self, account_id: str, batch: str) -> set[str]:
        """The kinds of what an import brought, as far as it wasn't edited since."""
        query = "SELECT DISTINCT kind FROM draft_edits WHERE account_id = ? AND batch = ?"
        with self._database.read() as connection:
            return {str(row[0]) for row in fetch(connection, query, [account_id, batch])}

    def discard_batch(self, account_id: str, batch: str, *, author: str) -> int:
        """Take an import back, as far as its rows weren't edited since; how many there were."""
        with self._database.write() as connection:
            gone = run(connection, f"{_DELETE} AND batch = ?", [(account_id, batch)])
            return self._after_discarding(connection, account_id, gone, author)

    def discard_all(self, account_id: str, version: int, *, author: str, reason: str = "") -> int:
        """Take everything back; how many edits there were. Raises Collision where the draft isn't at this version."""
        with self._database.write() as connection:
            gone = clear(connection, account_id, version)
            return self._after_discarding(connection, account_id, gone, author, reason)

    def _after_discarding(
        self, connection: Connection, account_id: str, gone: int, author: str, reason: str = ""
    ) -> int:
        if gone:
            _next_version(connection, account_id, now_us())
            body = {"rows": gone, "reason": reason} if reason else {"rows": gone}
            self._audit.note(connection, f"draft/{account_id}", "draft discarded", author, body)
        return gone

    def rebase(self, account_id: str, edits: Sequence[tuple[Edit, str | None]], *, author: str) -> None:
        """Keep these edits, now of the rows that are published today: whoever decides so has seen both. Raises
        Overtaken where one isn't as it was."""
        with self._database.write() as connection:
            _next_version(connection, account_id, now_us())
            standing = dict(_standing(connection, account_id, [edit.key for edit, _ in edits]))
            lost = {edit.key: body for edit, _ in edits if (body := _body(standing.get(edit.key))) != edit.body}
            if lost:
                raise Overtaken(lost)
            text = "UPDATE draft_edits SET was = ? WHERE account_id = ? AND kind = ? AND natural_key = ?"
            run(connection, text, [(published, account_id, *edit.key) for edit, published in edits])
            same = [(account_id, *edit.key) for edit, published in edits if edit.body == published]
            run(connection, f"{_DELETE} AND kind = ? AND natural_key = ?", same)
            self._audit.note(connection, f"draft/{account_id}", "draft kept", author, {"rows": len(edits)})


_DELETE = "DELETE FROM draft_edits WHERE account_id = ?"


def clear(connection: Connection, account_id: str, version: int) -> int:
    """Inside the transaction that publishes the draft: there is none any more. How many edits it had. Raises Collision
    where it isn't at this version."""
    text = "UPDATE drafts SET version = version + 1, changed_at = ? WHERE account_id = ? AND version = ?"
    if run(connection, text, [(now_us(), account_id, version)]) != 1:
        raise Collision(f"the draft of {account_id} was changed meanwhile")
    return run(connection, _DELETE, [(account_id,)])


def _row(account_id: str, edit: Edit) -> tuple[object, ...]:
    return (account_id, *edit.key, edit.was, edit.body, edit.author, edit.at, edit.note, edit.batch)


def _next_version(connection: Connection, account_id: str, at: int) -> int:
    """Before anything of the draft is looked at: from then on nobody else writes to it until this is committed."""
    text = (
        "INSERT INTO drafts (account_id, version, changed_at) VALUES (?, 1, ?) ON CONFLICT (account_id) "
        "DO UPDATE SET version = drafts.version + 1, changed_at = excluded.changed_at"
    )
    run(connection, text, [(account_id, at)])
    return int(fetch(connection, "SELECT version FROM drafts WHERE account_id = ?", [account_id])[0][0])


def _require_revision(connection: Connection, account_id: str, number: int) -> None:
    rows = fetch(connection, "SELECT revision FROM accounts WHERE id = ?", [account_id])
    if (int(rows[0][0]) if rows else 0) != number:
        raise Collision(f"{account_id} was published meanwhile")


def _standing(connection: Connection, account_id: str, keys: Sequence[Key]) -> Iterator[tuple[Key, Edit]]:
    query = f"SELECT {_COLUMNS} FROM draft_edits WHERE account_id = ?"
    if len(keys) > _MOST_NAMED:
        rows = fetch(connection, query, [account_id])
    else:
        table, parameters = given(connection, keys, "w_kind", "w_key")
        seek = f"{query} AND kind = w_kind AND natural_key = w_key"
        seek = seek.replace("FROM draft_edits", f"FROM {table} w CROSS JOIN draft_edits")
        rows = fetch(connection, seek, [*parameters, account_id]) if keys else []
    for row in rows:
        edit = Edit(*row)
        yield edit.key, edit


def _made_of(change: Change, standing: dict[Key, Edit]) -> str | None:
    return standing[change.key].was if change.key in standing else change.published


def _refuse_overtaken(changes: Sequence[Change], standing: dict[Key, Edit]) -> None:
    now = {one.key: standing[one.key].body if one.key in standing else one.published for one in changes}
    lost = {change.key: now[change.key] for change in changes if now[change.key] != change.seen}
    if lost:
        raise Overtaken(lost)


def _body(edit: Edit | None) -> str | None:
    return None if edit is None else edit.body
