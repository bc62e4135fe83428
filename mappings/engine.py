"""An order in the account's terms → the same order in ours, or the faults why not. And quantities back again.

Much repeats from order to order: whole lines, and of the others all but quantity and price. `mappings.memory` keeps it,
so that a line costs a look-up, or a few.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from mappings.mapped import MappedLine, MappedOrder, Meaning, mapped_line, words_of
from mappings.memory import Amount, KnownBuyer, Meanings, Memory, Priced, Prices, Terms, memory_of, said_by
from mappings.prices import Break, bad_prices, no_price, price_mismatch, wrong_currency
from mappings.revision import Catalogue, MappingRevision, SiteRow, Supplier
from mappings.sites import known_ids, same_scheme
from mappings.units import find_unit, fraction
from schemas.documents.common import Identifier, Party, Price
from schemas.documents.order import Order, OrderLine
from schemas.faults import Fault
from schemas.values import from_fraction

_NO_AMOUNT = Amount(None, None)
_NO_FAULT: tuple[Fault, ...] = ()


def to_ours(
    order: Order,
    revision: MappingRevision,
    catalogue: Catalogue,
    supplier: Supplier,
    received_on: date | None = None,
) -> MappedOrder:
    """The order in our products and units, with every fault of its header and lines. Never raises for what an order
    says. Rows are judged at the order's issue date; `received_on` stands in where it has none."""
    memory = memory_of(revision, catalogue)
    on = order.issue_date or received_on
    currency = order.currency or revision.account.terms.currency or _only(memory.currencies)
    buyer = memory.buyer(order.buyer, _wrong_buyer) if order.buyer else None
    site, faults = _header(order, buyer, memory, supplier, on, currency)
    one_day = revision.account.policies.price_date == "order"
    known = memory.meanings_on(on, currency) if one_day else None
    context = _Context(order, memory, on, currency, site, currency in memory.currencies, known)
    lines = tuple([_map_line(index, line, context) for index, line in enumerate(order.lines)])
    return MappedOrder(order, lines, site, currency, buyer.party if buyer else None, faults)


def in_their_unit(base_quantity: Decimal, line: MappedLine) -> Decimal | None:
    """Base units as a quantity of the unit the line was ordered in; None where that has no exact decimal (5 of a
    dozen), or where the line's unit is unknown."""
    if line.base_per_unit is None:
        return None
    if line.base_per_unit == 1:
        return base_quantity
    return from_fraction(Fraction(base_quantity) / line.base_per_unit)


@dataclass(slots=True)
class _Context:
    """What every line of one order shares."""

    order: Order
    memory: Memory
    on: date | None
    currency: str | None
    site: SiteRow | None
    priced: bool
    known: Meanings | None
    """What lines meant before; None where the day whose contract prices count differs from line to line."""


def _only(currencies: frozenset[str]) -> str | None:
    return next(iter(currencies)) if len(currencies) == 1 else None


# --- the header ------------------------------------------------------------------------------------------------------
def _header(
    order: Order,
    buyer: KnownBuyer | None,
    memory: Memory,
    supplier: Supplier,
    on: date | None,
    currency: str | None,
) -> tuple[SiteRow | None, tuple[Fault, ...]]:
    """Is this the account's order, is it ours, where does it go, and is its currency one of the contract's?"""
    found = memory.place(order.ship_to, on)
    faults = [*(buyer.faults if buyer else ()), *_wrong_recipient(order.seller, supplier)]
    every_line_says = order.ship_to is None and all(line.ship_to is not None for line in order.lines)
    if found.fault is not None and not every_line_says:
        faults.append(_at(found.fault, "/ship_to"))
    if memory.currencies and currency not in memory.currencies:
        faults.append(wrong_currency(currency, memory.revision))
    return found.site, tuple(faults)


def _wrong_buyer(buyer: Party, memory: Memory) -> tuple[Fault, ...]:
    """Only where the account lists identifiers and the document names one; any one that fits is enough."""
    if not memory.buyers:
        return ()
    ids = known_ids(buyer)
    for number, scheme in ids:
        for listed in memory.buyers.get(number, ()):
            if same_scheme(scheme, listed):
                return ()
    account = memory.revision.account
    vat_id = account.legal.vat_id if account.legal else None
    if vat_id and buyer.vat_id == vat_id:
        return ()
    seen = [number for number, _ in ids]
    if not seen and vat_id and buyer.vat_id:
        seen = [buyer.vat_id]
    if not seen:
        return ()
    detail = f"the document's buyer is {', '.join(seen)}, the key is {account.id}'s ({account.name})"
    path = f"/buyer/{_place(buyer, seen[0])}"
    return (Fault("wrong_buyer", detail, path, value=seen[0], expected=" or ".join(memory.buyers)),)


def _place(party: Party, number: str) -> str:
    """Where in the party that number stands."""
    if number == party.id:
        return "id"
    for index, other in enumerate(party.identifiers):
        if number == other.id:
            return f"identifiers/{index}/id"
    return "endpoint/id" if party.endpoint is not None and number == party.endpoint.id else "vat_id"


def wrong_receiver(receivers: tuple[Identifier, ...], supplier: Supplier) -> tuple[Fault, ...]:
    """That the envelope around an order is for somebody else; any one receiver that is us is enough."""
    if not receivers:
        return ()
    return tuple(
        replace(
            fault,
            path="",
            location="StandardBusinessDocumentHeader/Receiver/Identifier",
            detail=f"the envelope is for {fault.value}, which is not {supplier.legal_name}",
        )
        for fault in _wrong_recipient(Party(identifiers=receivers), supplier)
    )


def _wrong_recipient(seller: Party | None, supplier: Supplier) -> tuple[Fault, ...]:
    if seller is None:
        return ()
    named = ((supplier.gln, "0088"), (supplier.endpoint_id, supplier.endpoint_scheme), (supplier.registration, None))
    own = (*named, *((identity, domain) for domain, identity in supplier.cxml))
    seen = []
    for number, scheme in known_ids(seller):
        if number == supplier.vat_id:
            return ()
        for mine, under in own:
            if number == mine and same_scheme(scheme, under):
                return ()
        if scheme is not None:  # a number without a scheme is the account's own for us: a vendor number
            seen.append(number)
    if seller.vat_id:
        if seller.vat_id == supplier.vat_id:
            return ()
        seen.append(seller.vat_id)
    known = (supplier.gln, supplier.endpoint_id, supplier.vat_id, *(identity for _, identity in supplier.cxml))
    ours = [number for number in dict.fromkeys(known) if number]
    if not seen or not ours:
        return ()
    detail = f"the document's seller is {', '.join(seen)}, which is not {supplier.legal_name}"
    path = f"/seller/{_place(seller, seen[0])}"
    return (Fault("wrong_recipient", detail, path, value=seen[0], expected=" or ".join(ours)),)


# --- a line ----------------------------------------------------------------------------------------------------------
def _map_line(index: int, line: OrderLine, context: _Context) -> MappedLine:
    """What the line means, and where it goes; faults at their place in the order."""
    site, misplaced = (context.site, _NO_FAULT) if line.ship_to is None else _own_place(line.ship_to, context)
    said = said_by(line) if context.known is not None else None
    meaning = context.known.of(said) if context.known is not None else None
    faults = misplaced
    if meaning is None:
        terms = context.memory.terms(line, context.on)
        amount = terms.measure.amount(line) if terms.measure else _NO_AMOUNT
        priced = _price(line, terms, amount.base, site, context)
        meaning = _meaning(line, terms, amount, priced)
        faults = terms.faults + amount.faults + misplaced + priced[2]
        if context.known is not None and not faults:
            context.known.keep(said, meaning)
    if faults:
        faults = tuple([_at(fault, f"/lines/{index}") for fault in faults])
    return mapped_line(index, line, meaning, site, faults)


def _own_place(ship_to: Party, context: _Context) -> tuple[SiteRow | None, tuple[Fault, ...]]:
    """The line's own place of delivery."""
    found = context.memory.place(ship_to, context.on)
    return found.site, _NO_FAULT if found.fault is None else (_at(found.fault, "/ship_to"),)


def _meaning(line: OrderLine, terms: Terms, amount: Amount, priced: Priced) -> Meaning:
    measure, (ordered, step, _) = terms.measure, priced
    return Meaning(
        words_of(line),
        terms.item.product,
        terms.unit.unit,
        terms.unit_code,
        measure.base_per_unit if measure else None,
        amount.base,
        measure.sales_unit if measure else None,
        measure.base_per_sales_unit if measure else None,
        amount.sales,
        ordered,
        step.price if step else None,
        step.row if step else None,
    )


def _at(fault: Fault, place: str) -> Fault:
    return replace(fault, path=place + fault.path)


# --- its price -------------------------------------------------------------------------------------------------------
def _price(
    line: OrderLine, terms: Terms, base_quantity: Decimal | None, site: SiteRow | None, context: _Context
) -> Priced:
    """The ordered price, held against the contract's where there are such."""
    measure = terms.measure
    if not context.priced or base_quantity is None or measure is None:
        return _unpriced(line, terms, context)
    on = context.on if context.known is not None else _price_date(line, site, context)
    prices = context.memory.prices(measure, context.currency, on)
    step = prices.ladder.reached(base_quantity)
    if step is None:
        ordered, _, faults = _unpriced(line, terms, context)
        memory, unit = context.memory, line.unit or terms.unit.unit
        missing = no_price(
            line, unit, measure.product, prices.ladder, memory.revision, memory.catalogue, context.currency, on
        )
        return ordered, None, (*faults, missing)
    if line.price is None:
        return None, step, ()
    return _held_against(step, prices, line.price, line, terms, context)


def _unpriced(line: OrderLine, terms: Terms, context: _Context) -> Priced:
    if line.price is None:
        return None, None, ()
    ordered, faults = _ordered_price(line, line.price, terms, context)
    return ordered, None, faults


def _held_against(
    step: Break, prices: Prices, price: Price, line: OrderLine, terms: Terms, context: _Context
) -> Priced:
    """The ordered price, held against the contract's within the tolerance; once for prices that are equal."""
    by_their_unit = _is_per_ordered_unit(price, line, terms)
    key = (price.amount, price.base_quantity, step.position)
    if by_their_unit and (judged := prices.judged.get(key)) is not None:
        return judged
    ordered, faults = _ordered_price(line, price, terms, context)
    if ordered is not None and not step.lowest <= ordered <= step.highest:
        faults = (*faults, price_mismatch(ordered, step, terms.unit.unit, context.memory.revision))
    judged = (ordered, step, faults)
    if by_their_unit and ordered is not None:  # a price that is none is told as it was written
        prices.keep(key, judged)
    return judged


def _is_per_ordered_unit(price: Price, line: OrderLine, terms: Terms) -> bool:
    named = price.unit or price.unit_code
    return named is None or named in (line.unit, line.unit_code, terms.unit.unit)


def _ordered_price(
    line: OrderLine, price: Price, terms: Terms, context: _Context
) -> tuple[Fraction | None, tuple[Fault, ...]]:
    """`amount` per `base_quantity` of the price's unit, brought to one of the line's."""
    if price.base_quantity <= 0 or price.amount < 0:
        return None, tuple(bad_prices(price))
    ordered = fraction(price.amount)
    if price.base_quantity != 1:
        ordered /= fraction(price.base_quantity)
    if _is_per_ordered_unit(price, line, terms):
        return ordered, ()
    if terms.measure is None:
        return None, ()
    memory = context.memory
    unit = find_unit(price.unit, price.unit_code, terms.item, memory.revision, memory.catalogue, "/price/unit")
    if unit.base_per_unit is None:
        return None, unit.faults
    return ordered * terms.measure.base_per_unit / unit.base_per_unit, ()


def _price_date(line: OrderLine, site: SiteRow | None, context: _Context) -> date | None:
    return price_date(line, site, context.order, context.memory.revision, context.on)


def price_date(
    line: OrderLine, site: SiteRow | None, order: Order, revision: MappingRevision, on: date | None
) -> date | None:
    """The day whose contract price counts for the line, by the account's `price_date`; `on` is the order's."""
    policy = revision.account.policies.price_date
    period = line.requested_delivery or order.requested_delivery
    delivery = (period.start or period.end) if period else None
    if policy == "order" or delivery is None:
        return on
    if policy == "delivery" or site is None or delivery.toordinal() <= site.transit_days:
        return delivery
    return delivery - timedelta(days=site.transit_days)
