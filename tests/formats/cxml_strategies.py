"""Documents as cXML carries them: every canonical document, less what the format's README says it has no place for.

`carried_*` is that README in code. What it takes away is lost in a conversion; what it leaves must come back equal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from hypothesis import strategies as st

from schemas.documents.common import Address, Attachment, Charge, Contact, Extension, Identifier, Party, Period, Price
from schemas.documents.order import Order, OrderLine
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.units import rec_20
from tests import strategies
from tests.formats.ubl_strategies import CODES, TEXTS

NAMED = {"GLN": "0088", "DUNS": "0060"}


def orders() -> st.SearchStrategy[Order]:
    """Orders as `cxml-1.2` carries them."""
    return strategies.orders(CODES, TEXTS).map(carried_order)


def carried_order(order: Order) -> Order:
    """The order less what cXML's OrderRequest has no place for."""
    issue_date, issued_at = _issued(order.issue_date, order.issued_at)
    extensions = order.extensions
    if order.order_type == "other":
        extensions = (Extension(name="@orderType", value="stockTransport"), *extensions)
    buyer = credentials_as_carried(order.buyer, order.buyer.contact if order.buyer is not None else None)
    return order.model_copy(
        update={
            "change_number": None,
            "other_lines": None,
            "order_type": "stand_alone" if order.order_type == "consignment" else order.order_type,
            "rush": False,
            "cancel_after": None,
            "issue_date": issue_date,
            "issued_at": issued_at,
            "buyer": buyer,
            "seller": credentials_as_carried(order.seller, None),
            "bill_to": place_as_carried(order.bill_to),
            "ship_to": place_as_carried(order.ship_to),
            "final_recipient": None,
            "requested_delivery": _window(order.requested_delivery),
            "partial_allowed": False if order.partial_allowed is False else None,
            "customization": None,
            "profile": None,
            "charges": tuple(charge.model_copy(update={"factor": None}) for charge in order.charges),
            "attachments": tuple(_attachment(one) for one in order.attachments if one.uri or one.filename),
            "extensions": extensions,
            "lines": tuple(_line(line) for line in order.lines),
        }
    )


def _issued(day: Any, moment: Any) -> tuple[Any, Any]:
    """One attribute has both, so only a moment with an offset and of the issue date comes back."""
    if moment is None or moment.tzinfo is None:
        return day or (moment.date() if moment is not None else None), None
    day = day or moment.date()
    return day, moment if moment.date() == day else None


def _scheme(scheme: str | None) -> str | None:
    return NAMED.get(scheme.upper(), scheme) if scheme is not None else None


def _identifier(one: Identifier) -> Identifier:
    return Identifier(id=one.id, scheme=_scheme(one.scheme))


def _unless_empty(found: Any, empty: Any) -> Any:
    return None if found == empty else found


def credentials_as_carried(party: Party | None, contact: Contact | None) -> Party | None:
    """From and To: the identifiers, and for the buyer a contact."""
    if party is None:
        return None
    own = (Identifier(id=party.id, scheme=party.scheme),) if party.id is not None else ()
    known = [_identifier(one) for one in (*own, *party.identifiers)]
    found = Party(
        id=known[0].id if known else None,
        scheme=known[0].scheme if known else None,
        identifiers=tuple(known[1:]),
        contact=_unless_empty(contact, Contact()),
    )
    return _unless_empty(found, Party())


def place_as_carried(party: Party | None) -> Party | None:
    """A ShipTo or BillTo."""
    if party is None:
        return None
    contact = party.contact or Contact()
    found = Party(
        id=party.id,
        scheme=_scheme(party.scheme) if party.id is not None else None,
        name=party.name,
        identifiers=tuple(_identifier(one) for one in party.identifiers),
        address=_address(party.address),
        contact=_unless_empty(Contact(telephone=contact.telephone, email=contact.email), Contact()),
    )
    return _unless_empty(found, Party())


def _address(address: Address | None) -> Address | None:
    if address is None:
        return None
    street = " ".join(part for part in (address.street, address.building_number) if part) or None
    return _unless_empty(address.model_copy(update={"street": street, "building_number": None}), Address())


def _window(period: Period | None) -> Period | None:
    """Midnight says no time, and a window has two days."""
    if period is None or (period.start is None and period.end is None):
        return None
    return Period(
        start=period.start or period.end,
        end=period.end or period.start,
        start_time=_clock(period.start_time),
        end_time=_clock(period.end_time),
    )


def _clock(clock: time | None) -> time | None:
    return None if clock is None or clock.replace(tzinfo=None) == time(0) else clock


def _day(period: Period | None) -> Period | None:
    """A line has one day."""
    day = None if period is None else period.end or period.start
    return None if day is None else Period(start=day, end=day)


def _attachment(attachment: Attachment) -> Attachment:
    return Attachment(uri=attachment.uri, filename=attachment.filename)


def _price(price: Price | None) -> Price | None:
    return price.model_copy(update={"unit_code": rec_20(price.unit), "gross": None}) if price is not None else None


def _charges(charges: tuple[Charge, ...]) -> tuple[Charge, ...]:
    """A line's freight."""
    freight = next((one for one in charges if one.is_charge and one.reason_code == "FC"), None)
    return (freight.model_copy(update={"base_amount": None, "factor": None}),) if freight is not None else ()


def _line(line: OrderLine) -> OrderLine:
    """A schedule of the whole line in one part is the line's own day."""
    schedule = tuple(
        part.model_copy(update={"requested_delivery": _day(part.requested_delivery)}) for part in line.schedule
    )
    day = _day(line.requested_delivery)
    if len(schedule) == 1 and schedule[0].quantity == line.quantity:
        only = schedule[0].requested_delivery
        if only is None or day in (None, only):
            schedule, day = (), day or only
    return line.model_copy(
        update={
            "action": None,
            "buyer_line_reference": None,
            "unit_code": rec_20(line.unit),
            **_pack(line),
            "price": _price(line.price),
            "ship_to": place_as_carried(line.ship_to),
            "requested_delivery": day,
            "schedule": schedule,
            "partial_allowed": None,
            "backorder_allowed": None,
            "charges": _charges(line.charges),
        }
    )


def _pack(line: OrderLine) -> dict[str, Any]:
    """What is in one unit, where the price is for a unit of its own and that is what is counted."""
    unit = None if line.price is None or line.price.unit == line.unit else line.price.unit
    if line.pack_size is None or unit is None or line.pack_unit != unit:
        return {"pack_size": None, "pack_unit": None, "pack_unit_code": None}
    return {"pack_unit_code": rec_20(unit)}


# --- responses ---------------------------------------------------------------------------------------------------
def order_responses() -> st.SearchStrategy[OrderResponse]:
    """Order responses of every kind, half of them with lines that are accepted only or backordered only."""
    mixed = strategies.order_responses(CODES, TEXTS)
    return st.one_of(mixed, mixed.map(_all("accepted")), mixed.map(_all("backordered")))


def _all(status: Any) -> Any:
    def response_of(response: OrderResponse) -> OrderResponse:
        lines = (
            replace(line, outcomes=tuple(replace(one, status=status) for one in line.outcomes))
            for line in response.lines
        )
        return replace(response, lines=tuple(lines))

    return response_of


def carried_response(response: OrderResponse, *, complete: bool = True) -> OrderResponse:
    """The response less what cXML's ConfirmationRequest has no place for."""
    lines, outcome = _listed(response, complete)
    carried = tuple(_response_line(line) for line in lines)
    prices = [one.price for line in carried for one in line.outcomes if one.price is not None]
    issued_at = response.issued_at
    if issued_at is None or issued_at.tzinfo is None:
        issued_at = datetime.combine(response.issue_date, time(12), UTC)
    return replace(
        response,
        order_version=1,
        change_number=None,
        issue_date=issued_at.date(),
        issued_at=issued_at,
        outcome=outcome,
        currency=response.currency if prices else None,
        note=_note(response) if outcome == "rejected" else response.note,
        buyer=credentials_as_carried(response.buyer, None),
        seller=credentials_as_carried(response.seller, None),
        lines=carried,
    )


def _listed(response: OrderResponse, complete: bool) -> tuple[list[ResponseLine], Any]:
    """The lines that are named, and what the whole then says."""
    if response.outcome in ("rejected", "received"):
        return [], response.outcome
    lines = [line for line in response.lines if line.outcomes]
    plain = [line for line in lines if [one.status for one in line.outcomes] == ["accepted"]]
    if not complete:
        return lines, "changed" if lines else "received"
    statuses = {one.status for line in lines for one in line.outcomes}
    if statuses and statuses <= {"cancelled", "rejected"}:
        return lines, "changed"
    if response.outcome == "accepted" or (lines and len(plain) == len(lines)):
        return plain, "accepted"
    return [line for line in lines if line not in plain], "changed"


def _note(response: OrderResponse) -> str | None:
    said = [response.note] if response.note is not None else []
    for line in response.lines:
        said += [
            f"Line {line.line_number}: {one.reason}"
            for one in line.outcomes
            if one.reason is not None and one.reason not in (response.note or "")
        ]
    return "\n".join(said) or None


def _response_line(line: ResponseLine) -> ResponseLine:
    return ResponseLine(line_number=line.line_number, outcomes=tuple(_carried_outcome(one) for one in line.outcomes))


def _carried_outcome(outcome: LineOutcome) -> LineOutcome:
    """A cancelled part is a rejected one, and only a changed one has a price."""
    return replace(
        outcome,
        status="rejected" if outcome.status == "cancelled" else outcome.status,
        unit_code=rec_20(outcome.unit),
        price=_price(outcome.price) if outcome.status == "changed" else None,
    )
