"""The canonical invoice and credit note, in the terms of EN 16931 (the BT and BG numbers are its semantic model's).

One model for both: a credit note says what it credits in `credits`, and its amounts are positive. Amounts have two
decimals, prices as many as they need; what adds up to what is EN 16931's (BR-CO-10 to BR-CO-17), and `gateway.trade`
works it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import StringConstraints, TypeAdapter

from schemas.documents.common import Code, OwnDocument, Party, Price, Text
from schemas.values import ExactDecimal

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
InvoiceType = Literal["invoice", "credit_note"]
TaxCategoryCode = Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M"]
"""UNCL 5305 as EN 16931 has it: standard, zero, exempt, reverse charge, intra-community, export, not subject, and the
taxes of the Canaries and of Ceuta and Melilla."""


@dataclass(slots=True, kw_only=True)
class TaxCategory(OwnDocument):
    """BT-151 and BT-152; a percentage of None is for what is not subject to tax (O)."""

    category: TaxCategoryCode
    percent: ExactDecimal | None = None


@dataclass(slots=True, kw_only=True)
class InvoiceCharge(OwnDocument):
    """A charge, or an allowance where `is_charge` is false (BG-20, BG-21; of a line BG-27, BG-28). `tax` is the
    document's; a line's has the line's. Codes are UNCL 5189 of allowances and UNCL 7161 of charges."""

    is_charge: bool
    amount: ExactDecimal
    base_amount: ExactDecimal | None = None
    percent: ExactDecimal | None = None
    reason_code: Code | None = None
    reason: Text | None = None
    tax: TaxCategory | None = None


@dataclass(slots=True, kw_only=True)
class InvoiceLine(OwnDocument):
    """BG-25: what was delivered of one order line, at the agreed price, in the ordered unit. `net_amount` (BT-131) is
    quantity x price / base quantity, less allowances, with charges, rounded half up."""

    line_number: Code
    order_number: Code | None = None
    order_line_number: Code | None = None
    despatch_number: Code | None = None
    despatch_line_number: Code | None = None
    buyer_item: Code | None = None
    seller_item: Code | None = None
    gtin: Code | None = None
    description: Text | None = None
    quantity: ExactDecimal
    unit: Code | None = None
    unit_code: Code | None = None
    price: Price
    charges: tuple[InvoiceCharge, ...] = ()
    net_amount: ExactDecimal
    tax: TaxCategory
    note: Text | None = None


@dataclass(slots=True, kw_only=True)
class TaxSubtotal(OwnDocument):
    """BG-23: one for each category and percentage."""

    category: TaxCategoryCode
    percent: ExactDecimal | None = None
    taxable_amount: ExactDecimal
    tax_amount: ExactDecimal
    exemption_code: Code | None = None
    exemption_reason: Text | None = None


@dataclass(slots=True, kw_only=True)
class Totals(OwnDocument):
    """BG-22: BT-106, 107, 108, 109, 110, 112, 113, 114 and 115, in their order."""

    lines: ExactDecimal
    allowances: ExactDecimal
    charges: ExactDecimal
    without_tax: ExactDecimal
    tax: ExactDecimal
    with_tax: ExactDecimal
    prepaid: ExactDecimal
    rounding: ExactDecimal
    payable: ExactDecimal


@dataclass(slots=True, kw_only=True)
class InvoiceReference(OwnDocument):
    """BG-3: an invoice that came before."""

    number: Code
    issue_date: date | None = None


@dataclass(slots=True, kw_only=True)
class PaymentTerms(OwnDocument):
    """BT-20 and BG-16: what is due when, and where it is paid to."""

    note: Text | None = None
    iban: Code | None = None
    bic: Code | None = None
    account_name: Text | None = None
    reference: Code | None = None


@dataclass(slots=True, kw_only=True)
class Invoice(OwnDocument):
    """An invoice or a credit note. `buyer` is whom it is for (the order's invoicee), `ship_to` and `delivered_on`
    where and when the goods were (BG-13). An order, despatch or contract number stands in the head where all lines
    have it. `type_code` is the UNCL 1001 code (BT-3) where it is neither 380 nor 381, such as 384, a corrected one."""

    type: InvoiceType = "invoice"
    type_code: Code | None = None
    number: Code
    issue_date: date
    issued_at: datetime | None = None
    due_date: date | None = None
    tax_point: date | None = None
    test: bool = False
    currency: Currency
    buyer_reference: Code | None = None
    order_number: Code | None = None
    despatch_number: Code | None = None
    contract: Code | None = None
    credits: tuple[InvoiceReference, ...] = ()
    note: Text | None = None
    seller: Party
    buyer: Party
    ship_to: Party | None = None
    delivered_on: date | None = None
    payment: PaymentTerms | None = None
    charges: tuple[InvoiceCharge, ...] = ()
    taxes: tuple[TaxSubtotal, ...]
    totals: Totals
    lines: tuple[InvoiceLine, ...]


_JUDGED = TypeAdapter(Invoice)


def judged_invoice(found: Any) -> Invoice:
    """The invoice or credit note that these members are. Raises pydantic's ValidationError with all that is wrong."""
    return _JUDGED.validate_python(found)
