"""Orders on the accounts' books: whether a number is taken, and the thread with its ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from gateway.store.chain import HELD_AS_CHANGE
from gateway.store.database import Database
from gateway.store.statements import fetch, given, one_of, values
from gateway.trade.amendment import order_versions
from schemas.documents.order import said_in
from schemas.values import EXACT, from_fraction, is_carried, shortest


@dataclass(frozen=True, slots=True)
class LiveOrder:
    """What is known of an order number: enough to tell a resend from other content."""

    id: str
    epoch: int
    ordinal: int
    """Which of the orders of its number it is, from 0."""
    version: int
    message_id: str
    content_sha256: bytes
    created_at: int
    updated_at: int
    status: str


OrderNumber = tuple[str, bool, str]
"""(account, test, order number)."""


class OrderVersion(NamedTuple):
    """The order as a message made it: `canonical` is that as JSON."""

    version: int
    message_id: str
    canonical: str
    order_version: int
    """What answers call it."""


class OpenMessage(NamedTuple):
    """A message that carries an order number and isn't settled for good."""

    id: str
    content: bytes
    status: str
    """held, failed; received: a change that waits for its order."""
    received_at: int
    envelope_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """One order as it stands."""

    id: str
    account_id: str
    test: bool
    order_number: str
    version: int
    status: str
    outcome: str
    order_type: str
    message_id: str
    mapping_revision: int
    currency: str | None
    issue_date: str | None
    requested_start: str | None
    requested_end: str | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line's sums, in the account's unit; `open` is what is ordered, or was raised, and not yet decided. What left,
    came back and was billed is counted in base units, and told in the account's unit as well."""

    line_number: str
    product: str | None
    unit: str | None
    base_unit: str | None
    base_ordered: Decimal
    ordered: Decimal
    raised: Decimal
    confirmed: Decimal
    backordered: Decimal
    rejected: Decimal
    cancelled: Decimal
    base_shipped: Decimal
    base_returned: Decimal
    base_invoiced: Decimal
    base_credited: Decimal

    def in_unit(self, base: Decimal) -> Decimal:
        """So many base units in the account's unit; where that is no decimal (7 of a case of 12), the six decimals
        below it: the base units say it exactly."""
        if not base or not self.base_ordered:
            return Decimal(0)
        units = Fraction(base) * Fraction(self.ordered) / Fraction(self.base_ordered)
        exact = from_fraction(units)
        if exact is not None and is_carried(exact):
            return shortest(exact)
        return shortest(Decimal(f"{units.numerator * 10**6 // units.denominator}E-6"))

    @property
    def shipped(self) -> Decimal:
        """What left, in the account's unit."""
        return self.in_unit(self.base_shipped)

    @property
    def returned(self) -> Decimal:
        """What came back, in the account's unit."""
        return self.in_unit(self.base_returned)

    @property
    def invoiced(self) -> Decimal:
        """What was billed, in the account's unit."""
        return self.in_unit(self.base_invoiced)

    @property
    def credited(self) -> Decimal:
        """What was credited of that, in the account's unit."""
        return self.in_unit(self.base_credited)

    @property
    def open(self) -> Decimal:
        """Ordered or raised, and neither confirmed, backordered, rejected nor cancelled."""
        settled = self.confirmed + self.backordered + self.rejected + self.cancelled
        return EXACT.subtract(EXACT.add(self.ordered, self.raised), settled)


_SUMS = (
    *("base_ordered", "ordered", "raised", "confirmed", "backordered", "rejected", "cancelled"),
    *("shipped", "returned", "invoiced", "credited"),
)
_ORDER_COLUMNS = (
    "id, account_id, test, order_number, version, status, outcome, order_type, message_id, mapping_revision, "
    "currency, issue_date, requested_start, requested_end, created_at, updated_at"
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """An order's first lines. `is_cut`: it has more."""

    lines: list[LedgerLine]
    is_cut: bool


class Orders:
    """The repository of orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_numbers(self, numbers: Iterable[OrderNumber]) -> dict[OrderNumber, dict[str, LiveOrder]]:
        """(account, test, order number) → order key → the newest order under it: several where a key has more parts
        than the number."""
        wanted = sorted(set(numbers))
        found: dict[OrderNumber, dict[str, LiveOrder]] = {}
        if not wanted:
            return found
        with self._database.read() as connection:
            rows = [(account, int(test), number) for account, test, number in wanted]
            table, parameters = given(connection, rows, "w_account", "w_test", "w_number")
            for row in fetch(
                connection,
                "SELECT account_id, test, order_number, order_key, id, epoch, ordinal, version, message_id, "
                "content_sha256, created_at, updated_at, status "
                f"FROM {table} w CROSS JOIN orders WHERE account_id = w_account "
                "AND test = w_test AND order_number = w_number ORDER BY epoch",
                parameters,
            ):
                live = LiveOrder(*(*row[4:9], bytes(row[9]), *row[10:]))
                found.setdefault((row[0], bool(row[1]), row[2]), {})[row[3]] = live
        return found

    def open_messages(self, numbers: Iterable[tuple[str, bool, str]]) -> dict[tuple[str, bool, str], list[OpenMessage]]:
        """(account, test, order number) → the held and failed messages that carry it, those that wait for it, and those
        that were corrected, as what took their place stands."""
        waiting = "status = 'received' AND not_before IS NOT NULL AND order_number IS NOT NULL"
        return self._carrying(numbers, "status IN ('held', 'failed')", waiting, "status = 'superseded'")

    def unapplied(self, numbers: Iterable[tuple[str, bool, str]]) -> dict[tuple[str, bool, str], list[OpenMessage]]:
        """(account, test, order number) → the changes of it that were too late to matter: done, and of no order."""
        return self._carrying(numbers, "status = 'done' AND order_id IS NULL AND order_number IS NOT NULL")

    def _carrying(
        self, numbers: Iterable[tuple[str, bool, str]], *states: str
    ) -> dict[tuple[str, bool, str], list[OpenMessage]]:
        """(account, test, order number) → the messages that carry it and are in one of these states, by their ids."""
        wanted = sorted(set(numbers))
        found: dict[tuple[str, bool, str], list[OpenMessage]] = {}
        if not wanted:
            return found
        with self._database.read() as connection:
            rows = sorted({(account, number) for account, _, number in wanted})
            table, parameters = given(connection, rows, "w_account", "w_number")
            one = (
                "SELECT account_id, test, order_number, "
                "CASE WHEN status = 'superseded' THEN duplicate_of ELSE id END, content_sha256, "
                "CASE WHEN status = 'superseded' "
                "THEN (SELECT c.status FROM messages c WHERE c.id = m.duplicate_of) ELSE status END, "
                "received_at, envelope_id, idempotency_key "
                f"FROM {table} w CROSS JOIN messages m WHERE account_id = w_account AND order_number = w_number "
                "AND {} AND content_sha256 IS NOT NULL"
            )
            query = f"{' UNION ALL '.join(one.format(state) for state in states)} ORDER BY 4"
            for row in fetch(connection, query, [*parameters] * len(states)):
                message = OpenMessage(row[3], bytes(row[4]), *row[5:])
                found.setdefault((row[0], bool(row[1]), row[2]), []).append(message)
        return found

    def is_open(self, account_id: str, is_test: bool, order_number: str, asking: str) -> bool:
        """Whether a message of this number that may bring the order, other than the one that is `asking`, isn't settled
        for good: it is held, has failed, or is being judged again. One that waited for an order, or was held as a
        change, is none."""
        query = (
            "SELECT 1 FROM messages m WHERE account_id = ? AND order_number = ? AND order_number IS NOT NULL "
            "AND coalesce(is_test, test) = ? AND m.id <> ? AND status IN ('held', 'failed', 'received', 'processing') "
            "AND NOT EXISTS (SELECT 1 FROM events e WHERE e.stream = m.id "
            "AND (e.kind = 'waits' OR (e.kind = 'held' AND e.body LIKE ?))) LIMIT 1"
        )
        asked = [account_id, order_number, int(is_test), asking, f"%{HELD_AS_CHANGE}%"]
        with self._database.read() as connection:
            return bool(fetch(connection, query, asked))

    def by_number(self, account_id: str | None, order_number: str) -> list[StoredOrder]:
        """The account's orders of this number (several where order_key has the ship-to), newest first."""
        own = "" if account_id is None else " AND account_id = ?"
        query = f"SELECT {_ORDER_COLUMNS} FROM orders WHERE order_number = ?{own} ORDER BY created_at DESC"
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_number] if account_id is None else [order_number, account_id])
        return [_stored(row) for row in rows]

    def ledger(self, order_id: str, line_numbers: Sequence[str] | None = None) -> list[LedgerLine]:
        """Each line's movements summed, in the order's own sequence of lines; or of these lines alone."""
        with self._database.read() as connection:
            these, named = "", [order_id]
            if line_numbers is not None:
                these, named = f" AND {one_of(connection, 'line_number')}", [order_id, values(connection, line_numbers)]
            rows = fetch(
                connection,
                f"SELECT position, line_number, product, unit, base_unit, {', '.join(_SUMS)} FROM quantity_movements "
                f"WHERE order_id = ?{these} ORDER BY position, line_number, number",
                named,
            )
        return _summed(rows)

    def ledgers(self, order_ids: Collection[str], most: int | None = None) -> dict[str, Ledger]:
        """The same of several orders at once, of each its first so many lines."""
        if not order_ids:
            return {}
        few, named = "", list[Any]()
        if most is not None:
            few, named = " WHERE place <= ?", [most + 1]
        found: dict[str, list[Any]] = {}
        with self._database.read() as connection:
            query = (
                "WITH few AS (SELECT order_id, line_number FROM (SELECT order_id, line_number, row_number() OVER "
                "(PARTITION BY order_id ORDER BY min(position), line_number) AS place FROM quantity_movements WHERE "
                f"{one_of(connection, 'order_id')} GROUP BY order_id, line_number) placed{few}) "
                f"SELECT m.order_id, m.position, m.line_number, m.product, m.unit, m.base_unit, {', '.join(_SUMS)} "
                "FROM few CROSS JOIN quantity_movements m WHERE m.order_id = few.order_id "
                "AND m.line_number = few.line_number ORDER BY m.order_id, m.position, m.line_number, m.number"
            )
            for row in fetch(connection, query, [values(connection, order_ids), *named]):
                found.setdefault(row[0], []).append(row[1:])
        summed = {order_id: _summed(rows) for order_id, rows in found.items()}
        return {one: Ledger(lines[:most], most is not None and len(lines) > most) for one, lines in summed.items()}

    def versions(self, order_id: str) -> list[OrderVersion]:
        """Every version of the order, the first one first."""
        query = "SELECT version, message_id, canonical FROM order_versions WHERE order_id = ? ORDER BY version"
        with self._database.read() as connection:
            rows = fetch(connection, query, [order_id])
        told = order_versions(said_in(row[2]) for row in rows)
        return [OrderVersion(row[0], row[1], row[2], number) for row, number in zip(rows, told, strict=True)]


def _summed(rows: Iterable[Any]) -> list[LedgerLine]:
    """Movements, those of a line as they came, as lines in the order of each one's first."""
    sums: dict[str, list[Any]] = {}
    for row in rows:
        line = sums.setdefault(row[1], [None, None, None, *([Decimal(0)] * len(_SUMS))])
        line[:3] = (new or old for new, old in zip(row[2:5], line[:3], strict=True))
        for index, value in enumerate(row[5:], 3):
            line[index] = EXACT.add(line[index], Decimal(value or 0))
    return [LedgerLine(line_number, *line) for line_number, line in sums.items()]


def _stored(row: Any) -> StoredOrder:
    return StoredOrder(*(*row[:2], bool(row[2]), *row[3:]))
