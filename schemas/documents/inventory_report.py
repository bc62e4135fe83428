"""The canonical inventory report: what an account may still order of its items, in its units.

UBL calls the seller's report a StockAvailabilityReport. Quantities are the account's share, floored to whole units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from schemas.documents.common import Code, OwnDocument, Party, Text
from schemas.values import plain

Count = Annotated[Decimal, Field(ge=0), AfterValidator(plain)]
ItemStatus = Literal["available", "out_of_stock", "discontinued"]


@dataclass(slots=True, kw_only=True)
class InventoryLine(OwnDocument):
    """One item in one unit, as the warehouse counted it at `as_of`. `next_receipt_quantity` is the account's share of
    what is due then, in the same unit; `replaced_by` is the number that the account orders instead of this one."""

    buyer_item: Code | None = None
    seller_item: Code
    gtin: Code | None = None
    description: Text | None = None
    status: ItemStatus
    quantity: Count
    unit: Code | None = None
    unit_code: Code | None = None
    as_of: datetime | None = None
    next_receipt_date: date | None = None
    next_receipt_quantity: Count | None = None
    order_minimum: Count | None = None
    order_multiple: Count | None = None
    lead_time_days: Annotated[int, Field(ge=0)] | None = None
    replaced_by: Code | None = None


@dataclass(slots=True, kw_only=True)
class InventoryReport(OwnDocument):
    """`is_full`: every item that the account may order, also those of which there is none; otherwise what changed since
    `since`. A report of 100,000 lines is written as its lines come: writers take those apart from this head."""

    number: Code
    issue_date: date
    issued_at: datetime | None = None
    test: bool = False
    is_full: bool = True
    since: datetime | None = None
    buyer: Party | None = None
    seller: Party | None = None
    lines: tuple[InventoryLine, ...] = ()


_JUDGED = TypeAdapter(InventoryReport)


def judged_inventory_report(found: Any) -> InventoryReport:
    """The inventory report that these members are. Raises pydantic's ValidationError with all that is wrong."""
    return _JUDGED.validate_python(found)
