"""Orders of which something should have left by now, each with what that is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from gateway.order_page.lines import is_to_ship, to_ship
from gateway.services import Services
from gateway.store.orders import Ledger, LedgerLine
from gateway.store.worklist import WorkOrder

MOST_LINES = 200
"""Lines of one order that are looked at."""


class ToShip(NamedTuple):
    """A line of which something is confirmed and hasn't left, in base units; None where they can't be said."""

    line_number: str
    product: str | None
    left: Decimal | None
    base_unit: str | None


@dataclass(frozen=True, slots=True)
class Overdue:
    """An order whose despatch notice is overdue. `is_cut`: only its first lines were looked at."""

    order: WorkOrder
    lines: tuple[ToShip, ...]
    is_cut: bool


def overdue_orders(
    services: Services,
    now: int,
    account_id: str | None,
    limit: int,
    *,
    after: tuple[int, str] | None = None,
    most_lines: int | None = MOST_LINES,
) -> list[Overdue]:
    """The longest overdue first; of all accounts where none is named. `most_lines`: None for all of an order's."""
    found = services.store.worklist.overdue(now, account_id, limit, after=after)
    ledgers = services.store.orders.ledgers([one.id for one in found], most_lines)
    return [_with_lines(one, ledgers.get(one.id, Ledger([], is_cut=False))) for one in found]


def _with_lines(order: WorkOrder, ledger: Ledger) -> Overdue:
    return Overdue(order, tuple(_waiting(ledger.lines)), ledger.is_cut)


def _waiting(ledger: list[LedgerLine]) -> list[ToShip]:
    waiting = filter(is_to_ship, ledger)
    return [ToShip(line.line_number, line.product, to_ship(line), line.base_unit) for line in waiting]
