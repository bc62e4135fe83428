"""Changes made ready to be decided: each with its order as it stands, and that order as the change would have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from gateway.lanes import lane_of
from gateway.local_time import local_date
from gateway.store.changes import OrderChange
from gateway.store.ids import now_us
from gateway.trade.amendment import (
    Amended,
    Receipt,
    Standing,
    When,
    amend,
    as_agreed,
    is_line_by_line,
    number_after,
    said_version,
    when,
)
from gateway.trade.changing import ChangeDecision, decide_cancellation, decide_change, refuse_or_hold
from gateway.trade.checks import check
from gateway.trade.consequences import line_index
from gateway.trade.notices import confirmed_by, first_overdue
from gateway.trade.precedence import Precedence, precedence_of
from gateway.trade.refused_lines import StillFits, faults_to_judge
from gateway.trade.stock import Stock
from gateway.work import Work
from mappings.engine import to_ours
from mappings.mapped import MappedOrder
from mappings.revision import Supplier
from schemas.documents.order import Order, canonical_json
from schemas.faults import Fault

LONGEST_WAIT_HOURS = 24
"""So long a change waits for the order, or the change, that comes before it."""
_LONGEST_WAIT_US = LONGEST_WAIT_HOURS * 3_600_000_000
_LONGEST_WAIT_FOR_THE_UNREAD_US = 60_000_000
_OF_THE_ADDRESS = frozenset(("wrong_buyer", "wrong_recipient"))


@dataclass(slots=True)
class PreparedChange:
    """A change of an order that stands. `mapped` is the order as it would be; None where nothing of it is to be judged:
    a cancellation, or a change that doesn't come next or can't be made. `faults` have their paths in that order."""

    standing: Standing
    when: When
    amended: Amended
    mapped: MappedOrder | None = None
    faults: tuple[Fault, ...] = ()
    says_all: bool = True
    """Whether it says the whole order, so that nothing which came before counts any more."""

    @property
    def products(self) -> set[str]:
        """Whose stock it may move."""
        held = {one.product for line in self.standing.held.values() for one in line}
        held |= {line.product for line in self.standing.lines.values() if line.product is not None}
        lines = self.mapped.lines if self.mapped else ()
        return held | {line.product.product for line in lines if line.product is not None}


def prepare(work: Work, standing: Standing, supplier: Supplier) -> PreparedChange:
    """The change of this message, as far as it can be worked out without the stock."""
    change = as_agreed(work.order, work.account.policies.unnamed_lines)
    receipt, judged_again = received(work), work.message.run > 1
    is_over = standing.status == "cancelled"
    moment = "next" if is_over else when(standing, change, receipt, judged_again=judged_again)
    if moment != "next":
        return PreparedChange(standing, moment, Amended(None))
    amended = amend(standing, change, work.account.terms.currency)
    prepared = PreparedChange(standing, moment, amended, says_all=not is_line_by_line(change))
    if amended.order is None or amended.faults or amended.is_cancellation or work.revision is None:
        return prepared
    prepared.mapped, prepared.faults = _in_our_terms(work, standing, supplier, amended.order)
    return prepared


def received(work: Work) -> Receipt:
    """When the message came."""
    return Receipt(work.message.received_at, work.message.id)


def _in_our_terms(
    work: Work, standing: Standing, supplier: Supplier, order: Order
) -> tuple[MappedOrder, tuple[Fault, ...]]:
    """An order that could come of the change, and the faults to judge it by."""
    if work.revision is None:
        raise AssertionError("decode comes first")
    received_on = local_date(work.message.received_at, work.revision)
    mapped = to_ours(order, work.revision, work.catalogue, supplier, received_on)
    found = (*mapped.all_faults(), *check(mapped, received_on))
    return mapped, tuple(faults_to_judge(standing, mapped, found, work.account))


def counts_on_what_came_before(work: Work, prepared: PreparedChange) -> bool:
    """Whether it matters to this change that those which were received before it are read before it, and no number
    tells whether one is missing: it says some lines only, or comes too late for a later one, which may turn out to be
    the resend of one before it."""
    if said_version(work.order):
        return False
    return prepared.when in ("stale", "overtaken") or (prepared.when == "next" and not prepared.says_all)


def paths_in_the_change(faults: Sequence[Fault], amended: Order, change: Order) -> tuple[Fault, ...]:
    """The faults with their paths in the change as it was sent. A line that it doesn't name has none there."""
    places = {line.line_number: index for index, line in enumerate(change.lines)}
    return tuple(_in_the_change(fault, amended, places) for fault in faults)


def _in_the_change(fault: Fault, amended: Order, places: Mapping[str, int]) -> Fault:
    index = line_index(fault)
    if index is None:
        return fault
    place = places.get(amended.lines[index].line_number)
    if place is None:
        return replace(fault, path="/lines")
    return replace(fault, path=f"/lines/{place}{fault.path.removeprefix(f'/lines/{index}')}")


def decide_prepared(
    work: Work,
    prepared: PreparedChange,
    faults: Sequence[Fault],
    stock: Stock,
    supplier: Supplier,
    still_fits: StillFits,
    *,
    response_number: str,
    received_on: date,
    issued_at: datetime,
) -> ChangeDecision:
    """What becomes of a change that comes next in its order's thread. `faults` are its own, with their places; those
    that `still_fits` finds are added behind them."""
    heading: dict[str, Any] = {"response_number": response_number, "issued_at": issued_at, "test": work.is_test}
    if prepared.mapped is None and faults:
        standing, version = prepared.standing, said_version(work.order) or prepared.standing.order_version + 1
        return refuse_or_hold(standing.order, work.order, faults, work.account, supplier, version=version, **heading)
    if prepared.mapped is None:
        version = max(said_version(work.order), prepared.standing.order_version + 1)
        decided = decide_cancellation(
            prepared.standing, prepared.amended, work.order, work.account, supplier, stock, version=version, **heading
        )
        return _with_reasons(decided, work.order, prepared.amended.refused)
    decided = decide_change(
        prepared.standing,
        prepared.amended,
        prepared.mapped,
        faults,
        stock,
        work.account,
        supplier,
        lambda order: _in_our_terms(work, prepared.standing, supplier, order),
        still_fits,
        received_on=received_on,
        **heading,
    )
    if decided.case is None or decided.decision.faults:  # a line that is refused for its own faults has these
        return _with_reasons(decided, work.order, prepared.amended.refused) if decided.case else decided
    return _with_reasons(decided, work.order, decided.case.amended.refused)


def _with_reasons(decided: ChangeDecision, change: Order, refused: Mapping[str, str]) -> ChangeDecision:
    """What is refused whole says at its message, too, why nothing is made of it: by the refused lines, at their places
    in it, or because none is left."""
    if decided.decision.verdict != "rejected":
        return decided
    places = {line.line_number: f"/lines/{index}" for index, line in enumerate(change.lines)}
    elsewhere = "/lines" if change.lines else "/order_number"
    why = [
        Fault("change_refused", f"Line {number}: {reason}", places.get(number, elsewhere), value=number)
        for number, reason in refused.items()
    ]
    if not why and not decided.decision.faults:
        number = change.order_number
        detail = f"Nothing of order {number} is left to be cancelled."
        why = [Fault("change_refused", detail, "/order_number", value=number)]
    return replace(decided, decision=replace(decided.decision, faults=(*decided.decision.faults, *why)))


def own_faults(work: Work, prepared: PreparedChange) -> tuple[Fault, ...]:
    """What is wrong with the change itself, with paths in it."""
    order = work.order
    if prepared.when == "early":
        return (_earlier_is_missing(order, prepared.standing.order.version),)
    if prepared.when == "again":
        return (_version_reused(order),)
    if prepared.when == "overtaken":
        return (_overtaken(order, prepared.standing),)
    return (*prepared.amended.faults, *(wrong_address(work) if order.function == "cancel" else ()))


def waits_for_its_time(work: Work) -> bool:
    """Whether a change that comes early still waits: until its time is over, and longer where it is looked at for the
    first time then, because what it waits for may have lain here as long."""
    return work.message.event_count == 1 or now_us() - work.message.received_at < _LONGEST_WAIT_US


def waits_for_the_unread(work: Work) -> bool:
    """Whether the change waits for what was received before it and isn't read yet; not for long, for that may be of
    another order, and what comes behind this one all the same is held."""
    is_first_look = work.message.event_count == 1
    return is_first_look or now_us() - work.message.received_at < _LONGEST_WAIT_FOR_THE_UNREAD_US


def wrong_address(work: Work) -> tuple[Fault, ...]:
    """That the change is another buyer's, or another supplier's: then it waits for no order."""
    return tuple(fault for fault in work.faults if fault.code in _OF_THE_ADDRESS)


def waits_until(received_at: int) -> int:
    """When a change that came then waits no longer; microseconds, as all times."""
    return received_at + _LONGEST_WAIT_US


def stale_change(order: Order, standing: Standing) -> Fault:
    """Told with a change that came too late to matter."""
    if said_version(order) < standing.order.version and said_version(order):
        detail = (
            f"Version {order.version} of order {order.order_number} came when version {standing.order.version} had "
            "been applied; it changes nothing."
        )
        expected = f"{standing.order.version + 1} or more"
        return Fault("stale_change", detail, "/version", value=str(order.version), expected=expected)
    detail = (
        f"What {_latest(standing)} says of order {order.order_number} was received after this and has been applied; "
        "this changes nothing."
    )
    return Fault("stale_change", detail, "/order_number", value=order.order_number, expected=_sent_anew(standing))


def _overtaken(order: Order, standing: Standing) -> Fault:
    detail = (
        f"What {_latest(standing)} says of order {order.order_number} was received after this and has been applied, "
        "and doesn't say what becomes of this. The order stands as it is."
    )
    return Fault("change_overtaken", detail, "/order_number", value=order.order_number, expected=_sent_anew(standing))


def _sent_anew(standing: Standing) -> str:
    """By its number it is another change than the one that came too late; its bytes alone would be taken for a resend
    of that."""
    return f"what is meant now, sent anew as version {standing.order.version + 1}"


def _latest(standing: Standing) -> str:
    """The message, of those that made the order what it is, that was received last."""
    return f"message {max(one.receipt for one in standing.made).message_id}"


def unknown_order(order: Order, *, has_number: bool) -> Fault:
    """Told with a change whose order never came; `has_number` is on the books, but with another key."""
    detail = f"There is no order {order.order_number}, and none came within {LONGEST_WAIT_HOURS} hours."
    if has_number:
        detail = (
            f"The order {order.order_number} that is on the books is another party's than this names, and stands "
            f"unchanged; one that this can be of did not come within {LONGEST_WAIT_HOURS} hours."
        )
    return Fault("unknown_order", detail, "/order_number", value=order.order_number, expected="the number of an order")


def _earlier_is_missing(order: Order, version: int) -> Fault:
    detail = (
        f"Order {order.order_number} stands at version {version}; what comes between that and this change, which is "
        f"made line by line, did not come within {LONGEST_WAIT_HOURS} hours."
    )
    return Fault("change_missing", detail, "/version", value=str(order.version), expected=str(version + 1))


def _version_reused(order: Order) -> Fault:
    detail = f"Version {order.version} of order {order.order_number} was received before with other content."
    return Fault(
        "version_reused", detail, "/version", value=str(order.version), expected=f"{order.version + 1} or more"
    )


def changed_row(
    work: Work, prepared: PreparedChange, decided: ChangeDecision, status: str, outcome: str, message_id: str
) -> tuple[OrderChange, str]:
    """The order's row and its canonical text, as the change makes them."""
    standing = prepared.standing
    number = number_after(standing, work.order)
    amended = decided.case.amended if decided.case else prepared.amended
    order = (amended.order or standing.order).model_copy(update={"version": number})
    requested, site = order.requested_delivery, prepared.mapped.site if prepared.mapped else None
    row = OrderChange(
        standing.order_id,
        standing.version,
        standing.updated_at,
        standing.version + 1,
        status,
        outcome,
        message_id,
        work.revision.number if work.revision else 0,
        work.catalogue.number,
        work.content,
        order.currency,
        requested.start.isoformat() if requested and requested.start else None,
        requested.end.isoformat() if requested and requested.end else None,
        site.account_site if site else None,
        prepared.says_all,
        _precedence(work, decided),
        _notice_due(work, standing, decided) if status == "open" else None,
    )
    return row, canonical_json(order).decode()


def _notice_due(work: Work, standing: Standing, decided: ChangeDecision) -> int | None:
    """From when on the despatch advice of the first of the changed order that hasn't left is overdue."""
    if decided.case is None or work.is_test:
        return None
    decision = decided.decision
    shipped = {number: Fraction(sums.shipped) for number, sums in standing.lines.items()}
    return first_overdue(work.account, decided.case.mapped, decision.response, confirmed_by(decision.ledger), shipped)


def _precedence(work: Work, decided: ChangeDecision) -> Precedence | None:
    """Where the changed order stands among those to be shipped; as before where nothing of it is asked for anew."""
    if decided.case is None or work.revision is None:
        return None
    received_on = local_date(work.message.received_at, work.revision)
    return precedence_of(decided.case.mapped, received_on, lane_of(work.account.tier))
