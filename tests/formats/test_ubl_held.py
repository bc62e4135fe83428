"""What would be delivered elsewhere, in another number or at another time if UBL were read less than whole: held."""

from __future__ import annotations

import pytest

from schemas.documents.order import Order
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.codec import LARGE_BODY
from tests.formats.test_ubl_samples import small

NORTH, SOUTH = "9521234003007", "9521234003014"
FOUR = '<cbc:Quantity unitCode="BX">4</cbc:Quantity>'
NUMBER = "<cbc:ID>S-1</cbc:ID>"


def read(header: str = NUMBER, line: str = FOUR) -> Order:
    (found,) = UBL_2_1.parse_orders(small(header, line).encode())
    return found.order


def held(header: str = NUMBER, line: str = FOUR, beyond: str = "") -> Fault:
    """The one reason; also of a large order, which is read while it is parsed."""
    with pytest.raises(DocumentHeld) as small_one:
        UBL_2_1.parse_orders(small(header, line + beyond).encode())
    with pytest.raises(DocumentHeld) as large_one:
        UBL_2_1.parse_orders((small(header, line + beyond) + "\n" * LARGE_BODY).encode())
    assert large_one.value.faults == small_one.value.faults
    (fault,) = small_one.value.faults
    return fault


def delivery(site: str | None = None, quantity: str | None = None, day: str | None = None, name: str = "") -> str:
    amount = f'<cbc:Quantity unitCode="BX">{quantity}</cbc:Quantity>' if quantity else ""
    place = f'<cac:DeliveryLocation><cbc:ID schemeID="0088">{site}</cbc:ID>{name}</cac:DeliveryLocation>'
    window = f"<cac:RequestedDeliveryPeriod><cbc:StartDate>{day}</cbc:StartDate></cac:RequestedDeliveryPeriod>"
    return f"<cac:Delivery>{amount}{place if site else ''}{window if day else ''}</cac:Delivery>"


# --- to more than one place ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("quantity", [None, "2"])
def test_a_line_for_two_places_is_held(quantity: str | None) -> None:
    fault = held(line=FOUR + delivery(NORTH, quantity) + delivery(SOUTH, quantity))
    assert (fault.code, fault.location) == (
        "unsupported_document",
        "line 5: cac:OrderLine/cac:LineItem/cac:Delivery[2]",
    )
    said = f"the line is to be delivered to {SOUTH} as well as to {NORTH}; it can go to one place"
    assert fault.detail == said


def test_a_line_with_a_place_of_its_own_and_a_part_for_another_is_held() -> None:
    assert "it can go to one place" in held(line=FOUR + delivery(NORTH) + delivery(SOUTH, "4")).detail


def test_an_order_for_two_places_is_held() -> None:
    fault = held(header=NUMBER + delivery(SOUTH) + delivery(NORTH))
    assert fault.detail.startswith(f"the order is to be delivered to {NORTH} as well as to {SOUTH}")
    assert fault.location == "line 4: cac:Delivery[2]"


def test_places_without_a_number_are_told_by_their_address() -> None:
    address = "<cac:DeliveryAddress><cbc:StreetName>{}</cbc:StreetName></cac:DeliveryAddress>"
    one, other = (f"<cac:Delivery>{address.format(street)}</cac:Delivery>" for street in ("Kade 1", "Kade 2"))
    assert "to Kade 2 as well as to Kade 1" in held(header=NUMBER + one + other).detail
    assert read(header=NUMBER + one + one).ship_to is not None


def test_a_number_of_another_scheme_is_another_place() -> None:
    other = delivery(NORTH).replace("0088", "0060")
    assert "it can go to one place" in held(line=FOUR + delivery(NORTH) + other).detail


def test_deliveries_to_the_same_place_are_a_schedule() -> None:
    parts = delivery(NORTH, "2", "2026-12-10") + delivery(NORTH, "2", "2026-12-20")
    (line,) = read(line=FOUR + parts).lines
    assert line.ship_to is not None
    assert (line.ship_to.id, [str(part.quantity) for part in line.schedule]) == (NORTH, ["2", "2"])


def test_a_place_said_again_in_more_words_is_the_same_place() -> None:
    named = delivery(NORTH, name="<cbc:Name>Yard</cbc:Name>")
    for header in (delivery(NORTH) + named, named + delivery(NORTH)):
        ship_to = read(header=NUMBER + header).ship_to
        assert ship_to is not None
        assert (ship_to.id, ship_to.name) == (NORTH, "Yard")


def at_north(name: str, city: str = "") -> str:
    """A Delivery to the north yard, at a party that is called so."""
    address = f"<cac:Address><cbc:CityName>{city}</cbc:CityName></cac:Address>" if city else ""
    party = f"<cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>"
    return delivery(NORTH, name=address).replace(
        "</cac:Delivery>", f"<cac:DeliveryParty>{party}</cac:DeliveryParty></cac:Delivery>"
    )


@pytest.mark.parametrize("of_line", [True, False])
def test_a_place_of_one_number_and_two_names_is_one_place(of_line: bool) -> None:
    deliveries = at_north("Yard", "Oulu") + at_north("Yard, gate 2", "OULU ")
    order = read(line=FOUR + deliveries) if of_line else read(header=NUMBER + deliveries)
    told = order.lines[0] if of_line else order
    assert told.ship_to is not None
    assert (told.ship_to.id, told.ship_to.name) == (NORTH, "Yard")
    path = "cac:LineItem/cac:Delivery" if of_line else "cac:Delivery"
    kept = {(one.name, one.value) for one in told.extensions}
    assert (f"{path}/cac:DeliveryParty/cac:PartyName/cbc:Name", "Yard, gate 2") in kept


def test_a_number_in_two_towns_is_held() -> None:
    deliveries = at_north("Yard", "Oulu") + at_north("Yard", "Turku")
    assert "it can go to one place" in held(header=NUMBER + deliveries).detail


COMPANY = '<cac:PartyIdentification><cbc:ID schemeID="0088">9521234003021</cbc:ID></cac:PartyIdentification>'


def at_company(place: str = "", party: str = "", quantity: str = "") -> str:
    """A Delivery to a party by the number of its company, whose place is told by other words."""
    amount = f'<cbc:Quantity unitCode="BX">{quantity}</cbc:Quantity>' if quantity else ""
    return f"<cac:Delivery>{amount}{place}<cac:DeliveryParty>{COMPANY}{party}</cac:DeliveryParty></cac:Delivery>"


def location(inner: str) -> str:
    return f"<cac:DeliveryLocation>{inner}</cac:DeliveryLocation>"


def address(street: str, city: str = "Oulu", **more: str) -> str:
    told = "".join(f"<cbc:{name}>{value}</cbc:{name}>" for name, value in more.items())
    return f"<cbc:StreetName>{street}</cbc:StreetName>{told}<cbc:CityName>{city}</cbc:CityName>"


def named(name: str) -> str:
    return f"<cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>"


def of_location(street: str, city: str = "Oulu", **more: str) -> str:
    return location(f"<cac:Address>{address(street, city, **more)}</cac:Address>")


def second_number(number: str, scheme: str = "0088") -> str:
    return f'<cac:PartyIdentification><cbc:ID schemeID="{scheme}">{number}</cbc:ID></cac:PartyIdentification>'


TWO_SITES = {
    "streets": (at_company(of_location("Kade 1")), at_company(of_location("Kade 2"))),
    "streets of DeliveryAddress": tuple(
        at_company(f"<cac:DeliveryAddress>{address(street)}</cac:DeliveryAddress>") for street in ("Kade 1", "Kade 2")
    ),
    "streets of the party": tuple(
        at_company(party=f"<cac:PostalAddress>{address(street)}</cac:PostalAddress>") for street in ("Kade 1", "Kade 2")
    ),
    "buildings": (
        at_company(of_location("Kade", BuildingNumber="1")),
        at_company(of_location("Kade", BuildingNumber="2")),
    ),
    "buildings by name": (
        at_company(of_location("Kade", BuildingName="North")),
        at_company(of_location("Kade", BuildingName="South")),
    ),
    "names of the places": (
        at_company(location("<cbc:Name>North</cbc:Name>")),
        at_company(location("<cbc:Name>South</cbc:Name>")),
    ),
    "descriptions": (
        at_company(location("<cbc:Description>North</cbc:Description>")),
        at_company(location("<cbc:Description>South</cbc:Description>")),
    ),
    "names of the parties": (at_company(party=named("ACME North")), at_company(party=named("ACME South"))),
    "a name and an address": (
        at_company(party=named("ACME")),
        at_company(of_location("Kade 2"), party=named("ACME")),
    ),
    "second numbers": (at_company(party=second_number(NORTH)), at_company(party=second_number(SOUTH))),
    "streets of one number of the place": tuple(
        delivery(NORTH, name=f"<cac:Address>{address(street)}</cac:Address>") for street in ("Kade 1", "Kade 2")
    ),
    "the numbers of addresses": tuple(
        delivery("9521234003021", name=f'<cac:Address><cbc:ID schemeID="0088">{site}</cbc:ID></cac:Address>')
        for site in (NORTH, SOUTH)
    ),
}


@pytest.mark.parametrize("told_by", TWO_SITES)
@pytest.mark.parametrize("where", ["order", "line", "schedule"])
def test_two_sites_that_share_a_number_are_two_places(told_by: str, where: str) -> None:
    """The number of the company is common to its sites: what goes to the second one would go to the first."""
    two = "".join(TWO_SITES[told_by])
    if where == "schedule":
        two = two.replace("<cac:Delivery>", '<cac:Delivery><cbc:Quantity unitCode="BX">2</cbc:Quantity>')
    fault = held(header=NUMBER + two) if where == "order" else held(line=FOUR + two)
    assert fault.code == "unsupported_document"
    assert "it can go to one place" in fault.detail
    assert fault.location is not None
    assert fault.location.endswith("cac:Delivery[2]")


ONE_SITE = {
    "the same": (at_company(of_location("Kade 1")), at_company(of_location("Kade 1"))),
    "written otherwise": (
        at_company(of_location("Kade", BuildingNumber="1")),
        at_company(of_location("KADE 1", "OULU")),
    ),
    "the number alone": (at_company(of_location("Kade 1"), party=named("ACME")), at_company()),
    "a number more": (at_company(party=second_number(NORTH)), at_company()),
    "numbers of two schemes": (
        at_company(party=second_number(NORTH)),
        at_company(party=second_number("42", "0060")),
    ),
}


@pytest.mark.parametrize("told_by", ONE_SITE)
@pytest.mark.parametrize("turned", [False, True])
def test_a_companys_place_that_is_said_again_is_one_place(told_by: str, turned: bool) -> None:
    two = ONE_SITE[told_by][::-1] if turned else ONE_SITE[told_by]
    ship_to = read(header=NUMBER + "".join(two)).ship_to
    assert ship_to is not None
    assert ship_to.id == "9521234003021"


def test_a_part_without_a_place_goes_to_the_orders_and_not_to_its_neighbours() -> None:
    parts = delivery(None, "2", "2026-12-10") + delivery(SOUTH, "2", "2026-12-20")
    for line in (FOUR + parts, FOUR + delivery(SOUTH, "2", "2026-12-20") + delivery(None, "2", "2026-12-10")):
        for header in (NUMBER, NUMBER + delivery(NORTH)):
            said = f"parts of the line are to be delivered to {SOUTH}, and for another no place is said"
            assert held(header=header, line=line).detail == said
        (read_line,) = read(header=NUMBER + delivery(SOUTH), line=line).lines
        assert len(read_line.schedule) == 2
    (read_line,) = read(header=NUMBER + delivery(NORTH), line=FOUR + delivery(SOUTH) + parts).lines
    assert read_line.ship_to is not None
    assert read_line.ship_to.id == SOUTH


@pytest.mark.parametrize("of_line", [True, False])
def test_one_day_written_in_two_ways_is_one_window(of_line: bool) -> None:
    day = delivery(day="2026-12-10")
    again = day.replace("</cbc:StartDate>", "</cbc:StartDate><cbc:EndDate>2026-12-10</cbc:EndDate>")
    for deliveries in (day + again, again + day):
        order = read(line=FOUR + deliveries) if of_line else read(header=NUMBER + deliveries)
        window = (order.lines[0] if of_line else order).requested_delivery
        assert window is not None
        assert (str(window.start), str(window.end)) == ("2026-12-10", "2026-12-10")


def test_place_and_window_may_stand_in_two_deliveries() -> None:
    order = read(header=NUMBER + delivery(day="2026-12-10") + delivery(NORTH))
    assert order.ship_to is not None
    assert order.requested_delivery is not None
    assert (order.ship_to.id, str(order.requested_delivery.start)) == (NORTH, "2026-12-10")


@pytest.mark.parametrize("of_line", [True, False])
def test_two_windows_without_quantities_are_held(of_line: bool) -> None:
    deliveries = delivery(day="2026-12-10") + delivery(day="2026-12-20")
    fault = held(line=FOUR + deliveries) if of_line else held(header=NUMBER + deliveries)
    assert "in more than one window" in fault.detail
    assert fault.location.endswith("cac:Delivery[2]")


def test_one_held_order_of_an_envelope_holds_up_none_of_the_others() -> None:
    sbdh = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    good, bad = (
        small(line=FOUR + more).partition("?>")[2] for more in ("", delivery(NORTH, "2") + delivery(SOUTH, "2"))
    )
    body = f'<s:StandardBusinessDocument xmlns:s="{sbdh}">{bad}{good}</s:StandardBusinessDocument>'.encode()
    parts = UBL_2_1.read_parts(body, [1, 2])
    assert isinstance(parts[1], DocumentHeld)
    assert not isinstance(parts[2], Exception)


# --- how many are in a pack ----------------------------------------------------------------------------------------


def packed(packs: str = "", price: str = "") -> str:
    return small(line=FOUR + price).replace("<cac:Item>", f"<cac:Item>{packs}")


def pack_of(document: str) -> tuple[str, str | None, str | None]:
    (found,) = UBL_2_1.parse_orders(document.encode())
    (line,) = found.order.lines
    return str(line.pack_size), line.pack_unit, line.pack_unit_code


PACKS = '<cbc:PackQuantity unitCode="{1}">{0}</cbc:PackQuantity>'
PACK_OF_24 = '<cbc:PackQuantity unitCode="C62">24</cbc:PackQuantity>'
SIZE_24, SIZE_6 = (f"<cbc:PackSizeNumeric>{size}</cbc:PackSizeNumeric>" for size in (24, 6))
RATE = (
    '<cac:Price><cbc:PriceAmount>1</cbc:PriceAmount><cbc:BaseQuantity unitCode="C62">1</cbc:BaseQuantity>'
    "<cbc:OrderableUnitFactorRate>{}</cbc:OrderableUnitFactorRate></cac:Price>"
)


@pytest.mark.parametrize(
    ("document", "read_as"),
    [
        (packed(PACK_OF_24), ("24", "C62", "C62")),
        (packed(SIZE_24), ("24", None, None)),
        (packed(PACK_OF_24 + SIZE_24), ("24", "C62", "C62")),
        (packed(price=RATE.format(24)), ("24", "C62", "C62")),
        (packed(PACK_OF_24, price=RATE.format(24)), ("24", "C62", "C62")),
        (packed(price=RATE.format(1).replace("C62", "BX")), ("None", None, None)),
        (packed(PACKS.format(1, "BX") + SIZE_24), ("24", None, None)),
        (packed(PACKS.format(4, "BX") + SIZE_24), ("24", None, None)),
        (packed(PACK_OF_24 + SIZE_6), ("6", None, None)),
        (packed(PACKS.format("1.0", "BX"), price=RATE.format(24)), ("24", "C62", "C62")),
        (packed(PACKS.format(1, "C62")), ("1", "C62", "C62")),
    ],
)
def test_what_the_document_says_is_in_a_pack_is_read(document: str, read_as: tuple[str, str | None]) -> None:
    assert pack_of(document) == read_as


@pytest.mark.parametrize(
    "said",
    [
        *(PACKS.format(1, "BX"), PACKS.format("0.0", "C62"), "<cbc:PackQuantity>1</cbc:PackQuantity>"),
        *("<cbc:PackQuantity>0</cbc:PackQuantity>", "<cbc:PackSizeNumeric>0</cbc:PackSizeNumeric>"),
    ],
)
def test_a_pack_of_nothing_or_of_itself_says_nothing(said: str) -> None:
    document = packed(said)
    assert pack_of(document) == ("None", None, None)
    (found,) = UBL_2_1.parse_orders(document.encode())
    kept = {one.name for one in found.order.lines[0].extensions}
    assert f"cac:LineItem/cac:Item/{said[1:].split('>')[0].split()[0]}" in kept


@pytest.mark.parametrize(
    "said", [PACKS.format("some", "C62") + SIZE_24, PACKS.format(-1, "C62"), SIZE_6.replace("6", "-6")]
)
def test_a_pack_of_no_possible_number_is_a_fault(said: str) -> None:
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parse_orders(packed(said).encode())
    assert [fault.path for fault in refused.value.faults] == ["/lines/0/pack_size"]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (packed(PACKS.format(9, "BX") + SIZE_6, price=RATE.format(24)), "cac:Price/cbc:OrderableUnitFactorRate"),
        (packed(SIZE_6, price=RATE.format(24)), "cac:Price/cbc:OrderableUnitFactorRate"),
    ],
)
def test_two_sizes_of_a_pack_hold_the_order(document: str, place: str) -> None:
    with pytest.raises(DocumentHeld) as held_order:
        UBL_2_1.parse_orders(document.encode())
    (fault,) = held_order.value.faults
    assert fault.code == "pack_contradiction"
    assert fault.location.endswith(place)


# --- what else makes it another order ------------------------------------------------------------------------------
SUB_LINE = (
    "<cac:SubLineItem><cac:LineItem><cbc:ID>1.1</cbc:ID><cbc:Quantity>3</cbc:Quantity></cac:LineItem></cac:SubLineItem>"
)


def test_a_line_with_lines_of_its_own_is_held() -> None:
    fault = held(line=FOUR + SUB_LINE)
    assert fault.location.endswith("cac:LineItem/cac:SubLineItem")
    assert "whether they or it are to be delivered" in fault.detail


@pytest.mark.parametrize(
    ("name", "said", "is_held"),
    [
        ("MaximumQuantity", 'unitCode="BX">3<', True),
        ("MaximumQuantity", 'unitCode="BX">4.0<', False),
        ("MaximumQuantity", 'unitCode="C62">3<', False),
        ("MinimumQuantity", 'unitCode="C62">200<', False),
        ("MaximumQuantity", 'unitCode="BX">0<', False),
        ("MaximumQuantity", ">0.00<", False),
        ("MinimumQuantity", ">4<", False),
        ("MinimumQuantity", 'unitCode="BX">5<', True),
        ("MinimumQuantity", ">some<", True),
    ],
)
def test_a_quantity_out_of_its_lines_own_bounds_is_held(name: str, said: str, is_held: bool) -> None:
    bound = f"<cbc:{name} {said}/cbc:{name}>"
    if is_held:
        assert "4 BX are ordered" in held(line=FOUR + bound).detail
    else:
        (line,) = read(line=FOUR + bound).lines
        assert f"cac:LineItem/cbc:{name}" in {one.name for one in line.extensions}


@pytest.mark.parametrize(("least", "is_held"), [("1", False), ("5", True)])
def test_each_one_and_piece_are_one_unit_of_a_bound(least: str, is_held: bool) -> None:
    line = FOUR.replace("BX", "C62") + f'<cbc:MinimumQuantity unitCode="EA">{least}</cbc:MinimumQuantity>'
    if is_held:
        assert "4 C62 are ordered, and cbc:MinimumQuantity 5 EA" in held(line=line).detail
    else:
        assert read(line=line).lines[0].quantity == 4


@pytest.mark.parametrize(("said", "is_held"), [("true", True), ("1", True), ("perhaps", True), ("false", False)])
def test_a_copy_of_an_order_is_held(said: str, is_held: bool) -> None:
    header = f"{NUMBER}<cbc:CopyIndicator>{said}</cbc:CopyIndicator>"
    if is_held:
        assert "a copy of an order" in held(header=header).detail
    else:
        assert read(header=header).extensions[0].value == "false"


@pytest.mark.parametrize("large", [False, True])
def test_an_order_line_inside_another_element_is_a_fault(large: bool) -> None:
    inside = "<cac:OrderLine><cac:LineItem><cbc:ID>2</cbc:ID></cac:LineItem></cac:OrderLine>"
    body = (small(line=FOUR + inside) + "\n" * (LARGE_BODY if large else 0)).encode()
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parse_orders(body)
    (fault,) = refused.value.faults
    assert (fault.code, fault.location) == ("bad_value", "line 5: cac:OrderLine/cac:LineItem/cac:OrderLine")
