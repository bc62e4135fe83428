"""Why a line of an order came out so: each figure, the rule that says it, of which revision, and the arithmetic.

Pure: the line is judged once more by what the order was judged by, and every figure is told beside its reason. Nothing
is decided here; what was decided is on the books.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from gateway.trade.agreed import agreed_for_line
from gateway.trade.answers import Rules
from gateway.trade.consequences import CONSEQUENCES, ByPolicy, Judgement, consequence_of
from gateway.trade.response import is_left_open, judged
from gateway.trade.stock import Position
from gateway.trade.wanted import Wanted, delivery_site, wanted
from mappings.account import AgreedDiscount
from mappings.engine import price_date
from mappings.files.writing import csv_text
from mappings.items import FoundItem, Lead, find_item, leads_of
from mappings.mapped import MappedLine, MappedOrder
from mappings.prices import Break, money_text, price_ladder
from mappings.revision import Catalogue, ItemRow, MappingRevision, Product, SiteRow
from mappings.sites import known_ids
from mappings.tables import Row, table_of
from mappings.units import UnitRule, count_text, find_line_unit, rule_of
from mappings.validity import during, in_force
from schemas.documents.common import Price
from schemas.faults import Fault, line_index
from schemas.values import EXACT, half_up, padded_gtin, shortest

_NUMBERS = {"buyer_item": "the account's item number", "seller_item": "our item number", "gtin": "the GTIN"}
_PRODUCTS = "products.csv"
_TERMS = "account.yaml"


@dataclass(frozen=True, slots=True)
class Step:
    """A figure of a line: what it is, which rule says so, of which revision (None: of the order itself), and how it
    was worked out."""

    figure: str
    value: str
    rule: str
    revision: str | None = None
    arithmetic: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A line of an order as it was judged: under which revisions, received and decided on which days of the account.
    `faults` are all of the order, from mapping and checks."""

    mapped: MappedOrder
    line: MappedLine
    revision: MappingRevision
    catalogue: Catalogue
    received_on: date
    decided_on: date
    faults: Sequence[Fault]
    test: bool = False

    @property
    def on(self) -> date:
        """The day by which rows count."""
        return self.mapped.order.issue_date or self.received_on

    @property
    def mapping(self) -> str:
        """The account's revision, as people name it."""
        return f"mapping {self.revision.number}"

    @property
    def ours(self) -> str:
        """Our catalogue's."""
        return f"catalogue {self.catalogue.number}"


def explained(case: Case) -> tuple[Step, ...]:
    """Every figure of the line, from what it was called to the day that it was promised for."""
    judgement = judged(case.mapped, case.faults, case.revision.account.policies)
    want = _wanted(case, judgement)
    item = find_item(case.line.line, case.revision, case.catalogue, case.on)
    return (
        *_items(case),
        *(_units(case, item) if item.product is not None else ()),
        *_quantities(case, want),
        *_places(case),
        *(_prices(case, item, want) if item.product is not None else ()),
        *_faults(case),
        *_decision(case),
        *(_days(case, want) if want is not None else ()),
    )


def measured(case: Case) -> tuple[Step, ...]:
    """The figures of the line that mapping alone tells: what its numbers lead to, its quantities and its prices."""
    item = find_item(case.line.line, case.revision, case.catalogue, case.on)
    known = item.product is not None
    return (
        *_items(case),
        *(_units(case, item) if known else ()),
        *_quantities(case, None),
        *(_prices(case, item, None) if known else ()),
    )


def _wanted(case: Case, judgement: Judgement) -> Wanted | None:
    """What the line asks for under the policies; None where it is refused or kept back for its faults."""
    line, index = case.line, case.line.index
    if line.product is None or line.base_quantity is None or index in judgement.rejected or index in judgement.held:
        return None
    return wanted(
        case.mapped,
        line,
        max(case.received_on, case.decided_on),
        rounded=index in judgement.rounded,
        repriced=index in judgement.repriced,
    )


def supply_sites(case: Case, known: Iterable[str]) -> tuple[str, ...]:
    """The sites of ours that the line is filled from, in the order in which they are asked; `known` are those that have
    ever had its product."""
    site = delivery_site(case.mapped, case.line)
    return (site.supply_site,) if site is not None and site.supply_site else tuple(sorted(known))


# --- the product --------------------------------------------------------------------------------------------------
def _items(case: Case) -> Iterator[Step]:
    """Where each number leads to, and the product that they agree on."""
    for lead in leads_of(case.line.line, case.revision, case.catalogue, case.on):
        rule, revision = _of_lead(case, lead)
        yield Step(
            f"{_NUMBERS[lead.field]} {lead.number}", " or ".join(sorted(lead.products)) or "nothing", rule, revision
        )
    product = case.line.product
    if product is not None:
        yield Step("product", f"{product.product} {product.name}".strip(), "what all of its numbers lead to")


def _of_lead(case: Case, lead: Lead) -> tuple[str, str]:
    """The rows that the number leads by."""
    if lead.field == "seller_item":
        return f"{_PRODUCTS}: {lead.number}" if lead.products else f"no row of {_PRODUCTS}", case.ours
    rows = case.revision.items_by_sku.get(lead.number, ())
    if lead.field == "gtin":
        gtin = padded_gtin(lead.number)
        rows = case.revision.items_by_gtin.get(gtin, ())
        level = case.catalogue.by_gtin.get(gtin)
        if level is not None and not in_force(rows, case.on):
            return _gtin_level(case, *level), case.ours
    found = in_force(rows, case.on)
    return "; ".join(map(row_text, found)) or f"no row of items.csv on {case.on}", case.mapping


def _gtin_level(case: Case, product: str, unit: str) -> str:
    pack = case.catalogue.packs.get((product, unit))
    return row_text(pack) if pack is not None else f"{_PRODUCTS}: the GTIN of {product}"


# --- units and quantities -----------------------------------------------------------------------------------------
def _units(case: Case, item: FoundItem) -> Iterator[Step]:
    """The unit that it is ordered in, and how many base units that is."""
    asked, line, product = case.line.line, case.line, item.product
    unit = line.unit or asked.unit or asked.unit_code
    if unit is None or product is None:
        return
    yield _said_unit(case, item, unit)
    if line.base_per_unit is None:
        return
    names = tuple(dict.fromkeys(name for name in (asked.unit, asked.unit_code) if name)) or (unit,)
    rule = rule_of(names, item, case.revision, case.catalogue)
    size = f"{count_text(line.base_per_unit)} {product.base_unit}"
    if rule is not None:
        yield Step(f"1 {unit}", size, *_of_rule(case, rule, product), _size(rule, product, line.base_per_unit, case))


def _said_unit(case: Case, item: FoundItem, unit: str) -> Step:
    """How it is known which unit the line is in."""
    asked = case.line.line
    if asked.unit or asked.unit_code:
        return Step("unit", unit, "as ordered")
    of_gtin = [row for row in item.gtin_rows if row.account_unit]
    if of_gtin:
        return Step("unit", unit, row_text(of_gtin[0]), case.mapping)
    level = case.catalogue.by_gtin.get(padded_gtin(asked.gtin)) if asked.gtin else None
    if level is not None and level[1] == unit:
        return Step("unit", unit, _gtin_level(case, *level), case.ours)
    return Step("unit", unit, f"{_TERMS} policies.default_unit: {unit}", case.mapping)


def _of_rule(case: Case, rule: UnitRule, product: Product) -> tuple[str, str]:
    """The rule as its file has it, and whose it is: the most specific that there is."""
    pack = case.catalogue.packs.get((product.product, rule.ours))
    packs = [row_text(pack)] if pack is not None else []
    if rule.row is None:
        return (*packs, f"{_PRODUCTS}: the base unit of {product.product}")[0], case.ours
    kind = "item" if isinstance(rule.row, ItemRow) else "product" if rule.row.product else "account"
    told = "; ".join([f"{row_text(rule.row)} (the rule of the {kind})", *packs])
    return told, ", ".join([case.mapping, *([case.ours] if packs else [])])


def _size(rule: UnitRule, product: Product, base: Fraction, case: Case) -> str | None:
    """`1 CS = 2 XCT, 1 XCT = 12 EA: 2 x 12 = 24 EA`."""
    pack = case.catalogue.packs.get((product.product, rule.ours))
    if rule.row is None:
        return None
    said = f"1 {rule.unit} = {shortest(rule.factor):f} {rule.ours}"
    if pack is None:
        return said
    inside = f"{shortest(pack.quantity):f}"
    total = f"{shortest(rule.factor):f} x {inside} = {count_text(base)} {product.base_unit}"
    return f"{said}, 1 {rule.ours} = {inside} {product.base_unit}: {total}"


def _quantities(case: Case, want: Wanted | None) -> Iterator[Step]:
    """What is ordered, in base units and in the unit we sell; what it was raised to."""
    line, asked = case.line, case.line.line
    unit = line.unit or asked.unit or ""
    yield Step("ordered", _amount(asked.quantity, unit), "as ordered")
    if line.base_quantity is None or line.base_per_unit is None or line.product is None:
        return
    base = _amount(line.base_quantity, line.product.base_unit)
    worked = f"{shortest(asked.quantity):f} x {count_text(line.base_per_unit)} = {base}"
    yield Step("ordered in base units", base, f"the size of {unit}", None, worked)
    if line.sales_quantity is not None and line.base_per_sales_unit not in (None, 1):
        sold = _amount(line.sales_quantity, line.sales_unit or "")
        rule = f"{_PRODUCTS}: sales_unit of {line.product.product}"
        yield Step(
            "ordered as sold", sold, rule, case.ours, f"{base} / {count_text(line.base_per_sales_unit)} = {sold}"
        )
    if want is not None and want.quantity != asked.quantity:
        told = _amount(want.quantity, unit)
        raised = _amount(want.base, line.product.base_unit)
        rule = f"{_TERMS} policies.fractional_unit: {case.revision.account.policies.fractional_unit}"
        yield Step("raised to", told, rule, case.mapping, f"the next whole {line.sales_unit}: {raised}")


# --- places -------------------------------------------------------------------------------------------------------
def _places(case: Case) -> Iterator[Step]:
    """Where it goes, and where it comes from."""
    site = delivery_site(case.mapped, case.line)
    if site is None:
        rule = "as ordered; no row of sites.csv" if case.revision.sites else "as ordered; the account has no sites.csv"
        yield Step("place of delivery", _named_place(case), rule, case.mapping)
        return
    told = f"{site.account_site} {site.name or ''}".strip()
    yield Step("place of delivery", told, row_text(site), case.mapping, _found_by(case, site))
    if site.supply_site:
        yield Step("supplied from", site.supply_site, "supply_site of that row", case.mapping)
    else:
        yield Step("supplied from", "every site that has it, by name", "no supply_site in that row", case.mapping)


def _named_place(case: Case) -> str:
    party = case.line.line.ship_to or case.mapped.order.ship_to
    return "none named" if party is None else party.id or party.name or "an address"


def _found_by(case: Case, site: SiteRow) -> str:
    party = case.line.line.ship_to or case.mapped.order.ship_to
    if party is None:
        return "the only place there is"
    whose = "the line's" if case.line.line.ship_to is not None else "the order's"
    is_named = any(number == site.account_site for number, _ in known_ids(party))
    return f"by {whose} identifier" if is_named else f"by {whose} address"


# --- prices -------------------------------------------------------------------------------------------------------
def _prices(case: Case, item: FoundItem, want: Wanted | None) -> Iterator[Step]:
    """What the contract says, what the order says, and how far they are apart."""
    line, asked, currency = case.line, case.line.line, case.mapped.currency or ""
    unit = line.unit or asked.unit or ""
    step = _break(case, item)
    if step is not None:
        yield from _contract(case, step, unit)
    if asked.price is not None and line.ordered_price is not None:
        yield Step(
            "ordered price",
            f"{money_text(line.ordered_price)} {currency} per {unit}",
            "as ordered",
            None,
            _ordered(asked.price, unit),
        )
    if step is not None and line.ordered_price is not None:
        yield _compared(case, step, line.ordered_price)
    if want is not None and want.price is not None:
        yield _stated(case, want, currency, unit)
    yield from _taken_off(case, unit)


def _break(case: Case, item: FoundItem) -> Break | None:
    """The price of the contract that counts."""
    line = case.line
    if line.contract_row is None or line.base_quantity is None or item.product is None:
        return None
    unit = find_line_unit(line.line, item, case.revision, case.catalogue)
    ladder = price_ladder(item.product, unit, case.revision, case.catalogue, case.mapped.currency, _price_day(case))
    return ladder.reached(line.base_quantity)


def _price_day(case: Case) -> date | None:
    site = delivery_site(case.mapped, case.line)
    return price_date(case.line.line, site, case.mapped.order, case.revision, case.on)


def _contract(case: Case, step: Break, unit: str) -> Iterator[Step]:
    row, product, base_quantity = step.row, case.line.product, case.line.base_quantity
    policy = case.revision.account.policies.price_date
    yield Step("day of the price", str(_price_day(case)), f"{_TERMS} policies.price_date: {policy}", case.mapping)
    reached = ""
    if product is not None and base_quantity is not None and row.min_quantity:
        least = f"{_amount(row.min_quantity, row.unit)} = {count_text(Fraction(step.min_base))} {product.base_unit}"
        reached = f"from {least} on, and {_amount(base_quantity, product.base_unit)} are ordered; "
    value = f"{money_text(step.price)} {row.currency} per {unit}"
    yield Step("contract price", value, row_text(row), case.mapping, reached + _per_unit(case, step, unit))


def _per_unit(case: Case, step: Break, unit: str) -> str:
    """The row's price, brought to one of the ordered unit."""
    row, base_per_unit, product = step.row, case.line.base_per_unit, case.line.product
    of_row = f"{EXACT.plus(row.price):f} for {_amount(row.base_quantity, row.unit)}"
    if not step.price or base_per_unit is None or product is None:
        return of_row
    per_row_unit = Fraction(row.price) / Fraction(row.base_quantity) * base_per_unit / step.price
    sizes = f"1 {row.unit} = {count_text(per_row_unit)} {product.base_unit}, 1 {unit} = {count_text(base_per_unit)}"
    if per_row_unit == base_per_unit and row.base_quantity == 1:
        return of_row if row.unit == unit else f"{of_row}, which is 1 {unit}"
    worked = f"{EXACT.plus(row.price):f} / {shortest(row.base_quantity):f}"
    return f"{of_row}; {sizes}: {worked} x {count_text(base_per_unit)} / {count_text(per_row_unit)}"


def _ordered(price: Price, unit: str) -> str | None:
    said = price.unit or price.unit_code or unit
    if price.base_quantity == 1 and said == unit:
        return None
    return f"{EXACT.plus(price.amount):f} for {_amount(price.base_quantity, said)}"


def _compared(case: Case, step: Break, ordered: Fraction) -> Step:
    """Whether the ordered price is near enough to the contract's."""
    tolerance = shortest(case.revision.account.policies.price_tolerance_percent)
    is_near = step.lowest <= ordered <= step.highest
    bounds = f"{money_text(step.lowest)} to {money_text(step.highest)}"
    off = "" if not step.price else f", {half_up(abs(ordered - step.price) / step.price * 100):f} % off"
    return Step(
        "ordered price is near enough",
        "yes" if is_near else "no",
        f"{_TERMS} policies.price_tolerance_percent: {tolerance:f}",
        case.mapping,
        f"{money_text(ordered)} is {'within' if is_near else 'outside'} {bounds}{off}",
    )


def _stated(case: Case, want: Wanted, currency: str, unit: str) -> Step:
    """The price that the answer states."""
    price, asked = want.price, case.line.line.price
    assert price is not None  # noqa: S101 - only asked for where there is one
    amount = _amount(price.base_quantity, price.unit or unit)
    told = f"{EXACT.plus(price.amount):f} {currency} for {amount}"
    if asked is None:
        return Step("price stated", told, "the contract's, because the order names none", case.mapping)
    if price == asked:
        return Step("price stated", told, "as ordered")
    rule = f"{_TERMS} policies.price_mismatch: {case.revision.account.policies.price_mismatch}"
    return Step("price stated", told, rule, case.mapping)


def _taken_off(case: Case, unit: str) -> Iterator[Step]:
    """What is taken off when the line is billed, where its invoices are in the order's currency."""
    terms, product = case.revision.account.terms, case.line.product
    if product is None or case.mapped.currency is None:
        return
    for index, one in agreed_for_line(terms, product.product, _price_day(case), case.mapped.currency):
        days = during(one)
        rule = f"{_TERMS} terms.discounts.{index}: {one.reason}" + (f", {days}" if days else "")
        yield Step("taken off when billed", _off(one, case.mapped.currency, unit), rule, case.mapping)


def _off(agreed: AgreedDiscount, currency: str, unit: str) -> str:
    if agreed.percent is not None:
        return f"{shortest(agreed.percent):f} %"
    if agreed.amount is not None:
        return f"{EXACT.plus(agreed.amount):f} {currency} per {unit}"
    counted = unit if agreed.by == "quantity" else currency
    steps = (f"{shortest(tier.percent):f} % from {_amount(tier.from_, counted)} on" for tier in agreed.tiers)
    return ", ".join(steps)


# --- what was wrong, and who decides ------------------------------------------------------------------------------
def _faults(case: Case) -> Iterator[Step]:
    """The faults of the line and of the order's head, each with what it leads to."""
    policies = case.revision.account.policies
    for fault in case.faults:
        if line_index(fault) not in (None, case.line.index):
            continue
        row = CONSEQUENCES.get(fault.code)
        consequence = consequence_of(fault.code, policies).replace("_", " ")
        if isinstance(row, ByPolicy):
            rule = f"{_TERMS} policies.{row.policy}: {getattr(policies, row.policy)} → {consequence}"
            yield Step("fault", fault.code, rule, case.mapping, fault.detail)
        else:
            yield Step("fault", fault.code, f"always → {consequence}", None, fault.detail)


def _decision(case: Case) -> Iterator[Step]:
    """Who decides, and whether it may come in parts, or later."""
    account, order, line = case.revision.account, case.mapped.order, case.line
    policies = account.policies
    if case.test:
        yield Step("decided by", "nobody", "a test: answered in full, nothing is taken")
    elif is_left_open(account, test=case.test):
        yield Step("decided by", "the back office", f"{_TERMS} policies.decision: {policies.decision}", case.mapping)
        return
    elif order.order_type == "blanket":
        yield Step("decided by", "its releases", "a blanket order: a ceiling, for no day and from no stock")
    else:
        yield Step("decided by", "stock", f"{_TERMS} policies.decision: {policies.decision}", case.mapping)
    rules = Rules(order, policies, max(case.received_on, case.decided_on))
    policy = f"{_TERMS} policies.partial: {policies.partial}"
    of_order = None if order.partial_allowed is None else _flag("the order's partial_allowed", order.partial_allowed)
    own = line.line.partial_allowed if line.own_delivery else None
    of_line = None if own is None else _flag("the line's partial_allowed", own)
    later = line.line.backorder_allowed if line.own_delivery else None
    yield _said("order comes whole or not at all", rules.ship_complete(), of_order, policy, case)
    yield _said("a part of the line may come alone", rules.partial(line), of_line or of_order, policy, case)
    of_later = None if later is None else _flag("the line's backorder_allowed", later)
    yield _said("what is missing may follow", rules.backorder(line), of_later, policy, case)


def _flag(name: str, value: bool) -> str:
    return f"{name}: {str(value).lower()}"


def _said(figure: str, value: bool, flag: str | None, policy: str, case: Case) -> Step:
    """By a flag of the order where it has one, else by the policy."""
    told = "yes" if value else "no"
    return Step(figure, told, flag) if flag is not None else Step(figure, told, policy, case.mapping)


# --- days ---------------------------------------------------------------------------------------------------------
def _days(case: Case, want: Wanted) -> Iterator[Step]:
    """When it can be there at the earliest, and for when that promises it."""
    lead, transit = want.product.lead_time_days, want.days_from_site
    decided = max(case.received_on, case.decided_on)
    site = delivery_site(case.mapped, case.line)
    rule = f"{_PRODUCTS}: lead_time_days {lead}"
    if site is not None:
        rule += f"; sites.csv: transit_days {site.transit_days}, receiving_days {site.receiving_days}"
    worked = f"{decided} + {lead} + {transit} days"
    yield Step("earliest delivery", str(want.earliest), rule, f"{case.ours}, {case.mapping}", worked)
    start = want.window.start if want.window else None
    asked = f"asked for from {start} on" if start else "no day asked for"
    promise = str(want.promise(want.window))
    yield Step(
        "day that can be promised", promise, asked, None, f"the later of {start} and {want.earliest}" if start else None
    )
    limit = case.mapped.order.cancel_after
    if limit is not None:
        in_time = "in time" if want.promise(want.window) <= limit else "too late"
        yield Step("cancel after", str(limit), "as ordered", None, f"{promise} is {in_time}")


# --- stock --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StockSeen:
    """What a line found at a site when it was decided, or gave back there later, in base units. `taken_before` is what
    all had taken since ever, `own_before` the account; `took` is below nothing where it gave back."""

    source: str
    at: int
    site: str
    as_of: str | None
    on_hand: Decimal
    reserved_other: Decimal
    taken_before: Decimal
    own_before: Decimal
    percent: int
    took: Decimal
    next_receipt_date: str | None = None
    next_receipt_quantity: Decimal | None = None

    @property
    def free(self) -> Decimal:
        """What the account could take."""
        return self._position().free("", self.percent)

    @property
    def arithmetic(self) -> str:
        """`1200 - 0 on hand; all had 0 of 1200, the account 0 of 50 % = 600: 600 free; 5000 due on 2026-12-01`."""
        if self.as_of is None:
            return "no stock of it was ever told of"
        position = self._position()
        counted = f"{shortest(self.on_hand):f} - {shortest(self.reserved_other):f} on hand"
        everyone = f"all had {shortest(self.taken_before):f} of {shortest(position.free_then):f}"
        share = f"{shortest(self.own_before):f} of {self.percent} % = {shortest(position.share(self.percent)):f}"
        due = ""
        if self.next_receipt_date is not None:
            many = "some" if self.next_receipt_quantity is None else f"{shortest(self.next_receipt_quantity):f}"
            due = f"; {many} due on {self.next_receipt_date}"
        return f"{counted}; {everyone}, the account {share}: {shortest(self.free):f} free{due}"

    def _position(self) -> Position:
        return Position(
            "", self.site, 0, self.on_hand, self.reserved_other, None, None, self.taken_before, {"": self.own_before}
        )


# --- in words -----------------------------------------------------------------------------------------------------
def row_text(row: Row) -> str:
    """The row as its file has it: `items.csv: PL-0042,,OAT-1L,CS,EA,12`."""
    table = table_of(row)
    written = csv_text(table.kind, [row]).split("\n", 1)[1]
    return f"{table.file}: {written.strip().rstrip(',')}"


def _amount(quantity: Decimal, unit: str) -> str:
    return f"{shortest(quantity):f} {unit}".strip()
