"""Taking stock: what a batch decided to take, and writing it down as long as there is still enough.

Decisions are made on stock as it was loaded, and others take from it meanwhile. A line that was given all it wanted
may have it as long as that is still free, whoever took what; so the save asks only that. It locks the places that the
batch takes from, in one order everywhere, reads where they stand now, and numbers the movements from there. Two
workers on plentiful stock meet at these locks for the length of one insert, and decide nothing in vain.

What the save accepts is what deciding anew on the present stock would take: where a line was cut short, nothing may
have been given back since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.columns import in_full
from gateway.store.database import Collision
from gateway.store.statements import fetch, given, insert
from gateway.store.stock_changes import note_changes
from gateway.store.tables import stock_movements
from gateway.trade.stock import Allocation, Place, Position, Stock
from schemas.values import EXACT

ZERO = Decimal(0)


class _Taken(NamedTuple):
    """A movement but for its number and running totals."""

    account: str
    order_id: str
    line_number: str
    message_id: str
    at: int
    text: str
    """The quantity as it is written."""
    quantity: Decimal
    percent: int
    """What share of the stock the account may have, as the line was decided."""


class Standing(NamedTuple):
    """Where a place stands in the store: its newest snapshot and the totals of its last movements."""

    snapshot: int
    number: int
    by_all: Decimal
    by_account: dict[str, Decimal]


class _Drawn:
    """What the batch takes at one place, and what it was decided on."""

    __slots__ = ("accounts", "movements", "position", "seen", "seen_by")

    def __init__(self, position: Position) -> None:
        self.position = position
        self.seen, self.seen_by = position.taken, dict(position.taken_by)
        self.accounts = set(self.seen_by)
        """Whose totals the save must know."""
        self.movements: list[_Taken] = []

    def matters(self) -> bool:
        """Whether anything was decided by what is there."""
        return bool(self.movements) or self.position.cut_short


class Takings:
    """What one batch takes of a stock view. Begin it before anything is decided on the view."""

    def __init__(self, stock: Stock) -> None:
        self._drawn = {place: _Drawn(position) for place, position in stock.positions.items()}

    def add(self, message_id: str, order_id: str, at: int, allocations: Iterable[Allocation], percent: int) -> None:
        """One movement an allocation, of an account that may have so many per cent of the stock."""
        for product, site, account, line_number, quantity in allocations:
            drawn = self._drawn[product, site]
            drawn.accounts.add(account)
            text = in_full(quantity)
            drawn.movements.append(_Taken(account, order_id, line_number, message_id, at, text, quantity, percent))

    def write(self, connection: Connection) -> None:
        """Append the movements. Raises Collision where a decision doesn't hold any more.

        To be called last in the transaction: others that take from the same places wait for its end.
        """
        concerned = {place: drawn for place, drawn in sorted(self._drawn.items()) if drawn.matters()}
        if concerned:
            lock_places(connection, concerned)
            wanted = [(*place, who) for place, drawn in concerned.items() for who in drawn.accounts or ("",)]
            _append(connection, self.movements(_standing(connection, wanted)))

    def movements(self, now: Mapping[Place, Standing]) -> list[tuple[Any, ...]]:
        """The rows, numbered from where these places stand. Raises Collision as `write` does."""
        rows: list[tuple[Any, ...]] = []
        for place, standing in now.items():
            rows += _movements(place, self._drawn[place], standing)
        return rows


class Movement(NamedTuple):
    """What is taken at a place, or given back (negative), as a fact: nobody asks whether there is enough."""

    account: str
    order_id: str
    line_number: str
    message_id: str
    at: int
    quantity: Decimal


def append_movements(connection: Connection, moves: Sequence[tuple[Place, Movement]]) -> None:
    """Append movements at places that are locked, in the order in which they stand."""
    if not moves:
        return
    by_place: dict[Place, list[Movement]] = {}
    for place, move in moves:
        by_place.setdefault(place, []).append(move)
    wanted = sorted({(*place, move.account) for place, move in moves})
    standing = _standing(connection, wanted)
    rows: list[tuple[Any, ...]] = []
    for place, some in sorted(by_place.items()):
        taken = [_Taken(*one[:5], in_full(one.quantity), one.quantity, 0) for one in some]
        rows += _numbered(place, taken, standing[place])[0]
    _append(connection, rows)


def _append(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write movements, and note that they change their places."""
    insert(connection, stock_movements, rows)
    note_changes(connection, {(row[0], row[1]) for row in rows})


def lock_places(connection: Connection, places: Iterable[Place]) -> None:
    """Lock these places, which are sorted, until the transaction ends; SQLite has one writer at a time. In one order,
    so that nobody waits in a circle, and in a statement of its own: what is read in the next one is what those left who
    had the locks before."""
    if connection.dialect.name == "sqlite":
        return
    table, parameters = given(connection, list(places), "w_product", "w_site")
    lock = "SELECT 1 FROM stock_places WHERE product = w_product AND site = w_site FOR UPDATE"
    fetch(connection, f"SELECT ({lock}) FROM {table} w", parameters)  # as they are given: sorted


def _standing(connection: Connection, wanted: Sequence[tuple[str, str, str]]) -> dict[Place, Standing]:
    """Where each place stands now, for the accounts that are named with it: (product, site, account). A look-up is one
    seek."""
    table, parameters = given(connection, wanted, "w_product", "w_site", "w_account")
    place = ("w_product", "w_site")
    newest = "SELECT max(id) FROM stock_snapshots WHERE product = w_product AND site = w_site"
    totals = f"{last_of_all('number', *place)}, {last_of_all('taken', *place)}, {last_of_one(*place, 'w_account')}"
    found: dict[Place, Standing] = {}
    for product, site, account, snapshot, number, by_all, own in fetch(
        connection,
        f"SELECT {', '.join(place)}, w_account, ({newest}), {totals} FROM {table} w",
        parameters,
    ):
        now = found.get((product, site))
        if now is None:
            now = found[product, site] = Standing(snapshot, number or 0, Decimal(by_all or 0), {})
        now.by_account[account] = Decimal(own or 0)
    return found


def last_of_all(column: str, product: str, site: str) -> str:
    """SQL for a column of the last movement at a place, whose names are SQL too; NULL before the first."""
    return (
        f"(SELECT n.{column} FROM stock_movements n WHERE n.product = {product} AND n.site = {site} "
        "ORDER BY n.number DESC LIMIT 1)"
    )


def last_of_one(product: str, site: str, account: str) -> str:
    """SQL for what one account has taken at a place, as its last movement there has it; NULL where it has none.

    Asked so that only the index by account can answer. With `account_id = …` PostgreSQL may walk back through all that
    others took there, which is a short way where there is one account, and a long one for the second.
    """
    return (
        f"(SELECT CASE WHEN n.account_id = {account} THEN n.taken_by_account END FROM stock_movements n "
        f"WHERE n.product = {product} AND n.site = {site} AND n.account_id <= {account} "
        "ORDER BY n.account_id DESC, n.number DESC LIMIT 1)"
    )


def _movements(place: Place, drawn: _Drawn, now: Standing) -> list[tuple[Any, ...]]:
    """One place's rows. Raises Collision where deciding on what is there now could end otherwise."""
    position, at_place = drawn.position, " at ".join(place)
    if now.snapshot != position.snapshot:
        raise Collision(f"stock of {at_place} was counted anew")
    if position.cut_short and _was_given_back(drawn, now):
        raise Collision(f"stock of {at_place} was given back")
    rows, by_all, shares = _numbered(place, drawn.movements, now)
    if by_all > now.by_all and by_all > position.free_then:
        raise Collision(f"stock of {at_place} was taken meanwhile")
    for (account, percent), by_account in shares.items():
        if by_account > now.by_account[account] and by_account > position.share(percent):
            raise Collision(f"the share that {account} has of {at_place} was taken meanwhile")
    return rows


def _was_given_back(drawn: _Drawn, now: Standing) -> bool:
    return now.by_all < drawn.seen or any(own < drawn.seen_by.get(who, ZERO) for who, own in now.by_account.items())


def _numbered(
    place: Place, movements: Iterable[_Taken], now: Standing
) -> tuple[list[tuple[Any, ...]], Decimal, dict[tuple[str, int], Decimal]]:
    """The rows; what all have taken after them; and (account, its share in per cent) → what it has after the last of
    its lines that was decided under that share."""
    add, by_all, own = EXACT.add, now.by_all, dict(now.by_account)
    shares: dict[tuple[str, int], Decimal] = {}
    rows: list[tuple[Any, ...]] = []
    product, site = place
    for number, (account, order_id, line, message, at, text, quantity, percent) in enumerate(movements, now.number + 1):
        by_all = add(by_all, quantity)
        own[account] = shares[account, percent] = mine = add(own[account], quantity)
        totals = (in_full(by_all), in_full(mine))
        rows.append((product, site, number, account, order_id, line, message, at, text, *totals))
    return rows, by_all, shares
