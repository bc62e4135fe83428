"""One order's thread as our people look at it: what came for it, what went out of it, how that stands, and its lines a
page at a time. Nothing is decided on it, and nothing of it costs more with what other orders there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.orders import StoredOrder
from gateway.store.statements import fetch, one_of, values
from gateway.trade.amendment import order_versions
from schemas.documents.order import said_in
from schemas.values import EXACT

_HEAD = 80
"""Characters of an order as it is kept that have its function and its version."""
_LOOKED_AT = 2_000
"""Messages or documents that one page of a list goes through at most: what fits may be as rare as it likes."""
_ORDER = (
    "o.id, o.account_id, o.test, o.order_number, o.version, o.status, o.outcome, o.order_type, o.message_id, "
    "o.mapping_revision, o.currency, o.issue_date, o.requested_start, o.requested_end, o.created_at, o.updated_at"
)
_OF_AN_ORDER = 16
_MESSAGE = (
    "m.id, m.status, m.received_at, m.settled_at, m.due_at, m.source, m.format, m.duplicate_of, m.order_id, "
    "m.parent_id, m.waits_for_version, m.kind, m.amount, m.currency"
)
_DOCUMENT = (
    "d.transaction_id, d.position, d.id, d.type, d.number, d.order_id, d.order_number, d.message_id, d.test, d.format, "
    "d.created_at, v.transport, v.status, v.endpoint, v.attempts, v.code, v.detail, v.updated_at, v.answer_due_at"
)
_ANSWERED = 1_000
"""Characters of an order response as it is kept that have its outcome."""
_OUTCOME = re.compile(r'"outcome":"([a-z]+)"')


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order in a list. `at` is when its newest version came in, and `cursor` what continues a page behind it."""

    order: StoredOrder
    ship_to_site: str | None
    notice_due: int | None
    at: int
    cursor: str


@dataclass(frozen=True, slots=True)
class OrderHead:
    """An order with what only its page says: where it goes, from when on the notice of its goods is overdue, and which
    of the orders of its number it is, from 0."""

    order: StoredOrder
    ship_to_site: str | None
    notice_due: int | None
    ordinal: int


class ThreadMessage(NamedTuple):
    """A message that came under the order's number."""

    id: str
    status: str
    received_at: int
    settled_at: int | None
    due_at: int
    source: str
    format: str | None
    duplicate_of: str | None
    order_id: str | None
    parent_id: str | None
    waits_for_version: int | None
    kind: str | None
    amount: Decimal | None
    currency: str | None


class MadeVersion(NamedTuple):
    """A version of the order, the message that made it, and what answers call it."""

    version: int
    message_id: str
    order_version: int


@dataclass(frozen=True, slots=True)
class ThreadDocument:
    """A document of ours and how it stands on its way out; `status` None: nobody was to be sent it."""

    cursor: tuple[int, int]
    id: str
    type: str
    number: str
    order_id: str | None
    order_number: str | None
    message_id: str
    test: bool
    format: str
    created_at: int
    transport: str | None
    status: str | None
    endpoint: str | None
    attempts: int
    code: str | None
    detail: str | None
    updated_at: int | None
    answer_due_at: int | None


class ThreadReceipt(NamedTuple):
    """What the account said of one of them."""

    document_id: str
    at: int
    kind: str
    word: str
    message_id: str | None


class ThreadShipment(NamedTuple):
    """A shipment that has something of the order, as one of its despatch advices tells it."""

    document_id: str
    number: str
    shipped_at: int


class Billed(NamedTuple):
    """What an invoice or credit note has of the order, without tax; `payable` is of the whole document."""

    document_id: str
    type: str
    currency: str
    net: Decimal
    payable: Decimal


class DocumentPage(NamedTuple):
    """Documents newest first; `behind` continues the list, None where it is at its end. `is_short`: it ends where the
    look did, and there may be more behind."""

    documents: list[ThreadDocument]
    behind: tuple[int, int] | None
    is_short: bool


class OrderPage(NamedTuple):
    """The same of orders."""

    orders: list[ListedOrder]
    behind: str | None
    is_short: bool


class OrderThreads:
    """The repository of orders and documents as people look at them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- one order ----------------------------------------------------------------------------------------------
    def one(self, account_id: str | None, order_id: str) -> OrderHead | None:
        """The order; None where there is none, or it is another account's (`None`: anyone's)."""
        own, named = ("", [order_id]) if account_id is None else (" AND o.account_id = ?", [order_id, account_id])
        query = f"SELECT {_ORDER}, o.ship_to_site, o.notice_due, o.ordinal FROM orders o WHERE o.id = ?{own}"
        with self._database.read() as connection:
            rows = fetch(connection, query, named)
        return OrderHead(_order(rows[0]), *rows[0][_OF_AN_ORDER:]) if rows else None

    def of_number(self, account_id: str | None, order_number: str, limit: int) -> list[OrderHead]:
        """The orders that have this number, the newest first (`None`: anyone's)."""
        own, named = ("", []) if account_id is None else (" AND o.account_id = ?", [account_id])
        query = (
            f"SELECT {_ORDER}, o.ship_to_site, o.notice_due, o.ordinal FROM orders o WHERE o.order_number = ?{own} "
            "ORDER BY o.created_at DESC, o.id DESC LIMIT ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_number, *named, limit])
        return [OrderHead(_order(row), *row[_OF_AN_ORDER:]) for row in rows]

    def versions(self, order_id: str) -> list[MadeVersion]:
        """What made each version, the first one first; without what they say, which may be megabytes."""
        query = (
            f"SELECT version, message_id, substr(canonical, 1, {_HEAD}) FROM order_versions "
            "WHERE order_id = ? ORDER BY version"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id])
        told = order_versions(said_in(row[2]) for row in rows)
        return [MadeVersion(row[0], row[1], number) for row, number in zip(rows, told, strict=True)]

    def canonical(self, order_id: str, version: int) -> str | None:
        """The order as of this version, as json-1 has it; None where there is no such version."""
        query = "SELECT canonical FROM order_versions WHERE order_id = ? AND version = ?"
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id, version])
        return str(rows[0][0]) if rows else None

    def messages(self, order: StoredOrder, limit: int) -> list[ThreadMessage]:
        """The newest messages that are the order's, or came under its number and are no order's, and those that repeat
        one of them; the newest first."""
        query = (
            f"SELECT {_MESSAGE} FROM messages m WHERE m.account_id = ? AND m.order_number = ? "
            "AND m.order_number IS NOT NULL AND coalesce(m.is_test, m.test) = ? "
            "AND (m.order_id IS NULL OR m.order_id = ?) ORDER BY m.id DESC LIMIT ?"
        )
        named = [order.account_id, order.order_number, int(order.test), order.id, limit]
        with self._database.read() as connection:
            found = {row[0]: _message(row) for row in fetch(connection, query, named)}
            again = (
                f"SELECT {_MESSAGE} FROM messages m WHERE {one_of(connection, 'm.duplicate_of')} "
                "AND m.duplicate_of IS NOT NULL ORDER BY m.id DESC LIMIT ?"
            )
            repeating = fetch(connection, again, [values(connection, sorted(found)), limit]) if found else []
        found |= {row[0]: _message(row) for row in repeating}
        return sorted(found.values(), key=lambda one: one.id, reverse=True)[:limit]

    def documents(self, order: StoredOrder, limit: int) -> list[ThreadDocument]:
        """The newest documents of the order, those of several orders among them, and what was answered under its number
        of no order (refusals); the newest first."""
        several = "SELECT document_id FROM document_orders WHERE account_id = ? AND order_number = ? AND order_id = ?"
        of_documents = f"SELECT {_DOCUMENT} FROM documents d LEFT JOIN deliveries v ON v.document_id = d.id WHERE"
        query = (
            f"{of_documents} d.account_id = ? AND d.order_number = ? AND (d.order_id = ? OR d.order_id IS NULL) "
            f"AND d.test = ? UNION ALL {of_documents} d.id IN ({several}) ORDER BY 1 DESC, 2 DESC LIMIT ?"
        )
        which = [order.account_id, order.order_number, order.id]
        with self._database.read() as connection:
            return [_document(row) for row in fetch(connection, query, [*which, int(order.test), *which, limit])]

    def outcomes(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Order response → what it says of the order as a whole: accepted, changed, rejected, received."""
        if not document_ids:
            return {}
        with self._database.read() as connection:
            head = f"substr(canonical, 1, {_ANSWERED})"
            query = f"SELECT id, {head} FROM documents WHERE {one_of(connection, 'id')} AND type || '' = ?"
            rows = fetch(connection, query, [values(connection, document_ids), "order_response"])
        found = {row[0]: _OUTCOME.search(row[1]) for row in rows}
        return {one: said[1] for one, said in found.items() if said is not None}

    def receipts(self, document_ids: Sequence[str], limit: int) -> list[ThreadReceipt]:
        """What the account said of these documents, the first word first."""
        if not document_ids:
            return []
        with self._database.read() as connection:
            these = one_of(connection, "document_id")
            query = (
                f"SELECT document_id, at, kind, word, message_id FROM receipts WHERE {these} "
                "ORDER BY at, document_id, number LIMIT ?"
            )
            return [ThreadReceipt(*row) for row in fetch(connection, query, [values(connection, document_ids), limit])]

    def shipments(self, order_id: str) -> dict[str, ThreadShipment]:
        """Despatch advice → the shipment that it tells of, of those that have something of the order."""
        query = (
            "SELECT DISTINCT l.document_id, h.number, h.shipped_at FROM shipment_lines l "
            "JOIN shipments h ON h.id = l.shipment_id WHERE l.order_id = ?"
        )
        with self._database.read() as connection:
            return {row[0]: ThreadShipment(*row) for row in fetch(connection, query, [order_id])}

    def billed(self, order_id: str) -> dict[str, Billed]:
        """Invoice or credit note → what it has of the order's lines."""
        query = (
            "SELECT i.document_id, i.type, i.currency, l.net, i.payable FROM invoice_lines l "
            "JOIN invoices i ON i.id = l.invoice_id WHERE l.order_id = ?"
        )
        found: dict[str, Billed] = {}
        with self._database.read() as connection:
            for document_id, kind, currency, net, payable in fetch(connection, query, [order_id]):
                before = found[document_id].net if document_id in found else Decimal(0)
                total = EXACT.add(before, Decimal(net))
                found[document_id] = Billed(document_id, kind, currency, total, Decimal(payable))
        return found

    # --- its lines ----------------------------------------------------------------------------------------------
    def count_lines(self, order_id: str) -> int:
        """How many lines the order has, or ever had."""
        query = "SELECT count(DISTINCT line_number) FROM quantity_movements WHERE order_id = ?"
        with self._database.read() as connection:
            return int(fetch(connection, query, [order_id])[0][0])

    def line_numbers(self, order_id: str, skipped: int, limit: int) -> list[str]:
        """Some of its lines, in the order's own sequence. (To skip lines of one order costs what to count them does:
        they have no index of their sequence, and are no more than an order may have.)"""
        query = (
            "SELECT line_number FROM quantity_movements WHERE order_id = ? GROUP BY line_number "
            "ORDER BY min(position), line_number LIMIT ? OFFSET ?"
        )
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [order_id, limit, skipped])]

    # --- lists --------------------------------------------------------------------------------------------------
    def orders_page(self, account_id: str, *, before: str | None, limit: int) -> OrderPage:
        """The account's orders, the one that its sender changed last first: each at the message that made its newest
        version, behind the message `before`. Goes through so many messages at most, whatever they were."""
        behind, named = ("", []) if before is None else (" AND id < ?", [before])
        looked_at = f"FROM messages WHERE account_id = ?{behind} ORDER BY id DESC LIMIT"
        query = (
            f"SELECT {_ORDER}, o.ship_to_site, o.notice_due, some_.received_at, some_.id FROM "
            f"(SELECT id, order_id, received_at {looked_at} {_LOOKED_AT}) some_ "
            "JOIN orders o ON o.id = some_.order_id AND o.message_id = some_.id ORDER BY some_.id DESC LIMIT ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [account_id, *named, limit + 1])
            found = [ListedOrder(_order(row), *row[_OF_AN_ORDER:]) for row in rows]
            if len(found) > limit:
                return OrderPage(found[:limit], found[limit - 1].cursor, is_short=False)
            last = f"SELECT id {looked_at} 1 OFFSET {_LOOKED_AT - 1}"
            end = fetch(connection, last, [account_id, *named])
        return OrderPage(found, end[0][0] if end else None, is_short=bool(end))

    def documents_page(
        self,
        account_id: str,
        *,
        kind: str | None = None,
        order_number: str | None = None,
        before: tuple[int, int] | None = None,
        limit: int,
    ) -> DocumentPage:
        """The account's documents, the newest first, behind the cursor `before`; of one order's number by its index, of
        one type by a look at so many at most."""
        if order_number is not None:
            found = self._documents_of_number(account_id, order_number, kind, before, limit + 1)
            return _cut(found, limit)
        behind, named = ("", []) if before is None else (" AND (transaction_id, position) < (?, ?)", [*before])
        looked_at = f"FROM documents WHERE account_id = ?{behind} ORDER BY transaction_id DESC, position DESC LIMIT"
        of_kind, told = ("", []) if kind is None else ("WHERE some_.type = ? ", [kind])
        picked = (
            f"SELECT some_.id FROM (SELECT transaction_id, position, id, type {looked_at} {_LOOKED_AT}) some_ "
            f"{of_kind}ORDER BY some_.transaction_id DESC, some_.position DESC LIMIT ?"
        )
        with self._database.read() as connection:
            ids = [row[0] for row in fetch(connection, picked, [account_id, *named, *told, limit + 1])]
            found = _loaded(connection, ids)
            if len(found) > limit:
                return _cut(found, limit)
            last = f"SELECT transaction_id, position {looked_at} 1 OFFSET {_LOOKED_AT - 1}"
            end = fetch(connection, last, [account_id, *named])
        return DocumentPage(found, (end[0][0], end[0][1]) if end else None, is_short=bool(end))

    def _documents_of_number(
        self, account_id: str, order_number: str, kind: str | None, before: tuple[int, int] | None, limit: int
    ) -> list[ThreadDocument]:
        conditions, told = "", list[Any]()
        if kind is not None:
            conditions, told = " AND d.type || '' = ?", [kind]  # no plan by the index of types
        if before is not None:
            conditions, told = f"{conditions} AND (d.transaction_id, d.position) < (?, ?)", [*told, *before]
        several = "SELECT document_id FROM document_orders WHERE account_id = ? AND order_number = ?"
        of_documents = f"SELECT {_DOCUMENT} FROM documents d LEFT JOIN deliveries v ON v.document_id = d.id WHERE"
        query = (
            f"{of_documents} d.account_id = ? AND d.order_number = ?{conditions} "
            f"UNION ALL {of_documents} d.id IN ({several}){conditions} ORDER BY 1 DESC, 2 DESC LIMIT ?"
        )
        which = [account_id, order_number]
        with self._database.read() as connection:
            return [_document(row) for row in fetch(connection, query, [*which, *told, *which, *told, limit])]


def _cut(found: list[ThreadDocument], limit: int) -> DocumentPage:
    if len(found) > limit:
        return DocumentPage(found[:limit], found[limit - 1].cursor, is_short=False)
    return DocumentPage(found, None, is_short=False)


def _loaded(connection: Connection, document_ids: Sequence[str]) -> list[ThreadDocument]:
    query = (
        f"SELECT {_DOCUMENT} FROM documents d LEFT JOIN deliveries v ON v.document_id = d.id "
        f"WHERE {one_of(connection, 'd.id')} ORDER BY d.transaction_id DESC, d.position DESC"
    )
    return [_document(row) for row in fetch(connection, query, [values(connection, document_ids)])]


def _order(row: Sequence[Any]) -> StoredOrder:
    return StoredOrder(*(*row[:2], bool(row[2]), *row[3:_OF_AN_ORDER]))


def _message(row: Sequence[Any]) -> ThreadMessage:
    *known, amount, currency = row
    return ThreadMessage(*(*known, None if amount is None else Decimal(amount), currency))


def _document(row: Sequence[Any]) -> ThreadDocument:
    transaction, position, *known = row
    known[6], known[11] = bool(known[6]), known[11] or 0
    return ThreadDocument((transaction, position), *known)
