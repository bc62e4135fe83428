"""The canonical despatch advice (advance ship notice): what left for one account and place, in its items and units.

A line is what one package has of one order line in one lot, so that goods that are spread over cartons are as many
lines. Packages are a flat list in which each names the one it is in: shipment → pallet → carton → item.
It is our own document, a plain dataclass as the order response is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter

from schemas.documents.common import Code, OwnDocument, Party, Period, Text
from schemas.values import plain

Quantity = Annotated[Decimal, Field(gt=0), AfterValidator(plain)]
Count = Annotated[Decimal, Field(ge=0), AfterValidator(plain)]
Sscc = Annotated[str, StringConstraints(pattern=r"^[0-9]{18}$")]
"""18 digits, no application identifier (GS1 General Specifications 2.2.1)."""


@dataclass(slots=True, kw_only=True)
class Carrier(OwnDocument):
    """Who carries the goods: a name, and its code (SCAC) where it has one."""

    name: Text | None = None
    code: Code | None = None


@dataclass(slots=True, kw_only=True)
class Package(OwnDocument):
    """A handling unit. `type_code` is a UN/ECE Rec 21 code without X (PX pallet, CT carton); `parent` the id of the
    package that it is in."""

    id: Code
    type_code: Code | None = None
    sscc: Sscc | None = None
    parent: Code | None = None
    gross_weight_kg: Count | None = None


@dataclass(slots=True, kw_only=True)
class DespatchLine(OwnDocument):
    """What one package has of one order line.

    `quantity` is in the ordered unit. Where what shipped is not whole there, `quantity` and `unit` are of the base
    unit, and `ordered_unit` says the unit that was ordered, of which each is `base_per_ordered_unit`.
    `outstanding` is what is still to come of the order line after this shipment, in the line's `unit`; it stands at
    the first line of each order line.
    """

    line_number: Code
    order_number: Code
    order_line_number: Code
    buyer_line_reference: Code | None = None
    buyer_item: Code | None = None
    seller_item: Code | None = None
    gtin: Code | None = None
    description: Text | None = None
    quantity: Quantity
    unit: Code | None = None
    unit_code: Code | None = None
    base_quantity: Quantity
    base_unit: Code
    ordered_unit: Code | None = None
    base_per_ordered_unit: Quantity | None = None
    outstanding: Count | None = None
    outstanding_reason: Text | None = None
    package: Code | None = None
    lot: Code | None = None
    expiry: date | None = None
    serials: tuple[Code, ...] = ()


@dataclass(slots=True, kw_only=True)
class DespatchedOrder(OwnDocument):
    """An order that lines of the advice are of."""

    order_number: Code
    issue_date: date | None = None
    contract: Code | None = None


@dataclass(slots=True, kw_only=True)
class DespatchAdvice(OwnDocument):
    """What left in one shipment for one account and place. `despatched_at` is when it left, `estimated_delivery` when
    it should arrive."""

    number: Code
    shipment_number: Code
    issue_date: date
    issued_at: datetime | None = None
    test: bool = False
    despatched_at: datetime | None = None
    estimated_delivery: Period | None = None
    carrier: Carrier | None = None
    tracking: Code | None = None
    note: Text | None = None
    buyer: Party | None = None
    seller: Party | None = None
    ship_from: Party | None = None
    ship_to: Party | None = None
    orders: tuple[DespatchedOrder, ...]
    packages: tuple[Package, ...] = ()
    lines: tuple[DespatchLine, ...]

    def within(self, package: str | None) -> Iterator[Package]:
        """The packages directly inside this one; None: those that stand in no other."""
        return (one for one in self.packages if one.parent == package)


class Nesting:
    """Which packages are around which, by their ids; the first of an id counts."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self.packages: dict[str, Package] = {}
        for one in packages:
            self.packages.setdefault(one.id, one)

    def around(self, package: str) -> list[Package]:
        """The package and those around it, the innermost first. A circle ends where it closes, and one that isn't
        listed is nothing but its id."""
        found: list[Package] = []
        seen: set[str] = set()
        name: str | None = package
        while name is not None and name in self.packages and name not in seen:
            seen.add(name)
            found.append(self.packages[name])
            name = found[-1].parent
        return found or [Package(id=package)]


_JUDGED = TypeAdapter(DespatchAdvice)


def judged_despatch_advice(found: Any) -> DespatchAdvice:
    """The despatch advice that these members are. Raises pydantic's ValidationError with all that is wrong."""
    return _JUDGED.validate_python(found)
