"""load → judge → number → render → save: credit notes of invoices that were made.

What came back, or was billed and not there, is credited in the unit that it was invoiced in, never more than was
invoiced, whatever earlier credit notes had. The orders' ledgers note it, and what came back as returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from gateway.billing import Written, add, load_orders, rows_of, seen
from gateway.billing_requests import BillingRefused, Told, digest_of, done_once, number_faults
from gateway.local_time import local_time
from gateway.numerals import Numerals
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.invoices import InvoiceRows, Request, StoredInvoice, StoredLine, WrittenLine
from gateway.store.order_moves import BilledMove
from gateway.trade.billing import OrderToBill
from gateway.trade.invoicing import CreditedLine, CreditFacts, credit_note_of
from mappings.units import DIVISIBLE
from schemas.documents.billing import CreditNoteRequest, LineToCredit
from schemas.documents.invoice import Invoice
from schemas.faults import DocumentHeld, Fault
from schemas.formats.json_1.reading import parse_invoice
from schemas.values import EXACT, from_fraction, is_carried, shortest

_NOTHING = Decimal(0)
_NOTES = {"return": "Returned", "shortage": "Not delivered"}
"""What a line says of the reason where the request says nothing; below, what the document does."""
_DOCUMENT_NOTES = {"return": "Returned goods.", "shortage": "Goods not delivered."}


def take_credit_note_request(services: Services, asked: CreditNoteRequest, key_id: str) -> Told:
    """The credit note of what is asked for, in the mailbox.

    Raises BillingRefused, and StoreUnavailable where it can't be written.
    """
    request = Request(asked.request_number, now_us(), key_id, digest_of(asked))
    return done_once(services, "credit_note", request, lambda: _prepare(services, asked, request))


def _prepare(services: Services, asked: CreditNoteRequest, request: Request) -> InvoiceRows:
    """Everything that the request writes. Raises BillingRefused with all its faults."""
    stored = services.store.invoices.one("invoice", asked.invoice_number)
    if stored is None or stored.account_id != asked.account:
        raise BillingRefused("There is no such invoice.", [_no_invoice(asked)])
    if taken := list(number_faults(services, "credit_note", "/credit_note_number", asked.credit_note_number)):
        raise BillingRefused("The number can't be given.", taken)
    lines = services.store.invoices.lines(stored.id)
    orders = load_orders(services, {line.order_id for line in lines.values()})  # before what was credited is read
    before = services.store.invoices.credited(stored.id)
    invoice = parse_invoice(services.store.documents.canonical(stored.document_id).encode())
    credited = _credited(asked, invoice, before)
    bases = _bases(credited, lines, orders)
    rows = InvoiceRows(at=request.at, actor=f"key/{request.key_id}", request=request)
    try:
        note = _credit_note(services, asked, invoice, credited, before, orders, rows)
    except DocumentHeld as held:
        located = [replace(fault, location=_place(fault)) for fault in held.faults]
        raise BillingRefused("The credit note can't be made.", located) from held
    add(rows, _written(services, asked, note, stored, _Credited(credited, bases, lines), orders))
    return rows


def _place(fault: Fault) -> str:
    """Where in the request that is of which the credit note's fault is."""
    return "/credit_note_number" if fault.path == "/number" else fault.path


class _Credited:
    """What is credited: the invoice's lines with their quantities, in base units too, and what they are of."""

    def __init__(
        self, lines: Sequence[CreditedLine], bases: Sequence[Decimal], stored: Mapping[str, StoredLine]
    ) -> None:
        self.each = [(line, base, stored[line.line_number]) for line, base in zip(lines, bases, strict=True)]


def _no_invoice(asked: CreditNoteRequest) -> Fault:
    detail = f"no invoice {asked.invoice_number} was made for {asked.account}"
    expected = "the number of one of our invoices"
    return Fault("unknown_invoice", detail, "/invoice_number", value=asked.invoice_number, expected=expected)


def _credited(asked: CreditNoteRequest, invoice: Invoice, before: Mapping[str, Decimal]) -> list[CreditedLine]:
    """The lines that are credited; all that is left of the invoice where none is named. Raises BillingRefused where
    that is nothing, or a line stands twice."""
    left = {line.line_number: _left(line.quantity, before.get(line.line_number)) for line in invoice.lines}
    named = asked.lines or [LineToCredit(line_number=number) for number, rest in left.items() if rest > 0]
    if not named:
        detail = f"all of invoice {invoice.number} was credited"
        fault = Fault("more_than_invoiced", detail, "/invoice_number", value=invoice.number)
        raise BillingRefused("Nothing is left to be credited.", [fault])
    numbers = [line.line_number for line in named]
    twice = [index for index, number in enumerate(numbers) if number in numbers[:index]]
    if twice:
        told = "the line stands twice"
        faults = [Fault("bad_value", told, f"/lines/{index}/line_number", value=numbers[index]) for index in twice]
        raise BillingRefused("A line stands twice.", faults)
    return [
        CreditedLine(
            line_number=line.line_number,
            quantity=left.get(line.line_number, _NOTHING) if line.quantity is None else line.quantity,
            note=line.note or _NOTES[asked.reason],
        )
        for line in named
    ]


def _left(invoiced: Decimal, before: Decimal | None) -> Decimal:
    return shortest(EXACT.subtract(invoiced, before or _NOTHING))


def _bases(
    credited: Sequence[CreditedLine], lines: Mapping[str, StoredLine], orders: Mapping[str, OrderToBill]
) -> list[Decimal]:
    """The same in base units: whole ones of what is counted. A line that the invoice doesn't have is told later.
    Raises BillingRefused."""
    found: list[Decimal] = []
    faults: list[Fault] = []
    for index, one in enumerate(credited):
        line = lines.get(one.line_number)
        if line is None:
            found.append(_NOTHING)
            continue
        base = from_fraction(Fraction(one.quantity) * Fraction(line.base_quantity) / Fraction(line.quantity))
        order_line = orders[line.order_id].line(line.order_line_number)
        product = order_line.product if order_line else None
        is_counted = product is not None and product.base_unit not in DIVISIBLE
        if base is None or not is_carried(base) or (is_counted and base != base.to_integral_value()):
            detail = f"{one.quantity:f} of line {one.line_number} is no whole number of {line.product}"
            path, value = f"/lines/{index}/quantity", f"{one.quantity:f}"
            faults.append(Fault("fractional_unit", detail, path, value=value, expected="whole base units"))
        found.append(shortest(base) if base is not None else _NOTHING)
    if faults:
        raise BillingRefused("The request is of parts of what can't be divided.", faults)
    return found


def _credit_note(
    services: Services,
    asked: CreditNoteRequest,
    invoice: Invoice,
    credited: Sequence[CreditedLine],
    before: Mapping[str, Decimal],
    orders: Mapping[str, OrderToBill],
    rows: InvoiceRows,
) -> Invoice:
    """The credit note with its number. Raises DocumentHeld."""
    revision = next(iter(orders.values())).revision
    now = local_time(rows.at, revision)
    facts = CreditFacts(
        number="0",
        issue_date=now.date(),
        issued_at=now,
        note=asked.note or _DOCUMENT_NOTES[asked.reason],
        before=before,
        with_charges=asked.with_charges,
    )
    note = credit_note_of(invoice, credited, facts)  # a number only for what is one
    number = asked.credit_note_number or Numerals(services, rows).next("credit_note", now.date())
    return replace(note, number=number)


def _written(
    services: Services,
    asked: CreditNoteRequest,
    note: Invoice,
    invoice: StoredInvoice,
    credited: _Credited,
    orders: Mapping[str, OrderToBill],
) -> Written:
    named = {line.order_id for _, _, line in credited.each}
    concerned = {order_id: order for order_id, order in orders.items() if order_id in named}
    revision = next(iter(concerned.values())).revision
    numbers = {order_id: order.number for order_id, order in concerned.items()}
    rows = rows_of(services, note, revision, numbers, invoice.id)
    rows.told = {**rows.told, "credits": invoice.number, "reason": asked.reason}
    for (one, base, line), told in zip(credited.each, note.lines, strict=True):
        rows.lines.append(
            WrittenLine(
                line_number=told.line_number,
                order_id=line.order_id,
                order_line_number=line.order_line_number,
                product=line.product,
                quantity=one.quantity,
                base_quantity=base,
                net=told.net_amount,
                credits_line=one.line_number,
            )
        )
    rows.moves += _moves(credited, concerned, is_return=asked.reason == "return")
    # all of the invoice's orders: credit notes of other lines have their parts of the same discounts and charges
    return Written(rows, tuple(seen(order.standing) for order in orders.values()))


def _moves(credited: _Credited, orders: Mapping[str, OrderToBill], *, is_return: bool) -> list[BilledMove]:
    sums: dict[tuple[str, str], BilledMove] = {}
    for _, base, line in credited.each:
        key = (line.order_id, line.order_line_number)
        before = sums.get(key) or BilledMove(*key, orders[line.order_id].standing.lines[line.order_line_number])
        returned = EXACT.add(before.returned, base) if is_return else before.returned
        sums[key] = before._replace(credited=EXACT.add(before.credited, base), returned=returned)
    return list(sums.values())
