"""An order in our terms: what the engine answers and the decisions are made on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mappings.revision import PriceRow, Product, SiteRow
from schemas.documents.order import Order, OrderLine
from schemas.faults import Fault


@dataclass(slots=True)
class MappedLine:
    """One line in our terms, made for every line and never changed. What could not be mapped is None, and `faults`
    says why.

    `base_per_unit` is how many base units are in one of the account's ordered units, exactly; `base_per_sales_unit`
    the same for the unit we sell (1 where we sell by the base unit). `contract_price` and `ordered_price` are for ONE
    of the account's ordered units, in the order's currency.
    """

    index: int
    line: OrderLine
    product: Product | None
    unit: str | None
    unit_code: str | None
    base_per_unit: Fraction | None
    base_quantity: Decimal | None
    sales_unit: str | None
    base_per_sales_unit: Fraction | None
    sales_quantity: Decimal | None
    ordered_price: Fraction | None
    contract_price: Fraction | None
    contract_row: PriceRow | None
    site: SiteRow | None
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class MappedOrder:
    """The order as read, its lines in our terms, and the faults of its header. Never changed."""

    order: Order
    lines: tuple[MappedLine, ...]
    site: SiteRow | None
    currency: str | None
    faults: tuple[Fault, ...] = ()

    def all_faults(self) -> tuple[Fault, ...]:
        """The header's faults, then each line's, in order."""
        return self.faults + tuple([fault for line in self.lines if line.faults for fault in line.faults])
