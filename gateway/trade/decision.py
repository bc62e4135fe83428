"""What was decided about one order: the answer, and what it does to stock and to the order's thread."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from gateway.trade.stock import Allocation
from schemas.documents.order_response import OrderResponse, Outcome
from schemas.faults import Fault

Verdict = Literal["answered", "held", "rejected"]


NOTHING = Decimal(0)
"""None of the line."""


@dataclass(slots=True)
class LineLedger:
    """One line's quantities in the account's unit: ordered + raised = confirmed + backordered + rejected + cancelled +
    open.

    `ordered` is what the account ordered, `base_ordered` the same in base units; `raised` is what was added to it for a
    line that is raised to a whole unit of sale (`fractional_unit: round_up`) and not refused. What isn't decided yet
    (where the ERP decides) is open, and so is what a blanket order agrees: its releases confirm it.
    """

    line_number: str
    product: str | None
    unit: str | None
    base_unit: str | None
    ordered: Decimal
    base_ordered: Decimal | None
    confirmed: Decimal = NOTHING
    backordered: Decimal = NOTHING
    rejected: Decimal = NOTHING
    cancelled: Decimal = NOTHING
    raised: Decimal = NOTHING

    @property
    def base_confirmed(self) -> Fraction:
        """What is confirmed, in base units."""
        if not self.base_ordered or not self.ordered:
            return Fraction(0)
        return Fraction(self.confirmed) * Fraction(self.base_ordered) / Fraction(self.ordered)


@dataclass(slots=True)
class Decision:
    """`answered`: the order stands, with `ledger` and `allocations`. `rejected`: the sender's fault, no order stands.
    `held`: nothing happens until someone on our side acts; no response either. `response` is None where the order
    wants none; `outcome` says what it would say where the ledger doesn't (a blanket order's is all open)."""

    verdict: Verdict
    faults: tuple[Fault, ...]
    response: OrderResponse | None = None
    ledger: tuple[LineLedger, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    outcome: Outcome | None = None
