"""Blanket orders as contracts: what may be released of them, and what a release draws.

A blanket order's lines are ceilings, counted by product in base units whatever unit a line names, and its total is one
in money. A release draws what of it is confirmed, back-ordered or open; what is refused or cancelled of it is free
again. Draws are append-only; a `Contract` is the running totals that the last of them carry, and what this view draws
on top of it. Whether that still fits is seen when it is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from gateway.trade.amendment import LineSums, Standing
from gateway.trade.consequences import Judgement
from gateway.trade.decision import NOTHING, LineLedger
from gateway.trade.quantities import base_of, exact_base, in_their_unit, rounded_up
from mappings.mapped import MappedLine, MappedOrder
from schemas.documents.common import Party
from schemas.documents.order import Order, OrderLine
from schemas.faults import Fault
from schemas.values import EXACT, MAX_FRACTION_DIGITS, from_fraction, half_up, shortest

ContractKey = tuple[str, bool, str]
"""(account, test, the number that a release names as its contract)."""
_CLOSED = frozenset(("cancelled", "closed"))


class Draw(NamedTuple):
    """What one line of a release takes of a blanket order: base units, and what they cost. Negative gives back."""

    contract_id: str
    product: str
    order_id: str
    line_number: str
    quantity: Decimal
    amount: Decimal


@dataclass(slots=True)
class Agreed:
    """One product of a blanket order, in base units; `price` for one of them, where the blanket order says it."""

    ceiling: Decimal = NOTHING
    drawn: Decimal = NOTHING
    price: Fraction | None = None
    line: OrderLine | None = None
    """The first line that agrees it: the account's words for it."""
    unit: str | None = None
    per_unit: Fraction | None = None
    """The unit of that line, and the base units in one of it."""
    is_short: bool = False
    """Whether a release was refused for want of it: were there more, it could have been decided otherwise."""

    @property
    def left(self) -> Decimal:
        """What may still be released."""
        return EXACT.subtract(self.ceiling, self.drawn)


@dataclass(slots=True)
class Contract:
    """A blanket order as its releases see it."""

    order_id: str
    order_number: str
    version: int
    updated_at: int
    status: str
    buyer: Party | None
    currency: str | None
    total: Decimal | None
    products: dict[str, Agreed]
    amount: Decimal = NOTHING
    """What has been released, in money."""
    number: int = 0
    """Of the last draw."""
    is_short: bool = False
    """Whether a release was refused because of the total."""
    seen: dict[str, Decimal] = field(default_factory=dict)
    """Product → what was drawn when it was loaded."""
    seen_amount: Decimal = NOTHING

    @property
    def is_live(self) -> bool:
        """Whether it may be released."""
        return self.status not in _CLOSED

    def draw(self, draws: Iterable[Draw]) -> None:
        """Note in this view what is drawn."""
        for one in draws:
            agreed = self.products.setdefault(one.product, Agreed())
            agreed.drawn = EXACT.add(agreed.drawn, one.quantity)
            self.amount = EXACT.add(self.amount, one.amount)


Before = Mapping[str, Sequence[Draw]]
"""Line number → what the line has drawn until now."""


def contract_of(standing: Standing) -> Contract:
    """The blanket order as it stands, before anything is drawn of it."""
    order = standing.order
    return Contract(
        standing.order_id,
        order.order_number,
        standing.version,
        standing.updated_at,
        standing.status,
        order.buyer,
        order.currency,
        order.total,
        ceilings(order.lines, standing.lines),
    )


def ceilings(lines: Sequence[OrderLine], sums: Mapping[str, LineSums]) -> dict[str, Agreed]:
    """Product → what a blanket order agrees of it. What is refused, cancelled or on hold of a line is not agreed."""
    found: dict[str, Agreed] = {}
    said = {line.line_number: line for line in lines}
    for number, line in sums.items():
        if line.product is None or not line.ordered:
            continue
        agreed = found.setdefault(line.product, Agreed())
        unsettled = EXACT.add(line.ordered, line.raised)
        for less in (line.rejected, line.cancelled, line.backordered):
            unsettled = EXACT.subtract(unsettled, less)
        per_unit = Fraction(line.base_ordered) / Fraction(line.ordered)
        agreed.ceiling = EXACT.add(agreed.ceiling, _decimal(Fraction(unsettled) * per_unit))
        if number in said and per_unit:
            if agreed.price is None:
                agreed.price = _price_of(said[number], per_unit)
            if agreed.line is None:
                agreed.line, agreed.unit, agreed.per_unit = said[number], said[number].unit or line.unit, per_unit
    return found


def _price_of(line: OrderLine, per_unit: Fraction) -> Fraction | None:
    """For one base unit; None where it is for another unit than the line's."""
    price = line.price
    if price is None or price.unit not in (None, line.unit) or not price.base_quantity:
        return None
    return Fraction(price.amount) / Fraction(price.base_quantity) / per_unit


# --- what a release asks for -----------------------------------------------------------------------------------------
def faults_of_release(
    contract: Contract, mapped: MappedOrder, judgement: Judgement, before: Before | None = None
) -> list[Fault]:
    """Why lines of a release can't be had under its contract. `before` is what a changed release has drawn: what it
    gives back of that is there before any line asks anew, so that neither their order nor their numbers matter."""
    if contract.total is not None and contract.currency and mapped.currency != contract.currency:
        return [_other_currency(contract, mapped)]
    asking = [line for line in mapped.lines if line.index not in judgement.rejected]
    held = {(number, one.product): one.quantity for number, draws in (before or {}).items() for one in draws}
    asking = [line for line in asking if not _is_as_it_was(line, held, judgement)]
    stand = {line.line_number for line in mapped.lines} - {line.line_number for line in asking}
    view = _Left(contract)
    for number, draws in (before or {}).items():
        if number not in stand:
            view.give_back(draws)
    return [fault for line in asking for fault in view.ask(line, judgement)]


def _is_as_it_was(line: MappedLine, held: Mapping[tuple[str, str], Decimal], judgement: Judgement) -> bool:
    """Whether the line asks for what it has drawn already; it keeps that, at the price that it had."""
    if line.product is None or line.base_quantity is None:
        return False
    return held.get((line.line_number, line.product.product)) == _asked(line, judgement)


class _Left:
    """What is left of a contract while the lines of one release ask for it in turn."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._left = {product: agreed.left for product, agreed in contract.products.items()}
        self._money = None if contract.total is None else EXACT.subtract(contract.total, contract.amount)

    def give_back(self, draws: Iterable[Draw]) -> None:
        """What was drawn, and isn't any more, is left again."""
        for one in draws:
            self._take(one.product, EXACT.minus(one.quantity), EXACT.minus(one.amount))

    def ask(self, line: MappedLine, judgement: Judgement) -> Iterator[Fault]:
        """The line's faults; one that has none takes what it asks for."""
        if line.product is None or line.base_quantity is None:
            return
        product, base = line.product.product, _asked(line, judgement)
        agreed = self._contract.products.get(product)
        if agreed is None or not agreed.ceiling:
            yield _not_in_contract(self._contract, line)
            return
        if base > self._left[product]:
            agreed.is_short = True
            yield _beyond_quantity(self._contract, agreed, self._left[product], line)
            return
        amount = amount_of(line, base, agreed, repriced=line.index in judgement.repriced)
        if self._money is not None and amount is None:
            yield _unpriced(self._contract, line)
        elif self._money is not None and amount is not None and amount > self._money:
            self._contract.is_short = True
            yield _beyond_total(self._contract, self._money, amount, line)
        else:
            self._take(product, base, amount or NOTHING)

    def _take(self, product: str, base: Decimal, amount: Decimal) -> None:
        self._left[product] = EXACT.subtract(self._left.get(product, NOTHING), base)
        if self._money is not None:
            self._money = EXACT.subtract(self._money, amount)


def _asked(line: MappedLine, judgement: Judgement) -> Decimal:
    raised = rounded_up(line) if line.index in judgement.rounded else None
    return raised[1] if raised else line.base_quantity or NOTHING


def amount_of(line: MappedLine, base: Decimal, agreed: Agreed | None, *, repriced: bool) -> Decimal | None:
    """What so many base units of the line cost, rounded as an invoice line is: at the line's price, or the account's,
    or the blanket order's. None where none of them has one."""
    per_unit = line.contract_price if repriced else line.ordered_price
    if per_unit is None:
        per_unit = line.contract_price
    if per_unit is not None and line.base_per_unit:
        return half_up(per_unit * Fraction(base) / line.base_per_unit)
    if agreed is not None and agreed.price is not None:
        return half_up(agreed.price * Fraction(base))
    return None


# --- what a release draws --------------------------------------------------------------------------------------------
def draws_of(
    contract: Contract,
    order_id: str,
    mapped: MappedOrder | None,
    ledger: Sequence[LineLedger],
    *,
    repriced: frozenset[int] = frozenset(),
    before: Before | None = None,
    deleted: Iterable[str] = (),
) -> list[Draw]:
    """What the lines of a release draw more than `before`, or give back. A line of which nothing is said stays."""
    lines = {line.line_number: line for line in mapped.lines} if mapped else {}
    now: dict[str, Draw | None] = dict.fromkeys(deleted)
    for one in ledger:
        line = lines.get(one.line_number)
        now[one.line_number] = None if line is None else _drawn(contract, order_id, line, one, repriced)
    found: list[Draw] = []
    for number, after in now.items():
        found += _net(after, (before or {}).get(number, ()))
    return found


def _drawn(
    contract: Contract, order_id: str, line: MappedLine, ledger: LineLedger, repriced: frozenset[int]
) -> Draw | None:
    """What the line draws as it was decided: what is neither refused nor cancelled of it."""
    if ledger.product is None or line.base_per_unit is None:
        return None
    live = EXACT.add(ledger.ordered, ledger.raised)
    live = EXACT.subtract(EXACT.subtract(live, ledger.rejected), ledger.cancelled)
    if not live:
        return None
    base = _decimal(base_of(line, live))
    agreed = contract.products.get(ledger.product)
    amount = amount_of(line, base, agreed, repriced=line.index in repriced) or NOTHING
    return Draw(contract.order_id, ledger.product, order_id, line.line_number, base, amount)


def _net(after: Draw | None, before: Sequence[Draw]) -> Iterator[Draw]:
    rest = after
    for one in before:
        if after is not None and one.product == after.product:
            rest = None
            if one.quantity == after.quantity:
                continue  # as it was, at the price that it had
            more, cost = EXACT.subtract(after.quantity, one.quantity), EXACT.subtract(after.amount, one.amount)
            yield after._replace(quantity=more, amount=cost)
        elif one.quantity:
            yield one._replace(quantity=EXACT.minus(one.quantity), amount=EXACT.minus(one.amount))
    if rest is not None:
        yield rest


# --- a blanket order that is changed ---------------------------------------------------------------------------------
def less_than_released(
    contract: Contract, order: Order, mapped: MappedOrder | None, judgement: Judgement
) -> list[Fault]:
    """Why a blanket order can't be changed so, or cancelled (no `mapped`): less would be agreed than is released. A
    line that is refused or put on hold agrees nothing."""
    asked: dict[str, Decimal] = {}
    for line in mapped.lines if mapped else ():
        is_agreed = line.index not in judgement.rejected and line.index not in judgement.held
        if is_agreed and line.product is not None and line.base_quantity is not None:
            product = line.product.product
            asked[product] = EXACT.add(asked.get(product, NOTHING), _asked(line, judgement))
    found = [
        _less_than_drawn(contract, product, agreed, asked.get(product), mapped)
        for product, agreed in sorted(contract.products.items())
        if agreed.drawn > asked.get(product, NOTHING)
    ]
    if mapped is not None and order.total is not None and order.total < contract.amount:
        drawn = f"{contract.amount:f}"
        detail = f"Orders for {drawn} were released of {contract.order_number}; its total can't be less."
        found.append(
            Fault("less_than_released", detail, "/total", value=f"{order.total:f}", expected=f"{drawn} or more")
        )
    return found


def _less_than_drawn(
    contract: Contract, product: str, agreed: Agreed, asked: Decimal | None, mapped: MappedOrder | None
) -> Fault:
    lines = [line for line in mapped.lines if line.product and line.product.product == product] if mapped else []
    drawn = _counted(agreed.drawn, lines[0]) if lines else _as_agreed(agreed.drawn, agreed)
    words = lines[0].line if lines else agreed.line
    item = (words and (words.buyer_item or words.seller_item or words.gtin)) or product
    what = "it can't be cancelled" if mapped is None else "no less can be agreed"
    detail = f"{drawn} of {item} were released of {contract.order_number}: {what}. It stands as it was."
    path = f"/lines/{lines[0].index}/quantity" if len(lines) == 1 else "/lines" if mapped else ""
    value = None if asked is None or not lines else _counted(asked, lines[0])
    expected = "its releases cancelled first" if mapped is None else f"{drawn} or more"
    return Fault("less_than_released", detail, path, value=value, expected=expected)


# --- faults ----------------------------------------------------------------------------------------------------------
def _not_in_contract(contract: Contract, line: MappedLine) -> Fault:
    asked = line.line
    names = ("buyer_item", "seller_item", "gtin")
    name, value = next(((name, value) for name in names if (value := getattr(asked, name))), ("buyer_item", None))
    detail = f"Blanket order {contract.order_number} agrees nothing of this item."
    expected = f"an item of {contract.order_number}"
    return Fault("not_in_contract", detail, f"/lines/{line.index}/{name}", value=value, expected=expected)


def _beyond_quantity(contract: Contract, agreed: Agreed, left: Decimal, line: MappedLine) -> Fault:
    rest = max(left, NOTHING)
    taken = EXACT.subtract(agreed.ceiling, rest)
    detail = (
        f"Blanket order {contract.order_number} is for {_counted(agreed.ceiling, line)} of this item, of which "
        f"{_counted(taken, line)} are released already; {_counted(rest, line)} are left."
    )
    asked = f"{shortest(line.line.quantity):f}"
    expected = f"at most {_counted(rest, line)}" if rest else "nothing: all of it is released"
    return Fault("contract_exceeded", detail, f"/lines/{line.index}/quantity", value=asked, expected=expected)


def _beyond_total(contract: Contract, left: Decimal, amount: Decimal, line: MappedLine) -> Fault:
    total, currency = contract.total or NOTHING, f" {contract.currency}" if contract.currency else ""
    rest = max(left, NOTHING)
    detail = (
        f"Blanket order {contract.order_number} is for {total:f}{currency} in all, of which "
        f"{EXACT.subtract(total, rest):f} are released already; the line costs {amount:f}."
    )
    return Fault(
        "contract_exceeded",
        detail,
        f"/lines/{line.index}/quantity",
        value=f"{amount:f}{currency}",
        expected=f"at most {rest:f}{currency}",
    )


def _unpriced(contract: Contract, line: MappedLine) -> Fault:
    detail = (
        f"Blanket order {contract.order_number} has a total that may be released, and the line has no price to count "
        "by: it names none, none is agreed, and the blanket order has none for it."
    )
    return Fault("no_contract_price", detail, f"/lines/{line.index}", expected="a price")


def _other_currency(contract: Contract, mapped: MappedOrder) -> Fault:
    detail = f"Blanket order {contract.order_number} has a total in {contract.currency}, which no other counts towards."
    return Fault("currency_mismatch", detail, "/currency", value=mapped.currency, expected=contract.currency)


def _as_agreed(base: Decimal, agreed: Agreed) -> str:
    """Base units as the blanket order counts, where that can be said exactly."""
    quantity = from_fraction(Fraction(base) / agreed.per_unit) if agreed.per_unit else None
    return (
        f"{shortest(base):f} base units" if quantity is None else f"{shortest(quantity):f} {agreed.unit or ''}".rstrip()
    )


def _counted(base: Decimal, line: MappedLine) -> str:
    """Base units as the line counts, where that can be said exactly."""
    if line.base_per_unit:
        unit = line.line.unit or line.unit or ""
        try:
            return f"{in_their_unit(base, line):f} {unit}".rstrip()
        except ValueError:
            pass
    unit = line.product.base_unit if line.product else "base units"
    return f"{shortest(base):f} {unit}"


def _decimal(base: Fraction) -> Decimal:
    """Base units as a decimal. A number without an end, which no line of whole packs is, is rounded."""
    exact = exact_base(base)
    return half_up(base, MAX_FRACTION_DIGITS) if exact is None else exact
