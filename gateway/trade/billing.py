"""What is billed together: parts of shipments as lines of invoices, with what was agreed for each, the invoicee that
their orders name, and the place.

An invoice has one invoicee, one currency, one place of delivery and one VAT number of ours (EN 16931 BG-7, BT-5, BG-13,
BT-31), so parts that differ in these, or leave from another country, are billed apart. Parts of one order line that one
despatch advice told of are one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from gateway.trade.agreed import line_discounts
from gateway.trade.agreed_price import agreed_price, price_of
from gateway.trade.amendment import LineSums, Standing
from gateway.trade.decision import NOTHING
from gateway.trade.discounts import Discount, line_allowances
from gateway.trade.invoice_sums import gross_amount, net_amount
from gateway.trade.invoicing import ShippedLine
from gateway.trade.order_charges import (
    ChargeName,
    CountedLine,
    charges_now,
    order_charges,
    part_of_all,
    part_of_the_rest,
    summed,
)
from gateway.trade.parties import as_account, completed, place_of
from gateway.trade.wanted import delivery_site
from mappings.account import Account
from mappings.items import base_gtin
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import MappingRevision, SiteRow, SupplySite
from mappings.sites import known_ids, same_scheme
from mappings.validity import in_force
from schemas.documents.common import Party, Price
from schemas.faults import Fault
from schemas.values import EXACT, half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderToBill:
    """An order of which something is billed: as it stands, in our terms, its lines' prices as we confirmed them last,
    how many base units of each line were billed, and how much of its own charges was. `billed_unkept` are base units on
    invoices of which that wasn't kept. `repriced` are its lines at the contract's prices of a day of despatch, by
    number."""

    id: str
    number: str
    revision: MappingRevision
    standing: Standing
    mapped: MappedOrder
    confirmed: Mapping[str, Price] = field(default_factory=dict)
    billed: Mapping[str, Decimal] = field(default_factory=dict)
    billed_unkept: Mapping[str, Decimal] = field(default_factory=dict)
    charged: Mapping[ChargeName, Decimal] = field(default_factory=dict)
    repriced: Callable[[date], Mapping[str, MappedLine]]
    _lines: Mapping[str, MappedLine] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lines", lines_by_number(self.mapped))

    @property
    def account(self) -> Account:
        """Its terms as they are now."""
        return self.revision.account

    def line(self, number: str) -> MappedLine | None:
        """The line in our terms."""
        return self._lines.get(number)

    def supplied_from(self, number: str) -> str | None:
        """Our site that the line's place is supplied from, by sites.csv."""
        line = self.line(number)
        site = delivery_site(self.mapped, line) if line else self.mapped.site
        return site.supply_site if site else None


def lines_by_number(mapped: MappedOrder) -> dict[str, MappedLine]:
    """The order's lines; of several of one number the first."""
    return {line.line_number: line for line in reversed(mapped.lines)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartToBill:
    """So many base units of an order line that a shipment had. `key` names the shipment's line; `on` is the day on
    which they were there, or left where nobody told; `origin` is where they left from, for their tax."""

    key: tuple[str, int]
    order_id: str
    line_number: str
    product: str
    base_quantity: Decimal
    despatch_number: str
    despatch_line: str
    shipped_on: date
    on: date
    origin: SupplySite


@dataclass(slots=True)
class LineToBill:
    """A line of an invoice before it has a number: what is billed of an order line as one despatch advice told."""

    order: OrderToBill
    line_number: str
    product: str
    base_quantity: Decimal
    shipped: ShippedLine
    parts: dict[tuple[str, int], Decimal] = field(default_factory=dict)


@dataclass(slots=True)
class Bill:
    """What becomes one invoice. `faults` say what nobody knows of it; then it is none. `goods` are the parts that each
    of its lines bills, also where that can't be billed: `/lines/N` in a fault is of `goods[N]`."""

    buyer: Party
    currency: str | None
    ship_to: Party | None
    origin: SupplySite
    lines: list[LineToBill] = field(default_factory=list)
    goods: list[Sequence[PartToBill]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def parts(self) -> list[PartToBill]:
        """All that it bills."""
        return [part for together in self.goods for part in together]

    @property
    def on(self) -> date:
        """The last day on which something of it was there: its tax point."""
        return max(part.on for part in self.parts)

    @property
    def orders(self) -> dict[str, OrderToBill]:
        """Those that it is of, by id."""
        return {line.order.id: line.order for line in self.lines}


def bills(parts: Iterable[PartToBill], orders: Mapping[str, OrderToBill]) -> list[Bill]:
    """The parts as invoices, in the order in which their first goods left."""
    found: dict[tuple[str, str | None, str, SupplySite], Bill] = {}
    lines: dict[tuple[str, str, str, SupplySite], list[PartToBill]] = {}
    for part in parts:
        lines.setdefault((part.despatch_number, part.order_id, part.line_number, part.origin), []).append(part)
    for together in lines.values():
        order = orders[together[0].order_id]
        line = order.line(together[0].line_number)
        buyer, place = invoicee(order), place_of(order.mapped, line)
        origin = together[0].origin
        key = (buyer.model_dump_json(), order.mapped.currency, place.model_dump_json() if place else "", origin)
        bill = found.setdefault(key, Bill(buyer, order.mapped.currency, place, origin))
        _add(bill, order, line, together)
    return list(found.values())


def _add(bill: Bill, order: OrderToBill, line: MappedLine | None, parts: Sequence[PartToBill]) -> None:
    """The parts of an order line as a line of the bill; or why they can't be billed."""
    number = parts[0].line_number
    told, path = f"line {number} of order {order.number}", f"/lines/{len(bill.goods)}"
    bill.goods.append(parts)
    if bill.currency is None:
        bill.faults.append(Fault("no_agreed_price", f"order {order.number} has no currency", "/currency"))
    sums = order.standing.lines.get(number)
    price = None if line is None else _price(order, line, parts[0].shipped_on)
    if line is None or sums is None or not sums.base_per_unit:
        bill.faults.append(Fault("no_agreed_price", f"{told} is not in our terms", path, value=number))
    elif price is None:
        detail = f"nothing says at which price {told} was agreed"
        bill.faults.append(Fault("no_agreed_price", detail, f"{path}/price", value=number, expected="an agreed price"))
    else:
        bill.lines.append(_line(order, line, sums, price, parts, bill.currency or ""))


def _line(
    order: OrderToBill, line: MappedLine, sums: LineSums, price: Price, parts: Sequence[PartToBill], currency: str
) -> LineToBill:
    quantity, first, product = NOTHING, parts[0], line.product
    for part in parts:
        quantity = EXACT.add(quantity, part.base_quantity)
    asked, told = line.line, {part.despatch_line for part in parts}
    shipped = ShippedLine(
        order_number=order.number,
        order_line_number=line.line_number,
        despatch_number=first.despatch_number,
        despatch_line_number=told.pop() if len(told) == 1 else None,
        buyer_item=asked.buyer_item,
        seller_item=asked.seller_item or first.product,
        gtin=asked.gtin,
        base_gtin=base_gtin(asked.gtin, product) if product else None,
        description=asked.description or (product.name if product else None),
        base_quantity=quantity,
        base_unit=product.base_unit if product else "",
        base_per_unit=sums.base_per_unit or Fraction(1),
        unit=asked.unit or line.unit or "",
        unit_code=asked.unit_code or line.unit_code,
        price=price,
        discounts=_discounts(order, line, first.shipped_on, currency),
        tax_class=product.tax_class if product else None,
    )
    by_part: dict[tuple[str, int], Decimal] = {}
    for part in parts:
        by_part[part.key] = EXACT.add(by_part.get(part.key, NOTHING), part.base_quantity)
    return LineToBill(order, line.line_number, first.product, quantity, shipped, by_part)


def _price(order: OrderToBill, line: MappedLine, shipped_on: date) -> Price | None:
    """What was agreed; with `price_date: despatch` what the contract says on the day on which it left, where it has a
    price for it."""
    if order.account.policies.price_date == "despatch":
        anew = order.repriced(shipped_on).get(line.line_number)
        if anew is not None and anew.contract_price is not None and anew.base_per_unit and line.base_per_unit:
            return price_of(anew.contract_price * line.base_per_unit / anew.base_per_unit)
    return agreed_price(line, order.confirmed)


def _discounts(order: OrderToBill, line: MappedLine, shipped_on: date, currency: str) -> tuple[Discount, ...]:
    """Those of the day whose price counts for the line."""
    on: date | None = order.mapped.order.issue_date
    policy = order.account.policies.price_date
    wanted = line.line.requested_delivery or order.mapped.order.requested_delivery
    if policy == "delivery" and wanted is not None:
        on = wanted.start or wanted.end or on
    elif policy == "despatch" or on is None:
        on = shipped_on
    product = line.product.product if line.product else ""
    return line_discounts(order.account.terms, product, on, currency)


# --- the order's own charges -------------------------------------------------------------------------------------
def order_charges_now(
    order: OrderToBill,
    lines: Iterable[LineToBill],
    also_billed: Mapping[tuple[str, str], Decimal],
    also_charged: Mapping[ChargeName, Decimal],
) -> dict[ChargeName, Decimal]:
    """What the invoice with these lines has of the order's charges. `also_billed` and `also_charged` are what invoices
    have that are made at the same time, before this one: (order, line) → base units, and of this order's charges."""
    wanted = order_charges(order.mapped.order.charges)
    if not wanted:
        return {}
    now: dict[str, Decimal] = {}
    for line in lines:
        if line.order.id == order.id:
            now[line.line_number] = EXACT.add(now.get(line.line_number, NOTHING), line.base_quantity)
    had = summed(_charged_before(order, wanted), order.charged, also_charged)
    if order.account.policies.order_charges == "first":
        return charges_now(wanted, had, Fraction(1))
    before = {
        number: EXACT.add(order.billed.get(number, NOTHING), also_billed.get((order.id, number), NOTHING))
        for number in order.standing.lines
    }
    return charges_now(wanted, had, part_of_the_rest(_counted(order, before, now)))


def _charged_before(order: OrderToBill, wanted: Mapping[ChargeName, Decimal]) -> dict[ChargeName, Decimal]:
    """What invoices had of the order's charges of which that wasn't kept: by the policy, and by the goods that are on
    them."""
    if not order.billed_unkept:
        return {}
    if order.account.policies.order_charges == "first":
        return dict(wanted)
    part = part_of_all(_counted(order, order.billed_unkept, {}))
    return {name: half_up(Fraction(amount) * part) for name, amount in wanted.items()}


def _counted(order: OrderToBill, before: Mapping[str, Decimal], now: Mapping[str, Decimal]) -> list[CountedLine]:
    return [
        CountedLine(
            weight=weight,
            confirmed=order.standing.lines[number].base_confirmed,
            before=before.get(number, NOTHING),
            now=now.get(number, NOTHING),
        )
        for number, weight in _weights(order).items()
    ]


def _weights(order: OrderToBill) -> dict[str, Decimal]:
    """What each line counts for in the order: what its confirmed goods cost; where all of them cost nothing, all lines
    count the same."""
    nets = dict(_confirmed_nets(order))
    return nets if any(nets.values()) else dict.fromkeys(nets, Decimal(1))


def _confirmed_nets(order: OrderToBill) -> Iterator[tuple[str, Decimal]]:
    """Line number → the net amount of everything that is confirmed, as it would be billed."""
    for line in order.mapped.lines:
        sums = order.standing.lines.get(line.line_number)
        price = agreed_price(line, order.confirmed)
        if sums is None or price is None or not sums.base_confirmed:
            continue
        on = order.mapped.order.issue_date or date.min
        gross = gross_amount(sums.confirmed, price)
        discounts = _discounts(order, line, on, order.mapped.currency or "")
        net = net_amount(sums.confirmed, price, line_allowances(discounts, gross, sums.confirmed))
        yield line.line_number, max(net, NOTHING)


# --- for whom ----------------------------------------------------------------------------------------------------
def invoicee(order: OrderToBill) -> Party:
    """Whom the invoice is for: the order's `bill_to`, else its buyer; with what we know of the account where that is
    the account itself, and what sites.csv has of it where it is a place of theirs."""
    account, said = order.account, order.mapped.order.bill_to
    if said is None:
        said = order.mapped.buyer or order.mapped.order.buyer
        return as_account(said, account) if account.legal is not None or said is None else said
    if _is_the_account(said, order):
        return as_account(said, account)
    return completed(said, _site_of(said, order))


def _is_the_account(said: Party, order: OrderToBill) -> bool:
    """By one of the account's own numbers, or the buyer's of this order, or its legal name: that of one company."""
    account, buyer = order.account, order.mapped.buyer
    name = account.legal.name if account.legal else None
    if name is not None and _plain(name) in (_plain(said.legal_name or ""), _plain(said.name or "")):
        return True
    own = [(one.id, one.scheme) for one in account.identifiers] + (known_ids(buyer) if buyer else [])
    vat_id = account.legal.vat_id if account.legal else None
    if vat_id is not None and said.vat_id == vat_id:
        return True
    return any(
        number == mine and same_scheme(scheme, under) for number, scheme in known_ids(said) for mine, under in own
    )


def _plain(name: str) -> str:
    """A name without what people vary: letter case and runs of spaces."""
    return " ".join(name.casefold().split())


def _site_of(party: Party, order: OrderToBill) -> SiteRow | None:
    """The row of sites.csv that this party is, whatever it is there for."""
    on = order.mapped.order.issue_date
    for number, scheme in known_ids(party):
        for row in in_force(order.revision.sites.get(number, ()), on):
            if same_scheme(scheme, row.scheme):
                return row
    return None
