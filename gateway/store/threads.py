"""An order's thread as a change finds it: its newest version, its lines' quantities, and the stock that they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.changes import OrderChange, OrderSeen, Wait
from gateway.store.database import Collision, Database
from gateway.store.leases import LeaseLost
from gateway.store.statements import fetch, given, one_of, run, values
from gateway.trade.amendment import LineSums, Made, Receipt, Standing
from gateway.trade.stock import Allocation
from schemas.documents.order import Order, said_in
from schemas.values import EXACT

_HEAD = 80
"""So many characters of an order as it is kept have its function and its version, of whatever length."""
_SUMS = ("base_ordered", "ordered", "raised", "confirmed", "backordered", "rejected", "cancelled", "shipped")


class Transmission(NamedTuple):
    """A message that made a version of an order, and what tells its transmission from others."""

    message_id: str
    envelope_id: str | None
    idempotency_key: str | None


class Answers(NamedTuple):
    """The order responses that an order and its changes got, refused changes included."""

    first: str | None
    latest: str | None
    """Their numbers, in the format asked for."""
    version: int
    canonical: str | None
    """The response to the order's newest version, in whatever format; 0 and None where that got none."""


class Threads:
    """The repository of what changes are decided on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, order_ids: Iterable[str]) -> dict[str, Standing]:
        """Order id → the order as it stands."""
        wanted = sorted(set(order_ids))
        if not wanted:
            return {}
        with self._database.read() as connection:
            orders = _versions(connection, wanted)
            sums = _sums(connection, wanted)
            held = _held(connection, wanted)
            made = _made(connection, wanted)
        return {
            order_id: Standing(
                order_id, version, status, updated_at, order, sums[order_id], held[order_id], made[order_id]
            )
            for order_id, (version, status, updated_at, order) in orders.items()
        }

    def confirmed(self, order_ids: Iterable[str], format_name: str) -> dict[str, Answers]:
        """Order id → how the order, and each change of it, was answered so far."""
        wanted = sorted(set(order_ids))
        if not wanted:
            return {}
        found: dict[str, Answers] = {}
        with self._database.read() as connection:
            query = (
                "SELECT o.id, d.number, d.format, v.version, CASE WHEN v.version = o.version THEN d.canonical END "
                "FROM orders o JOIN documents d ON d.account_id = o.account_id AND d.order_number = o.order_number "
                "AND d.order_id = o.id "
                "LEFT JOIN order_versions v ON v.order_id = o.id AND v.message_id = d.message_id "
                f"WHERE {one_of(connection, 'o.id')} AND d.type = 'order_response' "
                "ORDER BY d.transaction_id, d.position"
            )
            for order_id, number, name, version, canonical in fetch(connection, query, [values(connection, wanted)]):
                before = found.get(order_id, Answers(None, None, 0, None))
                if name == format_name:
                    before = before._replace(first=before.first or number, latest=number)
                if canonical is not None:
                    before = before._replace(version=version, canonical=canonical)
                found[order_id] = before
        return found

    def earlier(self, order_ids: Iterable[str]) -> dict[str, dict[bytes, list[Transmission]]]:
        """Order id → content → the messages that made versions of it, the newest first: a resend of one that was
        replaced since is answered by that."""
        wanted = sorted(set(order_ids))
        found: dict[str, dict[bytes, list[Transmission]]] = {order_id: {} for order_id in wanted}
        if not wanted:
            return found
        with self._database.read() as connection:
            query = (
                "SELECT v.order_id, m.content_sha256, m.id, m.envelope_id, m.idempotency_key FROM order_versions v "
                f"JOIN messages m ON m.id = v.message_id WHERE {one_of(connection, 'v.order_id')} "
                "ORDER BY v.version DESC"
            )
            for order_id, content, *made in fetch(connection, query, [values(connection, wanted)]):
                if content is not None:
                    found[order_id].setdefault(bytes(content), []).append(Transmission(*made))
        return found

    def idempotency_keys(self, message_ids: Iterable[str]) -> dict[str, str]:
        """Message → the Idempotency-Key that it came with, of those that came with one."""
        wanted = sorted(set(message_ids))
        if not wanted:
            return {}
        with self._database.read() as connection:
            query = (
                "SELECT id, idempotency_key FROM messages "
                f"WHERE {one_of(connection, 'id')} AND idempotency_key IS NOT NULL"
            )
            return dict(tuple(row) for row in fetch(connection, query, [values(connection, wanted)]))


def write_changes(connection: Connection, changes: Sequence[OrderChange], at: int) -> None:
    """Each order as its change makes it. Raises Collision where one isn't any more what the change was decided on."""
    if not changes:
        return
    columns = (
        *("version", "status", "outcome", "message_id", "mapping_revision", "catalogue_revision", "content_sha256"),
        *("currency", "requested_start", "requested_end", "updated_at", "notice_due"),
    )
    text = (
        f"UPDATE orders SET {', '.join(f'{column} = ?' for column in columns)}, "
        "ship_to_site = COALESCE(?, ship_to_site), precedence = COALESCE(?, precedence), "
        "ship_by = COALESCE(?, ship_by), lane = COALESCE(?, lane) "
        "WHERE id = ? AND version = ? AND updated_at = ?"
    )
    for change in sorted(changes, key=lambda one: one.order_id):  # in one order everywhere: nobody waits in a circle
        first = change.precedence
        values_now = (
            *(change.version, change.status, change.outcome, change.message_id, change.mapping_revision),
            *(change.catalogue_revision, change.content_sha256, change.currency, change.requested_start),
            *(change.requested_end, at, change.notice_due, change.ship_to_site),
            *((first.rank, first.ship_by.isoformat(), first.lane) if first else (None, None, None)),
        )
        if run(connection, text, [(*values_now, change.order_id, change.seen_version, change.seen_updated_at)]) != 1:
            raise Collision(f"order {change.order_id} was changed meanwhile")


def check_seen(connection: Connection, seen: Sequence[OrderSeen]) -> None:
    """Raises Collision where one of these orders isn't any more what was said of it; until this commits none of them
    changes. What is said of one stamps it a microsecond later, so that whatever is decided on how it was answered
    before is decided again: each answer is an update of the one before it."""
    text = "UPDATE orders SET updated_at = updated_at + 1 WHERE id = ? AND version = ? AND updated_at = ?"
    for one in sorted(seen, key=lambda one: one.order_id):
        if run(connection, text, [(one.order_id, one.version, one.updated_at)]) != 1:
            raise Collision(f"order {one.order_id} was changed meanwhile")


def write_waits(
    connection: Connection, waits: Sequence[Wait], lease_id: str, now: str, moment: Sequence[Any], boot: str
) -> None:
    """Give these messages back, to be claimed after their time; at once where what they wait for came meanwhile. `now`
    is the lease clock as SQL, with `moment`."""
    text = (
        f"UPDATE messages SET status = 'received', lease_id = NULL, not_before = {now} + ?, not_before_boot = ?, "
        "order_number = ?, content_sha256 = ?, is_test = ?, waits_for_version = ?, event_count = ?, event_hash = ? "
        "WHERE id = ? AND lease_id = ? AND status = 'processing'"
    )
    rows = [
        (
            *(*moment, int(wait.seconds * 1000), boot, wait.order_number, wait.content_sha256, int(wait.is_test)),
            *(wait.for_version, wait.event_count, wait.event_hash, wait.message_id, lease_id),
        )
        for wait in waits
    ]
    if not rows:
        return
    if run(connection, text, rows) != len(rows):
        raise LeaseLost(lease_id)
    newer = (
        "UPDATE messages SET not_before = NULL, not_before_boot = NULL WHERE id = ? AND EXISTS "
        "(SELECT 1 FROM orders o WHERE o.order_number = ? AND o.account_id = ? AND o.updated_at > ?)"
    )
    run(
        connection,
        newer,
        [(wait.message_id, wait.order_number, wait.account_id, wait.seen_updated_at) for wait in waits],
    )


def wake(connection: Connection, numbers: Collection[tuple[str, str]]) -> None:
    """Whatever waits for these orders, by (account, order number), may be claimed: also what came to wait after the
    save was decided."""
    if not numbers:
        return
    table, parameters = given(connection, sorted(numbers), "w_account", "w_number")
    waiting = (
        f"SELECT m.id FROM {table} w CROSS JOIN messages m WHERE m.account_id = w_account "
        "AND m.order_number = w_number AND m.order_number IS NOT NULL AND m.status = 'received' "
        "AND m.not_before IS NOT NULL"
    )
    if ids := [row[0] for row in fetch(connection, waiting, parameters)]:
        text = f"UPDATE messages SET not_before = NULL, not_before_boot = NULL WHERE {one_of(connection, 'id')}"
        run(connection, f"{text} AND status = 'received'", [(values(connection, ids),)])


def _versions(connection: Connection, wanted: list[str]) -> dict[str, tuple[int, str, int, Order]]:
    query = (
        "SELECT o.id, o.version, o.status, o.updated_at, v.canonical FROM orders o JOIN order_versions v "
        f"ON v.order_id = o.id AND v.version = o.version WHERE {one_of(connection, 'o.id')}"
    )
    rows = fetch(connection, query, [values(connection, wanted)])
    return {row[0]: (row[1], row[2], row[3], Order.model_validate_json(row[4])) for row in rows}


def _made(connection: Connection, wanted: list[str]) -> dict[str, tuple[Made, ...]]:
    """What made each version. One from before it was kept whether that said all is taken for one that didn't.

    Where two messages said the same, and the second was read first, it made the version and the first is its resend:
    the version was received with the first, unless that came before an earlier version, of which it is then a resend.
    """
    query = (
        f"SELECT v.order_id, v.version, m.received_at, m.id, v.says_all, substr(v.canonical, 1, {_HEAD}) "
        "FROM order_versions v "
        f"JOIN messages m ON m.id = v.message_id WHERE {one_of(connection, 'v.order_id')} "
        "ORDER BY v.order_id, v.version"
    )
    found: dict[str, tuple[Made, ...]] = dict.fromkeys(wanted, ())
    earlier = _resends_received_before(connection, wanted)
    for order_id, version, at, message_id, says_all, head in fetch(connection, query, [values(connection, wanted)]):
        latest = max((one.receipt for one in found[order_id]), default=Receipt(0, ""))
        receipts = [Receipt(at, message_id), *earlier.get((order_id, version), ())]
        receipt = min((one for one in receipts if one > latest), default=receipts[0])
        found[order_id] = (*found[order_id], Made(version, receipt, version == 1 or says_all == 1, said_in(head)))
    return found


def _resends_received_before(connection: Connection, wanted: list[str]) -> dict[tuple[str, int], list[Receipt]]:
    """(order, version) → the resends of what made it that had been received before that, and were read after it."""
    query = (
        "SELECT v.order_id, v.version, d.received_at, d.id FROM order_versions v "
        "JOIN messages m ON m.id = v.message_id "
        "JOIN messages d ON d.duplicate_of = m.id AND d.duplicate_of IS NOT NULL "
        f"WHERE {one_of(connection, 'v.order_id')} AND d.content_sha256 = m.content_sha256 "
        "AND d.received_at < m.received_at"
    )
    found: dict[tuple[str, int], list[Receipt]] = {}
    for order_id, version, *receipt in fetch(connection, query, [values(connection, wanted)]):
        found.setdefault((order_id, version), []).append(Receipt(*receipt))
    return found


def _sums(connection: Connection, wanted: list[str]) -> dict[str, dict[str, LineSums]]:
    """The movements of every line, summed."""
    query = (
        f"SELECT order_id, line_number, product, unit, position, number, {', '.join(_SUMS)} FROM quantity_movements "
        f"WHERE {one_of(connection, 'order_id')} ORDER BY order_id, line_number, number"
    )
    sums: dict[tuple[str, str], list[Any]] = {}
    for row in fetch(connection, query, [values(connection, wanted)]):
        line = sums.setdefault((row[0], row[1]), [None, None, row[4], 0, *([Decimal(0)] * len(_SUMS))])
        line[0], line[1], line[3] = row[2] or line[0], row[3] or line[1], row[5]
        for index, value in enumerate(row[6:], 4):
            line[index] = EXACT.add(line[index], Decimal(value or 0))
    found: dict[str, dict[str, LineSums]] = {order_id: {} for order_id in wanted}
    for (order_id, line_number), line in sorted(sums.items(), key=lambda one: one[1][2]):
        found[order_id][line_number] = LineSums(*line)
    return found


def _held(connection: Connection, wanted: list[str]) -> dict[str, dict[str, tuple[Allocation, ...]]]:
    """What each line has taken of the stock at each place, and not given back. What has left is the line's for good,
    also when the stock is counted without it."""
    columns = "order_id, line_number, product, site, account_id, quantity"
    query = (
        f"SELECT {columns} FROM stock_movements WHERE {one_of(connection, 'order_id')} "
        f"UNION ALL SELECT {columns} FROM departures WHERE {one_of(connection, 'order_id')} AND settled = 1 "
        "ORDER BY 3, 4"
    )
    taken: dict[tuple[str, str], dict[tuple[str, str, str], Decimal]] = {}
    for order_id, number, *place, quantity in fetch(connection, query, [values(connection, wanted)] * 2):
        line = taken.setdefault((order_id, number), {})
        key = (place[0], place[1], place[2])
        line[key] = EXACT.add(line.get(key, Decimal(0)), Decimal(quantity))
    found: dict[str, dict[str, tuple[Allocation, ...]]] = {order_id: {} for order_id in wanted}
    for (order_id, number), places in taken.items():
        held = [
            Allocation(product, site, account, number, quantity)
            for (product, site, account), quantity in places.items()
            if quantity
        ]
        if held:
            found[order_id][number] = tuple(held)
    return found
