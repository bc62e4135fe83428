"""What shipped, as an invoice; what came back or was short, as its credit note. Pure: everything is given, nothing is
looked up, and what the law wants and nobody knows is a fault."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice

from gateway.trade.discounts import (
    Discount,
    OrderCharge,
    charge_by_tax,
    document_allowances,
    line_allowances,
    of_order,
)
from gateway.trade.invoice_sums import (
    NOTHING,
    Exemption,
    TaxGroup,
    gross_amount,
    group_of,
    net_amount,
    signed_sum,
    tax_subtotals,
    totals,
)
from gateway.trade.payment_terms import due
from gateway.trade.shares import next_part
from gateway.trade.taxes import AppliedTax, Supply, tax_of
from mappings.account import Payment
from mappings.revision import TaxRow
from mappings.units import DIVISIBLE
from schemas.documents.common import Party, Price
from schemas.documents.invoice import (
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceReference,
    PaymentTerms,
)
from schemas.faults import DocumentHeld, Fault
from schemas.values import EXACT, from_fraction, is_carried, shortest

_TOLD = 20
"""Line numbers that a fault names at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedLine:
    """What a shipment delivered of one order line, and what was agreed for it.

    `price` is for the ordered unit, of which each is `base_per_unit` base units; `unit` is the account's word for it.
    `gtin` is what the order says, `base_gtin` what stands for it beside base units.
    """

    order_number: str
    order_line_number: str
    despatch_number: str | None = None
    despatch_line_number: str | None = None
    buyer_item: str | None = None
    seller_item: str | None = None
    gtin: str | None = None
    base_gtin: str | None = None
    description: str | None = None
    base_quantity: Decimal
    base_unit: str
    base_per_unit: Fraction
    unit: str
    unit_code: str | None = None
    price: Price
    discounts: tuple[Discount, ...] = ()
    tax_class: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledOrder:
    """An order that is billed, with what this invoice has of its own charges."""

    order_number: str
    contract: str | None = None
    charges: tuple[OrderCharge, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """What an invoice says beside its lines. `buyer` is the order's invoicee, `seller` we; countries are those of the
    places that the goods went from and to."""

    number: str
    issue_date: date
    issued_at: datetime | None = None
    tax_point: date
    test: bool = False
    currency: str
    seller: Party
    buyer: Party
    ship_to: Party | None = None
    ship_from_country: str | None
    ship_to_country: str | None
    delivered_on: date | None = None
    buyer_reference: str | None = None
    note: str | None = None
    iban: str | None = None
    bic: str | None = None
    payment: Payment | None = None
    prepaid: Decimal = NOTHING
    payable_step: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BilledQuantity:
    """A quantity as it is invoiced, and the price of it, both exact."""

    quantity: Decimal
    unit: str
    unit_code: str | None
    price: Price
    is_in_base_units: bool = False


def invoice_of(
    shipped: Sequence[ShippedLine],
    orders: Sequence[BilledOrder],
    facts: InvoiceFacts,
    rules: Iterable[TaxRow],
    discounts: Sequence[Discount] = (),
) -> Invoice:
    """The invoice of what shipped. `orders` are those that lines are of; `discounts` the document's.

    Raises DocumentHeld with every fault: a line without a tax rule, taxes that can't stand together, something that
    EN 16931 demands and nobody knows.
    """
    rows = tuple(rules)
    supply = Supply(facts.ship_from_country, facts.ship_to_country, facts.buyer.vat_id is not None, facts.tax_point)
    taxes = _taxes(shipped, supply, rows)
    lines = tuple(
        _line(number, line, applied) for number, (line, applied) in enumerate(zip(shipped, taxes, strict=True), 1)
    )
    charges, of_charges = _charges(shipped, lines, orders, supply, rows, discounts)
    exemptions = _exemptions([*taxes, *of_charges])
    return _settled(_head(facts, shipped, orders), facts, lines, charges, exemptions)


# --- lines ------------------------------------------------------------------------------------------------------
def billed_quantity(line: ShippedLine) -> BilledQuantity:
    """In the ordered unit where that is whole, or a measure that can be told exactly; else in base units, with the
    price for as many base units as it was agreed for: 19 pieces at 12.80 for 12."""
    ordered = from_fraction(Fraction(line.base_quantity) / line.base_per_unit)
    if ordered is not None and is_carried(ordered) and (ordered % 1 == 0 or line.unit_code in DIVISIBLE):
        said = {"unit": line.unit, "unit_code": line.unit_code, "gross": _gross(line.price)}
        price = line.price.model_copy(update=said)
        return BilledQuantity(shortest(ordered), line.unit, line.unit_code, price)
    price = _base_price(line)
    return BilledQuantity(shortest(line.base_quantity), line.base_unit, line.base_unit, price, is_in_base_units=True)


def _base_price(line: ShippedLine) -> Price:
    """The same price in base units. Where a unit is a third of one, three times the amount for three times as many."""
    base = Fraction(line.price.base_quantity) * line.base_per_unit
    quantity, times = from_fraction(base), 1
    if quantity is None or not is_carried(quantity):
        quantity, times = Decimal(base.numerator), base.denominator
    gross = _gross(line.price)
    return Price(
        amount=EXACT.multiply(line.price.amount, Decimal(times)),
        base_quantity=shortest(quantity),
        unit=line.base_unit,
        unit_code=line.base_unit,
        gross=None if gross is None else EXACT.multiply(gross, Decimal(times)),
    )


def _gross(price: Price) -> Decimal | None:
    """The price before a discount that the price has in it (BT-148); an order's that is no higher is none."""
    return price.gross if price.gross is not None and price.gross > price.amount else None


def _taxes(shipped: Sequence[ShippedLine], supply: Supply, rules: Sequence[TaxRow]) -> tuple[AppliedTax, ...]:
    """Each line's tax. Raises DocumentHeld with the faults of all lines that have none."""
    found: list[AppliedTax] = []
    faults: list[Fault] = []
    for index, line in enumerate(shipped):
        try:
            found.append(tax_of(line.tax_class, supply, rules, f"/lines/{index}/tax"))
        except DocumentHeld as held:
            faults += held.faults
    if faults:
        raise DocumentHeld(faults)
    return tuple(found)


def _line(number: int, line: ShippedLine, applied: AppliedTax) -> InvoiceLine:
    billed = billed_quantity(line)
    ordered = Fraction(line.base_quantity) / line.base_per_unit
    allowances = line_allowances(line.discounts, gross_amount(billed.quantity, billed.price), ordered)
    return InvoiceLine(
        line_number=str(number),
        order_number=line.order_number,
        order_line_number=line.order_line_number,
        despatch_number=line.despatch_number,
        despatch_line_number=line.despatch_line_number,
        buyer_item=line.buyer_item,
        seller_item=line.seller_item,
        gtin=line.base_gtin if billed.is_in_base_units else line.gtin,
        description=line.description,
        quantity=billed.quantity,
        unit=billed.unit,
        unit_code=billed.unit_code,
        price=billed.price,
        charges=allowances,
        net_amount=net_amount(billed.quantity, billed.price, allowances),
        tax=applied.tax,
        note=line.note,
    )


# --- charges of the document ------------------------------------------------------------------------------------
def _charges(
    shipped: Sequence[ShippedLine],
    lines: Sequence[InvoiceLine],
    orders: Sequence[BilledOrder],
    supply: Supply,
    rules: Sequence[TaxRow],
    discounts: Sequence[Discount],
) -> tuple[tuple[InvoiceCharge, ...], list[AppliedTax]]:
    """The document's discounts and the orders' charges, and the taxes of those that have their own."""
    found = [*document_allowances(discounts, _nets(lines))]
    own: list[AppliedTax] = []
    for order in orders:
        nets = _nets(line for line, of in zip(lines, shipped, strict=True) if of.order_number == order.order_number)
        for charge in order.charges:
            if charge.tax_class is None:
                found += charge_by_tax(charge, nets)
            elif charge.amount:
                applied = tax_of(charge.tax_class, supply, rules, f"/charges/{len(found)}/tax")
                own.append(applied)
                found.append(of_order(charge, charge.amount, applied.tax))
    return tuple(found), own


def _nets(lines: Iterable[InvoiceLine]) -> dict[TaxGroup, Decimal]:
    """What the lines sum to, by tax."""
    nets: dict[TaxGroup, Decimal] = {}
    for line in lines:
        group = group_of(line.tax)
        nets[group] = EXACT.add(nets.get(group, NOTHING), line.net_amount)
    return nets


def _exemptions(taxes: Iterable[AppliedTax]) -> Mapping[str, Exemption]:
    """Why there is no tax, by category. Raises DocumentHeld where one category has two reasons, or where what is not
    subject to VAT would stand beside what is (BR-O-11)."""
    found: dict[str, Exemption] = {}
    faults: list[Fault] = []
    categories: set[str] = set()
    for applied in taxes:
        category, exemption = applied.tax.category, applied.exemption
        categories.add(category)
        if exemption is not None and found.setdefault(category, exemption) != exemption:
            told = f"category {category} has the reasons {found[category].code} and {exemption.code}"
            faults.append(Fault("taxes_not_together", told, "/taxes", value=exemption.code))
    if "O" in categories and len(categories) > 1:
        others = ", ".join(sorted(categories - {"O"}))
        told = f"what is not subject to VAT (O) can't stand with {others} (BR-O-11)"
        faults.append(Fault("taxes_not_together", told, "/taxes", value="O"))
    if faults:
        raise DocumentHeld(dict.fromkeys(faults))
    return found


# --- the whole --------------------------------------------------------------------------------------------------
def _head(facts: InvoiceFacts, shipped: Sequence[ShippedLine], orders: Sequence[BilledOrder]) -> Invoice:
    """The invoice with nothing on it yet."""
    terms = due(facts.payment, facts.issue_date, facts.delivered_on)
    empty = totals((), (), ())
    return Invoice(
        type="invoice",
        number=facts.number,
        issue_date=facts.issue_date,
        issued_at=facts.issued_at,
        due_date=terms.on,
        tax_point=facts.tax_point,
        test=facts.test,
        currency=facts.currency,
        buyer_reference=facts.buyer_reference,
        order_number=_common(line.order_number for line in shipped),
        despatch_number=_common(line.despatch_number for line in shipped),
        contract=_common(order.contract for order in orders),
        note=facts.note,
        seller=facts.seller,
        buyer=facts.buyer,
        ship_to=facts.ship_to,
        delivered_on=facts.delivered_on,
        payment=PaymentTerms(
            note=terms.note,
            iban=facts.iban,
            bic=facts.bic if facts.iban else None,
            account_name=(facts.seller.legal_name or facts.seller.name) if facts.iban else None,
            reference=facts.number,
        ),
        taxes=(),
        totals=empty,
        lines=(),
    )


def _common(numbers: Iterable[str | None]) -> str | None:
    """What all of them say; None where they differ."""
    found = set(numbers)
    return found.pop() if len(found) == 1 else None


def _settled(
    head: Invoice,
    facts: InvoiceFacts,
    lines: tuple[InvoiceLine, ...],
    charges: tuple[InvoiceCharge, ...],
    exemptions: Mapping[str, Exemption],
) -> Invoice:
    """The invoice with its sums. Raises DocumentHeld where EN 16931 would refuse it."""
    taxes = tax_subtotals(lines, charges, exemptions)
    sums = totals(lines, charges, taxes, prepaid=facts.prepaid, payable_step=facts.payable_step)
    return lawful(replace(head, charges=charges, taxes=taxes, totals=sums, lines=lines))


def lawful(invoice: Invoice) -> Invoice:
    """The invoice or credit note as it may be sent. Raises DocumentHeld with what the law wants and nobody knows."""
    faults = (*missing(invoice), *_too_long(invoice))
    if faults:
        raise DocumentHeld(faults)
    return _without_vat_numbers(invoice) if _is_untaxed(invoice) else invoice


def _too_long(invoice: Invoice) -> Iterator[Fault]:
    """Amounts and quantities that no document has room for: nobody could read it, and we couldn't credit it."""
    for path, amount in _amounts(invoice):
        if not is_carried(amount):
            detail = f"{amount:f} is more than a document has room for"
            expected = "20 digits before the point and 10 behind it"
            yield Fault("amount_too_long", detail, path, value=f"{amount:f}", expected=expected)


def _amounts(invoice: Invoice) -> Iterator[tuple[str, Decimal]]:
    for index, line in enumerate(invoice.lines):
        yield f"/lines/{index}/quantity", line.quantity
        yield f"/lines/{index}/price/amount", line.price.amount
        yield f"/lines/{index}/price/base_quantity", line.price.base_quantity
        yield f"/lines/{index}/net_amount", line.net_amount
    for index, tax in enumerate(invoice.taxes):
        yield f"/taxes/{index}/taxable_amount", tax.taxable_amount
        yield f"/taxes/{index}/tax_amount", tax.tax_amount
    for one in fields(invoice.totals):
        yield f"/totals/{one.name}", getattr(invoice.totals, one.name)


def _is_untaxed(invoice: Invoice) -> bool:
    return any(one.category == "O" for one in invoice.taxes)


def _without_vat_numbers(invoice: Invoice) -> Invoice:
    """What is not subject to VAT names no VAT number (BR-O-02)."""
    unnumbered = {"vat_id": None}
    return replace(
        invoice,
        seller=invoice.seller.model_copy(update=unnumbered),
        buyer=invoice.buyer.model_copy(update=unnumbered),
    )


def missing(invoice: Invoice) -> Iterator[Fault]:
    """What EN 16931 demands of this invoice and it doesn't say."""
    categories = {one.category for one in invoice.taxes}
    wanted: list[tuple[str, object, str]] = [
        ("/seller/name", invoice.seller.legal_name or invoice.seller.name, "our name (BR-06)"),
        ("/seller/address/country", _country(invoice.seller), "our country (BR-09)"),
        ("/buyer/name", invoice.buyer.legal_name or invoice.buyer.name, "the buyer's name (BR-07)"),
        ("/buyer/address/country", _country(invoice.buyer), "the buyer's country (BR-11)"),
    ]
    if categories - {"O"}:
        wanted.append(("/seller/vat_id", invoice.seller.vat_id, "our VAT number (BR-S-02 and its sisters)"))
    elif invoice.seller.registration is None and invoice.seller.id is None:
        wanted.append(("/seller/registration", None, "our registration or number (BR-CO-26)"))
    for category in sorted(categories & {"AE", "K"}):
        rule = {"AE": "BR-AE-02", "K": "BR-IC-02"}[category]
        wanted.append(("/buyer/vat_id", invoice.buyer.vat_id, f"the buyer's VAT number ({rule})"))
    if "K" in categories:
        place = invoice.ship_to
        wanted.append(("/delivered_on", invoice.delivered_on, "the day of delivery (BR-IC-11)"))
        wanted.append(("/ship_to/address/country", _country(place), "the country of delivery (BR-IC-12)"))
    for path, value, what in wanted:
        if value is None:
            yield Fault("invoice_incomplete", f"{what} is not known", path, expected=what)


def _country(party: Party | None) -> str | None:
    return party.address.country if party is not None and party.address is not None else None


# --- credit notes -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditedLine:
    """What is credited of a line of the invoice, in the unit that it was invoiced in, and why."""

    line_number: str
    quantity: Decimal
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFacts:
    """What a credit note says beside its lines. `before` is what earlier credit notes had of the invoice, by line
    number; with `with_charges`, freight and the like are credited too, by the part of the goods that is."""

    number: str
    issue_date: date
    issued_at: datetime | None = None
    tax_point: date | None = None
    note: str | None = None
    before: Mapping[str, Decimal] = field(default_factory=dict)
    with_charges: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an invoice's line: `now`, after `before` of it was credited."""

    line: InvoiceLine
    before: Decimal
    now: Decimal
    note: str | None = None


def credit_note_of(invoice: Invoice, credited: Sequence[CreditedLine], facts: CreditFacts) -> Invoice:
    """The credit note of what came back, or was billed and not there.

    Amounts are positive. Each part of a line has its part of the line's allowances, and the document's discounts are
    credited with the goods that they were given for. The credit notes of a whole line sum to what it was invoiced with,
    to the cent, whatever its parts. Raises DocumentHeld with `not_on_invoice` and `more_than_invoiced`.
    """
    parts = _parts(invoice, credited, facts.before)
    lines = tuple(_credited_line(str(number), part) for number, part in enumerate(parts, 1))
    charges = tuple(_credited_charges(invoice, parts, lines, facts))
    reasons = {str(one.category): Exemption(one.exemption_code, one.exemption_reason) for one in invoice.taxes}
    taxes = tax_subtotals(lines, charges, reasons)
    return replace(
        invoice,
        type="credit_note",
        type_code=None,
        number=facts.number,
        issue_date=facts.issue_date,
        issued_at=facts.issued_at,
        due_date=facts.issue_date,
        tax_point=facts.tax_point or facts.issue_date,
        credits=(InvoiceReference(number=invoice.number, issue_date=invoice.issue_date),),
        note=facts.note,
        payment=None,
        order_number=_common(line.order_number for line in lines),
        despatch_number=_common(line.despatch_number for line in lines),
        charges=charges,
        taxes=taxes,
        totals=totals(lines, charges, taxes),
        lines=lines,
    )


def _parts(invoice: Invoice, credited: Sequence[CreditedLine], before: Mapping[str, Decimal]) -> list[_Part]:
    """What is credited, each part after those before it. Raises DocumentHeld with every fault."""
    by_number = {line.line_number: line for line in invoice.lines}
    taken = dict(before)
    found: list[_Part] = []
    faults: list[Fault] = []
    for index, one in enumerate(credited):
        line = by_number.get(one.line_number)
        if line is None:
            detail = f"invoice {invoice.number} has no line {one.line_number}"
            path, expected = f"/lines/{index}/line_number", _some(by_number)
            faults.append(Fault("not_on_invoice", detail, path, value=one.line_number, expected=expected))
            continue
        had = taken.get(one.line_number, Decimal(0))
        left = EXACT.subtract(line.quantity, had)
        if 0 < one.quantity <= left:
            taken[one.line_number] = EXACT.add(had, one.quantity)
            found.append(_Part(line, had, one.quantity, one.note))
        else:
            faults.append(_too_much(index, one, left))
    if faults:
        raise DocumentHeld(faults)
    return found


def _some(numbers: Collection[str]) -> str:
    """The line numbers, the first ones of many."""
    told = ", ".join(islice(numbers, _TOLD))
    return told if len(numbers) <= _TOLD else f"{told} and {len(numbers) - _TOLD:,} more"


def _too_much(index: int, one: CreditedLine, left: Decimal) -> Fault:
    value, expected = f"{one.quantity:f}", f"above 0, at most {left:f}"
    detail = f"{value} of line {one.line_number} can't be credited: {left:f} are left of what was invoiced"
    return Fault("more_than_invoiced", detail, f"/lines/{index}/quantity", value=value, expected=expected)


def _credited_line(number: str, part: _Part) -> InvoiceLine:
    """What both the parts before and this one cost, rounded, less what those before did."""
    line = part.line
    charges = tuple(_credited_charge(charge, part.before, part.now, line.quantity) for charge in line.charges)
    upto = net_amount(EXACT.add(part.before, part.now), line.price)
    gross = EXACT.subtract(upto, net_amount(part.before, line.price))
    return replace(
        line,
        line_number=number,
        quantity=part.now,
        charges=charges,
        net_amount=EXACT.add(gross, signed_sum(charges)),
        note=part.note,
    )


def _credited_charge(
    charge: InvoiceCharge, before: Decimal | Fraction, now: Decimal | Fraction, of: Decimal
) -> InvoiceCharge:
    amount = next_part(charge.amount, before=before, now=now, of=of)
    base = charge.base_amount
    return replace(
        charge,
        amount=amount,
        base_amount=None if base is None else next_part(base, before=before, now=now, of=of),
    )


def _credited_charges(
    invoice: Invoice, parts: Sequence[_Part], lines: Sequence[InvoiceLine], facts: CreditFacts
) -> Iterator[InvoiceCharge]:
    """The document's allowances, and on demand its charges, by the part of their goods that is credited."""
    billed, now = _nets(invoice.lines), _nets(lines)
    before = _nets(
        _credited_line("", _Part(line, Decimal(0), facts.before[line.line_number]))
        for line in invoice.lines
        if facts.before.get(line.line_number)
    )
    for charge in invoice.charges:
        group = group_of(charge.tax) if charge.tax is not None else None
        if group not in now or (charge.is_charge and not facts.with_charges):
            continue
        if billed[group]:
            part = _credited_charge(charge, before.get(group, NOTHING), now[group], billed[group])
        else:
            part = _credited_of_free(charge, [one for one in invoice.lines if group_of(one.tax) == group], parts, facts)
        if part.amount:
            yield part


def _credited_of_free(
    charge: InvoiceCharge, goods: Sequence[InvoiceLine], parts: Sequence[_Part], facts: CreditFacts
) -> InvoiceCharge:
    """A charge of goods that cost nothing: by quantities, each line counting the same."""
    quantities = {line.line_number: Fraction(line.quantity) for line in goods}
    before = (Fraction(facts.before.get(number, NOTHING)) / of for number, of in quantities.items())
    now = (
        Fraction(part.now) / quantities[part.line.line_number] for part in parts if part.line.line_number in quantities
    )
    return _credited_charge(charge, sum(before, Fraction(0)), sum(now, Fraction(0)), Decimal(len(goods)))
