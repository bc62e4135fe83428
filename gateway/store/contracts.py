"""Draws on blanket orders: what releases take of them, written down as long as it still fits.

As with stock, a release is decided on a contract as it was loaded, and others draw on it meanwhile. The save locks the
blanket orders that the batch draws on, reads where they stand now, and numbers the draws from there. It accepts what
deciding anew would draw: the blanket order is unchanged, no ceiling is passed, and where a release was refused for want
of something nothing of that has been given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.columns import in_full
from gateway.store.database import Collision, Database
from gateway.store.statements import fetch, given, insert, one_of, values
from gateway.store.tables import contract_movements
from gateway.trade.contracts import Contract, ContractKey, Draw
from schemas.values import EXACT

_ZERO = Decimal(0)
_LAST = "SELECT {} FROM contract_movements n WHERE n.contract_id = w_contract {}ORDER BY n.number DESC LIMIT 1"


class Released(NamedTuple):
    """What one release has drawn of one product of a blanket order: base units, and what they cost."""

    order_number: str
    product: str
    base_quantity: Decimal
    amount: Decimal


class Contracts:
    """The repository of what is drawn on blanket orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def blanket_orders(self, keys: Iterable[ContractKey]) -> dict[ContractKey, list[str]]:
        """(account, test, number) → the account's blanket orders of that number; of each order key the newest."""
        wanted = sorted(set(keys))
        found: dict[ContractKey, list[str]] = {}
        if not wanted:
            return found
        with self._database.read() as connection:
            rows = [(account, int(test), number) for account, test, number in wanted]
            table, parameters = given(connection, rows, "w_account", "w_test", "w_number")
            newest: dict[tuple[Any, ...], str] = {}
            for account, test, number, key, order_id, kind in fetch(
                connection,
                "SELECT account_id, test, order_number, order_key, id, order_type "
                f"FROM {table} w CROSS JOIN orders WHERE order_number = w_number AND account_id = w_account "
                "AND test = w_test ORDER BY epoch",
                parameters,
            ):
                newest[account, bool(test), number, key] = order_id if kind == "blanket" else ""
        for (account, is_test, number, _), order_id in newest.items():
            if order_id:
                found.setdefault((account, is_test, number), []).append(order_id)
        return found

    def read_draws(self, contracts: Sequence[Contract]) -> None:
        """What has been drawn of these, into them."""
        if not contracts:
            return
        with self._database.read() as connection:
            standing = _standing(connection, {one.order_id: one.products for one in contracts})
        for one in contracts:
            now = standing[one.order_id]
            one.number, one.amount, one.seen_amount = now.number, now.amount, now.amount
            for product, drawn in now.drawn.items():
                one.products[product].drawn = one.seen[product] = drawn

    def drawn_by(self, order_ids: Iterable[str]) -> dict[str, dict[str, list[Draw]]]:
        """Release → line number → what the line has drawn, and not given back."""
        wanted = sorted(set(order_ids))
        found: dict[str, dict[str, list[Draw]]] = {order_id: {} for order_id in wanted}
        if not wanted:
            return found
        query = (
            "SELECT contract_id, product, order_id, line_number, quantity, amount FROM contract_movements "
            "WHERE {} ORDER BY contract_id, number"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query.format(one_of(connection, "order_id")), [values(connection, wanted)])
        for draw in summed(rows):
            found[draw.order_id].setdefault(draw.line_number, []).append(draw)
        return found

    def released(self, contract_id: str) -> list[Released]:
        """What each release has drawn of the blanket order, product by product, and not given back; the first one
        first."""
        query = (
            "SELECT m.order_id, o.order_number, m.product, m.quantity, m.amount FROM contract_movements m "
            "JOIN orders o ON o.id = m.order_id WHERE m.contract_id = ? ORDER BY m.number"
        )
        sums: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
        with self._database.read() as connection:
            for *key, quantity, amount in fetch(connection, query, [contract_id]):
                before = sums.get((key[0], key[1], key[2]), (_ZERO, _ZERO))
                more = EXACT.add(before[0], Decimal(quantity)), EXACT.add(before[1], Decimal(amount))
                sums[key[0], key[1], key[2]] = more
        return [Released(number, product, *drawn) for (_, number, product), drawn in sums.items() if drawn[0]]


def summed(rows: Iterable[Sequence[Any]]) -> list[Draw]:
    """One draw for each line and product; what was given back whole is left out."""
    sums: dict[tuple[str, str, str, str], tuple[Decimal, Decimal]] = {}
    for contract, product, order, line, quantity, amount in rows:
        key = (contract, product, order, line)
        before = sums.get(key, (_ZERO, _ZERO))
        sums[key] = EXACT.add(before[0], Decimal(quantity)), EXACT.add(before[1], Decimal(amount))
    return [Draw(*key, quantity, amount) for key, (quantity, amount) in sums.items() if quantity]


class _Standing(NamedTuple):
    """Where a contract stands in the store."""

    number: int
    amount: Decimal
    drawn: dict[str, Decimal]


class Drawings:
    """What one batch draws on contracts. Begin it with the contracts as they were loaded."""

    def __init__(self) -> None:
        self._contracts: dict[str, Contract] = {}
        self._rows: list[tuple[Draw, str, int]] = []
        self._unmoved: set[str] = set()

    def load(self, contracts: Iterable[Contract]) -> None:
        """Decisions are made on these."""
        self._contracts.update((one.order_id, one) for one in contracts)

    def add(self, message_id: str, at: int, draws: Iterable[Draw]) -> None:
        """Draw this."""
        self._rows += [(draw, message_id, at) for draw in draws]

    def hold_still(self, contract_id: str) -> None:
        """Nobody else may draw on the contract until this is saved: it is changed itself."""
        self._unmoved.add(contract_id)

    def write(self, connection: Connection, changed: Iterable[str]) -> None:
        """Append the draws. Raises Collision where a decision doesn't hold any more. Orders that are `changed` in the
        same transaction are locked with the contracts, in one order, so that nobody waits in a circle."""
        concerned = {one[0].contract_id for one in self._rows} | self._unmoved
        concerned |= {one.order_id for one in self._contracts.values() if _refused_something(one)}
        if not concerned:
            return
        found = _locked(connection, sorted(concerned | set(changed)))
        for contract_id in concerned:
            seen = self._contracts[contract_id]
            if found.get(contract_id) != (seen.version, seen.updated_at):
                raise Collision(f"blanket order {seen.order_number} was changed meanwhile")
        standing = _standing(connection, {one: self._contracts[one].products for one in concerned})
        rows: list[tuple[Any, ...]] = []
        for contract_id in sorted(concerned):
            rows += self._numbered(self._contracts[contract_id], standing[contract_id])
        insert(connection, contract_movements, rows)

    def _numbered(self, contract: Contract, now: _Standing) -> list[tuple[Any, ...]]:
        """One contract's rows. Raises Collision where deciding on what is drawn now could end otherwise."""
        if contract.order_id in self._unmoved and now.number != contract.number:
            raise Collision(f"blanket order {contract.order_number} was released meanwhile")
        if _was_given_back(contract, now):
            raise Collision(f"of blanket order {contract.order_number} something was given back")
        number, amount, drawn = now.number, now.amount, dict(now.drawn)
        rows: list[tuple[Any, ...]] = []
        for draw, message_id, at in self._rows:
            if draw.contract_id != contract.order_id:
                continue
            number += 1
            amount = EXACT.add(amount, draw.amount)
            total = drawn[draw.product] = EXACT.add(drawn.get(draw.product, _ZERO), draw.quantity)
            whose = (contract.order_id, number, draw.product, draw.order_id, draw.line_number, message_id, at)
            rows.append((*whose, *map(in_full, (draw.quantity, draw.amount, total, amount))))
        for product, total in drawn.items():
            if total > now.drawn.get(product, _ZERO) and total > contract.products[product].ceiling:
                raise Collision(f"{product} of blanket order {contract.order_number} was released meanwhile")
        if contract.total is not None and amount > now.amount and amount > contract.total:
            raise Collision(f"the total of blanket order {contract.order_number} was released meanwhile")
        return rows


def _refused_something(contract: Contract) -> bool:
    return contract.is_short or any(agreed.is_short for agreed in contract.products.values())


def _was_given_back(contract: Contract, now: _Standing) -> bool:
    if contract.is_short and now.amount < contract.seen_amount:
        return True
    return any(
        agreed.is_short and now.drawn.get(product, _ZERO) < contract.seen.get(product, _ZERO)
        for product, agreed in contract.products.items()
    )


def _locked(connection: Connection, order_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Lock these orders, which are sorted, until the transaction ends; (version, updated at) of each."""
    lock = "" if connection.dialect.name == "sqlite" else " ORDER BY id FOR UPDATE"
    query = f"SELECT id, version, updated_at FROM orders WHERE {one_of(connection, 'id')}{lock}"
    return {row[0]: (row[1], row[2]) for row in fetch(connection, query, [values(connection, order_ids)])}


def _standing(connection: Connection, wanted: Mapping[str, Iterable[str]]) -> dict[str, _Standing]:
    """Where each contract stands now, with these products. A look-up is one seek."""
    found: dict[str, _Standing] = {}
    table, parameters = given(connection, [(one,) for one in wanted], "w_contract")
    totals = f"({_LAST.format('n.number', '')}), ({_LAST.format('n.amount_drawn', '')})"
    for contract_id, number, amount in fetch(connection, f"SELECT w_contract, {totals} FROM {table} w", parameters):
        found[contract_id] = _Standing(number or 0, Decimal(amount or 0), {})
    pairs = [(contract_id, product) for contract_id, products in wanted.items() for product in products]
    if not pairs:
        return found
    table, parameters = given(connection, pairs, "w_contract", "w_product")
    drawn = _LAST.format("n.drawn", "AND n.product = w_product ")
    for contract_id, product, total in fetch(
        connection, f"SELECT w_contract, w_product, ({drawn}) FROM {table} w", parameters
    ):
        if total is not None:
            found[contract_id].drawn[product] = Decimal(total)
    return found
