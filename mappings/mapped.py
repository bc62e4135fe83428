"""An order in our terms: what the engine answers and the decisions are made on."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mappings.revision import PriceRow, Product, SiteRow
from schemas.documents.common import Party, Price
from schemas.documents.order import Order, OrderLine
from schemas.faults import Fault


@dataclass(slots=True)
class Words:
    """What a line says that an answer repeats, to the letter."""

    buyer_line_reference: str | None
    buyer_item: str | None
    seller_item: str | None
    gtin: str | None
    description: str | None
    quantity: Decimal
    unit: str | None
    unit_code: str | None
    price: Price | None


def words_of(line: OrderLine) -> Words:
    """The line's words."""
    return Words(
        line.buyer_line_reference,
        line.buyer_item,
        line.seller_item,
        line.gtin,
        line.description,
        line.quantity,
        line.unit,
        line.unit_code,
        line.price,
    )


@dataclass(slots=True)
class Meaning:
    """What a line's words are in our terms, whatever its number and delivery. What could not be mapped is None. Never
    changed.

    `base_per_unit` is how many base units are in one of the account's ordered units, exactly; `base_per_sales_unit`
    the same for the unit we sell (1 where we sell by the base unit). `contract_price` and `ordered_price` are for ONE
    of the account's ordered units, in the order's currency.
    """

    words: Words
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
    compiled: dict[Any, Any] | None = field(default=None, compare=False, repr=False)
    """Where lines that say the same, to the letter, share the meaning: what is worked out once for all of them."""


@dataclass(slots=True)
class MappedLine:
    """One line, what it means, where it goes, and why something of it could not be mapped. Never changed.

    A batch of orders is decided long after they were read, when their lines are far from the processor: what almost
    every decision asks of a line is here or with its meaning.
    """

    index: int
    line: OrderLine
    line_number: str
    own_delivery: bool
    """Whether the line says for itself where, when or in which parts it is to be delivered."""
    meaning: Meaning
    site: SiteRow | None
    faults: tuple[Fault, ...]

    @property
    def product(self) -> Product | None:
        """Ours."""
        return self.meaning.product

    @property
    def unit(self) -> str | None:
        """The account's word for the ordered unit, where the line has none too."""
        return self.meaning.unit

    @property
    def unit_code(self) -> str | None:
        """Its Rec 20 code."""
        return self.meaning.unit_code

    @property
    def base_per_unit(self) -> Fraction | None:
        """Base units in one of the ordered unit."""
        return self.meaning.base_per_unit

    @property
    def base_quantity(self) -> Decimal | None:
        """What is ordered, in base units."""
        return self.meaning.base_quantity

    @property
    def sales_unit(self) -> str | None:
        """The unit we sell."""
        return self.meaning.sales_unit

    @property
    def base_per_sales_unit(self) -> Fraction | None:
        """Base units in one of the unit we sell."""
        return self.meaning.base_per_sales_unit

    @property
    def sales_quantity(self) -> Decimal | None:
        """What is ordered, in the unit we sell."""
        return self.meaning.sales_quantity

    @property
    def ordered_price(self) -> Fraction | None:
        """The line's price for one of the ordered unit."""
        return self.meaning.ordered_price

    @property
    def contract_price(self) -> Fraction | None:
        """The contract's price for one of the ordered unit."""
        return self.meaning.contract_price

    @property
    def contract_row(self) -> PriceRow | None:
        """The row of prices.csv that it comes from."""
        return self.meaning.contract_row


def mapped_line(
    index: int, line: OrderLine, meaning: Meaning, site: SiteRow | None, faults: tuple[Fault, ...] = ()
) -> MappedLine:
    """The line with what it means, which goes to this place."""
    own_delivery = (
        line.ship_to is not None
        or line.requested_delivery is not None
        or line.partial_allowed is not None
        or line.backorder_allowed is not None
        or bool(line.schedule)
    )
    return MappedLine(index, line, line.line_number, own_delivery, meaning, site, faults)


@dataclass(slots=True)
class MappedOrder:
    """The order as read, its lines in our terms, and the faults of its header. Never changed."""

    order: Order
    lines: tuple[MappedLine, ...]
    site: SiteRow | None
    currency: str | None
    buyer: Party | None
    """As the order names it; orders that name it alike share it."""
    faults: tuple[Fault, ...] = ()

    def all_faults(self) -> tuple[Fault, ...]:
        """The header's faults, then each line's, in order."""
        return self.faults + tuple([fault for line in self.lines if line.faults for fault in line.faults])
