"""What must hold in the database when all is over, whatever was killed: read straight from the tables.

One order and one response for each order that was sent, none twice; what the client was told is stored; stock, ledger
and response tell the same quantities; the audit chain holds.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from gateway.store.statements import fetch
from gateway.store.store import Store
from tests.harness.accounts import SentOrder
from tests.harness.ledger import Acked

QUANTITIES = ("ordered", "confirmed", "backordered", "rejected", "cancelled")


class Books:
    """The tables of one gateway, and every check on them."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def rows(self, query: str, values: Iterable[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self.store.database.read() as connection:
            return fetch(connection, query, list(values))

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def waiting(self) -> int:
        """Messages that are neither answered nor otherwise settled."""
        return self.store.queue.waiting()

    def check(self, sent: Iterable[SentOrder], acked: Iterable[Acked] = ()) -> dict[str, int]:
        """Everything; the figures of it. Raises AssertionError that names what doesn't hold."""
        orders = list(sent)
        self.nothing_waits()
        self.one_order_each(orders)
        self.one_response_each(orders)
        acks = list(acked)
        self.acked_is_stored(acks)
        lines = self.ledgers_hold(orders)
        moved = self.stock_agrees()
        self.audit_holds()
        return {
            "orders": self.count("orders"),
            "responses": self.count("documents"),
            "acked": len(acks),
            "lines": lines,
            "stock_movements": moved,
        }

    def nothing_waits(self) -> None:
        """Every message is done, the duplicate of one that is, or closed by a person."""
        statuses = dict(self.rows("SELECT status, count(*) FROM messages GROUP BY status"))
        _equal(set(statuses) - {"done", "duplicate", "dismissed"}, set(), f"statuses of messages {statuses}")

    def one_order_each(self, sent: list[SentOrder]) -> None:
        """Each order sent is one order on the books, and no other is."""
        stored = Counter(map(tuple, self.rows("SELECT account_id, order_number FROM orders")))
        _same(stored, Counter({(order.account_id, order.number) for order in sent}), "orders")

    def one_response_each(self, sent: list[SentOrder]) -> None:
        """Each order has one response, from its own message, with a number that no other has."""
        rows = self.rows(
            "SELECT d.account_id, d.order_number, d.type, d.number, d.message_id, o.message_id, d.mapping_revision, "
            "o.mapping_revision FROM documents d LEFT JOIN orders o ON o.id = d.order_id"
        )
        stored = Counter((row[0], row[1], row[2]) for row in rows)
        _same(stored, Counter({(order.account_id, order.number, "order_response") for order in sent}), "responses")
        _equal([row[3] for row, n in Counter(map(tuple, rows)).items() if n > 1], [], "numbers given twice")
        _equal(len({row[3] for row in rows}), len(rows), "different response numbers")
        _equal([row[3] for row in rows if row[4] != row[5]], [], "responses of another message than their order's")
        _equal([row[3] for row in rows if row[6] != row[7]], [], "responses of another revision than their order's")
        _equal(self.count("deliveries"), len(rows), "deliveries")

    def acked_is_stored(self, acked: list[Acked]) -> None:
        """What a 2xx named is there, with the very bytes that were sent."""
        stored = {
            row[0]: (row[1], bytes(row[2])) for row in self.rows("SELECT id, account_id, payload_sha256 FROM messages")
        }
        lost = [ack for ack in acked if stored.get(ack.message_id) != (ack.account_id, ack.sha256)]
        _equal(lost, [], "acknowledged and not stored")

    def ledgers_hold(self, sent: list[SentOrder]) -> int:
        """ordered = confirmed + backordered + rejected + cancelled, as sent and as the response says; the lines."""
        ledgers: dict[tuple[str, str], dict[str, list[Decimal]]] = defaultdict(dict)
        quantities = ", ".join(f"q.{name}" for name in QUANTITIES)
        for row in self.rows(
            f"SELECT o.account_id, o.order_number, q.line_number, q.number, {quantities} "
            "FROM quantity_movements q JOIN orders o ON o.id = q.order_id ORDER BY q.position"
        ):
            _equal(row[3], 1, f"movements of line {row[2]} of {row[1]}")
            ledgers[row[0], row[1]][row[2]] = [Decimal(value) for value in row[4:]]
        responses = {
            (row[0], row[1]): json.loads(row[2], parse_float=Decimal)
            for row in self.rows("SELECT account_id, order_number, canonical FROM documents")
        }
        for order in sent:
            ledger = ledgers[order.account_id, order.number]
            asked = [Decimal(quantity) for quantity in order.ordered]
            _equal([line[0] for line in ledger.values()], asked, f"ordered of {order.number}")
            for number, (ordered, *became) in ledger.items():
                _equal(sum(became, Decimal(0)), ordered, f"the ledger of line {number} of {order.number}")
                _equal([value for value in became if value < 0], [], f"less than nothing in {order.number}")
            _check_response(ledger, responses[order.account_id, order.number], order.number)
        return sum(len(ledger) for ledger in ledgers.values())

    def stock_agrees(self) -> int:
        """What was taken is what was confirmed, the running totals are sums, and no more was taken than was free."""
        confirmed: dict[tuple[str, str], Decimal] = {}
        for order_id, line, number, base, ordered, became in self.rows(
            "SELECT order_id, line_number, product, base_ordered, ordered, confirmed FROM quantity_movements"
        ):
            if number is not None and Decimal(became) > 0:
                confirmed[order_id, line] = Decimal(base) * Decimal(became) / Decimal(ordered)
        taken: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        own: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        last: dict[tuple[str, str], int] = defaultdict(int)
        rows = self.rows(
            "SELECT product, site, number, account_id, order_id, line_number, quantity, taken, taken_by_account "
            "FROM stock_movements ORDER BY product, site, number"
        )
        for product, site, number, account, order_id, line, quantity, total, by_account in rows:
            place = (product, site)
            last[place] += 1
            totals[place] += Decimal(quantity)
            own[(*place, account)] += Decimal(quantity)
            taken[order_id, line] += Decimal(quantity)
            now = (number, Decimal(total), Decimal(by_account))
            _equal(now, (last[place], totals[place], own[(*place, account)]), f"movement {number} of {place}")
        _same(dict(taken), confirmed, "stock taken for each confirmed line")
        free = {
            (row[0], row[1]): Decimal(row[2]) - Decimal(row[3])
            for row in self.rows("SELECT product, site, on_hand, reserved_other FROM stock_snapshots ORDER BY id")
        }
        _equal(
            [place for place, total in totals.items() if total > free[place]], [], "places that gave more than they had"
        )
        return len(rows)

    def audit_holds(self) -> None:
        """No chain is broken."""
        _equal(list(self.store.audit.broken()), [], "broken audit chains")

    def file_is_whole(self) -> None:
        """SQLite's own check of its file."""
        _equal([tuple(row) for row in self.rows("PRAGMA integrity_check")], [("ok",)], "integrity_check")


def _check_response(ledger: dict[str, list[Decimal]], response: dict[str, Any], number: str) -> None:
    """The response's outcomes add up to what was ordered, and confirm what the ledger confirms."""
    statuses = {"accepted": 1, "changed": 1, "backordered": 2, "rejected": 3, "cancelled": 4}
    told = {line["line_number"]: line["outcomes"] for line in response["lines"]}
    _equal(list(told), list(ledger), f"lines of the response to {number}")
    for line, outcomes in told.items():
        sums = [Decimal(0)] * 5
        for outcome in outcomes:
            sums[statuses[outcome["status"]]] += Decimal(outcome["quantity"])
        sums[0] = sum(sums, Decimal(0))
        _equal(sums, ledger[line], f"the response's quantities of line {line} of {number}")


def _equal(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise AssertionError(f"{what}: {str(found)[:600]} where {str(expected)[:600]} should be")


def _same(found: Any, expected: Any, what: str) -> None:
    """Two tables, with only what differs in the message."""
    if found != expected:
        keys = set(found) | set(expected)
        wrong = {key: (found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)}
        raise AssertionError(f"{what}: {len(wrong)} differ (found, expected): {dict(sorted(wrong.items())[:5])}")
