"""load → judge → number → render → save: what shipped, as invoices in the mailboxes.

Each part of a shipment is billed once: by itself, as its account's terms have it (`gateway.billing_schedule`), or
because the back office asks for it (`gateway.billing_requests`). Both come here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from zoneinfo import ZoneInfo

from gateway.cxml_answers import CXML, sent_envelope
from gateway.local_time import local_date, local_time
from gateway.outgoing import Source, outgoing
from gateway.services import Services
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.ids import new_id
from gateway.store.invoices import InvoiceRows, Part, PartKey, WrittenInvoice, WrittenLine, stream_of
from gateway.store.order_moves import BilledMove, SeenOrder
from gateway.trade.agreed import document_discounts
from gateway.trade.agreed_price import confirmed_prices
from gateway.trade.amendment import Standing
from gateway.trade.billing import Bill, LineToBill, OrderToBill, PartToBill, lines_by_number, order_charges_now
from gateway.trade.decision import NOTHING
from gateway.trade.invoice_sums import exact_sum
from gateway.trade.invoicing import BilledOrder, InvoiceFacts, invoice_of
from gateway.trade.order_charges import ChargeName, as_billed, summed, within
from gateway.trade.response import seller_party
from gateway.trade.shares import divided
from mappings.engine import to_ours
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import Catalogue, MappingRevision, Supplier, SupplySite
from schemas.documents.common import Period
from schemas.documents.invoice import Invoice
from schemas.documents.order import Order
from schemas.faults import DocumentHeld, Fault
from schemas.formats import Format
from schemas.formats.json_1.reading import parse_order_response
from schemas.values import EXACT

_TRIES = 8


@dataclass(frozen=True, slots=True)
class Written:
    """An invoice that is ready to be saved, and the orders as they were when it was made."""

    rows: WrittenInvoice
    orders: tuple[SeenOrder, ...]


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Parts of shipments that aren't billed, and their orders."""

    parts: list[PartToBill]
    orders: dict[str, OrderToBill]


class Contended(StoreUnavailable):
    """Somebody else was faster, each time that it was tried: what that is about is busy, not the database."""


def settled(save: Callable[[], None]) -> None:
    """Do it until nobody was in between. Raises Contended where somebody is each time."""
    for _ in range(_TRIES):
        try:
            save()
        except Collision:  # an order was changed, or a number taken: judged anew on what stands now
            continue
        return
    raise Contended("the orders are changed all the time")


# --- loading -----------------------------------------------------------------------------------------------------
def unbilled(services: Services, parts: Sequence[Part], wanted: Mapping[PartKey, Decimal] | None = None) -> Unbilled:
    """What of these parts isn't billed: all of it, or so many base units as `wanted` says. Their orders are loaded
    before what was billed of them, so that whoever bills in between is found out when it is saved."""
    orders = load_orders(services, {part.order_id for part in parts})
    shipments = {part.key.shipment_id for part in parts}
    billed, sites = services.store.invoices.billed(shipments), services.store.invoices.left_from(shipments)
    found: list[PartToBill] = []
    for part in parts:
        left = EXACT.subtract(part.base_quantity, billed.get(part.key, NOTHING))
        quantity = left if wanted is None else min(left, wanted.get(part.key, NOTHING))
        if quantity > 0:
            order = orders[part.order_id]
            left_from = sites.get((part.key.shipment_id, part.order_id, part.line_number))
            origin = services.supplier.site(left_from or order.supplied_from(part.line_number))
            found.append(_part(part, quantity, order.revision, origin))
    return Unbilled(found, orders)


def _part(part: Part, quantity: Decimal, revision: MappingRevision, origin: SupplySite) -> PartToBill:
    shipped_on = local_date(part.shipped_at, revision)
    there = part.delivered_at and datetime.fromisoformat(part.delivered_at)
    on = there.astimezone(ZoneInfo(revision.account.time_zone)).date() if there else shipped_on
    return PartToBill(
        key=(part.key.shipment_id, part.key.shipment_line),
        order_id=part.order_id,
        line_number=part.line_number,
        product=part.product,
        base_quantity=quantity,
        despatch_number=part.document_number,
        despatch_line=part.document_line,
        shipped_on=shipped_on,
        on=on,
        origin=origin,
    )


def load_orders(services: Services, order_ids: Iterable[str]) -> dict[str, OrderToBill]:
    """These orders as they stand, in the terms that they were decided in; what isn't an order's is as it is now."""
    invoices = services.store.invoices
    stored = invoices.orders(order_ids)
    ids = [order.id for order, _ in stored]
    standing, told = services.store.threads.standing(ids), invoices.responses(ids)
    billed, charges = invoices.billed_of_orders(ids), services.store.billed_charges
    charged, unkept = charges.of_orders(ids), charges.billed_unkept(ids)
    now = services.terms.current({order.account_id for order, _ in stored})
    found: dict[str, OrderToBill] = {}
    for order, catalogue in stored:
        stands, revision = standing[order.id], now[order.account_id]
        then = services.terms.mapping(order.account_id, order.mapping_revision)
        received_on = local_date(order.created_at, then)
        known = services.terms.catalogue(catalogue)
        mapped = to_ours(stands.order, then, known, services.supplier, received_on)
        found[order.id] = OrderToBill(
            id=order.id,
            number=order.order_number,
            revision=revision,
            standing=stands,
            mapped=mapped,
            confirmed=confirmed_prices(parse_order_response(text.encode()) for text in told.get(order.id, ())),
            billed=billed.get(order.id, {}),
            billed_unkept=unkept.get(order.id, {}),
            charged=charged.get(order.id, {}),
            repriced=cache(partial(_repriced, mapped, revision, known, services.supplier, received_on)),
        )
    return found


def _repriced(
    mapped: MappedOrder,
    revision: MappingRevision,
    catalogue: Catalogue,
    supplier: Supplier,
    received_on: date,
    day: date,
) -> dict[str, MappedLine]:
    """The order's lines at the contract prices of this day, which is one of despatch: what leaves then is there after
    its transit, by which `price_date: despatch` finds it. In the order's currency, whatever the terms name by now."""
    order, site = mapped.order, mapped.site
    days = site.transit_days if site else 0
    lines = []
    for line in mapped.lines:
        own = line.site.transit_days if line.site else days
        there = day + timedelta(days=own)
        asked = {"requested_delivery": Period(start=there), "schedule": ()}
        lines.append(line.line.model_copy(update=asked))
    anew: Order = order.model_copy(update={"lines": tuple(lines), "currency": mapped.currency})
    return lines_by_number(to_ours(anew, revision, catalogue, supplier, received_on))


# --- making ------------------------------------------------------------------------------------------------------
def written_invoice(
    services: Services, bill: Bill, rows: InvoiceRows, number: Callable[[date], str], note: str | None = None
) -> Written:
    """The bill as an invoice with its number; `rows` have what is billed at the same time before it. Raises
    DocumentHeld with all that nobody knows."""
    if bill.faults:
        raise DocumentHeld(dict.fromkeys(bill.faults))
    orders = bill.orders
    revision = next(iter(orders.values())).revision
    facts = _facts(services, bill, revision, rows.at, note)
    lines = [one.shipped for one in bill.lines]
    catalogue = services.terms.catalogue()
    discounts = document_discounts(revision.account.terms, bill.on, facts.currency)
    charged = {
        order.id: order_charges_now(order, bill.lines, rows.billed_now, rows.charged_now.get(order.id, {}))
        for order in orders.values()
    }

    def made(charged: Mapping[str, Mapping[ChargeName, Decimal]]) -> Invoice:
        billed = [_billed_order(order, charged[order.id]) for order in orders.values()]
        return invoice_of(lines, billed, facts, catalogue.taxes, discounts)

    trial = made(charged)  # a number only for what is one
    if (at_most := _within_worth(bill, trial, charged)) != charged:
        charged, trial = at_most, made(at_most)
    invoice = replace(trial, number=number(facts.issue_date))
    if invoice.payment is not None:
        invoice = replace(invoice, payment=replace(invoice.payment, reference=invoice.number))
    written = rows_of(services, invoice, revision, {order.id: order.number for order in orders.values()})
    for said, line in zip(bill.lines, invoice.lines, strict=True):
        written.lines.append(_written_line(said, line.line_number, line.quantity, line.net_amount))
    written.moves += _moves(bill.lines)
    written.charged = charged
    return Written(written, tuple(seen(order.standing) for order in orders.values()))


def _within_worth(
    bill: Bill, trial: Invoice, charged: Mapping[str, dict[ChargeName, Decimal]]
) -> dict[str, dict[ChargeName, Decimal]]:
    """What the invoice has of the orders' charges: allowances of each take no more off than its goods cost, less their
    part of the document's discounts. Nobody is paid for buying, and no credit note is below nothing."""
    nets = dict.fromkeys(charged, NOTHING)
    for said, line in zip(bill.lines, trial.lines, strict=True):
        nets[said.order.id] = EXACT.add(nets[said.order.id], line.net_amount)
    allowed = (amount for charges in charged.values() for name, amount in charges.items() if not name.is_charge)
    discounts = EXACT.subtract(trial.totals.allowances, exact_sum(allowed))
    off = divided(discounts, tuple(nets.values()))
    return {
        order_id: within(charged[order_id], EXACT.subtract(net, part))
        for (order_id, net), part in zip(nets.items(), off, strict=True)
    }


def _billed_order(order: OrderToBill, charged: Mapping[ChargeName, Decimal]) -> BilledOrder:
    contract = order.mapped.order.contract
    return BilledOrder(order_number=order.number, contract=contract, charges=as_billed(charged))


def _facts(services: Services, bill: Bill, revision: MappingRevision, at: int, note: str | None) -> InvoiceFacts:
    now, supplier = local_time(at, revision), services.supplier
    place = bill.ship_to.address if bill.ship_to else None
    terms = revision.account.terms
    return InvoiceFacts(
        number="0",
        issue_date=now.date(),
        issued_at=now,
        tax_point=bill.on,
        currency=bill.currency or "",
        seller=seller_party(supplier).model_copy(update={"vat_id": bill.origin.vat_id}),
        buyer=bill.buyer,
        ship_to=bill.ship_to,
        ship_from_country=bill.origin.country or None,
        ship_to_country=place.country if place else None,
        delivered_on=bill.on,
        note=note,
        iban=supplier.iban,
        bic=supplier.bic,
        payment=terms.payment,
    )


def _written_line(said: LineToBill, number: str, quantity: Decimal, net: Decimal) -> WrittenLine:
    return WrittenLine(
        line_number=number,
        order_id=said.order.id,
        order_line_number=said.line_number,
        product=said.product,
        quantity=quantity,
        base_quantity=said.base_quantity,
        net=net,
        parts={PartKey(*key): part for key, part in said.parts.items()},
    )


def _moves(lines: Iterable[LineToBill]) -> list[BilledMove]:
    """One movement for each order line, however many lines of the invoice are of it."""
    sums: dict[tuple[str, str], BilledMove] = {}
    for one in lines:
        key = (one.order.id, one.line_number)
        before = sums.get(key) or BilledMove(*key, one.order.standing.lines[one.line_number])
        sums[key] = before._replace(invoiced=EXACT.add(before.invoiced, one.base_quantity))
    return list(sums.values())


def seen(standing: Standing) -> SeenOrder:
    """The order as it was, and stays."""
    return SeenOrder(standing.order_id, standing.version, standing.updated_at, standing.status)


def rows_of(
    services: Services,
    invoice: Invoice,
    revision: MappingRevision,
    orders: Mapping[str, str],
    credits_id: str | None = None,
) -> WrittenInvoice:
    """An invoice or credit note, rendered as its account gets it, without its lines' rows. `orders`: id → number."""
    invoice_id = new_id()
    write = partial(_write, services, revision, invoice, orders)
    document, why_not = outgoing(
        revision, invoice.type, invoice.number, invoice, Source(stream_of(invoice_id), orders), write
    )
    return WrittenInvoice(
        id=invoice_id,
        issue_date=invoice.issue_date.isoformat(),
        currency=invoice.currency,
        net=invoice.totals.without_tax,
        payable=invoice.totals.payable,
        document=document,
        credits_id=credits_id,
        lines=[],
        moves=[],
        orders=orders,
        told={} if why_not is None else {"unwritable": why_not},
    )


def _write(
    services: Services, revision: MappingRevision, invoice: Invoice, orders: Mapping[str, str], chosen: Format
) -> bytes:
    """In cXML it refers to the requests that its orders came in."""
    render = chosen.renderers[invoice.type]
    if chosen.name != CXML:
        return render(invoice)
    ids = services.store.shipments.envelope_ids(orders, CXML)
    sent = {number: ids[order_id] for order_id, number in orders.items() if order_id in ids}
    return render(invoice, sent_envelope(revision.account, invoice, services.supplier, sent))


def add(rows: InvoiceRows, made: Written) -> None:
    """Have it saved with the others; an order that is in several is seen once."""
    rows.invoices.append(made.rows)
    for move in made.rows.moves:
        key = (move.order_id, move.line_number)
        rows.billed_now[key] = EXACT.add(rows.billed_now.get(key, NOTHING), move.invoiced)
    for order_id, charged in made.rows.charged.items():
        rows.charged_now[order_id] = summed(rows.charged_now.get(order_id, {}), charged)
    known = {one.order_id for one in rows.orders}
    rows.orders += [one for one in made.orders if one.order_id not in known]


def held_faults(failures: Iterable[DocumentHeld]) -> tuple[Fault, ...]:
    """Everything that is wrong, each once."""
    return tuple(dict.fromkeys(fault for held in failures for fault in held.faults))
