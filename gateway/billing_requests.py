"""What the back office asks to be billed, and when it says that a shipment was there.

A request is done whole or not at all: whatever is wrong with it is told at once, and nothing is kept of it. It may be
sent again: a number that was taken answers as it did, and other content under it is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

from gateway.billing import Unbilled, add, seen, settled, unbilled, written_invoice
from gateway.numerals import Numerals
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.ids import now_us
from gateway.store.invoices import InvoiceRows, Part, PartKey, Request
from gateway.trade.amendment import Standing
from gateway.trade.billing import Bill, bills
from gateway.trade.invoice_sums import exact_sum
from mappings.units import DIVISIBLE
from schemas.documents.billing import CreditNoteRequest, Delivery, InvoiceRequest, LineToBill
from schemas.documents.invoice import InvoiceType
from schemas.faults import DocumentHeld, Fault, line_index
from schemas.values import EXACT, shortest

_NOTHING = Decimal(0)
_FAULTS_TOLD = 10_000
_AHEAD_SECONDS = 86_400
"""By how much the clocks of carriers may be wrong."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the back office is told of a request that was done. `is_again`: it had been done before."""

    number: str
    documents: list[tuple[str, str, str, str]]
    """(id, account, type, number)."""
    is_again: bool = False


class BillingRefused(Exception):
    """A request that nothing was done for. `faults` has all that is wrong, each with its place in the request, which is
    its path unless it says another; none where the request's number was used for another."""

    def __init__(self, detail: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(replace(one, location=one.location or one.path) for one in faults)


def digest_of(asked: InvoiceRequest | CreditNoteRequest) -> bytes:
    """SHA-256 of what is asked, however it was written."""
    return hashlib.sha256(asked.model_dump_json().encode()).digest()


def told_before(services: Services, kind: InvoiceType, request: Request) -> Told | None:
    """What was told of the request of this number; None where there was none. Raises BillingRefused where that was
    another."""
    known = services.store.invoices.request(kind, request.number)
    if known is None:
        return None
    if known.content_sha256 != request.content_sha256:
        raise BillingRefused(f"Request {request.number} was made with other content; what came of it stands.")
    return replace(_told(services, kind, request.number), is_again=True)


# --- invoices ----------------------------------------------------------------------------------------------------
def take_invoice_request(services: Services, asked: InvoiceRequest, key_id: str) -> Told:
    """The invoices of what is asked for, in the mailbox.

    Raises BillingRefused, and StoreUnavailable where it can't be written.
    """
    request = Request(asked.request_number, now_us(), key_id, digest_of(asked))
    return done_once(services, "invoice", request, lambda: _prepare(services, asked, request))


def done_once(services: Services, kind: InvoiceType, request: Request, prepare: Callable[[], InvoiceRows]) -> Told:
    """Do what is asked, or tell what came of it before. Raises BillingRefused, and StoreUnavailable."""
    told: list[Told] = []

    def save() -> None:
        known = told_before(services, kind, request)
        if known is None:
            try:
                services.store.invoices.save(prepare())
            except BillingRefused:
                known = told_before(services, kind, request)  # its twin may have been done since it was looked for
                if known is None:
                    raise
        told.append(known or _told(services, kind, request.number))

    settled(save)
    return told[-1]


def _told(services: Services, kind: InvoiceType, number: str) -> Told:
    """What came of a request that was done."""
    made = services.store.invoices.asked_for(kind, number)
    return Told(number, [(one.document_id, one.account_id, one.type, one.number) for one in made])


def _prepare(services: Services, asked: InvoiceRequest, request: Request) -> InvoiceRows:
    """Everything that the request writes. Raises BillingRefused with all its faults."""
    named = [*asked.shipments, *(line.shipment_number for line in asked.lines)]
    parts = services.store.invoices.parts_of(named)
    faults = [*islice(_known_faults(services, asked, parts), _FAULTS_TOLD)]
    if faults:
        raise BillingRefused("The request doesn't fit what shipped.", faults)
    mine = [part for part in parts if part.account_id == asked.account]
    wanted, faults = _wanted(asked, mine, services.store.invoices.billed({part.key.shipment_id for part in mine}))
    if faults:
        raise BillingRefused("The request contradicts what shipped, or what was invoiced.", faults)
    found = unbilled(services, mine, wanted)
    if {PartKey(*part.key): part.base_quantity for part in found.parts} != wanted:
        raise Collision("some of it was billed since it was looked for")
    if broken := list(_broken_pieces(asked, mine, found)):
        raise BillingRefused("The request is of parts of what can't be divided.", broken)
    together = bills(found.parts, found.orders)
    if asked.invoice_number is not None and len(together) > 1:
        raise BillingRefused("The request is of several invoices and gives one number.", [_several(asked, together)])
    rows = InvoiceRows(at=request.at, actor=f"key/{request.key_id}", request=request)
    _settle_advices(services, mine, found, wanted, rows)
    numerals = Numerals(services, rows)

    def number(day: date) -> str:
        return asked.invoice_number or numerals.next("invoice", day)

    unknown: list[Fault] = []
    for bill in together:
        try:
            add(rows, written_invoice(services, bill, rows, number, asked.note))
        except DocumentHeld as held:
            places = _places(asked, mine)
            unknown += (replace(fault, location=_place(fault, bill, places)) for fault in held.faults)
    if unknown:
        raise BillingRefused("The invoice lacks what nobody may guess.", dict.fromkeys(unknown))
    return rows


def _places(asked: InvoiceRequest, parts: Sequence[Part]) -> dict[PartKey, str]:
    """Shipment's line → what in the request asks for it first, as a JSON Pointer."""
    whole: dict[str, str] = {}
    for index, number in enumerate(asked.shipments):
        whole.setdefault(number, f"/shipments/{index}")
    named: dict[tuple[str, str, str], str] = {}
    for index, line in enumerate(asked.lines):
        named.setdefault((line.shipment_number, line.order_number, line.line_number), f"/lines/{index}")
    return {
        part.key: whole.get(part.shipment_number)
        or named.get((part.shipment_number, part.order_number, part.line_number), "")
        for part in parts
    }


def _place(fault: Fault, bill: Bill, places: Mapping[PartKey, str]) -> str:
    """What in the request asks for that of which the invoice's fault is: its line's goods, or the first of the bill."""
    if fault.path == "/number":
        return "/invoice_number"
    index = line_index(fault)
    parts = bill.parts if index is None else bill.goods[index]
    return places[PartKey(*parts[0].key)]


def _settle_advices(
    services: Services, parts: Sequence[Part], found: Unbilled, wanted: Mapping[PartKey, Decimal], rows: InvoiceRows
) -> None:
    """The despatch advices of which the request leaves nothing but consignment. What was billed is read anew behind the
    orders, and all orders of a touched advice are seen: of two requests that bill one half each, one comes last."""
    billed = services.store.invoices.billed({part.key.shipment_id for part in parts})
    of_advice: dict[str, list[Part]] = {}
    concerned: dict[str, Standing] = {}
    for part in parts:
        of_advice.setdefault(part.document_id, []).append(part)
    for document_id, told in of_advice.items():
        if not any(part.key in wanted for part in told):
            continue
        orders = {part.order_id: found.orders[part.order_id].standing for part in told}
        concerned |= orders
        goods = [part for part in told if orders[part.order_id].order.order_type != "consignment"]
        if all(_is_billed(part, billed, wanted) for part in goods):
            rows.asked_for.append(document_id)
    rows.orders += map(seen, concerned.values())


def _is_billed(part: Part, billed: Mapping[PartKey, Decimal], wanted: Mapping[PartKey, Decimal]) -> bool:
    mine = EXACT.add(billed.get(part.key, _NOTHING), wanted.get(part.key, _NOTHING))
    return mine >= part.base_quantity


def _known_faults(services: Services, asked: InvoiceRequest, parts: Sequence[Part]) -> Iterator[Fault]:
    """That something is asked for, and that there is what is named: shipments with goods of the account."""
    if not asked.shipments and not asked.lines:
        yield Fault("missing_field", "neither shipments nor lines are named", "/shipments", expected="what to bill")
    known = {part.shipment_number for part in parts if part.account_id == asked.account}
    named = [(f"/shipments/{index}", number) for index, number in enumerate(asked.shipments)]
    named += [(f"/lines/{index}/shipment_number", line.shipment_number) for index, line in enumerate(asked.lines)]
    for path, number in named:
        if number not in known:
            yield _no_shipment(path, number, asked.account)
    yield from number_faults(services, "invoice", "/invoice_number", asked.invoice_number)


def _no_shipment(path: str, number: str, account: str) -> Fault:
    detail = f"no shipment {number} with goods for {account} is in the books"
    return Fault("unknown_shipment", detail, path, value=number, expected="a shipment that was told of")


def number_faults(services: Services, kind: InvoiceType, path: str, number: str | None) -> Iterator[Fault]:
    """A number that the ERP gives stands on no other document, and will never be one of ours."""
    if number is None:
        return
    taken, ours = services.store.invoices.one(kind, number), services.supplier.numbering(kind)
    if taken is not None:
        detail = f"{taken.type.replace('_', ' ')} {taken.number} was made for {taken.account_id} on {taken.issue_date}"
        yield Fault("already_invoiced", detail, path, value=number, expected="a number that is free")
    elif ours.has(number):
        detail = f"{number} is of the series that we number by ourselves"
        yield Fault("bad_value", detail, path, value=number, expected=f"a number that doesn't begin with {ours.prefix}")


def _wanted(
    asked: InvoiceRequest, parts: Sequence[Part], billed: Mapping[PartKey, Decimal]
) -> tuple[dict[PartKey, Decimal], list[Fault]]:
    """Shipment's line → how many base units of it are billed; and what can't be."""
    left = {part.key: EXACT.subtract(part.base_quantity, billed.get(part.key, _NOTHING)) for part in parts}
    wanted: dict[PartKey, Decimal] = {}
    faults: list[Fault] = []
    for index, number in enumerate(asked.shipments):
        keys = [part.key for part in parts if part.shipment_number == number]
        if not _take(keys, left, wanted, None):
            detail = f"everything of shipment {number} was invoiced"
            faults.append(Fault("already_invoiced", detail, f"/shipments/{index}", value=number))
    for index, line in enumerate(asked.lines):
        path = f"/lines/{index}"
        of_line = [part for part in parts if _is_named(part, line)]
        if not of_line:
            detail = f"shipment {line.shipment_number} has no line {line.line_number} of order {line.order_number}"
            faults.append(Fault("unknown_line", detail, f"{path}/line_number", value=line.line_number))
            continue
        faults += _take_line(line, of_line, left, wanted, path)
    return wanted, faults


def _broken_pieces(asked: InvoiceRequest, parts: Sequence[Part], found: Unbilled) -> Iterator[Fault]:
    """What is asked for and no whole number of what is counted."""
    for index, line in enumerate(asked.lines):
        said = line.base_quantity
        if said is None or said == said.to_integral_value():
            continue
        order_id = next(part.order_id for part in parts if _is_named(part, line))
        ours = found.orders[order_id].line(line.line_number)
        if ours is not None and ours.product is not None and ours.product.base_unit not in DIVISIBLE:
            detail = f"{said:f} is no whole number of {ours.product.product}"
            path = f"/lines/{index}/base_quantity"
            yield Fault("fractional_unit", detail, path, value=f"{said:f}", expected="whole base units")


def _is_named(part: Part, line: LineToBill) -> bool:
    return (part.shipment_number, part.order_number, part.line_number) == (
        *(line.shipment_number, line.order_number, line.line_number),
    )


def _take_line(
    line: LineToBill, parts: Sequence[Part], left: dict[PartKey, Decimal], wanted: dict[PartKey, Decimal], path: str
) -> Iterator[Fault]:
    keys = [part.key for part in parts]
    there = shortest(exact_sum(left[key] for key in keys))
    shipped = shortest(exact_sum(part.base_quantity for part in parts))
    said = line.base_quantity
    told = f"line {line.line_number} of order {line.order_number} in shipment {line.shipment_number}"
    if said is not None and said > shipped:
        detail = f"{shipped:f} base units of {told} left, not {said:f}"
        yield Fault("more_than_shipped", detail, f"{path}/base_quantity", value=f"{said:f}", expected=f"{shipped:f}")
    elif not there or (said is not None and said > there):
        detail = f"{EXACT.subtract(shipped, there):f} of {shipped:f} base units of {told} were invoiced"
        value = None if said is None else f"{said:f}"
        yield Fault("already_invoiced", detail, path, value=value, expected=f"at most {there:f}")
    else:
        _take(keys, left, wanted, said)


def _take(
    keys: Iterable[PartKey], left: dict[PartKey, Decimal], wanted: dict[PartKey, Decimal], most: Decimal | None
) -> Decimal:
    """Take what is left of these, or so much of it, in their order; how much that is."""
    taken = _NOTHING
    for key in keys:
        now = left[key] if most is None else min(left[key], EXACT.subtract(most, taken))
        if now > 0:
            wanted[key] = EXACT.add(wanted.get(key, _NOTHING), now)
            left[key] = EXACT.subtract(left[key], now)
            taken = EXACT.add(taken, now)
    return taken


def _several(asked: InvoiceRequest, together: Sequence[Bill]) -> Fault:
    detail = (
        f"what is asked for has {len(together)} invoices, because its invoicees, currencies or places of delivery "
        "differ"
    )
    return Fault(
        "several_invoices", detail, "/invoice_number", value=asked.invoice_number, expected="no number, or less"
    )


# --- deliveries --------------------------------------------------------------------------------------------------
def take_delivery(services: Services, delivery: Delivery, key_id: str) -> bool:
    """Note when the shipment was there; whether that had been noted before. Raises BillingRefused for a shipment that
    nobody told of, one that was there before it left, and another time than the one that was noted."""
    shipment = services.store.shipments.one(delivery.shipment_number)
    if shipment is None:
        detail = f"no shipment {delivery.shipment_number} is in the books"
        fault = Fault("unknown_shipment", detail, "/shipment_number", value=delivery.shipment_number)
        raise BillingRefused("The shipment is not known.", [fault])
    parts = services.store.invoices.parts_of([delivery.shipment_number])
    at = delivery.delivered_at
    if int(at.timestamp()) > now_us() // 1_000_000 + _AHEAD_SECONDS:
        detail = "what is not there yet was not delivered"
        fault = Fault("bad_value", detail, "/delivered_at", value=at.isoformat(), expected="a time that has come")
        raise BillingRefused("The shipment is not there yet.", [fault])
    if parts and int(at.timestamp()) < parts[0].shipped_at // 1_000_000:
        left = datetime.fromtimestamp(parts[0].shipped_at // 1_000_000, at.tzinfo)
        detail = f"shipment {shipment.number} left on {left.isoformat()}, and can't have been there before"
        fault = Fault("bad_value", detail, "/delivered_at", value=at.isoformat(), expected="a later time")
        raise BillingRefused("The shipment was not there before it left.", [fault])
    try:
        services.store.invoices.deliver(shipment.id, at.isoformat(), key_id, now_us())
    except Collision:
        noted = services.store.invoices.delivered(shipment.id)
        if noted is None or datetime.fromisoformat(noted) != at:
            raise BillingRefused(
                f"Shipment {shipment.number} was told to have been there at {noted}; that stands."
            ) from None
        return True
    return False
