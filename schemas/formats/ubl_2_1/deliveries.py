"""When and where: periods, the place of delivery, and a line's schedule, read and written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from schemas.documents.common import Party, Period
from schemas.documents.order import OrderLine
from schemas.documents.validation import Unreadable
from schemas.formats.ubl_2_1.names import cac, cbc, qualified
from schemas.formats.ubl_2_1.parties import ADDRESS, PARTY, address_text, own_identifier, party_text
from schemas.formats.ubl_2_1.reading import Found, Reading, Table
from schemas.formats.ubl_2_1.steps import clock, day, part, quantity
from schemas.formats.ubl_2_1.text import clocked, element, group, identified, measured
from schemas.formats.xml import Element
from schemas.formats.xml_order.same_place import is_same_place

_SITE_ADDRESS: Table = {**ADDRESS, cbc("ID"): own_identifier}
"""An address of a place: its ID is the place's where the place has none (CEN BII put the GLN there)."""

PERIOD: Table = {
    cbc("StartDate"): day("start"),
    cbc("StartTime"): clock("start_time"),
    cbc("EndDate"): day("end"),
    cbc("EndTime"): clock("end_time"),
}
_LOCATION: Table = {
    cbc("ID"): own_identifier,
    cbc("Name"): "name",
    cac("Address"): part("address", "cac:Address", _SITE_ADDRESS),
}
_QUANTITY = cbc("Quantity")
_PERIOD = cac("RequestedDeliveryPeriod")
_ADDRESS = cac("DeliveryAddress")
_PLACE = cac("DeliveryLocation")
_PARTY = cac("DeliveryParty")
DELIVERY: Table = {
    _QUANTITY: quantity("quantity", "unit"),
    _PERIOD: part("requested_delivery", "cac:RequestedDeliveryPeriod", PERIOD),
    _ADDRESS: part("address", "cac:DeliveryAddress", _SITE_ADDRESS),
    _PLACE: part("location", "cac:DeliveryLocation", _LOCATION),
    _PARTY: part("party", "cac:DeliveryParty", PARTY),
}
_AT_PLACE, _AT_ADDRESS = "cac:DeliveryLocation/", "cac:DeliveryAddress/"
_WHILE_READING = ("told_place", "parts_of_none", "is_place_of_line")
_PARTY_FIELDS = {"name": cac("PartyName"), "address": cac("PostalAddress")}


def header_delivery(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The order's Delivery: where to and when. What a further one says beside that is read, what it says again is
    nothing; another place or another window is for a person. A quantity of the whole order is kept aside."""
    below = f"{path}cac:Delivery/"
    delivery = _delivery(reading, element, found, "the order", below)
    if "quantity" in delivery:
        _keep_below(reading, element, (_QUANTITY,), below)
    _one_window(reading, element, delivery, found, "the order")


def line_delivery(reading: Reading, element: Element, found: Found, path: str) -> None:
    """A line's Delivery: with a quantity it is a part of the line's schedule, else the line's own place and window. All
    of them go to one place."""
    delivery = _delivery(reading, element, found, "the line", f"{path}cac:Delivery/")
    if "quantity" in delivery:
        reading.add("schedule", _schedule_line(reading, element, delivery, found), element, found)
    else:
        _one_window(reading, element, delivery, found, "the line")


def _delivery(reading: Reading, element: Element, found: Found, what: str, path: str) -> Found:
    """What the Delivery says; its place is held against those before it."""
    before = len(reading.kept)
    delivery = reading.group(element, DELIVERY, path)
    by_company = not _numbers_its_place(delivery)
    place = place_of(reading, element, delivery, path)
    if place:
        at_place = (path + _AT_PLACE, path + _AT_ADDRESS)
        aside = [one for one in reading.kept[before:] if one.get("name", "").startswith(at_place)]
        _one_place(reading, element, Place(place, by_company, aside), found, what, path)
    if "quantity" in delivery:
        if not place:
            found.setdefault("parts_of_none", element)
    elif place:
        found["is_place_of_line"] = True
    return delivery


@dataclass(frozen=True, slots=True)
class Place:
    """A place as a Delivery names it."""

    said: Found
    by_company: bool
    """Whether it has no number but the party's, which a company's places have in common."""
    aside: list[Found]
    """What else was said of where it is, and has no field."""


def _numbers_its_place(delivery: Found) -> bool:
    location = delivery.get("location", {})
    places = (location, location.get("address", {}), delivery.get("address", {}))
    return any("id" in place for place in places)


def _one_place(reading: Reading, element: Element, place: Place, found: Found, what: str, path: str) -> None:
    """Goods for another place than the first would go to the first: which of them go where is for a person. Of the same
    place in other words the first ones count, and the others are kept aside."""
    known: Place = found.setdefault("told_place", place)
    if not _is_same(known, place):
        called = f"{_called(place)} as well as to {_called(known)}"
        reading.hold("unsupported_document", f"{what} is to be delivered to {called}; it can go to one place", element)
        return
    said, known_said = place.said, known.said
    if any(said[field] != known_said[field] for field in known_said.keys() & said.keys()):
        for tag in (_ADDRESS, _PLACE, _PARTY):
            _keep_below(reading, element, (tag,), path)
    found["ship_to"] = {**said, **known_said}
    found["told_place"] = replace(known, said=found["ship_to"], by_company=known.by_company or place.by_company)


def _is_same(one: Place, other: Place) -> bool:
    """What has no field tells two places apart that have no number of their own."""
    by_company = one.by_company or other.by_company
    if by_company and one.aside and other.aside and one.aside != other.aside:
        return False
    return is_same_place(one.said, other.said, by_company=by_company)


def settle_order_place(found: Found) -> None:
    """Without what was only needed to compare the order's Deliveries."""
    for field in _WHILE_READING:
        found.pop(field, None)


def settle_line_place(reading: Reading, line: Found, order: Found) -> None:
    """The parts of a line for which no place is said go to the line's, or else to the order's: that isn't the place of
    the other parts unless it is the same."""
    told, where = line.get("told_place"), line.get("parts_of_none")
    if told is not None and where is not None and "is_place_of_line" not in line:
        of_order = order.get("told_place")
        if of_order is None or not _is_same(told, of_order):
            detail = f"parts of the line are to be delivered to {_called(told)}, and for another no place is said"
            reading.hold("unsupported_document", detail, where)
    settle_order_place(line)


def _called(place: Place) -> str:
    address = place.said.get("address") or {}
    words = [place.said.get("id"), place.said.get("name"), *(address.get(field) for field in ("street", "city"))]
    return ", ".join(str(word)[:100] for word in words if word) or "another address"


def _one_window(reading: Reading, element: Element, delivery: Found, found: Found, what: str) -> None:
    """Deliveries in two windows, and how much comes in which isn't said."""
    if "requested_delivery" not in delivery:
        return
    window: Found = delivery["requested_delivery"]
    known: Found = found.setdefault("requested_delivery", window)
    if _one_day(known) == _one_day(window):
        found["requested_delivery"] = {**window, **known}
    else:
        detail = f"{what} is to be delivered in more than one window, and how much of it in which isn't said"
        reading.hold("unsupported_document", detail, element)


def _one_day(window: Found) -> Found:
    """The window, without an end that says the day of its start again: one day is written both ways."""
    if "end_time" in window or "end" not in window or window["end"] != window.get("start"):
        return window
    return {field: value for field, value in window.items() if field != "end"}


def settle_schedule(found: Found) -> None:
    """A schedule of one part that is the whole line is no schedule: its window is the line's."""
    schedule = found["schedule"]
    if len(schedule) > 1 or schedule[0]["quantity"] != found.get("quantity"):
        return
    period = schedule[0].get("requested_delivery")
    if period is None or "requested_delivery" not in found:
        del found["schedule"]
        if period is not None:
            found["requested_delivery"] = period


def _schedule_line(reading: Reading, element: Element, delivery: Found, found: Found) -> Found:
    """One part of the line's quantity, in the line's unit."""
    amount, unit, line_unit = delivery["quantity"], delivery.get("unit"), found.get("unit")
    if unit is not None and unit != line_unit and isinstance(amount, Decimal):
        expected = f"a quantity in the line's unit {line_unit or '(none)'}"
        amount = reading.refused(amount, Unreadable(f"{amount:f} {unit}", "bad_value", expected))
    line = reading.open(element)
    line["quantity"] = amount
    if "requested_delivery" in delivery:
        line["requested_delivery"] = delivery["requested_delivery"]
    return line


def place_of(reading: Reading, element: Element, delivery: Found, path: str) -> Found:
    """Where to: the delivery location first, then the delivery party, then the delivery address."""
    place = delivery.get("location") or reading.open(element)
    if "address" in delivery and "address" in place:
        _keep_below(reading, element, (_ADDRESS,), path)
    elif "address" in delivery:
        place["address"] = delivery["address"]
    _lift_id(place)
    if "party" in delivery:
        _add_party(reading, element, place, delivery["party"], path)
    return place


def _lift_id(place: Found) -> None:
    """The address's own ID is the place's, where that has none; else it is one more of its identifiers."""
    address = place.get("address")
    if address is None or "id" not in address:
        return
    known = {field: address.pop(field) for field in ("id", "scheme") if field in address}
    if "id" not in place:
        place.update(known)
    elif known["id"] != place["id"]:
        place.setdefault("identifiers", []).append(known)
    if not address:
        del place["address"]


def _add_party(reading: Reading, element: Element, place: Found, party: Found, path: str) -> None:
    """The party at the place: its identifiers come after the place's own; a second name or address is kept aside."""
    own = {field: party.pop(field) for field in ("id", "scheme") if field in party}
    known = ([own] if own else []) + party.pop("identifiers", [])
    if known and "id" not in place:
        place.update(known.pop(0))
    if known:
        place.setdefault("identifiers", []).extend(known)
    for field, tag in _PARTY_FIELDS.items():
        if field in party and field in place:
            del party[field]
            _keep_below(reading, element, (_PARTY, tag), path)
    place.update(party)


def _keep_below(reading: Reading, element: Element, tags: tuple[str, ...], path: str) -> None:
    """Keep what stands at this chain of tags below the element."""
    for child in element.iterchildren(tags[0]):
        if len(tags) == 1:
            reading.keep(child, path)
        else:
            _keep_below(reading, child, tags[1:], f"{path}{qualified(child.tag)}/")


# --- writing ----------------------------------------------------------------------------------------------------
def delivery_text(ship_to: Party | None, period: Period | None) -> str:
    """A Delivery in the schema's order; the place is a location, its further identifiers those of its party."""
    location, party = place_texts(ship_to)
    return group("Delivery", location + period_text("RequestedDeliveryPeriod", period) + party)


def line_delivery_text(line: OrderLine) -> str:
    """The line's own place and window, then each part of its schedule."""
    parts = "".join(
        group(
            "Delivery",
            measured("Quantity", part.quantity, line.unit)
            + period_text("RequestedDeliveryPeriod", part.requested_delivery),
        )
        for part in line.schedule
    )
    return delivery_text(line.ship_to, line.requested_delivery) + parts


def period_text(name: str, period: Period | None) -> str:
    """A period in the schema's order."""
    if period is None:
        return ""
    return group(
        name,
        element("StartDate", period.start.isoformat() if period.start is not None else None)
        + clocked("StartTime", period.start_time)
        + element("EndDate", period.end.isoformat() if period.end is not None else None)
        + clocked("EndTime", period.end_time),
    )


def place_texts(place: Party | None) -> tuple[str, str]:
    """DeliveryLocation and DeliveryParty: between them stands the period."""
    if place is None:
        return "", ""
    location = group(
        "DeliveryLocation",
        identified("ID", place.id, place.scheme)
        + element("Name", place.name)
        + group("Address", address_text(place.address)),
    )
    rest = place.model_copy(update={"id": None, "scheme": None, "name": None, "address": None})
    return location, group("DeliveryParty", party_text(rest))
