"""How one order comes out under two mappings, as changes: of its standing, of its lines' meaning, of what is promised,
and of how the document reads. What follows from another change that is told already isn't told again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from gateway.effects.effects import Change, Severity
from gateway.effects.outcomes import outcome_changes, outcomes_told
from gateway.effects.reading import reading_changes
from gateway.effects.side import Side
from gateway.effects.titles import STATUS_WORDS
from gateway.trade.consequences import consequence_of
from mappings.account import Policies
from mappings.mapped import MappedLine
from mappings.prices import money_text
from mappings.revision import SiteRow
from schemas.documents.order_response import LineOutcome
from schemas.faults import Fault
from schemas.values import from_fraction, shortest

_FAILING = frozenset(("reject_order", "hold_order"))
_OF_ONE_MESSAGE = frozenset(("internal_error", "quarantined"))
"""Faults whose value is the message's own."""
_HAVE_IT_AFTER = frozenset(("order_fails", "line_refused", "line_waits", "noted"))
_NONE = "none"


def changes_of(before: Side, after: Side) -> Iterator[Change]:
    """Every difference between the two."""
    explained: set[str] = set()
    if before.stands and after.stands:
        for change in _fault_changes(before, after):
            if change.line_number is not None:
                explained.add(change.line_number)
            yield change
    else:
        yield from _standing_changes(before, after)
    was, now = before.judged.mapped, after.judged.mapped
    if was is None or now is None:
        return
    yield from reading_changes(was.order, now.order)
    yield from _header_changes(before, after)
    yield from _line_changes(before, after)
    decided = was.order.function == now.order.function == "original"
    if before.stands and after.stands and decided:  # a change is decided by the order that stands
        yield from outcome_changes(before, after, explained)


# --- does it stand? ----------------------------------------------------------------------------------------------
def _standing_changes(before: Side, after: Side) -> Iterator[Change]:
    was, now = before.judged.status, after.judged.status
    if before.stands:
        causes = _causes(after, before)
        yield from (_fault_change("order_fails", after, one, "newly_fails", was, now) for one in causes)
    elif after.stands:
        causes = _causes(before, after)
        yield from (_fault_change("order_passes", before, one, "now_passes", was, now) for one in causes)
    else:
        causes = _beyond(after, before)
        yield from (_fault_change("noted", after, one, "changed", "", "found") for one in causes)
        gone = _beyond(before, after)
        yield from (_fault_change("gone", before, one, "changed", "found", "") for one in gone)
        if was != now:
            yield Change("status", (was, now), _standing(was), _standing(now))
        return
    if not causes:
        severity: Severity = "newly_fails" if before.stands else "now_passes"
        yield Change("status", (was, now), _standing(was), _standing(now), severity=severity)


def _causes(failing: Side, other: Side) -> list[Fault]:
    """The faults for which it fails: those that are new, else those that count for more now, else all."""
    new = _beyond(failing, other)
    found = list(failing.judged.faults)
    for some in (_failing(new, failing.policies), _failing(found, failing.policies), new):
        if some:
            return some
    return found


def _failing(faults: Sequence[Fault], policies: Policies) -> list[Fault]:
    return [one for one in faults if consequence_of(one.code, policies) in _FAILING]


def _beyond(side: Side, other: Side) -> list[Fault]:
    """The faults that only this side has."""
    known = {_fault_key(other, one) for one in other.judged.faults}
    return [one for one in side.judged.faults if _fault_key(side, one) not in known]


def _fault_key(side: Side, fault: Fault) -> tuple[str | None, ...]:
    number = side.line_number(fault)
    field = fault.path.rpartition("/")[2] if number is not None else fault.path
    return fault.code, number, field, fault.value


def _fault_change(kind: str, side: Side, fault: Fault, severity: Severity, before: str, after: str) -> Change:
    """`before` and `after` in words; the fault's own sentence stands with the side that has it."""
    value = "" if fault.code in _OF_ONE_MESSAGE else fault.value or ""
    was, now = _standing(before), _standing(after)
    if kind in _HAVE_IT_AFTER:
        now = f"{now}: {fault.detail}"
    else:
        was = f"{was}: {fault.detail}"
    return Change(kind, (fault.code, value), was, now, side.line_number(fault), severity)


def _standing(status: str) -> str:
    return STATUS_WORDS.get(status, status or "nothing found")


def _fault_changes(before: Side, after: Side) -> Iterator[Change]:
    """Of an order that stands either way: faults of its lines that come or go, and what they lead to."""
    was, now = before.outcomes(), after.outcomes()
    for one in _beyond(after, before):
        number = after.line_number(one) or ""
        old, new = was.get(number, ()), now.get(number, ())
        if _newly(old, new, "rejected"):
            yield _fault_change("line_refused", after, one, "newly_fails", outcomes_told(old), "refused")
        elif _is_held(after, one, new):
            yield _fault_change("line_waits", after, one, "newly_fails", outcomes_told(old), "back-ordered")
        else:
            yield _fault_change("noted", after, one, "changed", "", "found")
    for one in _beyond(before, after):
        number = before.line_number(one) or ""
        old, new = was.get(number, ()), now.get(number, ())
        if _newly(new, old, "rejected"):
            yield _fault_change("line_taken", before, one, "now_passes", "refused", outcomes_told(new))
        else:
            severity: Severity = "now_passes" if _is_held(before, one, old) else "changed"
            yield _fault_change("gone", before, one, severity, "found", "")


def _is_held(side: Side, fault: Fault, outcomes: Sequence[LineOutcome]) -> bool:
    """Whether the line waits for this fault to be mended; one may be back-ordered for want of stock as well."""
    return consequence_of(fault.code, side.policies) == "hold_line" and _all(outcomes, "backordered")


def _newly(was: Sequence[LineOutcome], now: Sequence[LineOutcome], status: str) -> bool:
    """Whether all of the line has this status now, and hadn't."""
    return _all(now, status) and not _all(was, status)


def _all(outcomes: Sequence[LineOutcome], status: str) -> bool:
    return bool(outcomes) and all(one.status == status for one in outcomes)


# --- what lines mean ---------------------------------------------------------------------------------------------
def _header_changes(before: Side, after: Side) -> Iterator[Change]:
    was, now = before.judged.mapped, after.judged.mapped
    if was is None or now is None:
        return
    if was.currency != now.currency:
        told = (was.currency or _NONE, now.currency or _NONE)
        yield Change("currency", told, *told)
    yield from _site_changes(before, after, was.site, now.site, None)


def _site_changes(
    before: Side, after: Side, was: SiteRow | None, now: SiteRow | None, line_number: str | None
) -> Iterator[Change]:
    if was is now or was == now or (_is_missing(before, was) or _is_missing(after, now)):
        return
    named = _place(was, now), _place(now, was)
    if _site_key(was) != _site_key(now):
        yield Change("site", named, *named, line_number)
    elif was is not None and now is not None and was.supply_site != now.supply_site:
        supply = was.supply_site or "any site", now.supply_site or "any site"
        yield Change("supply", (named[1], *supply), *supply, line_number)


def _is_missing(side: Side, site: SiteRow | None) -> bool:
    """Whether no place is known of and a fault says so."""
    return site is None and any(one.code == "unknown_ship_to" for one in side.judged.faults)


def _site_key(site: SiteRow | None) -> tuple[str | None, ...]:
    if site is None:
        return ()
    return site.account_site, site.scheme, site.role, site.name, *_address(site)


def _address(site: SiteRow) -> tuple[str | None, ...]:
    return site.street, site.postal_code, site.city, site.country


def _place(site: SiteRow | None, other: SiteRow | None) -> str:
    """Its name; with what tells it from the other one where both have the same."""
    if site is None:
        return "no known place"
    name = site.name or site.account_site
    if other is None or _site_key(site) == _site_key(other) or (other.name or other.account_site) != name:
        return name
    if site.account_site != other.account_site:
        return f"{name} ({site.account_site})"
    return f"{name} ({', '.join(part for part in _address(site) if part)})"


def _line_changes(before: Side, after: Side) -> Iterator[Change]:
    was, now = before.lines, after.lines
    for number, old in was.items():
        new = now.get(number)
        if new is None:
            continue
        if old.meaning is not new.meaning:
            yield from _meaning_changes(old, new)
        if old.line.ship_to is not None or new.line.ship_to is not None:
            yield from _site_changes(before, after, old.site, new.site, number)


def _meaning_changes(old: MappedLine, new: MappedLine) -> Iterator[Change]:
    if old.product is None or new.product is None:
        return  # a fault says so
    same_size = old.base_per_unit == new.base_per_unit
    same_price = old.contract_price == new.contract_price and _currency(old) == _currency(new)
    if old.product is new.product and same_size and same_price:
        return  # what almost every line comes to
    number, item = new.line_number, _item(new)
    sums = _base(old), _base(new)
    if old.product.product != new.product.product:
        told = old.product.product, new.product.product
        yield Change("product", (item, *told), *told, number, "changed", *sums)
    elif not same_size and old.base_per_unit and new.base_per_unit:
        told = _size(old), _size(new)
        yield Change("factor", (new.unit or "1", item, *told), *told, number, "changed", *sums)
    # a price that is agreed by the ordered unit stays as it is where that unit has another size, which was said
    if not same_price and old.base_per_unit and new.base_per_unit and _price_per_base(old) != _price_per_base(new):
        told = _price(old), _price(new)
        yield Change("price", (new.product.product, new.unit or "unit", *told), *told, number)


def _item(line: MappedLine) -> str:
    words = line.meaning.words
    return words.buyer_item or words.gtin or words.seller_item or "the item"


def _base(line: MappedLine) -> Mapping[str, Decimal]:
    known = line.product is not None and line.base_quantity is not None
    return {line.product.base_unit: line.base_quantity} if known and line.product and line.base_quantity else {}


def _size(line: MappedLine) -> str:
    """`12 EA`: what one of the ordered unit is."""
    if line.product is None or line.base_per_unit is None:
        return _NONE
    amount = from_fraction(line.base_per_unit)
    told = str(line.base_per_unit) if amount is None else f"{shortest(amount):,f}"
    return f"{told} {line.product.base_unit}"


def _price_per_base(line: MappedLine) -> object:
    price, per = line.contract_price, line.base_per_unit
    return None if price is None or per is None else (price / per, _currency(line))


def _price(line: MappedLine) -> str:
    price = line.contract_price
    return _NONE if price is None else f"{money_text(price)} {_currency(line)}"


def _currency(line: MappedLine) -> str:
    return line.contract_row.currency if line.contract_row else ""
