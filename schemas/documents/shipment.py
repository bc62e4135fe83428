"""What the warehouse says of a shipment: which packages left, and what of which orders is in them.

It is the supplier's own document, in internal products and base units; the despatch advices are made of it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from schemas.documents.common import Code, Document, Text
from schemas.values import plain

Quantity = Annotated[Decimal, Field(gt=0), AfterValidator(plain)]
Weight = Annotated[Decimal, Field(ge=0), AfterValidator(plain)]


class ShippedLine(Document):
    """What a package has of one order line. The order is named by its account and number; where several have the number
    (those of several stores, or one of years ago) by its `order_id` as well.

    `unit` may be said for safety: it has to be the product's base unit.
    """

    order_number: Code
    account: Code
    order_id: Code | None = None
    line_number: Code
    product: Code
    base_quantity: Quantity
    unit: Code | None = None
    lot: Code | None = None
    expiry: date | None = None
    serials: tuple[Code, ...] = ()


class ShippedPackage(Document):
    """A pallet, carton or other handling unit; `type` is a UN/ECE Rec 21 code (PX, CT, with or without X before it).

    `sscc` is given by the warehouse, or generated from our GS1 company prefix; `parent` is the id of the package that
    this one is in.
    """

    id: Code
    type: Code | None = None
    sscc: Code | None = None
    parent: Code | None = None
    gross_weight_kg: Weight | None = None
    lines: tuple[ShippedLine, ...] = ()


class Shipment(Document):
    """One shipment, by its number. `site` is where it left, where that is not where the goods were allocated.

    `override_reason` lets more than was confirmed leave: it raises what is confirmed first, and stands in the audit
    trail.
    """

    shipment_number: Code
    shipped_at: AwareDatetime
    estimated_delivery: date | None = None
    carrier: Text | None = None
    carrier_code: Code | None = None
    tracking: Code | None = None
    note: Text | None = None
    site: Code | None = None
    override_reason: Text | None = None
    packages: Annotated[tuple[ShippedPackage, ...], Field(min_length=1)]
