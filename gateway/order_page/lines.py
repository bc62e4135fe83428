"""A line of the ledger as people read it: what was ordered and what became of it, as an equation in the account's
unit, and whatever contradicts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gateway.amounts import amount
from gateway.order_page.words import quantity
from gateway.store.orders import LedgerLine
from gateway.trade.quantities import exact_base
from schemas.values import EXACT, half_up

_BECAME = ("confirmed", "backordered", "rejected", "cancelled", "open")


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line. `ordered` and `promised` are as the account's document and our newest answer have it; `is_gone`: the
    newest version of the order doesn't have it any more."""

    sums: LedgerLine
    ordered: Mapping[str, Any]
    promised: tuple[str, ...]
    is_gone: bool = False

    @property
    def equation(self) -> str:
        """`10 CS = 8 confirmed + 2 backordered`; what is nothing is left out."""
        raised = f" + {quantity(self.sums.raised)} raised" if self.sums.raised else ""
        became = [
            f"{quantity(part)} {'not decided' if name == 'open' else name}"
            for name in _BECAME
            if (part := getattr(self.sums, name))
        ]
        return f"{quantity(self.sums.ordered, self.sums.unit)}{raised} = {' + '.join(became) or '0'}"

    @property
    def contradictions(self) -> tuple[str, ...]:
        """What doesn't add up, as sentences; nothing, unless somebody changed what is kept."""
        return tuple(_contradictions(self.sums))

    @property
    def left(self) -> Decimal | None:
        """What is confirmed and hasn't left, in the account's unit; None where that can't be said."""
        base = to_ship(self.sums)
        return None if base is None else self.sums.in_unit(base)

    @property
    def price(self) -> str:
        """As it was ordered: `12.50 per CS`; empty where it names none."""
        told = self.ordered.get("price") or {}
        if not told.get("amount"):
            return ""
        base = Decimal(str(told.get("base_quantity") or "1"))
        of = told.get("unit") or self.sums.unit or ""
        per = f" per {quantity(base)} {of}".rstrip() if base != 1 else f" per {of}" if of else ""
        return f"{amount(Decimal(str(told['amount'])), None)}{per}"

    @property
    def worth(self) -> Decimal | None:
        """What was ordered at the ordered price, to the cent; None where that is of no unit that was ordered."""
        told = self.ordered.get("price") or {}
        if not told.get("amount") or told.get("unit") not in (None, self.sums.unit):
            return None
        base = Fraction(str(told.get("base_quantity") or "1"))
        if not base:
            return None
        return half_up(Fraction(str(told["amount"])) * Fraction(self.sums.ordered) / base)

    @property
    def names(self) -> tuple[str, ...]:
        """What the account calls the item, its own number first."""
        names = (self.ordered.get(one) for one in ("buyer_item", "seller_item", "gtin"))
        return tuple(str(one) for one in names if one)

    @property
    def requested(self) -> str:
        """The days that were asked for, where the line says its own."""
        return period(self.ordered.get("requested_delivery"))

    @property
    def ship_to(self) -> str:
        """Where the line goes, where it says its own place."""
        place = self.ordered.get("ship_to") or {}
        return str(place.get("id") or place.get("name") or "")


def _contradictions(sums: LedgerLine) -> Iterator[str]:
    named = {name: getattr(sums, name) for name in ("ordered", "raised", *_BECAME)}
    for name, count in named.items():
        if count < 0:
            yield f"{'what is not decided' if name == 'open' else name} is below 0"
    confirmed = Fraction(sums.confirmed) * Fraction(sums.base_ordered)
    if Fraction(sums.base_shipped) * Fraction(sums.ordered) > confirmed:
        yield "more was shipped than is confirmed"
    if sums.base_returned > sums.base_shipped:
        yield "more came back than was shipped"
    if sums.base_invoiced > sums.base_shipped:
        yield "more is invoiced than was shipped"
    if sums.base_credited > sums.base_invoiced:
        yield "more is credited than was invoiced"


def to_ship(sums: LedgerLine) -> Decimal | None:
    """Base units of the line that are confirmed and haven't left; None of a line that has no base unit."""
    if sums.product is None or not sums.ordered:
        return None
    confirmed = exact_base(Fraction(sums.confirmed) * Fraction(sums.base_ordered) / Fraction(sums.ordered))
    return None if confirmed is None else EXACT.subtract(confirmed, sums.base_shipped)


def is_to_ship(sums: LedgerLine) -> bool:
    """Whether something of the line is confirmed and hasn't left, also where that is no finite number."""
    if sums.product is None or not sums.ordered:
        return False
    return Fraction(sums.confirmed) * Fraction(sums.base_ordered) > Fraction(sums.base_shipped) * Fraction(sums.ordered)


def period(told: Mapping[str, Any] | None) -> str:
    """`2026-12-01 to 2026-12-02`; empty where nothing is said."""
    days = [str(told[one]) for one in ("start", "end") if told.get(one)] if told else []
    return " to ".join(dict.fromkeys(days))


def promised_in(response: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Line number → the days that an order response promises, in their order."""
    found: dict[str, tuple[str, ...]] = {}
    for line in response.get("lines", ()):
        days = {str(one["promised_delivery"]) for one in line.get("outcomes", ()) if one.get("promised_delivery")}
        found[str(line["line_number"])] = tuple(sorted(days))
    return found


def lines_in(order: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Line number → the line as the account's document has it."""
    return {str(line["line_number"]): line for line in order.get("lines", ())}


def shown(
    sums: Sequence[LedgerLine],
    newest: Mapping[str, Mapping[str, Any]],
    earlier: Mapping[str, Mapping[str, Any]],
    promised: Mapping[str, tuple[str, ...]],
) -> list[ShownLine]:
    """The lines with what the account wrote of them: in the newest version, or in the last one that had them."""
    return [
        ShownLine(
            one,
            newest.get(one.line_number) or earlier.get(one.line_number) or {},
            promised.get(one.line_number, ()),
            is_gone=one.line_number not in newest,
        )
        for one in sums
    ]
