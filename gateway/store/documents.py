"""The accounts' mailbox: outbound documents by page, and one by id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.statements import fetch, marks, one_of, values

DOCUMENT_TYPES = ("order_response", "despatch_advice", "inventory_report", "invoice", "credit_note")
"""All that there are of ours."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One outbound document without its bytes. `cursor` continues a page behind it."""

    cursor: str
    id: str
    account_id: str
    type: str
    number: str
    order_id: str | None
    order_number: str | None
    message_id: str
    test: bool
    format: str
    media_type: str
    created_at: int


_COLUMNS = (
    "transaction_id, position, id, account_id, type, number, order_id, order_number, message_id, test, format, "
    "media_type, created_at"
)

_SENT_WITH = "COALESCE((SELECT m.test FROM messages m WHERE m.id = documents.message_id), documents.test) = ?"
"""By the kind of key. (`documents.test` says whether it is a test, which a document may also say of itself.) What came
of no message of the account's is for the key of its kind."""


class Documents:
    """The repository of outbound documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        account_id: str,
        *,
        kind: str | None,
        order_number: str | None,
        after: str | None,
        limit: int,
        test_key: bool | None = None,
    ) -> list[StoredDocument]:
        """Up to `limit` documents of the account, oldest first, behind the cursor `after`; where `test_key` is told, of
        what was sent with a test key, or of what was not.

        A page never runs ahead of a transaction that may still commit, so following cursors misses nothing.
        Raises ValueError for a cursor that isn't one.
        """
        conditions: list[str] = ["account_id = ?"]
        values: list[Any] = [account_id]
        if after:
            transaction, position = _cursor(after)
            conditions.append("(transaction_id, position) > (?, ?)")
            values += [transaction, position]
        if kind is not None:
            conditions.append("type = ?")
            values.append(kind)
        if test_key is not None:
            conditions.append(_SENT_WITH)
            values.append(int(test_key))
        if not self._database.is_sqlite:
            conditions.append("transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        wanted = f"SELECT {_COLUMNS} FROM documents WHERE {' AND '.join(conditions)}"
        if order_number is not None:  # its own documents, and those of several orders: each by its index
            several = "SELECT document_id FROM document_orders WHERE account_id = ? AND order_number = ?"
            wanted = f"{wanted} AND order_number = ? UNION ALL {wanted} AND id IN ({several})"
            values = [*values, order_number, *values, account_id, order_number]
        query = f"{wanted} ORDER BY transaction_id, position LIMIT ?"
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, query, [*values, limit])]

    def newest(
        self, account_id: str | None, *, kind: str | None, order_number: str | None, limit: int
    ) -> list[StoredDocument]:
        """Up to `limit` documents, newest first, whatever key they answer (`None`: anyone's)."""
        if account_id is not None:
            whose, told = "account_id = ?", [account_id]
        elif order_number is not None:  # the indexes begin with the account: with those that sent this number
            whose, told = "account_id IN (SELECT account_id FROM messages WHERE order_number = ?)", [order_number]
        else:
            whose, told = "1 = 1", []
        of_kind = [] if kind is None else [kind]
        # no plan by the index of types, which has all of a type to sort
        of_type = "type || '' = ? AND " if of_kind else ""
        columns = f"SELECT {_COLUMNS} FROM documents WHERE {of_type}"
        wanted, named = f"{columns}{whose}", [*of_kind, *told]
        if order_number is not None:  # its own documents, and those of several orders
            several = f"SELECT document_id FROM document_orders WHERE {whose} AND order_number = ?"
            wanted = f"{wanted} AND order_number = ? UNION ALL {columns}id IN ({several})"
            named = [*named, order_number, *of_kind, *told, order_number]
        newest = "position DESC" if account_id is None else "transaction_id DESC, position DESC"
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, f"{wanted} ORDER BY {newest} LIMIT ?", [*named, limit])]

    def named(self, text: str) -> list[StoredDocument]:
        """Those with this id or number; a number is one document's of each type."""
        types = marks(len(DOCUMENT_TYPES))
        query = f"SELECT {_COLUMNS} FROM documents WHERE id = ? OR (type IN ({types}) AND number = ?)"
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, query, [text, *DOCUMENT_TYPES, text])]

    def named_of(self, account_id: str, texts: Collection[str], *, test_key: bool) -> dict[str, list[StoredDocument]]:
        """Id or number → the account's documents that have it, of what was sent with that kind of key; the same as
        `named` for many at once."""
        wanted, found = set(texts), dict[str, list[StoredDocument]]()
        with self._database.read() as connection:
            rows = fetch(connection, *named_of_query(connection, account_id, texts, test_key=test_key))
        for each in map(_stored, rows):
            for text in {each.id, each.number} & wanted:
                if each not in found.setdefault(text, []):
                    found[text].append(each)
        return found

    def one(self, account_id: str | None, document_id: str, *, test_key: bool | None = None) -> StoredDocument | None:
        """One document; None where there is none of that id, or it is another account's (`None`: anyone's), or came of
        what was sent with the other kind of key."""
        conditions, values = ["id = ?"], [document_id]
        if account_id is not None:
            conditions.append("account_id = ?")
            values.append(account_id)
        sent_with: list[Any] = [] if test_key is None else [int(test_key)]
        conditions += [_SENT_WITH] if sent_with else []
        query = f"SELECT {_COLUMNS} FROM documents WHERE {' AND '.join(conditions)}"
        with self._database.read() as connection:
            rows = fetch(connection, query, [*values, *sent_with])
        return _stored(rows[0]) if rows else None

    def of_messages(self, message_ids: Sequence[str]) -> list[StoredDocument]:
        """What came of these messages, oldest first."""
        with self._database.read() as connection:
            of_these = one_of(connection, "message_id")
            query = f"SELECT {_COLUMNS} FROM documents WHERE {of_these} ORDER BY transaction_id, position"
            return [_stored(row) for row in fetch(connection, query, [values(connection, message_ids)])]

    def body(self, document_id: str) -> bytes:
        """The bytes as rendered when it was decided."""
        with self._database.read() as connection:
            return bytes(fetch(connection, "SELECT body FROM documents WHERE id = ?", [document_id])[0][0])

    def revision(self, document_id: str) -> int:
        """The mapping revision that it was made under."""
        with self._database.read() as connection:
            return int(fetch(connection, "SELECT mapping_revision FROM documents WHERE id = ?", [document_id])[0][0])

    def canonical(self, document_id: str) -> str:
        """The canonical document as JSON, to render it in another format."""
        with self._database.read() as connection:
            return str(fetch(connection, "SELECT canonical FROM documents WHERE id = ?", [document_id])[0][0])

    def canonicals(self, document_ids: Sequence[str]) -> dict[str, str]:
        """The same of several: document → JSON."""
        with self._database.read() as connection:
            query = f"SELECT id, canonical FROM documents WHERE {one_of(connection, 'id')}"
            return {row[0]: row[1] for row in fetch(connection, query, [values(connection, document_ids)])}

    def leaves_an_order(self, document_id: str) -> bool:
        """Whether an order of its number was on the books, and its message made no order, nor a version of one."""
        query = (
            "SELECT 1 FROM documents d JOIN orders o ON o.account_id = d.account_id "
            "AND o.order_number = d.order_number AND o.test = d.test AND o.created_at <= d.created_at "
            "WHERE d.id = ? AND NOT EXISTS "
            "(SELECT 1 FROM order_versions v WHERE v.order_id = d.order_id AND v.message_id = d.message_id)"
        )
        with self._database.read() as connection:
            return bool(fetch(connection, query, [document_id]))


def named_of_query(
    connection: Connection, account_id: str, texts: Collection[str], *, test_key: bool
) -> tuple[str, list[Any]]:
    """The query of `named_of`, and its parameters."""
    own = f"account_id || '' = ? AND {_SENT_WITH}"  # no plan by the account's index, which has all that it was sent
    columns, types = f"SELECT {_COLUMNS} FROM documents WHERE", marks(len(DOCUMENT_TYPES))
    by_id, by_number = one_of(connection, "id"), one_of(connection, "number")
    named, sent_with = values(connection, texts), [account_id, int(test_key)]
    query = f"{columns} {by_id} AND {own} UNION ALL {columns} type IN ({types}) AND {by_number} AND {own}"
    return query, [named, *sent_with, *DOCUMENT_TYPES, named, *sent_with]


def _cursor(text: str) -> tuple[int, int]:
    transaction, dash, position = text.partition("-")
    if not dash or not (transaction + position).isascii() or not transaction.isdigit() or not position.isdigit():
        raise ValueError("not a cursor of this mailbox")
    if max(len(transaction), len(position)) > 18:  # more than a database's integer holds
        raise ValueError("not a cursor of this mailbox")
    return int(transaction), int(position)


def _stored(row: Any) -> StoredDocument:
    return StoredDocument(*(f"{row[0]}-{row[1]}", *row[2:9], bool(row[9]), *row[10:]))
