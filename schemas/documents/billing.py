"""What the ERP asks to be billed: an invoice of what shipped, a credit note of what came back or was short, and when a
shipment was there.

They are the supplier's own documents, each with a number of the ERP's by which it is known when it comes again; the
invoices and credit notes are made of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from schemas.documents.common import Code, Document, Text
from schemas.values import plain, shortest

Quantity = Annotated[Decimal, Field(gt=0), AfterValidator(plain), AfterValidator(shortest)]
"""Without zeros that say nothing: 50 and 50.0 ask for the same."""


class LineToBill(Document):
    """What is billed of an order line in a shipment, in base units; all that isn't yet, where nothing is said."""

    shipment_number: Code
    order_number: Code
    line_number: Code
    base_quantity: Quantity | None = None


class InvoiceRequest(Document):
    """What is to be billed to an account: whole shipments, or lines of them.

    `invoice_number` is for an ERP that numbers invoices itself; else they are numbered here. What has several
    invoicees, currencies or places becomes several invoices.
    """

    request_number: Code
    account: Code
    invoice_number: Code | None = None
    shipments: tuple[Code, ...] = ()
    lines: tuple[LineToBill, ...] = ()
    note: Text | None = None


class LineToCredit(Document):
    """What is credited of an invoice's line, in the unit that it was invoiced in; all that isn't yet, where nothing is
    said."""

    line_number: Code
    quantity: Quantity | None = None
    note: Text | None = None


class CreditNoteRequest(Document):
    """What is to be credited of an invoice: lines of it, or all that is left. `return` means that the goods came back,
    which the order's ledger notes, too; `shortage` that they were billed and not there. With `with_charges` freight and
    the like are credited by the part of the goods that is."""

    request_number: Code
    account: Code
    invoice_number: Code
    credit_note_number: Code | None = None
    reason: Literal["return", "shortage"]
    lines: tuple[LineToCredit, ...] = ()
    with_charges: bool = False
    note: Text | None = None


class Delivery(Document):
    """When a shipment was there, by the carrier's word."""

    shipment_number: Code
    delivered_at: AwareDatetime
