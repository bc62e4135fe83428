"""Documents as UBL carries them: every canonical document, less what the format's README says it has no place for.

`carried_*` is that README in code. What it takes away is lost in a conversion; what it leaves must come back equal.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from schemas.documents.common import Address, Attachment, Contact, Extension, Identifier, Party, Period, Price
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.formats.ubl_2_1.parties import SCHEMES
from schemas.units import rec_20
from schemas.values import EXACT
from tests import strategies
from tests.strategies import CHARACTERS, DATES, QUANTITIES, maybe

PEPPOL_ORDER = "urn:fdc:peppol.eu:poacc:trns:order:3"
PEPPOL_ORDERING = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
PEPPOL_ORDER_ONLY = "urn:fdc:peppol.eu:poacc:bis:order_only:3"


def _trimmed(limit: int) -> st.SearchStrategy[str]:
    return st.text(CHARACTERS, min_size=1, max_size=limit).map(str.strip).filter(bool)


CODES = st.one_of(
    st.sampled_from(["PO-1001", "4012345000009", "0088", "EA", "XCT", "CS", "<&>\"'"]),
    _trimmed(30).filter(lambda code: code.upper() not in SCHEMES),
)
"""Names of schemes come back as their numbers; Hypothesis takes them from the source."""
TEXTS = st.one_of(CODES, st.sampled_from(["a\tb\nc", "]]>", "<![CDATA[x]]>", "&amp;", "Größe 𝔘"]), _trimmed(60))


def orders() -> st.SearchStrategy[Order]:
    """Orders as `ubl-2.1` carries them."""
    return strategies.orders(CODES, TEXTS).map(carried_order)


def order_changes() -> st.SearchStrategy[Order]:
    """Changes as `ubl-2.1` carries them."""
    return strategies.orders(CODES, TEXTS).map(carried_change)


def order_cancellations() -> st.SearchStrategy[Order]:
    """Cancellations as `ubl-2.1` carries them."""
    return strategies.orders(CODES, TEXTS).map(carried_cancellation)


def peppol_orders() -> st.SearchStrategy[Order]:
    """Orders as `peppol-bis-3` carries them: customization and profile are Peppol's own."""
    return st.builds(_as_peppol, orders(), st.booleans())


def _as_peppol(order: Order, response_requested: bool) -> Order:
    profile = PEPPOL_ORDERING if response_requested else PEPPOL_ORDER_ONLY
    return order.model_copy(
        update={"customization": PEPPOL_ORDER, "profile": profile, "response_requested": response_requested}
    )


def order_responses() -> st.SearchStrategy[OrderResponse]:
    """Order responses as `ubl-2.1` carries them."""
    return strategies.order_responses(CODES, TEXTS).map(carried_response)


def carried_order(order: Order) -> Order:
    """The order less what UBL's Order has no place for."""
    issue_date, issued_at = issued_as_carried(order.issue_date, order.issued_at)
    kept = ()
    if order.order_type == "other":
        kept = (Extension(name="cbc:OrderTypeCode", value="ZZZ"),)
    return order.model_copy(
        update={
            "function": "original",
            "version": 1,
            "change_number": None,
            "other_lines": None,
            "test": False,
            "rush": order.rush and order.order_type == "stand_alone",
            "cancel_after": None,
            "partial_allowed": None,
            "response_requested": "order_only" not in (order.profile or ""),
            "issue_date": issue_date,
            "issued_at": issued_at,
            "extensions": kept,
            "buyer": party_as_carried(order.buyer),
            "seller": party_as_carried(order.seller),
            "bill_to": party_as_carried(order.bill_to),
            "final_recipient": party_as_carried(order.final_recipient),
            "ship_to": party_as_carried(order.ship_to),
            "requested_delivery": _period(order.requested_delivery),
            "attachments": tuple(_attachment(n, one) for n, one in enumerate(order.attachments, 1)),
            "lines": tuple(_line(line) for line in order.lines),
        }
    )


def carried_change(order: Order) -> Order:
    """The change less what UBL's OrderChange has no place for: it has no type and no files."""
    actions = [line.action for line in order.lines]
    carried = carried_order(order.model_copy(update={"order_type": "stand_alone", "rush": False, "attachments": ()}))
    return carried.model_copy(
        update={
            "function": "change",
            "version": order.version,
            "change_number": order.change_number,
            "other_lines": None if any(actions) else "unsaid",
            "lines": tuple(
                line.model_copy(update={"action": action}) for line, action in zip(carried.lines, actions, strict=True)
            ),
        }
    )


def carried_cancellation(order: Order) -> Order:
    """The cancellation with what UBL's OrderCancellation has a place for, and nothing else."""
    carried = carried_order(order)
    kept = ("issue_date", "issued_at", "contract", "note", "buyer", "seller", "final_recipient")
    of_order = {name: getattr(carried, name) for name in (*kept, "customization", "profile", "response_requested")}
    return Order(
        function="cancel", version=0, order_number=order.order_number, change_number=order.change_number, **of_order
    )


def carried_response(response: OrderResponse) -> OrderResponse:
    """The response less what UBL 2.1's OrderResponse has no place for: the order's version, the change's number, and
    whether it is a test."""
    _, issued_at = issued_as_carried(response.issue_date, response.issued_at)
    lines = (_response_line(line) for line in response.lines if line.outcomes)
    return replace(
        response,
        order_version=1,
        change_number=None,
        test=False,
        issued_at=issued_at,
        buyer=party_as_carried(response.buyer),
        seller=party_as_carried(response.seller),
        lines=tuple(lines),
    )


@st.composite
def peppol_responses(draw: st.DrawFn) -> OrderResponse:
    """Order responses as T76 carries them: lines only where something changed, a line's parts as far as it has names
    for them, parties by endpoint, ids and registered name, no dates of the order."""
    outcome = draw(st.sampled_from(["accepted", "changed", "rejected", "received"]))
    numbers = draw(st.lists(CODES, min_size=1, max_size=3, unique=True)) if outcome == "changed" else []
    response = draw(order_responses())
    return replace(
        response,
        outcome=outcome,
        order_issue_date=None,
        seller=_peppol_party(response.seller, contact=True),
        buyer=_peppol_party(response.buyer, contact=False),
        lines=tuple(draw(_peppol_lines(number)) for number in numbers),
    )


def advanced_responses() -> st.SearchStrategy[OrderResponse]:
    """Order responses as T116 carries them: T76's, without the seller's contact, of a change or not."""
    return st.builds(_as_advanced, peppol_responses(), maybe(CODES))


def _as_advanced(response: OrderResponse, change_number: str | None) -> OrderResponse:
    seller = response.seller.model_copy(update={"contact": None}) if response.seller is not None else None
    return replace(response, seller=seller, change_number=change_number)


@st.composite
def _peppol_lines(draw: st.DrawFn, number: str) -> ResponseLine:
    unit = draw(maybe(CODES))
    whole: dict[str, Any] = {"unit": unit, "unit_code": rec_20(unit), "reason": draw(maybe(TEXTS))}
    whole["promised_delivery"] = draw(maybe(DATES))
    whole["price"] = _without_gross(draw(maybe(strategies.prices(CODES))))
    rest = LineOutcome(status="backordered", quantity=draw(QUANTITIES), unit=unit, unit_code=rec_20(unit))
    first = {
        status: LineOutcome(status=status, quantity=draw(QUANTITIES), **whole) for status in ("accepted", "changed")
    }
    outcomes = draw(
        st.sampled_from(
            [
                (first["accepted"],),
                (first["changed"],),
                (first["changed"], rest),
                (LineOutcome(status="backordered", quantity=rest.quantity, **whole),),
                (LineOutcome(status="rejected", quantity=Decimal(0), reason=whole["reason"]),),
            ]
        )
    )
    return ResponseLine(
        line_number=number,
        description=draw(TEXTS),
        buyer_item=draw(maybe(CODES)),
        seller_item=draw(maybe(CODES)),
        gtin=draw(maybe(CODES)),
        outcomes=outcomes,
    )


def _without_gross(price: Price | None) -> Price | None:
    carried = _price(price)
    return carried.model_copy(update={"gross": None}) if carried is not None else None


def _peppol_party(party: Party | None, contact: bool) -> Party | None:
    if party is None:
        return None
    name = party.legal_name or party.name or "ACME SE"
    return Party(
        id=party.id,
        scheme=party.scheme,
        identifiers=party.identifiers,
        endpoint=party.endpoint or Identifier(id="4012345000009", scheme="0088"),
        legal_name=name,
        contact=party.contact if contact else None,
    )


def issued_as_carried(day: Any, moment: Any) -> tuple[Any, Any]:
    """A moment goes as date and time, so only one with an offset and of the issue date comes back."""
    if moment is None or moment.tzinfo is None:
        return day or (moment.date() if moment is not None else None), None
    day = day or moment.date()
    return day, moment if moment.date() == day else None


def party_as_carried(party: Party | None) -> Party | None:
    """A scheme needs its id, and the first id is the party's."""
    if party is None:
        return None
    own = (Identifier(id=party.id, scheme=party.scheme),) if party.id is not None else ()
    first, *others = [*own, *party.identifiers] or [Identifier(id="none")]
    found = party.model_copy(
        update={
            "id": first.id if own or party.identifiers else None,
            "scheme": first.scheme if own or party.identifiers else None,
            "identifiers": tuple(others),
            "address": unless_empty(party.address, Address()),
            "contact": unless_empty(party.contact, Contact()),
        }
    )
    return unless_empty(found, Party())


def unless_empty(found: Any, empty: Any) -> Any:
    """The part, or None where it says nothing."""
    return None if found == empty else found


def _period(period: Period | None) -> Period | None:
    return unless_empty(period, Period())


def _attachment(index: int, attachment: Attachment) -> Attachment:
    """Without its bytes a file has no size and no hash; one with a name has a media type."""
    media_type = attachment.media_type or ("application/octet-stream" if attachment.filename else None)
    return attachment.model_copy(
        update={"id": attachment.id or str(index), "size": None, "sha256": None, "media_type": media_type}
    )


def _price(price: Price | None) -> Price | None:
    """The discount, gross less net, is written too, so it must be an amount of at most 20 digits."""
    if price is None:
        return None
    fits = price.gross is not None and EXACT.subtract(price.gross, price.amount).copy_abs() < 10**20
    return price.model_copy(update={"unit_code": rec_20(price.unit), "gross": price.gross if fits else None})


def _line(line: OrderLine) -> OrderLine:
    """Units are known by their Rec 20 codes; a schedule of the whole line in one part is the line's own window."""
    schedule = tuple(
        part.model_copy(update={"requested_delivery": _period(part.requested_delivery)}) for part in line.schedule
    )
    window = _period(line.requested_delivery)
    if len(schedule) == 1 and schedule[0].quantity == line.quantity:
        only = schedule[0].requested_delivery
        if only is None or window is None:
            schedule, window = (), window or only
    return line.model_copy(
        update={
            "action": None,
            "unit_code": rec_20(line.unit),
            **_pack(line),
            "price": _price(line.price),
            "ship_to": party_as_carried(line.ship_to),
            "requested_delivery": window,
            "schedule": schedule,
            "extensions": (),
        }
    )


def _pack(line: OrderLine) -> dict[str, Any]:
    """What a pack's size counts, where there is a size; one of the line's own unit in one of it is none."""
    if line.pack_size == 1 and line.pack_unit is not None and line.pack_unit == line.unit:
        return {"pack_size": None, "pack_unit": None, "pack_unit_code": None}
    unit = None if line.pack_size is None else line.pack_unit
    return {"pack_unit": unit, "pack_unit_code": rec_20(unit)}


def _response_line(line: ResponseLine) -> ResponseLine:
    return replace(line, outcomes=tuple(_outcome(outcome) for outcome in line.outcomes))


def _outcome(outcome: LineOutcome) -> LineOutcome:
    return replace(outcome, unit_code=rec_20(outcome.unit), price=_price(outcome.price))
