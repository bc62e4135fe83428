"""Frozen revisions of each account's mapping and of our catalogue: published, never changed, rows versioned."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.audit import Audit
from gateway.store.database import Collision, Database, StoreUnavailable
from gateway.store.ids import now_us
from gateway.store.revision_content import Put, Row, StoredRevision, digest_of, put_into, without_equals
from gateway.store.revision_rows import STANDS, standing_rows, touched_rows
from gateway.store.statements import fetch, given, insert, marks, one_of, run, values
from gateway.store.tables import revision_rows, revisions
from mappings.by_value import terms_by_value

__all__ = ["CATALOGUE", "Published", "Put", "Revisions", "Row", "StoredRevision", "account_scope"]

CATALOGUE = "catalogue"
_ACCOUNT = "account/"
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did: the number that is now current, and whether it is a new one."""

    number: int
    changed: bool
    added: int = 0
    removed: int = 0


def account_scope(account_id: str) -> str:
    """The scope of one account's mapping."""
    return _ACCOUNT + account_id


class Revisions:
    """The repository of revisions."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def publish_account(
        self, account: Mapping[str, Any], rows: Sequence[Row], *, author: str, reason: str
    ) -> Published:
        """Make this the account's current mapping. Content equal to the current one makes no new revision, in whatever
        way its numbers are written. Raises StoreUnavailable where others publish all the time."""
        scope = account_scope(account["id"])

        def publish(connection: Connection) -> Published:
            last = self._last(connection, scope)
            published = self._publish(connection, scope, last, account, rows, author, reason)
            if published.changed:
                self._name_account(connection, account, published.number)
            return published

        return self._published(scope, publish)

    def publish_catalogue(self, rows: Sequence[Row], *, author: str, reason: str) -> Published:
        """Make these products, packs and taxes the catalogue. Raises as `publish_account`."""

        def publish(connection: Connection) -> Published:
            last = self._last(connection, CATALOGUE)
            return self._publish(connection, CATALOGUE, last, {}, rows, author, reason)

        return self._published(CATALOGUE, publish)

    def publish_catalogue_kinds(
        self, rows: Sequence[Row], kinds: Iterable[str], *, author: str, reason: str
    ) -> Published:
        """Replace only these kinds of rows in the catalogue, keeping the others. Raises as `publish_account`."""
        replaced = set(kinds)

        def publish(connection: Connection) -> Published:
            last = self._last(connection, CATALOGUE)
            kept = [row for row in standing_rows(connection, CATALOGUE, last) if row.kind not in replaced]
            return self._publish(connection, CATALOGUE, last, {}, [*kept, *rows], author, reason)

        return self._published(CATALOGUE, publish)

    def _published(self, scope: str, publish: Callable[[Connection], Published]) -> Published:
        """What `publish` did in a transaction of its own, once more where another published the same meanwhile."""
        for _ in range(_TRIES):
            try:
                with self._database.write() as connection:
                    published = publish(connection)
            except Collision:
                continue
            self._database.has_grown("revision_rows", published.added)
            return published
        raise StoreUnavailable(f"{scope} is published by others all the time")

    def _publish(
        self,
        connection: Connection,
        scope: str,
        last: int,
        terms: Mapping[str, Any],
        rows: Sequence[Row],
        author: str,
        reason: str,
    ) -> Published:
        """`last` is the newest revision as it was before anything else was read: where another was published since,
        its number is taken, and so this one collides."""
        text = json.dumps(terms, sort_keys=True, ensure_ascii=False)
        digest = digest_of(terms, rows)
        current = self._current(connection, scope)
        if current and self._digest_of(connection, scope, current) == digest:
            return Published(current, changed=False)
        come, gone = self._changed_rows(connection, scope, rows)
        if current and not come and not gone and self._has_terms(connection, scope, current, terms):
            return Published(current, changed=False)  # an older program's digest told 2 and 2.0 apart
        number = last + 1
        insert(connection, revisions, [(scope, number, now_us(), author, reason, text, digest, None)])
        run(connection, "UPDATE revision_rows SET removed_in = ? WHERE id = ?", [(number, row_id) for row_id in gone])
        written = [(scope, row.kind, row.natural_key, row.body, number, None) for row in come]
        insert(connection, revision_rows, written)
        body = {"number": number, "reason": reason, "added": len(come), "removed": len(gone)}
        self._audit.note(connection, scope, "published", author, body)
        return Published(number, changed=True, added=len(come), removed=len(gone))

    def put(self, scope: str, rows: Sequence[Row], *, author: str, reason: str) -> Put:
        """Put these rows in place of those of their kinds and keys; all others stay. What says nothing new makes no new
        revision. What is to be written is worked out beforehand, and again where another was published meanwhile.

        Raises LookupError where the account was never published, StoreUnavailable where others publish all the time.
        """
        for _ in range(_TRIES):
            stored = self._stored_now(scope)
            put, merged = put_into(stored, rows)
            if not put.published:
                return put
            text = json.dumps(stored.terms, sort_keys=True, ensure_ascii=False)
            try:
                with self._database.write() as connection:
                    self._write_put(connection, stored, put, text, digest_of(stored.terms, merged), author, reason)
            except Collision:
                continue
            self._database.has_grown("revision_rows", len(put.written))
            return put
        raise StoreUnavailable(f"{scope} is published by others all the time")

    def _stored_now(self, scope: str) -> StoredRevision:
        with self._database.read() as connection:
            number = self._current(connection, scope)
        stored = self.load(scope, number) if number else None
        if stored is None and scope != CATALOGUE:
            raise LookupError(f"{scope} has no revision")
        return stored or StoredRevision(scope, 0, 0, "", "", {}, ())

    def _write_put(
        self, connection: Connection, seen: StoredRevision, put: Put, text: str, digest: bytes, author: str, reason: str
    ) -> None:
        """Raises Collision where another revision was published since."""
        scope, number = seen.scope, put.number
        if self._current(connection, scope) != seen.number or self._last(connection, scope) != seen.number:
            raise Collision(f"{scope} was published meanwhile")
        insert(connection, revisions, [(scope, number, now_us(), author, reason, text, digest, None)])
        removed = "UPDATE revision_rows SET removed_in = ? WHERE scope = ? AND kind = ? AND natural_key = ? "
        gone = [(number, scope, row.kind, row.natural_key) for row in put.written]
        run(connection, f"{removed}AND removed_in IS NULL", gone)
        added = [(scope, row.kind, row.natural_key, row.body, number, None) for row in put.written]
        insert(connection, revision_rows, added)
        if scope != CATALOGUE:
            renamed = (number, scope.removeprefix(_ACCOUNT))
            run(connection, "UPDATE accounts SET revision = ? WHERE id = ?", [renamed])
        body = {"number": number, "reason": reason, "added": len(put.written), "removed": put.changed}
        self._audit.note(connection, scope, "published", author, body)

    def publish_changes(
        self,
        seen: StoredRevision,
        terms: Mapping[str, Any],
        removed: Sequence[Row],
        added: Sequence[Row],
        *,
        author: str,
        reason: str,
        also: Callable[[Connection], object] = lambda _: None,
        restores: int | None = None,
    ) -> Published:
        """Make the account's revision `seen` (0: its first) with these terms, without and with these rows the current
        one, and do `also` what belongs to it in the same transaction. All of it is worked out beforehand. `restores` is
        the earlier revision whose content that is.

        Raises Collision where another revision is current by then.
        """
        scope, text = seen.scope, json.dumps(terms, sort_keys=True, ensure_ascii=False)
        gone = {(row.kind, row.natural_key) for row in removed}
        rows = [*(row for row in seen.rows if (row.kind, row.natural_key) not in gone), *added]
        digest = digest_of(terms, rows)
        with self._database.write() as connection:
            number = self._last(connection, scope) + 1
            if self._current(connection, scope) != seen.number:
                raise Collision(f"{scope} was published meanwhile")
            if seen.number and self._digest_of(connection, scope, seen.number) == digest:
                also(connection)
                return Published(seen.number, changed=False)
            # Its number first, as everybody who publishes does it: the second waits there, and locks none of the rows.
            insert(connection, revisions, [(scope, number, now_us(), author, reason, text, digest, restores)])
            text_removed = "UPDATE revision_rows SET removed_in = ? WHERE scope = ? AND kind = ? AND natural_key = ? "
            run(connection, f"{text_removed}AND removed_in IS NULL", [(number, scope, *key) for key in gone])
            insert(connection, revision_rows, [(scope, *_columns(row), number, None) for row in added])
            self._name_account(connection, terms, number)
            body: dict[str, Any] = {"number": number, "reason": reason, "added": len(added), "removed": len(removed)}
            if restores is not None:
                body["restores"] = restores
            self._audit.note(connection, scope, "published", author, body)
            also(connection)
        self._database.has_grown("revision_rows", len(added))
        return Published(number, changed=True, added=len(added), removed=len(removed))

    @staticmethod
    def _changed_rows(connection: Connection, scope: str, rows: Sequence[Row]) -> tuple[list[Row], list[int]]:
        """Those of the rows that don't stand, and the ids of those that stand and aren't among them."""
        query = (
            "SELECT id, kind, natural_key, body FROM revision_rows WHERE scope = ? AND removed_in IS NULL ORDER BY id"
        )
        live = [(row[0], Row(row[1], row[2], row[3])) for row in fetch(connection, query, [scope])]
        come, live = without_equals(rows, live, lambda row: row)
        come, live = without_equals(come, live, Row.by_value)  # of few: most are as they were, to the letter
        return come, [row_id for row_id, _ in live]

    @staticmethod
    def _has_terms(connection: Connection, scope: str, number: int, terms: Mapping[str, Any]) -> bool:
        rows = fetch(connection, "SELECT terms FROM revisions WHERE scope = ? AND number = ?", [scope, number])
        return bool(terms_by_value(json.loads(rows[0][0])) == terms_by_value(terms))

    @staticmethod
    def _name_account(connection: Connection, account: Mapping[str, Any], number: int) -> None:
        run(
            connection,
            "INSERT INTO accounts (id, name, tier, revision, created_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, tier = excluded.tier, revision = excluded.revision",
            [(account["id"], account["name"], account.get("tier", "standard"), number, now_us())],
        )

    def current_catalogue(self) -> int:
        """The catalogue's number; 0 before the first import."""
        with self._database.read() as connection:
            return self._last(connection, CATALOGUE)

    def catalogue_at(self, at: int) -> int:
        """The catalogue's number as it was then; 0 before the first import."""
        query = "SELECT max(number) FROM revisions WHERE scope = ? AND published_at <= ?"
        with self._database.read() as connection:
            return int(fetch(connection, query, [CATALOGUE, at])[0][0] or 0)

    def _current(self, connection: Connection, scope: str) -> int:
        if scope == CATALOGUE:
            return self._last(connection, scope)
        rows = fetch(connection, "SELECT revision FROM accounts WHERE id = ?", [scope.removeprefix(_ACCOUNT)])
        return int(rows[0][0]) if rows else 0

    @staticmethod
    def _last(connection: Connection, scope: str) -> int:
        rows = fetch(connection, "SELECT max(number) FROM revisions WHERE scope = ?", [scope])
        return int(rows[0][0] or 0)

    @staticmethod
    def _digest_of(connection: Connection, scope: str, number: int) -> bytes:
        rows = fetch(connection, "SELECT sha256 FROM revisions WHERE scope = ? AND number = ?", [scope, number])
        return bytes(rows[0][0]) if rows else b""

    def load(self, scope: str, number: int) -> StoredRevision | None:
        """One revision with its rows in the order they were imported; None where there is none."""
        with self._database.read() as connection:
            query = "SELECT published_at, author, reason, terms FROM revisions WHERE scope = ? AND number = ?"
            found = fetch(connection, query, [scope, number])
            if not found:
                return None
            rows = standing_rows(connection, scope, number)
        at, author, reason, terms = found[0]
        return StoredRevision(scope, number, at, author, reason, json.loads(terms), rows)

    def terms(self, account_id: str, number: int) -> Mapping[str, Any]:
        """An account's terms at one revision, without its rows; empty where there is none."""
        query = "SELECT terms FROM revisions WHERE scope = ? AND number = ?"
        with self._database.read() as connection:
            found = fetch(connection, query, [account_scope(account_id), number])
        terms: Mapping[str, Any] = json.loads(found[0][0]) if found else {}
        return terms

    def of_kinds(self, scope: str, number: int, kinds: Iterable[str]) -> tuple[Row, ...]:
        """The revision's rows of these kinds alone, in the order they were imported."""
        wanted = sorted(kinds)
        query = (
            f"SELECT kind, natural_key, body FROM revision_rows WHERE scope = ? AND kind IN ({marks(len(wanted))}) "
            f"AND {STANDS} ORDER BY id"
        )
        with self._database.read() as connection:
            return tuple(Row(*row) for row in fetch(connection, query, [scope, *wanted, number, number]))

    def pages(self, scope: str, number: int, kind: str, size: int) -> Iterator[list[Row]]:
        """The revision's rows of one kind in the order of their keys, so many at a time."""
        after = ""
        query = (
            "SELECT kind, natural_key, body FROM revision_rows WHERE scope = ? AND kind = ? AND natural_key > ? "
            f"AND {STANDS} ORDER BY natural_key LIMIT ?"
        )
        while True:
            with self._database.read() as connection:
                rows = fetch(connection, query, [scope, kind, after, number, number, size])
            if not rows:
                return
            yield [Row(*row) for row in rows]
            after = rows[-1][1]

    def named(self, scope: str, number: int, kind: str, keys: Iterable[str], *, below: bool = False) -> list[Row]:
        """The revision's rows of one kind with these keys; `below`: with keys whose first columns these are. Each of
        them is a seek."""
        match = "natural_key > w_key || '|' AND natural_key < w_key || '}'" if below else "natural_key = w_key"
        found = (
            f"SELECT kind, natural_key, body FROM revision_rows WHERE scope = ? AND kind = ? AND {match} AND {STANDS}"
        )
        with self._database.read() as connection:
            table, parameters = given(connection, [(key,) for key in keys], "w_key")
            if self._database.is_sqlite:
                query = found.replace("FROM revision_rows", f"FROM {table} w CROSS JOIN revision_rows")
            else:  # OFFSET 0 keeps the planner from reading all rows and comparing each with every key
                query = f"SELECT r.* FROM {table} w CROSS JOIN LATERAL ({found} OFFSET 0) r"
            return [Row(*row) for row in fetch(connection, query, [*parameters, scope, kind, number, number])]

    def changed(self, scope: str, since: int, number: int) -> list[Row]:
        """The rows that one of two revisions has and the other has not. Costs what was published since, whatever stands
        from before."""
        with self._database.read() as connection:
            rows = touched_rows(connection, scope, since)
        return [one.row for one in rows if one.stands_in(since) != one.stands_in(number)]

    def history(self, scope: str) -> list[dict[str, Any]]:
        """Every revision of a scope, newest first, without rows."""
        with self._database.read() as connection:
            query = "SELECT number, published_at, author, reason FROM revisions WHERE scope = ? ORDER BY number DESC"
            rows = fetch(connection, query, [scope])
        return [{"number": row[0], "published_at": row[1], "author": row[2], "reason": row[3]} for row in rows]

    def accounts(self) -> list[dict[str, Any]]:
        """Every account: id, name, tier, current revision."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT id, name, tier, revision FROM accounts ORDER BY id")
        return [{"id": row[0], "name": row[1], "tier": row[2], "revision": row[3]} for row in rows]

    def accounts_after(self, account_id: str, limit: int) -> list[dict[str, Any]]:
        """The same of up to `limit` accounts behind this id, in the order of their ids."""
        query = "SELECT id, name, tier, revision FROM accounts WHERE id > ? ORDER BY id LIMIT ?"
        with self._database.read() as connection:
            rows = fetch(connection, query, [account_id, limit])
        return [{"id": row[0], "name": row[1], "tier": row[2], "revision": row[3]} for row in rows]

    def names(self, account_ids: Iterable[str]) -> dict[str, str]:
        """Account → its name, of those that are published."""
        with self._database.read() as connection:
            query = f"SELECT id, name FROM accounts WHERE {one_of(connection, 'id')}"
            return {row[0]: row[1] for row in fetch(connection, query, [values(connection, set(account_ids))])}

    def current(self, account_ids: Iterable[str]) -> dict[str, int]:
        """Account → its published revision."""
        wanted = sorted(set(account_ids))
        with self._database.read() as connection:
            query = f"SELECT id, revision FROM accounts WHERE id IN ({marks(len(wanted))})"
            rows = fetch(connection, query, wanted) if wanted else []
        return {row[0]: row[1] for row in rows}


def _columns(row: Row) -> tuple[str, str, str]:
    return row.kind, row.natural_key, row.body
