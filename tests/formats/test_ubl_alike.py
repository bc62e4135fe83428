"""However an order is read, it is read the same: whole or while it is parsed, its parties anew or as remembered, and
validated with or without trust in the reading."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from schemas.documents.common import Party
from schemas.documents.order import Order, OrderLine, canonical_json
from schemas.documents.validation import trusting_validator
from schemas.faults import DocumentHeld, DocumentRejected
from schemas.formats import ReadOrder
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.codec import LARGE_BODY, read_large
from schemas.formats.ubl_2_1.order import read_order
from schemas.formats.ubl_2_1.reading import Found, Reading, Remembered
from schemas.formats.xml import Element, parse
from schemas.values import is_gs1_number
from tests.formats import ubl_strategies as ubl
from tests.formats.test_ubl_once import FULL

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples" / "order"
FIVE_LINES = (EXAMPLES / "peppol-five-lines.xml").read_bytes()
BODIES = [FULL.encode(), *(path.read_bytes() for path in sorted(EXAMPLES.glob("*.xml")))]
PLAIN = [body for body in BODIES if b"StandardBusinessDocument" not in body]
TEXTS = ["", " ", "7", "10.0", "1E3", "2026-13-01", "GBP", "4012345000008", "x" * 201, "a & b", "\n7\t"]
NAMES = ["schemeID", "unitCode", "currencyID", "mimeCode", "listID", "colour"]
MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Well-formed orders in which a few elements are doubled, taken away, moved, renamed or say something else."""
    root = etree.fromstring(draw(st.sampled_from(BODIES)))
    for _ in range(draw(st.integers(0, 5))):
        elements = [one for one in root.iter(etree.Element) if one.getparent() is not None]
        if not elements:
            break
        one, other = draw(st.sampled_from(elements)), draw(st.sampled_from(elements))
        text = draw(st.sampled_from(TEXTS))
        match draw(st.sampled_from(["double", "remove", "move", "rename", "text", "beside", "attribute"])):
            case "double":
                one.addnext(copy.deepcopy(one))
            case "remove":
                one.getparent().remove(one)  # type: ignore[union-attr]
            case "move":
                other.append(copy.deepcopy(one))
            case "rename":
                one.tag = other.tag
            case "text":
                one.text = text
            case "beside":
                one.tail = text
            case "attribute":
                one.set(draw(st.sampled_from(NAMES)), text)
    return etree.tostring(root)


def outcome(body: bytes) -> Any:
    """Everything that comes of checking and reading these bytes."""
    try:
        UBL_2_1.check(body)
        return UBL_2_1.parse_orders(body)
    except DocumentRejected as rejected:
        return rejected.faults, rejected.answer_to
    except DocumentHeld as held:
        return held.faults


# --- read while it is parsed ------------------------------------------------------------------------------------
def as_large(body: bytes) -> bytes:
    return body + b"\n" * LARGE_BODY


@MANY
@given(documents())
def test_a_large_document_is_read_as_a_small_one(body: bytes) -> None:
    assert outcome(as_large(body)) == outcome(body)


@MANY
@given(documents())
def test_the_lines_of_a_large_order_say_which_fields_they_were_given(body: bytes) -> None:
    """They share the sets of these names; a copy with another field has a set of its own."""
    read = read_large(as_large(body))
    if read is None:
        return
    (small,) = UBL_2_1.parse_orders(body)
    for line, same in zip(read.order.lines, small.order.lines, strict=True):
        assert fields_given(line) == fields_given(same)
        changed = line.model_copy(update={"charges": (), "note": "n"})
        assert changed.model_fields_set == same.model_fields_set | {"charges", "note"}
        assert fields_given(line) == fields_given(same)


def fields_given(line: OrderLine) -> list[set[str]]:
    price = [] if line.price is None else [line.price.model_fields_set]
    return [line.model_fields_set, *price, *(one.model_fields_set for one in line.extensions)]


@pytest.mark.parametrize("body", PLAIN, ids=range(len(PLAIN)))
def test_a_large_order_is_read_while_it_is_parsed(body: bytes) -> None:
    read = read_large(as_large(body))
    assert read is not None
    assert (read,) == UBL_2_1.parse_orders(body)
    assert canonical_json(read.order) == canonical_json(UBL_2_1.parse_orders(body)[0].order)
    UBL_2_1.check(as_large(body))


NO_LARGE_ORDER = [
    b"<a>" + b"<b/>" * 300_000 + b"</a>",
    FULL.replace("Order-2", "OrderChange-2").encode(),
    FULL.replace("</cac:LineItem>", "").encode(),
]


@pytest.mark.parametrize("body", NO_LARGE_ORDER, ids=range(len(NO_LARGE_ORDER)))
def test_what_is_no_large_order_is_told_as_of_a_small_one(body: bytes) -> None:
    assert outcome(body + b"\n" * LARGE_BODY) == outcome(body + b"\n")


@pytest.mark.parametrize(
    ("change", "to"),
    [
        (b"04098765000034", b"04098765000035"),
        (b"<cbc:Name>", b"<cbc:Colour>red</cbc:Colour><cbc:Name>"),
        (b"<cbc:IssueDate>", b"<cbc:IssueDate>2026-11-23</cbc:IssueDate><cbc:IssueDate>"),
        (b"2026-11-23", b"tomorrow"),
        (b"<cbc:ID>2</cbc:ID>", b"<cbc:ID>1</cbc:ID>"),
        (b"</Order>", b""),
        (b"Order-2", b"OrderChange-2"),
    ],
)
def test_an_order_about_which_there_is_anything_to_say_is_read_as_a_whole(change: bytes, to: bytes) -> None:
    body = as_large(FIVE_LINES.replace(change, to))
    assert body != as_large(FIVE_LINES)
    assert read_large(body) is None


def test_wherever_a_large_document_is_cut_into_pieces_it_says_the_same() -> None:
    """White space before the first element moves the cut through the whole of it."""
    expected = UBL_2_1.parse_orders(FIVE_LINES)
    start = FIVE_LINES.index(b">", FIVE_LINES.index(b"<Order")) + 1
    for position in range(0, len(FIVE_LINES) - start, 101):
        space = b" " * (65_536 - start - position)
        read = read_large(as_large(FIVE_LINES[:start] + space + FIVE_LINES[start:]))
        assert (read,) == expected


@pytest.mark.parametrize("number", [1, 500, 1_000])
def test_an_order_line_inside_another_is_no_line_of_a_large_order(number: int) -> None:
    """It is one fault of its own. Thousands of lines, so that some are complete while others have not come yet."""
    first, rest = FULL.split("<cac:OrderLine>")
    line = "<cac:OrderLine>" + rest.removesuffix("</Order>")
    lines = [line.replace("<cbc:ID>1</cbc:ID>", f"<cbc:ID>{one}</cbc:ID>", 1) for one in range(1, 1_001)]
    inner = "<cac:SubLineItem><cac:OrderLine><cbc:Note>n</cbc:Note></cac:OrderLine></cac:SubLineItem></cac:LineItem>"
    lines[number - 1] = lines[number - 1].replace("</cac:LineItem>", inner)
    body = (first + "".join(lines) + "</Order>").encode()
    assert len(body) > LARGE_BODY
    assert read_large(body) is None
    with pytest.raises(DocumentRejected) as refused:
        UBL_2_1.parse_orders(body)
    (fault,) = refused.value.faults
    assert fault.code == "bad_value"
    assert fault.location.endswith(f"cac:OrderLine[{number}]/cac:LineItem/cac:SubLineItem/cac:OrderLine")


# --- parties as remembered --------------------------------------------------------------------------------------
class Forgetful(Reading):
    """The reading that reads every party where it stands."""

    def remembered(self, element: Element, read: object, path: str) -> None:
        return None


def what_is_read(reading: Reading, body: bytes) -> tuple[Any, ...]:
    root = parse(body)
    found: Found | None
    try:
        found = read_order(reading, root)
    except DocumentRejected as rejected:
        return rejected.faults, None
    places = {root.getroottree().getpath(element): fault for element, fault in reading.misused.items()}
    remarks = [(code, detail, root.getroottree().getpath(element)) for code, detail, element in reading.remarks]
    said = (places, remarks, reading.attachments, reading.files, reading.currency, reading.wrong_check_digits)
    try:
        return (*said, Order.model_validate(found))
    except ValidationError as error:
        return (*said, [(one["type"], one["loc"]) for one in error.errors()])


@MANY
@given(documents())
def test_a_party_that_is_remembered_is_read_as_one_that_is_not(body: bytes) -> None:
    order = next(parse(body).iter("{urn:oasis:names:specification:ubl:schema:xsd:Order-2}Order"), None)
    if order is not None:
        alone = etree.tostring(order, with_tail=False)
        expected = what_is_read(Forgetful(), alone)
        assert what_is_read(Reading(), alone) == expected
        assert what_is_read(Reading(), alone) == expected


def test_a_party_is_remembered_with_what_was_kept_aside_of_it() -> None:
    body = FULL.replace("<cbc:EndpointID", "<cbc:WebsiteURI>https://a.example</cbc:WebsiteURI><cbc:EndpointID", 1)
    for _ in range(2):
        reading = Reading()
        found = read_order(reading, parse(body.encode()))
        assert isinstance(found["buyer"], Party)
        assert isinstance(found["seller"], Party)
        name = "cac:BuyerCustomerParty/cac:Party/cbc:WebsiteURI"
        assert {"name": name, "value": "https://a.example"} in found["extensions"]


@pytest.mark.parametrize(
    "inside",
    [
        '<cbc:EndpointID schemeID="0088">4012345000008</cbc:EndpointID>',
        "<cbc:Colour>red</cbc:Colour>",
        "<cac:Contact><cbc:Name>a</cbc:Name><cbc:Name>b</cbc:Name></cac:Contact>",
        "<cac:PartyName><cbc:Name>" + "x" * 10_001 + "</cbc:Name></cac:PartyName>",
        "<cac:PartyLegalEntity><cbc:CompanyID>" + "x" * 201 + "</cbc:CompanyID></cac:PartyLegalEntity>",
        '<cac:Person><cbc:Amount currencyID="SEK">1</cbc:Amount></cac:Person>',
        "",
    ],
)
def test_a_party_about_which_there_is_more_to_say_is_not_remembered(inside: str) -> None:
    named = "<cac:PartyName><cbc:Name>A</cbc:Name></cac:PartyName>" if "PartyName" not in inside and inside else ""
    party = f"<cac:Party>{named}{inside}</cac:Party>"
    start, end = FULL.index("<cac:Party>"), FULL.index("</cac:Party>") + len("</cac:Party>")
    body = (FULL[:start] + party + FULL[end:]).encode()
    for _ in range(2):
        assert not isinstance(read_order(Reading(), parse(body)).get("buyer"), Party)
    assert what_is_read(Reading(), body) == what_is_read(Forgetful(), body)


def test_what_is_kept_aside_of_a_remembered_party_counts() -> None:
    """20,000 values kept aside are the most, whoever read them."""
    reading = Reading()
    reading.kept = [{}] * 20_000
    known = Remembered(Party(name="A"), (("cbc:WebsiteURI", "a"),))
    assert reading.remembered(etree.fromstring("<a/>"), lambda written: known, "") is None


# --- validated with trust ---------------------------------------------------------------------------------------
TRUSTING = trusting_validator(Order)


def taken(validate: Any, found: Found) -> Order | None:
    try:
        order: Order = validate(found)
    except ValidationError:
        return None
    return order


@MANY
@given(documents())
def test_what_is_read_is_validated_as_the_model_itself_does(body: bytes) -> None:
    order = next(parse(body).iter("{urn:oasis:names:specification:ubl:schema:xsd:Order-2}Order"), None)
    if order is not None:
        assert_validated_alike(order)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(ubl.orders())
def test_every_order_is_validated_as_the_model_itself_does(order: Order) -> None:
    assert assert_validated_alike(parse(UBL_2_1.renderers["order"](order))) == order


def assert_validated_alike(root: Element) -> Order | None:
    try:
        found = read_order(Reading(), root)
    except DocumentRejected:
        return None
    trusted, expected = taken(TRUSTING, found), taken(Order.model_validate, found)
    assert trusted == expected
    if trusted is not None and expected is not None:
        assert trusted.model_fields_set == expected.model_fields_set
        assert canonical_json(trusted) == canonical_json(expected)
    return trusted


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_trust_goes_no_further_than_how_a_number_is_written(quantity: str) -> None:
    found = read_order(Reading(), parse(FULL.replace(">10<", f">{quantity}<").encode()))
    assert taken(TRUSTING, found) is None


# --- check digits -----------------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(ubl.orders(), st.sampled_from(["4012345000009", "4012345000008", "1"]))
def test_every_wrong_check_digit_is_told_and_no_other(order: Order, number: str) -> None:
    parties = {name: with_gln(getattr(order, name), number) for name in ("buyer", "seller", "ship_to")}
    lines = [line.model_copy(update={"ship_to": with_gln(line.ship_to, number)}) for line in order.lines]
    body = UBL_2_1.renderers["order"](order.model_copy(update={**parties, "lines": tuple(lines)}))
    (read,) = UBL_2_1.parse_orders(body)
    told = sorted(warning.path for warning in read.warnings if warning.code == "check_digit")
    assert told == sorted(wrong_numbers(read))


def with_gln(party: Party | None, number: str) -> Party | None:
    return party.model_copy(update={"id": number, "scheme": "0088"}) if party is not None else None


def wrong_numbers(read: ReadOrder) -> list[str]:
    order, wrong = read.order, []
    holders = [(f"/{name}", getattr(order, name)) for name in ("buyer", "seller", "bill_to", "final_recipient")]
    holders += [("/ship_to", order.ship_to)]
    for index, line in enumerate(order.lines):
        holders.append((f"/lines/{index}/ship_to", line.ship_to))
        if line.gtin is not None and not is_gs1_number(line.gtin):
            wrong.append(f"/lines/{index}/gtin")
    for path, party in holders:
        if party is None:
            continue
        numbers = [(f"{path}/id", party.id, party.scheme)]
        numbers += [(f"{path}/identifiers/{n}/id", one.id, one.scheme) for n, one in enumerate(party.identifiers)]
        if party.endpoint is not None:
            numbers.append((f"{path}/endpoint/id", party.endpoint.id, party.endpoint.scheme))
        wrong += [
            where for where, number, scheme in numbers if scheme == "0088" and not is_gs1_number(number or "", (13,))
        ]
    return wrong
