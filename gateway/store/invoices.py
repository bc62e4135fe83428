"""Invoices and credit notes: what shipped and isn't billed yet, what is to be billed when, and writing them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.audit import Audit
from gateway.store.billed_charges import write_charges
from gateway.store.chain import START, next_event
from gateway.store.columns import in_full
from gateway.store.database import Collision, Database
from gateway.store.noting import append
from gateway.store.numbers import Numbers
from gateway.store.order_moves import BilledMove, SeenOrder, move_billed, see_orders, transaction_of
from gateway.store.orders import StoredOrder
from gateway.store.outbox import Outbound
from gateway.store.rebate_settlements import Settlement, write_settlements
from gateway.store.shipments import stream_of as stream_of_shipment
from gateway.store.statements import fetch, insert, one_of, run, values
from gateway.store.tables import (
    billed_parts,
    billing_requests,
    deliveries,
    document_orders,
    documents,
    invoice_lines,
    invoices,
    shipment_deliveries,
)
from gateway.trade.order_charges import ChargeName
from schemas.documents.invoice import InvoiceType
from schemas.faults import Fault
from schemas.values import EXACT

WaitsFor = Literal["shipped", "delivered", "daily", "weekly", "monthly", "request"]
_NOTHING = Decimal(0)


def stream_of(invoice_id: str) -> str:
    """The audit stream of an invoice or credit note; its document stands under this name, too."""
    return f"invoice/{invoice_id}"


class PartKey(NamedTuple):
    """A line of a shipment."""

    shipment_id: str
    shipment_line: int


class Part(NamedTuple):
    """What a shipment had of an order line in one package, and the despatch advice that told of it."""

    key: PartKey
    shipment_number: str
    shipped_at: int
    delivered_at: str | None
    """ISO 8601, where it was told."""
    account_id: str
    order_id: str
    order_number: str
    line_number: str
    product: str
    base_quantity: Decimal
    document_id: str
    document_number: str
    document_line: str


class Billable(NamedTuple):
    """A despatch advice that is to be billed. `slot` is when it was to be billed first, or was billed; None: it waits
    for its delivery, or for a request. `due_at`: when it is tried next."""

    document_id: str
    shipment_id: str
    account_id: str
    waits_for: WaitsFor
    slot: int | None
    due_at: int | None
    attempts: int
    faults: str | None

    def told(self) -> list[dict[str, Any]]:
        """Why it could not be billed, as the faults' JSON."""
        return list(json.loads(self.faults)) if self.faults else []


class StoredInvoice(NamedTuple):
    """An invoice or credit note that was made."""

    id: str
    type: InvoiceType
    number: str
    account_id: str
    issue_date: str
    currency: str
    net: Decimal
    payable: Decimal
    made_at: int
    request_number: str | None
    credits_id: str | None
    document_id: str


class StoredLine(NamedTuple):
    """A line of one, and the order line that it is of. `quantity` is in the invoice's unit."""

    line_number: str
    order_id: str
    order_line_number: str
    product: str
    quantity: Decimal
    base_quantity: Decimal


class Request(NamedTuple):
    """What the back office asked, by its number."""

    number: str
    at: int
    key_id: str
    content_sha256: bytes


@dataclass(slots=True, kw_only=True)
class WrittenLine:
    """A line as it is written; `parts` are how many base units of which lines of shipments it bills."""

    line_number: str
    order_id: str
    order_line_number: str
    product: str
    quantity: Decimal
    base_quantity: Decimal
    net: Decimal
    credits_line: str | None = None
    parts: Mapping[PartKey, Decimal] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class WrittenInvoice:
    """An invoice or credit note as it is written. `orders` are those that it is of: id → number; `charged` is what an
    invoice has of their own charges."""

    id: str
    issue_date: str
    currency: str
    net: Decimal
    payable: Decimal
    document: Outbound
    credits_id: str | None = None
    lines: list[WrittenLine]
    moves: list[BilledMove]
    orders: Mapping[str, str]
    charged: Mapping[str, Mapping[ChargeName, Decimal]] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the audit event says besides."""


@dataclass(slots=True, kw_only=True)
class InvoiceRows:
    """Everything that is written at once. `billed` are despatch advices of which nothing is left to be billed; `failed`
    those of which something could not be: when it is tried again, and why."""

    at: int
    actor: str
    request: Request | None = None
    invoices: list[WrittenInvoice] = field(default_factory=list)
    billed_now: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    """(order, line) → base units that are on these invoices."""
    charged_now: dict[str, dict[ChargeName, Decimal]] = field(default_factory=dict)
    """Order → what these invoices have of its charges."""
    orders: list[SeenOrder] = field(default_factory=list)
    claims: list[tuple[str, int, str]] = field(default_factory=list)
    """(kind, number, series) of those that have no gaps."""
    billed: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    """Despatch advices of which a request leaves nothing to be billed, whatever they waited for."""
    failed: list[tuple[str, int, tuple[Fault, ...]]] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    """What credit notes among them have of rebates."""


_PART = (
    "SELECT l.shipment_id, l.number, s.number, s.shipped_at, v.delivered_at, d.account_id, l.order_id, o.order_number, "
    "l.line_number, l.product, l.base_quantity, l.document_id, d.number, l.document_line FROM {} "
    "JOIN documents d ON d.id = l.document_id JOIN orders o ON o.id = l.order_id "
    "LEFT JOIN shipment_deliveries v ON v.shipment_id = s.id WHERE {} ORDER BY s.shipped_at, s.number, l.number"
)
_BILLABLE = "document_id, shipment_id, account_id, waits_for, slot, due_at, attempts, faults"
_STILL_DUE = f"SELECT {_BILLABLE} FROM billables WHERE {{}} AND due_at IS NOT NULL ORDER BY document_id"
_INVOICE = (
    "id, type, number, account_id, issue_date, currency, net, payable, made_at, request_number, credits_id, document_id"
)


class Invoices:
    """The repository of invoices, credit notes, and what is to become one."""

    def __init__(self, database: Database, audit: Audit, numbers: Numbers) -> None:
        self._database = database
        self._audit = audit
        self._numbers = numbers

    # --- what shipped ------------------------------------------------------------------------------------------------
    def parts_of(self, shipment_numbers: Iterable[str]) -> list[Part]:
        """What these shipments had, in the order in which they left."""
        return self._parts("shipments s JOIN shipment_lines l ON l.shipment_id = s.id", "s.number", shipment_numbers)

    def parts_told_in(self, document_ids: Iterable[str], shipment_ids: Iterable[str]) -> list[Part]:
        """What these despatch advices, of these shipments, told."""
        wanted = set(document_ids)
        found = self._parts("shipments s JOIN shipment_lines l ON l.shipment_id = s.id", "s.id", shipment_ids)
        return [part for part in found if part.document_id in wanted]

    def _parts(self, source: str, column: str, wanted: Iterable[str]) -> list[Part]:
        asked = sorted(set(wanted))
        if not asked:
            return []
        with self._database.read() as connection:
            query = _PART.format(source, one_of(connection, column))
            rows = fetch(connection, query, [values(connection, asked)])
        return [_part(row) for row in rows]

    def billed(self, shipment_ids: Iterable[str]) -> dict[PartKey, Decimal]:
        """How many base units of these shipments' lines were billed."""
        query = "SELECT shipment_id, shipment_line, base_quantity FROM billed_parts WHERE {}"
        found: dict[PartKey, Decimal] = {}
        for shipment_id, number, quantity in self._of("shipment_id", shipment_ids, query):
            key = PartKey(shipment_id, number)
            found[key] = EXACT.add(found.get(key, _NOTHING), Decimal(quantity))
        return found

    def left_from(self, shipment_ids: Iterable[str]) -> dict[tuple[str, str, str], str]:
        """(shipment, order, line) → the site of ours that it left, the first by name where it left several."""
        query = "SELECT shipment_id, order_id, line_number, site FROM departures WHERE {} ORDER BY site DESC"
        return {(row[0], row[1], row[2]): row[3] for row in self._of("shipment_id", shipment_ids, query)}

    def orders(self, order_ids: Iterable[str]) -> list[tuple[StoredOrder, int]]:
        """These orders, each with its catalogue revision."""
        columns = (
            "id, account_id, test, order_number, version, status, outcome, order_type, message_id, mapping_revision, "
            "currency, issue_date, requested_start, requested_end, created_at, updated_at, catalogue_revision"
        )
        rows = self._of("id", order_ids, f"SELECT {columns} FROM orders WHERE {{}} ORDER BY id")
        return [(StoredOrder(*(*row[:2], bool(row[2]), *row[3:16])), row[16]) for row in rows]

    def responses(self, order_ids: Iterable[str]) -> dict[str, list[str]]:
        """Order id → the canonical responses that it and its changes got, the newest first."""
        query = (
            "SELECT o.id, d.canonical FROM orders o JOIN documents d ON d.account_id = o.account_id "
            "AND d.order_number = o.order_number AND d.order_id = o.id "
            "WHERE {} AND d.type = 'order_response' ORDER BY d.transaction_id DESC, d.position DESC"
        )
        found: dict[str, list[str]] = {}
        for order_id, canonical in self._of("o.id", order_ids, query):
            found.setdefault(order_id, []).append(canonical)
        return found

    def billed_of_orders(self, order_ids: Iterable[str]) -> dict[str, dict[str, Decimal]]:
        """Order id → line number → how many base units of it were invoiced."""
        query = (
            "SELECT l.order_id, l.order_line_number, l.base_quantity FROM invoice_lines l "
            "JOIN invoices i ON i.id = l.invoice_id WHERE {} AND i.type = 'invoice'"
        )
        found: dict[str, dict[str, Decimal]] = {}
        for order_id, number, quantity in self._of("l.order_id", order_ids, query):
            lines = found.setdefault(order_id, {})
            lines[number] = EXACT.add(lines.get(number, _NOTHING), Decimal(quantity))
        return found

    def _of(self, column: str, wanted: Iterable[str], query: str) -> list[Any]:
        asked = sorted(set(wanted))
        if not asked:
            return []
        with self._database.read() as connection:
            return fetch(connection, query.format(one_of(connection, column)), [values(connection, asked)])

    # --- what is to be billed ----------------------------------------------------------------------------------------
    def due(self, at: int) -> list[Billable]:
        """The despatch advices that are to be billed together next: of one account, one kind and one time."""
        first = f"SELECT {_BILLABLE} FROM billables WHERE due_at <= ? ORDER BY due_at LIMIT 1"
        rest = (
            f"SELECT {_BILLABLE} FROM billables WHERE due_at <= ? AND account_id = ? AND waits_for = ? AND slot = ? "
            "ORDER BY document_id"
        )
        with self._database.read() as connection:
            found = fetch(connection, first, [at])
            if not found:
                return []
            earliest = Billable(*found[0])
            asked = [at, earliest.account_id, earliest.waits_for, earliest.slot]
            return [Billable(*row) for row in fetch(connection, rest, asked)]

    def still_due(self, document_ids: Iterable[str]) -> list[Billable]:
        """Those of these despatch advices that nobody has billed."""
        return [Billable(*row) for row in self._of("document_id", document_ids, _STILL_DUE)]

    def waiting(self, limit: int) -> list[Billable]:
        """What is to be billed at a time, or could not be, the next first; behind it what waits for its delivery or for
        a request, the oldest first."""
        at_a_time = f"SELECT {_BILLABLE} FROM billables WHERE due_at IS NOT NULL ORDER BY due_at LIMIT ?"
        at_none = f"SELECT {_BILLABLE} FROM billables WHERE slot IS NULL ORDER BY document_id LIMIT ?"
        with self._database.read() as connection:
            found = list(fetch(connection, at_a_time, [limit]))
            found += fetch(connection, at_none, [limit - len(found)])
        return [Billable(*row) for row in found]

    def shipment_numbers(self, shipment_ids: Iterable[str]) -> dict[str, str]:
        """Shipment → the warehouse's number of it."""
        return dict(map(tuple, self._of("id", shipment_ids, "SELECT id, number FROM shipments WHERE {}")))

    def held(self) -> int:
        """How many despatch advices could not be billed, and are tried again."""
        query = "SELECT count(*) FROM billables WHERE due_at IS NOT NULL AND faults IS NOT NULL"
        with self._database.read() as connection:
            return int(fetch(connection, query)[0][0])

    def bill_now(self, at: int) -> int:
        """Have what could not be billed tried at once; how many despatch advices those are."""
        query = "UPDATE billables SET due_at = ? WHERE due_at IS NOT NULL AND faults IS NOT NULL AND due_at > ?"
        with self._database.write() as connection:
            return run(connection, query, [(at, at)])

    def deliver(self, shipment_id: str, delivered_at: str, key_id: str, at: int) -> None:
        """Note when a shipment was there, and have what waits for that billed. Raises Collision where it is noted."""
        with self._database.write() as connection:
            insert(connection, shipment_deliveries, [(shipment_id, delivered_at, at, key_id)])
            run(
                connection,
                "UPDATE billables SET slot = ?, due_at = ? WHERE shipment_id = ? AND waits_for = 'delivered' "
                "AND slot IS NULL",
                [(at, at, shipment_id)],
            )
            told = {"delivered_at": delivered_at}
            self._audit.note(connection, stream_of_shipment(shipment_id), "delivered", f"key/{key_id}", told)

    def delivered(self, shipment_id: str) -> str | None:
        """When the shipment was there, as it was told; None where nobody has."""
        query = "SELECT delivered_at FROM shipment_deliveries WHERE shipment_id = ?"
        with self._database.read() as connection:
            rows = fetch(connection, query, [shipment_id])
        return str(rows[0][0]) if rows else None

    # --- what was made -----------------------------------------------------------------------------------------------
    def request(self, kind: InvoiceType, number: str) -> Request | None:
        """What the back office asked under this number."""
        query = "SELECT number, at, key_id, content_sha256 FROM billing_requests WHERE type = ? AND number = ?"
        with self._database.read() as connection:
            rows = fetch(connection, query, [kind, number])
        return next((Request(row[0], row[1], row[2], bytes(row[3])) for row in rows), None)

    def asked_for(self, kind: InvoiceType, request_number: str) -> list[StoredInvoice]:
        """What was made of the back office's request of this number, in the order of their making."""
        query = f"SELECT {_INVOICE} FROM invoices WHERE type = ? AND request_number = ? ORDER BY id"
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, query, [kind, request_number])]

    def one(self, kind: InvoiceType, number: str) -> StoredInvoice | None:
        """The invoice or credit note of this number."""
        query = f"SELECT {_INVOICE} FROM invoices WHERE type = ? AND number = ?"
        with self._database.read() as connection:
            rows = fetch(connection, query, [kind, number])
        return _stored(rows[0]) if rows else None

    def lines(self, invoice_id: str) -> dict[str, StoredLine]:
        """Line number → what it is of."""
        query = (
            "SELECT line_number, order_id, order_line_number, product, quantity, base_quantity FROM invoice_lines "
            "WHERE invoice_id = ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [invoice_id])
        return {row[0]: StoredLine(*(*row[:4], Decimal(row[4]), Decimal(row[5]))) for row in rows}

    def credited(self, invoice_id: str) -> dict[str, Decimal]:
        """Line number of the invoice → what of it was credited, in the invoice's unit."""
        query = (
            "SELECT l.credits_line, l.quantity FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id "
            "WHERE i.credits_id = ? AND l.credits_line IS NOT NULL"
        )
        found: dict[str, Decimal] = {}
        with self._database.read() as connection:
            for line, quantity in fetch(connection, query, [invoice_id]):
                found[line] = EXACT.add(found.get(line, _NOTHING), Decimal(quantity))
        return found

    def page(self, account_id: str, *, after: tuple[str, str] | None = None, limit: int) -> list[StoredInvoice]:
        """An account's invoices and credit notes, the newest first, behind the (issue date, id) of `after`."""
        query = f"SELECT {_INVOICE} FROM invoices WHERE account_id = ?"
        asked: list[Any] = [account_id]
        if after is not None:
            query += " AND (issue_date, id) < (?, ?)"
            asked += after
        query += " ORDER BY issue_date DESC, id DESC LIMIT ?"
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, query, [*asked, limit])]

    def issued(self, account_id: str, first: str, last: str) -> list[StoredInvoice]:
        """An account's invoices and credit notes of these days, both included, the oldest first."""
        query = (
            f"SELECT {_INVOICE} FROM invoices WHERE account_id = ? AND issue_date BETWEEN ? AND ? "
            "ORDER BY issue_date, id"
        )
        with self._database.read() as connection:
            return [_stored(row) for row in fetch(connection, query, [account_id, first, last])]

    def lines_of_orders(self, invoice_ids: Iterable[str]) -> dict[str, dict[str, StoredLine]]:
        """Invoice → line number → what it is of; those that are of no order line aren't in it."""
        query = (
            "SELECT invoice_id, line_number, order_id, order_line_number, product, quantity, base_quantity "
            "FROM invoice_lines WHERE {}"
        )
        found: dict[str, dict[str, StoredLine]] = {}
        for invoice_id, *row in self._of("invoice_id", invoice_ids, query):
            line = StoredLine(*(*row[:4], Decimal(row[4]), Decimal(row[5])))
            found.setdefault(invoice_id, {})[line.line_number] = line
        return found

    def save(self, written: InvoiceRows) -> None:
        """Write all of it. Raises Collision where an order isn't any more what was judged, a number was taken
        meanwhile, or somebody else has billed or settled it; then nothing is written."""
        at = written.at
        with self._database.write() as connection:
            if written.request is not None:
                kind = written.invoices[0].document.kind
                insert(connection, billing_requests, [(kind, *written.request)])
            see_orders(connection, written.orders, at)
            _settle(connection, written)
            if not written.invoices:
                return
            stamp = transaction_of(connection)
            for one in written.invoices:
                _write(connection, one, written, stamp)
            write_settlements(connection, written.settlements)
            for kind, number, series in sorted(written.claims):
                self._numbers.claim(connection, kind, number, series)


def _settle(connection: Connection, written: InvoiceRows) -> None:
    """What was to be billed is, or is tried again. What was asked for may have waited for nothing."""
    done = "UPDATE billables SET due_at = NULL, faults = NULL WHERE document_id = ? AND due_at IS NOT NULL"
    again = (
        "UPDATE billables SET due_at = ?, faults = ?, attempts = attempts + 1 "
        "WHERE document_id = ? AND due_at IS NOT NULL"
    )
    whole = (
        "UPDATE billables SET slot = COALESCE(slot, ?), due_at = NULL, faults = NULL "
        "WHERE document_id = ? AND (slot IS NULL OR due_at IS NOT NULL)"
    )
    run(connection, whole, [(written.at, one) for one in sorted(written.asked_for)])
    touched = run(connection, done, [(one,) for one in written.billed])
    rows = [(at, json.dumps([one.as_json() for one in faults]), name) for name, at, faults in written.failed]
    touched += run(connection, again, rows)
    if touched != len(written.billed) + len(rows):
        raise Collision("somebody else has billed it meanwhile")


def _write(connection: Connection, one: WrittenInvoice, written: InvoiceRows, stamp: int) -> None:
    source, at = stream_of(one.id), written.at
    document_id, document, delivery = one.document.rows(at)
    kind, number, account = one.document.kind, one.document.number, one.document.account_id
    asked = written.request.number if written.request else None
    totals = (in_full(one.net), in_full(one.payable))
    row = (one.id, kind, number, account, one.issue_date, one.currency, *totals, at, asked, one.credits_id, document_id)
    insert(connection, invoices, [row])
    insert(connection, invoice_lines, [_line_row(one.id, line) for line in one.lines])
    parts = [
        (one.id, line.line_number, *key, in_full(quantity))
        for line in one.lines
        for key, quantity in line.parts.items()
    ]
    insert(connection, billed_parts, parts)
    write_charges(connection, one.id, one.charged)
    move_billed(connection, one.moves, source, at)
    insert(connection, documents, [(stamp, *document[1:])])
    insert(connection, deliveries, [delivery])
    if len(one.orders) > 1:
        rows = [(account, order_number, document_id, order_id) for order_id, order_number in one.orders.items()]
        insert(connection, document_orders, rows)
    told = {"number": number, "account": account, "documents": {document_id: one.document.digests()}, **one.told}
    event = next_event(source, 1, START, "invoiced" if kind == "invoice" else "credited", written.actor, told, at)
    append(connection, [event])


def _line_row(invoice_id: str, line: WrittenLine) -> tuple[Any, ...]:
    return (
        *(invoice_id, line.line_number, line.order_id, line.order_line_number, line.product),
        *(in_full(line.quantity), in_full(line.base_quantity), in_full(line.net), line.credits_line),
    )


def _part(row: Sequence[Any]) -> Part:
    return Part(*(PartKey(row[0], row[1]), *row[2:10], Decimal(row[10]), *row[11:]))


def _stored(row: Sequence[Any]) -> StoredInvoice:
    return StoredInvoice(*(*row[:6], Decimal(row[6]), Decimal(row[7]), *row[8:]))
