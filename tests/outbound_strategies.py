"""Hypothesis strategies for what goes out: despatch advices, inventory reports, invoices and credit notes."""

from __future__ import annotations

from hypothesis import strategies as st

from schemas.documents import despatch_advice, inventory_report, invoice
from schemas.documents.despatch_advice import DespatchAdvice
from schemas.documents.inventory_report import InventoryReport
from schemas.documents.invoice import Invoice
from tests.strategies import (
    AMOUNTS,
    CODES,
    COUNTS,
    CURRENCIES,
    DATE_TIMES,
    DATES,
    QUANTITIES,
    TEXTS,
    Texts,
    every_field_of,
    maybe,
    parties,
    periods,
    prices,
    several,
)

SSCCS = st.integers(0, 10**18 - 1).map("{:018d}".format)


def packages(codes: Texts = CODES) -> st.SearchStrategy[despatch_advice.Package]:
    """Handling units, each in any other or none."""
    return every_field_of(
        despatch_advice.Package,
        id=codes,
        type_code=maybe(codes),
        sscc=maybe(SSCCS),
        parent=maybe(codes),
        gross_weight_kg=maybe(COUNTS),
    )


def despatch_advices(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[DespatchAdvice]:
    order = every_field_of(
        despatch_advice.DespatchedOrder, order_number=codes, issue_date=maybe(DATES), contract=maybe(codes)
    )
    carrier = every_field_of(despatch_advice.Carrier, name=maybe(texts), code=maybe(codes))
    return every_field_of(
        DespatchAdvice,
        number=codes,
        shipment_number=codes,
        issue_date=DATES,
        issued_at=maybe(DATE_TIMES),
        test=st.booleans(),
        despatched_at=maybe(DATE_TIMES),
        estimated_delivery=maybe(periods()),
        carrier=maybe(carrier),
        tracking=maybe(codes),
        note=maybe(texts),
        **{name: maybe(parties(codes, texts)) for name in ("buyer", "seller", "ship_from", "ship_to")},
        orders=several(order),
        packages=several(packages(codes)),
        lines=several(_despatch_lines(codes, texts)),
    )


def _despatch_lines(codes: Texts, texts: Texts) -> st.SearchStrategy[despatch_advice.DespatchLine]:
    return every_field_of(
        despatch_advice.DespatchLine,
        line_number=codes,
        order_number=codes,
        order_line_number=codes,
        quantity=QUANTITIES,
        base_quantity=QUANTITIES,
        base_unit=codes,
        base_per_ordered_unit=maybe(QUANTITIES),
        outstanding=maybe(COUNTS),
        outstanding_reason=maybe(texts),
        expiry=maybe(DATES),
        serials=several(codes),
        description=maybe(texts),
        **{
            name: maybe(codes)
            for name in (
                *("buyer_line_reference", "buyer_item", "seller_item", "gtin", "unit", "unit_code", "ordered_unit"),
                *("package", "lot"),
            )
        },
    )


def inventory_reports(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[InventoryReport]:
    line = every_field_of(
        inventory_report.InventoryLine,
        buyer_item=maybe(codes),
        seller_item=codes,
        gtin=maybe(codes),
        description=maybe(texts),
        status=st.sampled_from(["available", "out_of_stock", "discontinued"]),
        quantity=COUNTS,
        unit=maybe(codes),
        unit_code=maybe(codes),
        as_of=maybe(DATE_TIMES),
        next_receipt_date=maybe(DATES),
        next_receipt_quantity=maybe(COUNTS),
        order_minimum=maybe(COUNTS),
        order_multiple=maybe(COUNTS),
        lead_time_days=maybe(st.integers(0, 1000)),
        replaced_by=maybe(codes),
    )
    return every_field_of(
        InventoryReport,
        number=codes,
        issue_date=DATES,
        issued_at=maybe(DATE_TIMES),
        test=st.booleans(),
        is_full=st.booleans(),
        since=maybe(DATE_TIMES),
        buyer=maybe(parties(codes, texts)),
        seller=maybe(parties(codes, texts)),
        lines=several(line),
    )


def invoices(codes: Texts = CODES, texts: Texts = TEXTS) -> st.SearchStrategy[Invoice]:
    """Documents that say anything in every field; their sums need not be right."""
    categories = st.sampled_from(["S", "Z", "E", "AE", "K", "G", "O", "L", "M"])
    tax = every_field_of(invoice.TaxCategory, category=categories, percent=maybe(COUNTS))
    charge = every_field_of(
        invoice.InvoiceCharge,
        is_charge=st.booleans(),
        amount=AMOUNTS,
        base_amount=maybe(AMOUNTS),
        percent=maybe(AMOUNTS),
        reason_code=maybe(codes),
        reason=maybe(texts),
        tax=maybe(tax),
    )
    line = every_field_of(
        invoice.InvoiceLine,
        line_number=codes,
        quantity=AMOUNTS,
        price=prices(codes),
        charges=several(charge),
        net_amount=AMOUNTS,
        tax=tax,
        description=maybe(texts),
        note=maybe(texts),
        **{
            name: maybe(codes)
            for name in (
                *("order_number", "order_line_number", "despatch_number", "despatch_line_number"),
                *("buyer_item", "seller_item", "gtin", "unit", "unit_code"),
            )
        },
    )
    subtotal = every_field_of(
        invoice.TaxSubtotal,
        category=categories,
        percent=maybe(COUNTS),
        taxable_amount=AMOUNTS,
        tax_amount=AMOUNTS,
        exemption_code=maybe(codes),
        exemption_reason=maybe(texts),
    )
    payment = every_field_of(
        invoice.PaymentTerms,
        note=maybe(texts),
        account_name=maybe(texts),
        **{name: maybe(codes) for name in ("iban", "bic", "reference")},
    )
    sums = ("lines", "allowances", "charges", "without_tax", "tax", "with_tax", "prepaid", "rounding", "payable")
    return every_field_of(
        Invoice,
        type=st.sampled_from(["invoice", "credit_note"]),
        number=codes,
        issue_date=DATES,
        issued_at=maybe(DATE_TIMES),
        test=st.booleans(),
        currency=CURRENCIES,
        credits=several(every_field_of(invoice.InvoiceReference, number=codes, issue_date=maybe(DATES))),
        note=maybe(texts),
        seller=parties(codes, texts),
        buyer=parties(codes, texts),
        ship_to=maybe(parties(codes, texts)),
        payment=maybe(payment),
        charges=several(charge),
        taxes=several(subtotal),
        totals=every_field_of(invoice.Totals, **dict.fromkeys(sums, AMOUNTS)),
        lines=several(line),
        **{name: maybe(DATES) for name in ("due_date", "tax_point", "delivered_on")},
        **{
            name: maybe(codes)
            for name in ("type_code", "buyer_reference", "order_number", "despatch_number", "contract")
        },
    )
