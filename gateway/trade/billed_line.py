"""How a line of an invoice or credit note came to its amount: price, discounts, and the row of taxes.csv. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gateway.trade.explanation import row_text
from gateway.trade.invoice_sums import gross_amount, group_of, signed_sum
from gateway.trade.taxes import Supply, tax_of
from mappings.revision import Catalogue, Supplier, TaxRow
from schemas.documents.common import Party
from schemas.documents.invoice import Invoice, InvoiceCharge, InvoiceLine
from schemas.faults import DocumentHeld
from schemas.values import EXACT, half_up, shortest


def billed_figures(invoice: Invoice, line: InvoiceLine) -> dict[str, Any]:
    """The line's own figures for programs, quantities and amounts as texts, with the arithmetic of its net amount."""
    return {
        "quantity": f"{shortest(line.quantity):f}",
        "unit": line.unit,
        "price": f"{line.price.amount:f}",
        "price_base_quantity": f"{shortest(line.price.base_quantity):f}",
        "currency": invoice.currency,
        "discounts": [_charge_json(one) for one in line.charges],
        "net": f"{line.net_amount:f}",
        "arithmetic": "; ".join(_arithmetic(line, is_credit=invoice.type == "credit_note")),
        "tax_category": line.tax.category,
        "tax_percent": None if line.tax.percent is None else f"{shortest(line.tax.percent):f}",
    }


def _charge_json(one: InvoiceCharge) -> dict[str, Any]:
    return {
        "is_charge": one.is_charge,
        "percent": None if one.percent is None else f"{shortest(one.percent):f}",
        "base_amount": None if one.base_amount is None else f"{one.base_amount:f}",
        "amount": f"{one.amount:f}",
        "reason_code": one.reason_code,
        "reason": one.reason,
    }


def _arithmetic(line: InvoiceLine, *, is_credit: bool) -> Iterator[str]:
    """`3 x 6.00 = 18.00`, then `less 2 % of 18.00 = 0.36 (Discount)`, then `18.00 - 0.36 = 17.64`."""
    price, gross = line.price, EXACT.subtract(line.net_amount, signed_sum(line.charges))
    base = "" if price.base_quantity == 1 else f" / {shortest(price.base_quantity):f}"
    told = f"{shortest(line.quantity):f} x {price.amount:f}{base} = {gross:f}"
    if half_up(gross_amount(line.quantity, price)) != gross and is_credit:
        told += ", by which all credit notes of the line sum to what was invoiced"
    yield told
    for one in line.charges:
        share = "" if one.percent is None or one.base_amount is None else f"{shortest(one.percent):f} % of "
        of = f"{share}{one.base_amount:f} = " if share else ""
        why = f" ({one.reason})" if one.reason else ""
        yield f"{'and' if one.is_charge else 'less'} {of}{one.amount:f}{why}"
    if line.charges:
        signs = "".join(f" {'+' if one.is_charge else '-'} {one.amount:f}" for one in line.charges)
        yield f"{gross:f}{signs} = {line.net_amount:f}"


def tax_rule(
    invoice: Invoice, line: InvoiceLine, tax_class: str | None, catalogue: Catalogue, supplier: Supplier
) -> tuple[str | None, str | None]:
    """The row of taxes.csv by which the line has its tax, and the revision that it is of; nothing where the catalogue
    of then says another tax, or none."""
    origins = supplier.origins(invoice.seller.vat_id)
    found = next(filter(None, (_rule(invoice, line, tax_class, catalogue.taxes, one) for one in origins)), None)
    return (None, None) if found is None else (row_text(found), f"catalogue {catalogue.number}")


def _rule(
    invoice: Invoice, line: InvoiceLine, tax_class: str | None, rules: Sequence[TaxRow], origin: str
) -> TaxRow | None:
    for registered in _standings(invoice):
        supply = Supply(
            ship_from_country=origin or None,
            ship_to_country=_country(invoice.ship_to),
            buyer_registered=registered,
            tax_point=invoice.tax_point or invoice.issue_date,
        )
        try:
            applied = tax_of(tax_class, supply, rules)
        except DocumentHeld:
            continue
        if group_of(applied.tax) == group_of(line.tax):
            return applied.rule
    return None


def _standings(invoice: Invoice) -> Iterable[bool]:
    """Whether the buyer has a VAT number; one that is not subject to VAT doesn't say it (BR-O-02)."""
    registered = invoice.buyer.vat_id is not None
    return (registered, not registered) if any(one.category == "O" for one in invoice.taxes) else (registered,)


def _country(party: Party | None) -> str | None:
    return party.address.country if party is not None and party.address is not None else None
