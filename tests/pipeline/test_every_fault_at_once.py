"""Where one part of an order can't be read and another can't be mapped, both are told, each at its place; what only
follows from the part that can't be read is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway import reading
from gateway.validation import validate
from schemas.faults import Fault
from schemas.formats.ubl_2_1 import codec
from tests.examples.order_lines import BOLTS, HAMMERS, SAWS, order
from tests.examples.small_gateway import ORDERS, SmallGateway

PINE, BIRCH = "pine-hardware", "birch-timber"
UBL_ORDER = (ORDERS / "birch-timber.xml").read_text("utf-8")
NOTHING_ORDERED = {**BOLTS, "quantity": "0"}
UNKNOWN = {**HAMMERS, "buyer_item": "PH-9999"}
TOO_DEAR = {**HAMMERS, "price": {"amount": "99.00"}}

Told = list[tuple[str, str]]


def told(gateway: SmallGateway, asked: dict[str, Any]) -> Told:
    """(code, path) of every fault of a rejected order; `validate` says the same."""
    message = gateway.settle(PINE, asked)
    assert message.status == "rejected"
    found = gateway.faults(message.id)
    judged = validate(gateway.services, PINE, False, json.dumps(asked).encode())
    assert [(fault.code, fault.path) for fault in judged.faults] == found
    assert len(set(found)) == len(found)
    return found


def test_an_unknown_item_beside_a_line_without_quantity(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, order(NOTHING_ORDERED, UNKNOWN))
    assert message.status == "rejected"
    found = [(fault.code, fault.path, fault.location) for fault in gateway.store.messages.faults(message.id)]
    assert found == [
        ("quantity_not_positive", "/lines/0/quantity", "/lines/0/quantity"),
        ("unknown_item", "/lines/1/buyer_item", "/lines/1/buyer_item"),
    ]
    assert told(gateway, order(NOTHING_ORDERED, UNKNOWN, number="PH-2")) == [fault[:2] for fault in found]


def test_the_answer_has_what_the_sender_is_refused_for(gateway: SmallGateway) -> None:
    """An unknown item is ours to mend, and the sender doesn't hear of it; a product that isn't sold is the sender's."""
    glue = {"line_number": "3", "buyer_item": "PH-0105", "quantity": "1", "price": {"amount": "4.00"}}
    message = gateway.settle(PINE, order(NOTHING_ORDERED, UNKNOWN, glue))
    assert gateway.faults(message.id)[1:] == [
        ("unknown_item", "/lines/1/buyer_item"),
        ("inactive_product", "/lines/2/buyer_item"),
    ]
    first, second = (gateway.response(message.id).note or "").split("\n")
    assert "/lines/0/quantity" in first
    assert "/lines/2/buyer_item" in second


def test_the_header_beside_a_wrong_line(gateway: SmallGateway) -> None:
    asked = order(NOTHING_ORDERED, buyer={"id": "1", "scheme": "0106"}, ship_to={"id": "YARD-9"}, order_type="release")
    assert told(gateway, asked) == [
        ("wrong_buyer", "/buyer/id"),
        ("unknown_ship_to", "/ship_to/id"),
        ("release_without_contract", "/contract"),
        ("quantity_not_positive", "/lines/0/quantity"),
    ]


def test_the_lines_beside_a_wrong_header(gateway: SmallGateway) -> None:
    asked = order(BOLTS, UNKNOWN, {**SAWS, "line_number": "3", "unit": "VAT"}, rush="yes")
    assert told(gateway, asked) == [
        ("bad_value", "/rush"),
        ("unknown_item", "/lines/1/buyer_item"),
        ("unknown_unit", "/lines/2/unit"),
    ]


def test_an_order_without_a_number_or_without_lines(gateway: SmallGateway) -> None:
    assert told(gateway, order(UNKNOWN, order_number=7)) == [
        ("bad_value", "/order_number"),
        ("unknown_item", "/lines/0/buyer_item"),
    ]
    assert told(gateway, order(ship_to={"id": "YARD-9"})) == [
        ("no_lines", "/lines"),
        ("unknown_ship_to", "/ship_to/id"),
    ]


def test_a_line_whose_number_repeats_was_read_all_the_same(gateway: SmallGateway) -> None:
    assert told(gateway, order(BOLTS, {**UNKNOWN, "line_number": "1"})) == [
        ("duplicate_line", "/lines/1/line_number"),
        ("unknown_item", "/lines/1/buyer_item"),
    ]


@pytest.mark.parametrize(
    ("header", "code", "path"),
    [
        ({"ship_to": {"id": 5}}, "bad_value", "/ship_to/id"),
        ({"ship_to": None, "shipto": {"id": "YARD-1"}}, "unknown_field", "/shipto"),
        ({"order_type": "release", "contract": 7}, "bad_value", "/contract"),
        ({"order_type": "release", "contrakt": "C-7"}, "unknown_field", "/contrakt"),
        ({"requested_delivery": {"end": "tomorrow"}}, "not_a_date", "/requested_delivery/end"),
    ],
)
def test_what_only_follows_is_not_told(gateway: SmallGateway, header: dict[str, Any], code: str, path: str) -> None:
    assert told(gateway, order(BOLTS, HAMMERS, **header)) == [(code, path)]


@pytest.mark.parametrize("header", [{"currency": "euro"}, {"issue_date": "today"}])
def test_prices_are_not_judged_without_currency_and_date(gateway: SmallGateway, header: dict[str, Any]) -> None:
    (wrong, unknown) = told(gateway, order(TOO_DEAR, {**UNKNOWN, "line_number": "3"}, **header))
    assert wrong[1] == f"/{next(iter(header))}"
    assert unknown == ("unknown_item", "/lines/1/buyer_item")
    assert ("price_mismatch", "/lines/0/price/amount") in told(gateway, order(TOO_DEAR, rush="yes"))


def test_a_long_order_too(gateway: SmallGateway) -> None:
    lines = [{**HAMMERS, "line_number": str(number)} for number in range(1, 2_501)]
    lines[7]["quantity"] = "none"
    lines[2_400]["buyer_item"] = "PH-9999"
    assert told(gateway, order(*lines)) == [
        ("not_a_number", "/lines/7/quantity"),
        ("unknown_item", "/lines/2400/buyer_item"),
    ]


@pytest.mark.parametrize("large", [False, True])
def test_ubl_names_the_elements(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    if large:
        monkeypatch.setattr(codec, "LARGE_BODY", 1_000)
    wrong = UBL_ORDER.replace('unitCode="C62">3<', 'unitCode="C62">three<').replace("BT-7003", "BT-9999")
    message = gateway.settle(BIRCH, wrong.encode())
    assert [(fault.code, fault.path, fault.location) for fault in gateway.store.messages.faults(message.id)] == [
        ("not_a_number", "/lines/0/quantity", "line 27: cac:OrderLine[1]/cac:LineItem/cbc:Quantity"),
        (
            "unknown_item",
            "/lines/2/buyer_item",
            "line 55: cac:OrderLine[3]/cac:LineItem/cac:Item/cac:BuyersItemIdentification/cbc:ID",
        ),
    ]


def test_a_second_element_leaves_its_line_unread_and_no_other(gateway: SmallGateway) -> None:
    item = "<cac:BuyersItemIdentification><cbc:ID>BT-7002</cbc:ID></cac:BuyersItemIdentification>"
    wrong = UBL_ORDER.replace(item, item.replace("7002", "9998") * 2).replace("BT-7003", "BT-9999")
    message = gateway.settle(BIRCH, wrong.encode())
    assert gateway.faults(message.id) == [
        ("repeated_element", "/lines/0"),
        ("unknown_item", "/lines/2/buyer_item"),
    ]


def test_a_bug_in_judging_the_rest_is_loud(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any other: the message fails, and is judged again when it is mended."""

    def faults_of_rest(*arguments: object) -> tuple[Fault, ...]:
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(reading, "faults_of_rest", faults_of_rest)
        message = gateway.settle(PINE, order(NOTHING_ORDERED))
    assert message.status == "failed"
    assert gateway.responses([message.id]) == []
