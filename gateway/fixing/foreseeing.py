"""What a fix would do, before it is published: to the orders that wait for it, line by line on the orders and the stock
that there are now, and to the account's last answered orders, which it should leave alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from gateway.effects.comparing import compare_messages
from gateway.effects.effects import Effects
from gateway.effects.outcomes import outcomes_told
from gateway.effects.side import Side
from gateway.effects.titles import amount_text, counted
from gateway.fixing.fixes import Fix
from gateway.fixing.proposals import Proposal
from gateway.judging import Judged, foresee
from gateway.services import Services
from gateway.store.messages import StoredMessage
from gateway.trade.consequences import keeps_from_an_answer
from mappings.account import Policies
from mappings.mapped import MappedLine
from mappings.revision import MappingRevision
from mappings.units import count_text
from schemas.documents.order_response import LineOutcome
from schemas.fault_codes import FAULTS
from schemas.faults import Fault, line_index
from schemas.values import EXACT, from_fraction

OTHERS_LOOKED_AT = 50
"""Answered orders of the account that are judged under both mappings."""
_OTHERS_FOUND_AMONG = 300
"""Its last answered messages that these are looked for among: the bodies of several are none of them."""
_LINES_SHOWN = 5
_CONFIRMED = ("accepted", "changed")


@dataclass(frozen=True, slots=True)
class ForeseenLine:
    """One line as it would be. `arithmetic` is its quantity in our terms, `becomes` what would come of it; `has_cause`:
    the cause was found at it."""

    number: str
    item: str
    arithmetic: str
    becomes: str
    has_cause: bool


@dataclass(frozen=True, slots=True)
class ForeseenOrder:
    """One order that waits, as it would be. `kind` is one of answered, held, refused, other; `said` tells it."""

    message_id: str
    order_number: str | None
    kind: str
    said: str
    lines: tuple[ForeseenLine, ...]
    more_lines: int = 0
    was: str = "held"
    """How it stands now."""


@dataclass(slots=True)
class Sum:
    """The lines with the cause that are of one unit of one item, together: `quantity` of the account's unit, base units
    ordered, and of these confirmed and back-ordered."""

    item: str
    product: str
    unit: str
    size: Fraction
    base_unit: str
    quantity: Decimal = Decimal(0)
    base: Decimal = Decimal(0)
    confirmed: Decimal = Decimal(0)
    waiting: Decimal = Decimal(0)

    @property
    def said(self) -> str:
        """`PL-9 is OAT-1L: 370 KRT → 370 × 12 EA = 4,440 EA; 4,000 EA confirmed, 440 EA back-ordered`."""
        told = _arithmetic(self.quantity, self.unit, self.size, self.base, self.base_unit)
        parts = [
            f"{amount_text(amount)} {self.base_unit} {word}"
            for amount, word in ((self.confirmed, "confirmed"), (self.waiting, "back-ordered"))
            if amount
        ]
        return f"{self.item} is {self.product}: {told}" + (f"; {', '.join(parts)}" if parts else "")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What publishing the proposal and replaying would do. `waiting` messages wait for it, `judged` of them were
    judged; `outcomes` says of those that would be answered how, `otherwise` of the others why not."""

    waiting: int
    judged: int
    outcomes: Counter[str]
    otherwise: Counter[str]
    orders: tuple[ForeseenOrder, ...]
    sums: tuple[Sum, ...]
    others: Effects = field(default_factory=Effects)
    """What would come out otherwise of the account's last answered orders."""

    @property
    def answered(self) -> int:
        """Orders that would be answered."""
        return self.outcomes.total()

    @property
    def said(self) -> str:
        """`37 orders: 36 would be answered (31 accepted, 5 with back-order), 1 is still held: unknown unit KRT`."""
        parts = []
        if self.answered:
            how = ", ".join(f"{count:,} {word}" for word, count in self.outcomes.most_common())
            parts.append(f"{self.answered:,} would be answered ({how})")
        parts += [f"{count:,} {_verb(why, count)}" for why, count in self.otherwise.most_common(5)]
        if rest := sum(count for _, count in self.otherwise.most_common()[5:]):
            parts.append(f"{rest:,} wait for other causes")
        told = counted(self.judged, "order") if self.judged == self.waiting else self._part
        return f"{told}: {', '.join(parts) or 'none can be judged'}."

    @property
    def _part(self) -> str:
        return f"The oldest {counted(self.judged, 'order')} of {self.waiting:,}"

    @property
    def breaks_others(self) -> int:
        """Answered orders that would be held or refused under it."""
        return self.others.newly_fail

    @property
    def others_said(self) -> str:
        """Whether orders that pass today come out otherwise, in a sentence."""
        if not self.others.orders:
            return "No other order of this account was answered yet that it could change."
        looked = f"their last {counted(self.others.orders, 'answered order')}"
        if not self.others.differ:
            one = "Their one answered order would come out as it did."
            return one if self.others.orders == 1 else f"None of {looked} would come out otherwise."
        fails = f", {self.others.newly_fail:,} of them would fail" if self.others.newly_fail else ""
        return f"Of {looked} {self.others.differ:,} would come out otherwise{fails}:"


def foresee_fix(services: Services, proposal: Proposal) -> Foreseen:
    """What the proposal would do, with nothing done."""
    fix, policies = proposal.fix, proposal.revision.account.policies
    caused = _lines_with_cause(services, fix)
    judged = foresee(services, fix.judged, {fix.account_id: proposal.revision})
    outcomes, otherwise, orders = Counter[str](), Counter[str](), []
    sums: dict[tuple[str, ...], Sum] = {}
    for (stored, _), one in zip(fix.judged, judged, strict=True):
        kind, said = _said(one, policies)
        (outcomes if kind == "answered" else otherwise)[said] += 1
        orders.append(_order(stored, one, policies, kind, said, caused.get(stored.id, set())))
        _add_up(sums, one, policies, caused.get(stored.id, set()))
    others = effects_on_others(services, fix, proposal.revision)
    return Foreseen(
        *(len(fix.message_ids), len(fix.judged), outcomes, otherwise, tuple(orders)),
        *(tuple(sums.values()), others),
    )


def effects_on_others(services: Services, fix: Fix, revision: MappingRevision) -> Effects:
    """What of the account's last answered orders would come out otherwise under this mapping."""
    found = services.store.messages.page(account_id=fix.account_id, status="done", limit=_OTHERS_FOUND_AMONG)
    answered = [one for one in found if not one.parts][:OTHERS_LOOKED_AT]
    return compare_messages(services, fix.revision, revision, answered)


def _lines_with_cause(services: Services, fix: Fix) -> Mapping[str, set[int]]:
    """Message → the indexes of its lines at which the cause was found."""
    paths = services.store.messages.places_of(fix.cause.fingerprint, [stored.id for stored, _ in fix.judged])
    return {
        one: {index for path in some if (index := line_index(Fault(fix.cause.code, "", path))) is not None}
        for one, some in paths.items()
    }


# --- one order ---------------------------------------------------------------------------------------------------
def _said(judged: Judged | None, policies: Policies) -> tuple[str, str]:
    """What would become of it, as a kind and in words."""
    if judged is None:
        return "other", "has no published mapping"
    if judged.status == "done":
        return "answered", _answer(judged, policies)
    if judged.status in ("held", "failed"):
        return "held", f"still held: {_why(judged, policies)}"
    if judged.status == "rejected":
        return "refused", f"refused: {_why(judged, policies)}"
    said = {"duplicate": "a repeat of an order that stands", "received": "waiting for the order before it"}
    return "other", said.get(judged.status, judged.status)


def _answer(judged: Judged, policies: Policies) -> str:
    outcomes = Side(judged, policies).outcomes().values()
    statuses = {one.status for parts in outcomes for one in parts}
    if statuses == {"rejected"}:
        return "with every line refused"
    if "backordered" in statuses:
        return "with back-order"
    if "rejected" in statuses:
        return "with lines refused"
    if judged.response is not None and judged.response.outcome == "changed":
        return "with a change"
    return "accepted"


def _why(judged: Judged, policies: Policies) -> str:
    """The faults that keep it from an answer, each once."""
    keeping = [one for one in judged.faults if keeps_from_an_answer(one.code, one.path.startswith("/lines/"), policies)]
    told = list(dict.fromkeys(fault_words(one) for one in keeping or judged.faults))
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return ", ".join(told[:3]) + more or "nobody knows why"


def fault_words(fault: Fault) -> str:
    """`unknown unit KRT`."""
    title = FAULTS[fault.code].title if fault.code in FAULTS else fault.code
    value = (fault.value or "")[:80]
    is_a_name = fault.code.startswith("unknown_") and " " not in value
    return f"{title[:1].lower()}{title[1:]}" + (f" {value}" if value and is_a_name else f" ({value})" if value else "")


def _verb(why: str, count: int) -> str:
    """`is still held: …`, `are refused: …`."""
    if why.startswith("has "):
        return why
    if why.startswith("refused"):
        return f"would be {why}"
    return f"{'is' if count == 1 else 'are'} {why}"


def _order(
    stored: StoredMessage, judged: Judged | None, policies: Policies, kind: str, said: str, caused: set[int]
) -> ForeseenOrder:
    mapped = judged.mapped if judged is not None else None
    if judged is None or mapped is None:
        return ForeseenOrder(stored.id, stored.order_number, kind, said, (), was=stored.status)
    outcomes = Side(judged, policies).outcomes() if kind == "answered" else {}
    faults = _by_line(judged.faults)
    ranked = sorted(mapped.lines, key=lambda line: line.index not in caused)
    lines = tuple(
        ForeseenLine(
            line.line_number,
            _item(line),
            arithmetic(line),
            _becomes(outcomes.get(line.line_number), faults.get(line.index, ()), kind),
            line.index in caused,
        )
        for line in ranked[:_LINES_SHOWN]
    )
    more = max(0, len(ranked) - _LINES_SHOWN)
    return ForeseenOrder(stored.id, mapped.order.order_number, kind, said, lines, more, stored.status)


def _by_line(faults: Iterable[Fault]) -> Mapping[int, list[Fault]]:
    found: dict[int, list[Fault]] = {}
    for one in faults:
        if (index := line_index(one)) is not None:
            found.setdefault(index, []).append(one)
    return found


def _becomes(outcomes: Sequence[LineOutcome] | None, faults: Sequence[Fault], kind: str) -> str:
    if outcomes is not None:
        return outcomes_told(outcomes)
    if faults:
        return "; ".join(dict.fromkeys(one.detail for one in faults))
    return "waits with its order" if kind == "held" else ""


def _item(line: MappedLine) -> str:
    words = line.meaning.words
    theirs = words.buyer_item or words.gtin or words.seller_item or "no number"
    return theirs if line.product is None else f"{theirs} = {line.product.product}"


def arithmetic(line: MappedLine) -> str:
    """`10 KRT → 10 × 12 EA = 120 EA`."""
    unit = line.line.unit or line.unit or ""
    if line.product is None or line.base_per_unit is None or line.base_quantity is None:
        return f"{amount_text(line.line.quantity)} {unit}".strip()
    return _arithmetic(line.line.quantity, unit, line.base_per_unit, line.base_quantity, line.product.base_unit)


def _arithmetic(quantity: Decimal, unit: str, size: Fraction, base: Decimal, base_unit: str) -> str:
    ordered, amount = f"{amount_text(quantity)} {unit}".strip(), f"{amount_text(base)} {base_unit}"
    if size == 1:
        return amount if unit == base_unit else f"{ordered} → {amount}"
    return f"{ordered} → {amount_text(quantity)} × {count_text(size)} {base_unit} = {amount}"


# --- all of them together ----------------------------------------------------------------------------------------
def _add_up(sums: dict[tuple[str, ...], Sum], judged: Judged | None, policies: Policies, caused: set[int]) -> None:
    if judged is None or judged.mapped is None:
        return
    outcomes = Side(judged, policies).outcomes() if judged.status == "done" else {}
    for line in judged.mapped.lines:
        if line.index not in caused or line.product is None or line.base_per_unit is None or line.base_quantity is None:
            continue
        unit, words = line.line.unit or line.unit or "", line.meaning.words
        item = words.buyer_item or words.gtin or words.seller_item or "The item"
        key = item, line.product.product, unit, str(line.base_per_unit)
        made = Sum(item, line.product.product, unit, line.base_per_unit, line.product.base_unit)
        found = sums.setdefault(key, made)
        found.quantity = EXACT.add(found.quantity, line.line.quantity)
        found.base = EXACT.add(found.base, line.base_quantity)
        for one in outcomes.get(line.line_number, ()):
            base = from_fraction(Fraction(one.quantity) * line.base_per_unit)
            if base is not None and one.status in _CONFIRMED:
                found.confirmed = EXACT.add(found.confirmed, base)
            elif base is not None and one.status == "backordered":
                found.waiting = EXACT.add(found.waiting, base)
