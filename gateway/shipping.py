"""load → judge → number → render → save: a shipment of the warehouse, and its despatch advices into the mailboxes.

Unlike an order it is no message in a queue: the warehouse is told at once what is wrong with it, and nothing of a
shipment with faults is kept. It may be sent again: a number that was taken answers as it did, and other content under
it is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gateway.billing_slots import slot_of, waits_for
from gateway.collector import collector_paused
from gateway.cxml_answers import CXML, sent_envelope
from gateway.local_time import local_date, local_time
from gateway.outgoing import Source, outgoing
from gateway.services import Services
from gateway.sscc_numbers import new_ssccs, sscc_count
from gateway.store.columns import in_full
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.departures import Departure, microseconds
from gateway.store.ids import new_id, now_us
from gateway.store.order_moves import SeenOrder
from gateway.store.outbox import Outbound
from gateway.store.shipments import ShipmentRows, StoredShipment, stream_of
from gateway.trade.despatch import Advice, despatch_advices
from gateway.trade.leaving import leaving
from gateway.trade.notices import confirmed_in, first_overdue
from gateway.trade.shipping import OrderToShip, Shipped, ShippedMove, is_delivered, judge_shipment, shipped_moves
from mappings.account import Account
from mappings.engine import to_ours
from mappings.revision import MappingRevision
from schemas.documents.shipment import Shipment
from schemas.faults import Fault
from schemas.formats import Format
from schemas.formats.json_1.reading import parse_despatch_advice, parse_order_response

KIND = "despatch_advice"
Write = Callable[[Format, Advice], bytes]
_TRIES = 8
_YEARS = range(2000, 2200)
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
"""Clocks and time zones differ by no more."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the warehouse is told of a shipment that was taken. `is_again`: it had been taken before."""

    number: str
    packages: Mapping[str, str]
    """Package → its SSCC."""
    documents: list[tuple[str, str, str, str]]
    """(id, account, type, number)."""
    is_again: bool = False


class ShipmentRefused(Exception):
    """A shipment that nothing was done with. `faults` has all that is wrong; none where its number was taken by
    another."""

    def __init__(self, detail: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail, self.faults = detail, tuple(faults)


def take_shipment(services: Services, shipment: Shipment, key_id: str) -> Told:
    """The shipment in the books, its despatch advices in the mailboxes.

    Raises ShipmentRefused, and StoreUnavailable where it can't be written.
    """
    content = hashlib.sha256(shipment.model_dump_json().encode()).digest()
    with collector_paused():
        return _take(services, shipment, content, key_id)


def _take(services: Services, shipment: Shipment, content: bytes, key_id: str) -> Told:
    for _ in range(_TRIES):
        known = services.store.shipments.one(shipment.shipment_number)
        if known is not None:
            return _told_again(services, known, shipment, content)
        try:
            rows = _prepare(services, shipment, content, key_id)
        except ShipmentRefused:
            if services.store.shipments.one(shipment.shipment_number) is not None:
                continue  # taken since it was looked for, so that its own goods had left already
            raise
        try:
            services.store.shipments.save(rows)
        except Collision:  # somebody changed an order, or took the number: judged anew on what stands now
            continue
        made = [(row[1], row[2], row[3], row[4]) for row in rows.documents]
        ssccs = {package: sscc for sscc, package in rows.ssccs.items()}
        return Told(shipment.shipment_number, _by_package(shipment, ssccs), made)
    raise StoreUnavailable("the shipment's orders are changed all the time")


def _told_again(services: Services, known: StoredShipment, shipment: Shipment, content: bytes) -> Told:
    """What was told the first time. Content is the same however it is written: 50 or 50.0, a time in another zone."""
    if known.content_sha256 != content:
        taken = Shipment.model_validate_json(services.store.shipments.canonical(known.id))
        if taken != shipment:
            raise ShipmentRefused(f"Shipment {known.number} was taken with other content; it stands.")
    documents = services.store.shipments.documents_of(known.id)
    ssccs = dict(known.packages)
    if len(ssccs) < len(shipment.packages):  # others have them by now, a year later; the advices say what they were
        for canonical in services.store.documents.canonicals([one[0] for one in documents]).values():
            packages = parse_despatch_advice(canonical.encode()).packages
            ssccs |= {package.id: package.sscc for package in packages if package.sscc}
    return Told(known.number, _by_package(shipment, ssccs), documents, is_again=True)


def _by_package(shipment: Shipment, ssccs: Mapping[str, str]) -> dict[str, str]:
    """Package → its SSCC, in the order in which the packages were told."""
    return {package.id: ssccs[package.id] for package in shipment.packages if package.id in ssccs}


def _prepare(services: Services, shipment: Shipment, content: bytes, key_id: str) -> ShipmentRows:
    """Everything that the shipment writes. Raises ShipmentRefused with all its faults."""
    now = now_us()
    judged = judge_shipment(shipment, _orders(services, shipment), services.terms.catalogue().products)
    faults = [*judged.faults, *_impossible_times(shipment, now), *_reused_ssccs(services, shipment, now)]
    if faults:
        told_where = (replace(fault, location=fault.path) for fault in faults)
        raise ShipmentRefused("The shipment contradicts what is on the books.", told_where)
    moves = {(one.order_id, one.move.line_number): one for one in shipped_moves(judged)}
    ssccs = _ssccs(services, shipment, now)
    revisions = services.terms.current({part.order.account.id for part in judged.parts})
    advices = despatch_advices(
        *(shipment, judged, moves, ssccs, services.supplier),
        numbers=_advice_numbers(services),
        local_time=lambda account: _now_at(revisions, account, now),
    )
    rows = ShipmentRows(new_id(), shipment.shipment_number, now, microseconds(shipment.shipped_at.isoformat()))
    canonical = shipment.model_dump_json(exclude_none=True)
    rows.rows.append((rows.shipment_id, rows.number, rows.shipped_at, now, key_id, content, canonical))
    rows.ssccs = {sscc: package for package, sscc in ssccs.items()}
    rows.moves = list(moves.values())
    rows.orders = _orders_as_left(judged)
    rows.notices = _notices(services, judged)
    rows.actor = f"key/{key_id}"
    _add_departures(services, shipment, judged, rows)
    write = _writer(services, [part.order.standing.order_id for part in judged.parts])
    told = {"shipment_number": shipment.shipment_number, **_add_documents(advices, revisions, rows, write)}
    _add_billables(advices, rows)
    rows.told = {**told, **_overridden(shipment, moves.values())}
    return rows


def _now_at(revisions: Mapping[str, MappingRevision], account: Account, now: int) -> datetime:
    return local_time(now, revisions[account.id])


# --- loading -----------------------------------------------------------------------------------------------------


def _orders(services: Services, shipment: Shipment) -> dict[tuple[str, str], list[OrderToShip]]:
    """(account, number) → the orders that the shipment may mean, each in the terms that it was decided in."""
    names = {(line.account, line.order_number) for package in shipment.packages for line in package.lines}
    stored = services.store.shipments.orders_named(names)
    standing = services.store.threads.standing(order.id for order, _ in stored)
    found: dict[tuple[str, str], list[OrderToShip]] = {}
    for order, catalogue in stored:
        revision = services.terms.mapping(order.account_id, order.mapping_revision)
        stands = standing[order.id]
        mapped = to_ours(
            *(stands.order, revision, services.terms.catalogue(catalogue), services.supplier),
            local_date(order.created_at, revision),
        )
        one = OrderToShip(revision.account, stands, mapped)
        found.setdefault((order.account_id, order.order_number), []).append(one)
    return found


def _impossible_times(shipment: Shipment, now: int) -> Iterator[Fault]:
    """A time at which nothing can have left: a program's stand-in for none (9999-12-31), or a typing error. What left
    in a year to come would hold its stock, and be billed, until then. And a day of arrival that is before it left."""
    left, arrives = shipment.shipped_at, shipment.estimated_delivery
    if left.year not in _YEARS or left > _BEGIN + timedelta(microseconds=now) + _AHEAD:
        value = left.isoformat()
        yield Fault("bad_value", f"Nothing left at {value}.", "/shipped_at", value=value, expected="when it left")
    elif arrives is not None and arrives.year not in _YEARS:
        value, expected = arrives.isoformat(), "the day on which it arrives, or nothing"
        yield Fault("bad_value", f"Nothing arrives on {value}.", "/estimated_delivery", value=value, expected=expected)
    elif arrives is not None and arrives < left.date() - _AHEAD:
        value, expected = arrives.isoformat(), f"{left.date().isoformat()} or later"
        detail = f"It can't arrive on {value}: it left at {left.isoformat()}."
        yield Fault("dates_contradict", detail, "/estimated_delivery", value=value, expected=expected)


def _reused_ssccs(services: Services, shipment: Shipment, now: int) -> Iterator[Fault]:
    used = services.store.shipments.used((one.sscc for one in shipment.packages if one.sscc), now)
    for index, package in enumerate(shipment.packages):
        if package.sscc in used:
            detail = f"SSCC {package.sscc} is on a package of shipment {used[package.sscc]}, less than a year ago."
            expected = "an SSCC that was on no package for a year"
            yield Fault("sscc_reused", detail, f"/packages/{index}/sscc", value=package.sscc, expected=expected)


# --- numbers -----------------------------------------------------------------------------------------------------


def _advice_numbers(services: Services) -> Iterator[str]:
    while True:
        yield f"DA-{services.store.numbers.take(KIND, 1)[0]:08d}"


def _ssccs(services: Services, shipment: Shipment, now: int) -> dict[str, str]:
    """Package → its SSCC, the given one or a new one of ours; none where we have no GS1 company prefix. Raises
    ShipmentRefused where no more of ours are free."""
    ssccs = {package.id: package.sscc for package in shipment.packages if package.sscc}
    without = [package.id for package in shipment.packages if not package.sscc]
    prefix = services.supplier.gs1_company_prefix
    if prefix and without:
        made = new_ssccs(services, prefix, len(without), frozenset(ssccs.values()), now)
        if len(made) < len(without):
            raise ShipmentRefused(
                "A package can't be numbered.", [_none_left(shipment, prefix, len(without), len(made))]
            )
        ssccs |= dict(zip(without, made, strict=True))
    return ssccs


def _none_left(shipment: Shipment, prefix: str, wanted: int, found: int) -> Fault:
    path = next(f"/packages/{index}/sscc" for index, package in enumerate(shipment.packages) if not package.sscc)
    detail = (
        f"{found} of {wanted} SSCCs are free: of the {sscc_count(prefix):,} that the company prefix {prefix} has, "
        "the others are on packages that left less than a year ago"
    )
    return Fault("no_sscc_left", detail, path, path, expected="an SSCC of your own, or another company prefix of ours")


# --- rows --------------------------------------------------------------------------------------------------------


def _orders_as_left(judged: Shipped) -> list[SeenOrder]:
    totals = judged.totals()
    orders = {part.order.standing.order_id: part.order for part in judged.parts}
    return [
        SeenOrder(
            *(order_id, order.standing.version, order.standing.updated_at),
            "shipped" if is_delivered(order, totals) else order.standing.status,
        )
        for order_id, order in orders.items()
    ]


def _notices(services: Services, judged: Shipped) -> dict[str, int | None]:
    """Order → from when on the despatch advice of the first of what is left of it is overdue."""
    orders = {part.order.standing.order_id: part.order for part in judged.parts}
    answers, totals = services.store.threads.confirmed(orders, CXML), judged.totals()
    return {
        order_id: None
        if is_delivered(order, totals)
        else _notice_due(order, answers[order_id].canonical if order_id in answers else None, totals)
        for order_id, order in orders.items()
    }


def _notice_due(order: OrderToShip, canonical: str | None, totals: Mapping[tuple[str, str], Decimal]) -> int | None:
    """By the response to the order's newest version; one that wanted none counts by what it asks for."""
    standing = order.standing
    shipped = {
        number: Fraction(sums.shipped) + Fraction(totals.get((standing.order_id, number), 0))
        for number, sums in standing.lines.items()
    }
    response = None if canonical is None else parse_order_response(canonical.encode())
    return first_overdue(order.account, order.mapped, response, confirmed_in(standing.lines), shipped)


def _add_departures(services: Services, shipment: Shipment, judged: Shipped, rows: ShipmentRows) -> None:
    departed = services.store.shipments.departed({part.order.standing.order_id for part in judged.parts})
    places: frozenset[tuple[str, str]] = frozenset()
    if shipment.site is not None:
        positions = services.store.stock.load({part.product.product for part in judged.parts}, ()).positions
        places = frozenset(positions)
    for left in leaving(judged, departed, shipment.site, places):
        target = rows.departures if left.has_left else rows.reallocations
        target.append(Departure(*left[:6]))


def _add_documents(
    advices: list[Advice], revisions: Mapping[str, MappingRevision], rows: ShipmentRows, write: Write
) -> dict[str, Any]:
    """Every advice into its account's mailbox, and which line tells of which part; what the event says of them."""
    digests: dict[str, list[str]] = {}
    unwritable: dict[str, str] = {}
    for advice in advices:
        outbound, why_not = _rendered(advice, revisions[advice.account.id], rows, write)
        document_id, document, delivery = outbound.rows(rows.at)
        digests[document_id] = outbound.digests()
        if why_not is not None:
            unwritable[document_id] = why_not
        rows.documents.append(document)
        rows.deliveries.append(delivery)
        orders = advice.orders
        if len(orders) > 1:
            rows.document_orders += [
                (advice.account.id, number, document_id, order_id) for order_id, number in orders.items()
            ]
        rows.lines += _lines(advice, document_id, rows.shipment_id)
    return {"documents": digests, **({"unwritable": unwritable} if unwritable else {})}


def _add_billables(advices: list[Advice], rows: ShipmentRows) -> None:
    """Each advice, as what its account's terms have it wait for. A consignment order is billed when it is used, which
    only the back office knows."""
    for advice, document in zip(advices, rows.documents, strict=True):
        kinds = {part.order.standing.order.order_type for part in advice.parts}
        if kinds == {"consignment"}:
            continue
        wait = waits_for(advice.account)
        slot = slot_of(wait, rows.shipped_at, rows.at, advice.account.time_zone)
        rows.billables.append((document[1], rows.shipment_id, advice.account.id, wait, slot, slot, 0, None))


def _lines(advice: Advice, document_id: str, shipment_id: str) -> Iterator[tuple[Any, ...]]:
    for part, line in zip(advice.parts, advice.document.lines, strict=True):
        yield (
            *(shipment_id, part.index + 1, part.order.standing.order_id, part.said.line_number, part.package),
            *(part.product.product, in_full(part.said.base_quantity), part.said.lot),
            *(part.said.expiry and part.said.expiry.isoformat(), document_id, line.line_number),
        )


def _rendered(
    advice: Advice, revision: MappingRevision, rows: ShipmentRows, write: Write
) -> tuple[Outbound, str | None]:
    """The advice as the account gets it; as json-1 where its own layout can't hold it, and why it couldn't."""
    source = Source(stream_of(rows.shipment_id), advice.orders)
    document = advice.document
    return outgoing(revision, KIND, document.number, document, source, lambda chosen: write(chosen, advice))


def _writer(services: Services, order_ids: list[str]) -> Write:
    """What writes an advice. In cXML it refers to the requests that its orders came in."""
    payload_ids = services.store.shipments.envelope_ids(order_ids, CXML)

    def write(chosen: Format, advice: Advice) -> bytes:
        if chosen.name != CXML:
            return chosen.renderers[KIND](advice.document)
        sent = {number: payload_ids[order_id] for order_id, number in advice.orders.items() if order_id in payload_ids}
        envelope = sent_envelope(advice.account, advice.document, services.supplier, sent)
        return chosen.renderers[KIND](advice.document, envelope)

    return write


def _overridden(shipment: Shipment, moves: Iterable[ShippedMove]) -> dict[str, Any]:
    """What was confirmed only because it had left, and why: for the audit trail."""
    raised = [
        {"order_id": one.order_id, "line_number": one.move.line_number, "confirmed": _plus(one.move.confirmed)}
        for one in moves
        if one.move.confirmed
    ]
    return {"override_reason": shipment.override_reason, "raised": raised} if raised else {}


def _plus(quantity: Decimal) -> str:
    return f"+{quantity:f}"
