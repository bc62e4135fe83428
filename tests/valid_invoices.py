"""Invoices and credit notes that add up and keep EN 16931's rules, of any lines, discounts, charges and taxes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from gateway.trade.invoice_sums import Exemption, gross_amount, net_amount, percentage, tax_subtotals, totals
from schemas.documents.common import Address, Contact, Identifier, Party, Price
from schemas.documents.invoice import (
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceReference,
    PaymentTerms,
    TaxCategory,
)
from tests.strategies import maybe

_EXEMPTIONS = {
    "E": Exemption("VATEX-EU-132", "Exempt"),
    "AE": Exemption("VATEX-EU-AE", "Reverse charge"),
    "K": Exemption("VATEX-EU-IC", "Intra-community supply"),
    "G": Exemption("VATEX-EU-G", "Export"),
    "O": Exemption("VATEX-EU-O", "Not subject to VAT"),
}
_S_RATES = st.sampled_from(["19", "7", "25.0", "2.6"]).map(Decimal)
TAXES = st.one_of(
    st.builds(TaxCategory, category=st.just("S"), percent=_S_RATES),
    st.builds(TaxCategory, category=st.sampled_from(["L", "M"]), percent=st.sampled_from([Decimal(7), Decimal("9.5")])),
    st.builds(TaxCategory, category=st.sampled_from(["Z", "E", "AE", "K", "G"]), percent=st.just(Decimal(0))),
)
MONEY = st.integers(0, 10**7).map(lambda cents: Decimal(cents).scaleb(-2))
WORDS = st.sampled_from(["Oat drink 1 l", "Größe 7/8 <&>", "5 \u20ac", "x" * 300])
CODES = st.sampled_from(["PO-1001", "A&B<1>", "0042", "1.10"])
SELLER = Party(
    id="9521234000006",
    scheme="0088",
    name="Halden Provisions",
    legal_name="Halden Provisions AS",
    endpoint=Identifier(id="9521234000006", scheme="0088"),
    registration=Identifier(id="999888771"),
    vat_id="NO999888771MVA",
    address=Address(street="Storgata", building_number="12", city="Halden", postal_code="1767", country="NO"),
    contact=Contact(name="Dana Reyes", telephone="+47 555", email="dana@example.com"),
)
BUYER = Party(
    id="4012345000009",
    scheme="0088",
    name="ACME Retail",
    vat_id="DE123456789",
    address=Address(lines=("Kai 4", "Hof 2"), city="Hamburg", country="DE"),
)
PLACE = Party(id="4012345000016", scheme="0088", name="DC East", address=Address(city="Hamburg", country="DE"))


@st.composite
def _charge(draw: st.DrawFn, base: Decimal, tax: st.SearchStrategy[TaxCategory | None]) -> InvoiceCharge:
    is_charge = draw(st.booleans())
    code = draw(maybe(st.sampled_from(["FC", "AA", "ABL"] if is_charge else ["95", "100", "64"])))
    percent = draw(maybe(st.integers(0, 3000).map(lambda number: Decimal(number).scaleb(-2))))
    return InvoiceCharge(
        is_charge=is_charge,
        amount=draw(MONEY) if percent is None else percentage(base, percent),
        base_amount=None if percent is None else base,
        percent=percent,
        reason_code=code,
        reason=draw(WORDS) if code is None else draw(maybe(WORDS)),
        tax=draw(tax),
    )


@st.composite
def _line(draw: st.DrawFn, number: int, taxes: st.SearchStrategy[TaxCategory]) -> InvoiceLine:
    quantity = draw(st.integers(1, 10**6)) * draw(st.sampled_from([Decimal(1), Decimal("0.001")]))
    amount = Decimal(draw(st.integers(0, 10**8))).scaleb(-4)
    gross = draw(maybe(MONEY.map(lambda discount: amount + discount)))
    base, unit = (
        draw(st.sampled_from([Decimal(1), Decimal(12), Decimal("0.5")])),
        draw(st.sampled_from(["EA", "XCT", "KGM"])),
    )
    price = Price(amount=amount, base_quantity=base, unit=unit, unit_code=unit, gross=gross)
    before = net_amount(quantity, price)
    charges = tuple(draw(st.lists(_charge(before, st.none()), max_size=2)))
    assert gross_amount(quantity, price) >= 0
    return InvoiceLine(
        line_number=str(number),
        order_number=draw(maybe(CODES)),
        order_line_number=draw(maybe(CODES)),
        despatch_number=draw(maybe(CODES)),
        buyer_item=draw(maybe(CODES)),
        seller_item=draw(maybe(CODES)),
        gtin=draw(maybe(st.just("04098765001215"))),
        description=draw(maybe(WORDS)),
        quantity=quantity,
        unit=draw(st.sampled_from(["CS", unit])),
        unit_code=unit,
        price=price,
        charges=charges,
        net_amount=net_amount(quantity, price, charges),
        tax=draw(taxes),
        note=draw(maybe(WORDS)),
    )


@st.composite
def valid_invoices(draw: st.DrawFn) -> Invoice:
    """What is not subject to VAT stands alone (BR-O-11), and with no VAT numbers (BR-O-02)."""
    untaxed = draw(st.integers(0, 9)) == 0
    taxes = st.just(TaxCategory(category="O")) if untaxed else TAXES
    lines = tuple(draw(_line(number, taxes)) for number in range(1, draw(st.integers(1, 5)) + 1))
    charges = tuple(draw(st.lists(_charge(draw(MONEY), taxes), max_size=3)))
    subtotals = tax_subtotals(lines, charges, _EXEMPTIONS)
    issue_date = draw(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
    kind = draw(st.sampled_from(["invoice", "credit_note"]))
    orders, despatches = {line.order_number for line in lines}, {line.despatch_number for line in lines}
    own = {"vat_id": None} if untaxed else {}
    return Invoice(
        type=kind,
        number=draw(CODES),
        issue_date=issue_date,
        due_date=issue_date + timedelta(days=draw(st.integers(0, 60))),
        tax_point=draw(maybe(st.just(issue_date))),
        currency=draw(st.sampled_from(["EUR", "NOK", "SEK"])),
        buyer_reference=draw(maybe(CODES)),
        order_number=orders.pop() if len(orders) == 1 else None,
        despatch_number=despatches.pop() if len(despatches) == 1 else None,
        contract=draw(maybe(CODES)),
        credits=(InvoiceReference(number="2026-17", issue_date=issue_date),) if kind == "credit_note" else (),
        note=draw(maybe(WORDS)),
        seller=SELLER.model_copy(update=own),
        buyer=BUYER.model_copy(update=own),
        ship_to=PLACE,
        delivered_on=issue_date,
        payment=PaymentTerms(
            note=draw(maybe(WORDS)),
            iban="NO9386011117947",
            bic=draw(maybe(st.just("HALDNO22"))),
            reference=draw(maybe(CODES)),
        ),
        charges=charges,
        taxes=subtotals,
        totals=totals(
            lines,
            charges,
            subtotals,
            prepaid=draw(st.sampled_from([Decimal(0), Decimal("10.00")])),
            payable_step=draw(st.sampled_from([None, None, Decimal("0.05")])),
        ),
        lines=lines,
    )
