"""Shipments of the warehouse: the ledger, the stock, the despatch advices, and what is refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from gateway.api.examples import SHIPMENT
from gateway.printing.packing_list import packing_list_pdf
from gateway.printing.pdf import label_pdf
from gateway.printing.zpl import label_zpl
from gateway.sscc_numbers import sscc_of
from gateway.store.documents import StoredDocument
from gateway.store.orders import LedgerLine
from gateway.store.statements import fetch
from mappings.files.account_folder import read_account
from mappings.revision import StockRow
from schemas.documents.common import Address, Party
from schemas.documents.despatch_advice import DespatchAdvice
from schemas.formats.json_1 import JSON_1, parse_shipment
from schemas.formats.registry import format_by_name
from schemas.json_schema import schema
from schemas.values import is_gs1_number
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway, outcomes
from tests.examples.threads import cancel, change, taken
from tests.printing.test_labels import pages, text_of

PINE = "pine-hardware"
LEFT_AT = "2026-11-23T12:00:00+01:00"
YARD_1 = Party(
    id="YARD-1",
    name="Bouwmarkt Zwolle",
    address=Address(street="Marsweg 10", city="Zwolle", postal_code="8013", country="NL"),
)
"""As sites.csv of pine-hardware has it."""
SAND = line("3", "PH-0104", "12.5", "KILO")


def part(quantity: str, number: str = "1", product: str = "BOLT-M8", **said: Any) -> dict[str, Any]:
    """So many base units of a line of PH-4001."""
    return {
        "order_number": "PH-4001",
        "account": PINE,
        "line_number": number,
        "product": product,
        "base_quantity": quantity,
        **said,
    }


def shipment(*lines: dict[str, Any], number: str = "LS-1", **said: Any) -> dict[str, Any]:
    """One carton with these lines."""
    carton = {"id": "C1", "type": "XCT", "lines": list(lines)}
    return {"shipment_number": number, "shipped_at": LEFT_AT, "packages": [carton], **said}


def send(gateway: SmallGateway, told: dict[str, Any]) -> Any:
    key = gateway.store.keys.create(None, actor="test")[1]
    headers = {"Authorization": f"Bearer {key}"}
    return gateway.client.post("/v1/backoffice/shipments", data=json.dumps(told), headers=headers)


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(one["code"], one["path"]) for one in answer.json["faults"]]


def advices(gateway: SmallGateway, number: str | None = "PH-4001") -> list[DespatchAdvice]:
    """Those in the account's mailbox, oldest first."""
    return [_read(gateway, one) for one in mailbox(gateway, number)]


def mailbox(gateway: SmallGateway, number: str | None) -> list[StoredDocument]:
    found = gateway.store.documents.page(
        PINE, kind="despatch_advice", order_number=number, after=None, limit=100, test_key=False
    )
    return list(found)


def _read(gateway: SmallGateway, one: StoredDocument) -> DespatchAdvice:
    read: Any = JSON_1.parsers["despatch_advice"](gateway.store.documents.canonical(one.id).encode())
    return read  # type: ignore[no-any-return]


def ledger(gateway: SmallGateway, number: str = "PH-4001") -> dict[str, LedgerLine]:
    """The order's lines; the ledger's equations hold."""
    stands = gateway.store.orders.by_number(PINE, number)[0]
    lines = {one.line_number: one for one in gateway.store.orders.ledger(stands.id)}
    for one in lines.values():
        settled = one.confirmed + one.backordered + one.rejected + one.cancelled + one.open
        assert one.ordered + one.raised == settled
        assert one.base_shipped * one.ordered <= one.confirmed * one.base_ordered
        assert one.base_credited <= one.base_invoiced <= one.base_shipped
        assert one.base_returned <= one.base_shipped
    return lines


def status(gateway: SmallGateway, number: str = "PH-4001") -> str:
    return gateway.store.orders.by_number(PINE, number)[0].status


def count_anew(gateway: SmallGateway, product: str, on_hand: str, as_of: str, site: str = "NORTH") -> None:
    """The warehouse counts the product."""
    gateway.store.stock.record([StockRow(product, site, datetime.fromisoformat(as_of), Decimal(on_hand))])


# --- what is told ----------------------------------------------------------------------------------------------------
def test_two_partial_shipments_of_an_order(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    first = send(gateway, shipment(part("150"), part("1", "2", "HAMMER-16"), estimated_delivery="2026-11-25"))
    assert first.status_code == 201, first.text
    (told,) = first.json["packages"]
    assert is_gs1_number(told["sscc"], (18,))
    (advice,) = advices(gateway)
    assert (advice.number, advice.shipment_number) == (first.json["documents"][0]["number"], "LS-1")
    assert advice.packages[0].sscc == told["sscc"]
    assert advice.packages[0].type_code == "CT"
    assert [(one.quantity, one.unit, one.unit_code, one.outstanding) for one in advice.lines] == [
        (3, "DOOS", "XBX", 1),
        (1, "STUK", "EA", 2),
    ]
    assert [(one.buyer_item, one.seller_item, one.order_line_number) for one in advice.lines] == [
        ("PH-0101", "BOLT-M8", "1"),
        ("PH-0102", "HAMMER-16", "2"),
    ]
    assert advice.lines[0].outstanding_reason == "Follows in another shipment."
    assert advice.ship_to is not None
    assert advice.ship_to.id == "YARD-1"
    lines = ledger(gateway)
    assert (lines["1"].shipped, lines["1"].base_shipped, lines["2"].shipped) == (3, 150, 1)
    assert status(gateway) == "open"

    second = send(gateway, shipment(part("50"), part("2", "2", "HAMMER-16"), number="LS-2"))
    assert second.status_code == 201, second.text
    assert [one.outstanding for one in advices(gateway)[1].lines] == [0, 0]
    assert status(gateway) == "shipped"
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    thread = gateway.client.get("/v1/orders/PH-4001", headers=headers).json
    assert [one["type"] for one in thread["documents"]] == ["order_response", "despatch_advice", "despatch_advice"]
    assert [(one["shipped"], one["base_shipped"]) for one in thread["lines"]] == [("4", "200"), ("3", "3")]
    assert list(gateway.store.audit.broken()) == []


def test_what_is_not_whole_is_told_in_base_units(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS, SAND))
    answer = send(gateway, shipment(part("107", lot="L-1"), part("2.375", "3", "SAND-KG")))
    assert answer.status_code == 201, answer.text
    (advice,) = advices(gateway)
    bolts, sand = advice.lines
    assert (bolts.quantity, bolts.unit, bolts.unit_code) == (107, "EA", "EA")
    assert (bolts.ordered_unit, bolts.base_per_ordered_unit, bolts.outstanding) == ("DOOS", 50, 93)
    assert (bolts.base_quantity, bolts.base_unit, bolts.lot) == (107, "EA", "L-1")
    assert (sand.quantity, sand.unit, sand.ordered_unit) == (Decimal("2.375"), "KILO", None)
    assert (ledger(gateway)["1"].shipped, ledger(gateway)["1"].base_shipped) == (Decimal("2.14"), 107)


@pytest.mark.parametrize(
    ("ordered_by", "whole", "loose"),
    [
        ("19521234001017", "19521234001017", "9521234001010"),  # the box's, and the bolt's
        (None, None, None),
    ],
)
def test_a_boxes_gtin_does_not_stand_beside_loose_pieces(
    on_either: SmallGateway, ordered_by: str | None, whole: str | None, loose: str | None
) -> None:
    gateway = on_either
    gateway.settle(PINE, order({**BOLTS, "gtin": ordered_by}))
    assert send(gateway, shipment(part("100"))).status_code == 201
    assert send(gateway, shipment(part("7"), number="LS-2")).status_code == 201
    assert [(line.unit, line.gtin) for advice in advices(gateway) for line in advice.lines] == [
        ("DOOS", whole),
        ("EA", loose),
    ]


def test_pallets_cartons_and_several_orders_to_two_places(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    gateway.settle(PINE, order(BOLTS, number="PH-4003", ship_to={"id": "YARD-2"}))
    hammers = {"line_number": "1", "product": "HAMMER-16", "account": PINE}
    packages = [
        {"id": "P1", "type": "PX", "sscc": "095212340000999997"},
        {"id": "C1", "parent": "P1", "lines": [part("100")]},
        {
            "id": "C2",
            "parent": "P1",
            "lines": [part("100"), {**hammers, "order_number": "PH-4002", "base_quantity": "3"}],
        },
        {"id": "C3", "lines": [part("50", order_number="PH-4003")]},
    ]
    answer = send(gateway, {"shipment_number": "LS-1", "shipped_at": LEFT_AT, "packages": packages})
    assert answer.status_code == 201, answer.text
    assert len({one["sscc"] for one in answer.json["packages"]}) == 4
    both, other = advices(gateway, None)
    assert [one.order_number for one in both.orders] == ["PH-4001", "PH-4002"]
    assert [(one.id, one.parent) for one in both.packages] == [("P1", None), ("C1", "P1"), ("C2", "P1")]
    assert both.packages[0].sscc == "095212340000999997"
    assert [one.package for one in both.lines] == ["C1", "C2", "C2"]
    assert [one.outstanding for one in both.lines] == [0, None, 0]
    assert [one.id for one in other.packages] == ["C3"]
    assert other.ship_to is not None
    assert other.ship_to.id == "YARD-2"
    for number, found in (("PH-4001", both), ("PH-4002", both), ("PH-4003", other)):
        assert advices(gateway, number) == [found]
    assert list(gateway.store.audit.broken()) == []


def test_our_people_find_what_went_out_by_order_type_and_number(on_either: SmallGateway) -> None:
    """An advice of two orders is found by each of them, whether the account is told or not."""
    gateway, documents = on_either, on_either.store.documents
    gateway.settle(PINE, order(BOLTS))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    gateway.settle(PINE, order(BOLTS, number="PH-4003"))
    send(gateway, shipment(part("50"), part("3", product="HAMMER-16", order_number="PH-4002")))
    (both,) = mailbox(gateway, "PH-4001")
    for account_id in (None, PINE):
        everything = documents.newest(account_id, kind=None, order_number=None, limit=9)
        assert [one.order_number for one in everything] == [None, "PH-4003", "PH-4002", "PH-4001"]
        assert documents.newest(account_id, kind=None, order_number=None, limit=2) == everything[:2]
        assert documents.newest(account_id, kind=None, order_number="PH-4002", limit=9) == [both, everything[2]]
        assert documents.newest(account_id, kind="order_response", order_number="PH-4001", limit=9) == everything[3:]
        assert documents.newest(account_id, kind="despatch_advice", order_number=None, limit=9) == [both]
        assert documents.newest(account_id, kind="invoice", order_number="PH-4001", limit=9) == []
        assert documents.newest(account_id, kind=None, order_number="PH-4009", limit=9) == []
    assert documents.newest("birch-timber", kind=None, order_number="PH-4001", limit=9) == []
    assert documents.named(both.number) == documents.named(both.id) == [both]
    assert documents.named("PH-4001") == []


def test_a_place_named_by_number_has_its_name_and_address(on_either: SmallGateway) -> None:
    """The order says no more than YARD-1 and the buyer's number; sites.csv and account.yaml say the rest."""
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    send(gateway, shipment(part("200")))
    (advice,) = advices(gateway)
    assert advice.ship_to == YARD_1
    assert advice.buyer is not None
    assert (advice.buyer.id, advice.buyer.scheme, advice.buyer.name) == ("68750110", "0106", "Pine Hardware")
    (stored,) = mailbox(gateway, "PH-4001")
    sent = json.loads(gateway.store.documents.body(stored.id))
    assert (sent["ship_to"]["name"], sent["ship_to"]["address"]["postal_code"]) == ("Bouwmarkt Zwolle", "8013")
    as_ubl = format_by_name("ubl-2.1").renderers["despatch_advice"](advice).decode()
    zpl = label_zpl(advice).decode()
    (label,), (packing_list,) = ([*map(text_of, pages(paper(advice)))] for paper in (label_pdf, packing_list_pdf))
    for said in ("Bouwmarkt Zwolle", "Marsweg 10", "8013", "Zwolle", "NL"):
        assert all(said in text for text in (as_ubl, zpl, label, packing_list)), said


def test_what_an_order_says_of_its_place_stands(gateway: SmallGateway) -> None:
    other = {"street": "Elders 1", "city": "Zwolle"}
    gateway.settle(PINE, order(BOLTS, ship_to={"id": "YARD-1", "name": "Gate 4", "address": other}))
    own = {**BOLTS, "line_number": "1", "ship_to": {"id": "YARD-2"}}
    gateway.settle(PINE, order(own, number="PH-4002", buyer={"id": "68750110", "scheme": "0106", "name": "Pine Oost"}))
    send(gateway, shipment(part("50"), part("50", order_number="PH-4002")))
    first, second = advices(gateway, None)
    assert first.ship_to == Party(id="YARD-1", name="Gate 4", address=Address(**other, country="NL"))
    assert second.ship_to is not None
    assert second.ship_to.name == "Bouwmarkt Utrecht", "the line's own place"
    assert second.buyer == Party(id="68750110", scheme="0106", name="Pine Oost")


def test_orders_for_one_place_are_one_advice_though_its_address_was_mended_between_them(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(BOLTS))
    folder = read_account(ACCOUNTS / PINE)
    sites = tuple(replace(row, street=f"{row.street} bis") for row in folder.sites)
    gateway.publish(replace(folder, sites=sites))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    hammers = part("3", product="HAMMER-16", order_number="PH-4002")
    for number, parts in (("LS-1", [part("50"), hammers]), ("LS-2", [part("50")])):
        assert send(gateway, shipment(*parts, number=number)).status_code == 201
    both, first = advices(gateway, "PH-4001")
    assert [one.order_number for one in both.orders] == ["PH-4001", "PH-4002"]
    assert both.ship_to is not None
    assert both.ship_to.address is not None
    assert both.ship_to.address.street == "Marsweg 10 bis", "as the newest of the orders has it"
    assert first.ship_to == YARD_1


# --- again, and at once ----------------------------------------------------------------------------------------------
def test_the_same_shipment_again(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    first = send(gateway, shipment(part("150")))
    again = send(gateway, shipment(part("150")))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == {**first.json, "duplicate": True}
    other = send(gateway, shipment(part("50")))
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    assert len(advices(gateway)) == 1
    assert ledger(gateway)["1"].base_shipped == 150


def test_the_same_shipment_written_otherwise(on_either: SmallGateway) -> None:
    """As another program of the warehouse writes it: numbers, and the time in UTC."""
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    first = send(gateway, shipment(part("150", lot="L-1"), part("50")))
    written = shipment(part("150.0", lot=" L-1 ", unit=None), {**part(""), "base_quantity": 50}, note=None)
    again = send(gateway, {**written, "shipped_at": "2026-11-23T11:00:00.000Z"})
    assert (first.status_code, again.status_code) == (201, 200), again.text
    assert again.json == {**first.json, "duplicate": True}
    for other in (
        {**written, "shipped_at": "2026-11-23T11:00:00.001Z"},
        shipment(part("150", lot="L-2"), part("50")),
        shipment(part("150", lot="L-1"), part("49.99")),
        shipment(part("150", lot="L-1"), part("50"), note="late"),
    ):
        assert send(gateway, other).status_code == 409
    assert ledger(gateway)["1"].base_shipped == 200


def test_eight_at_once(on_either: SmallGateway) -> None:
    """Four send the same shipment of 100, four others 50 each: 200 left, once, whoever comes first."""
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    told = [shipment(part("100")) for _ in range(4)] + [shipment(part("50"), number=f"LS-{n}") for n in range(2, 6)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: send(gateway, one), told))
    codes = sorted(one.status_code for one in answers)
    with_the_hundred, all_fifties = [200] * 3 + [201] * 3 + [422] * 2, [201] * 4 + [422] * 4
    assert codes in (with_the_hundred, all_fifties)
    assert ledger(gateway)["1"].base_shipped == 200
    assert status(gateway) == "shipped"
    assert len(advices(gateway)) == codes.count(201)
    with gateway.store.database.read() as connection:
        rows = fetch(connection, "SELECT quantity FROM departures", [])
    assert sum(Decimal(row[0]) for row in rows) == 200


# --- stock -----------------------------------------------------------------------------------------------------------
def test_what_left_holds_stock_until_it_is_counted_anew(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    assert taken(gateway, "BOLT-M8") == 200
    send(gateway, shipment(part("150")))
    assert taken(gateway, "BOLT-M8") == 200, "the snapshot of the morning still counts them"
    count_anew(gateway, "BOLT-M8", "1190", "2026-11-23T11:00:00+01:00")
    assert taken(gateway, "BOLT-M8") == 200, "counted before they left"
    count_anew(gateway, "BOLT-M8", "1040", "2026-11-23T13:00:00+01:00")
    assert taken(gateway, "BOLT-M8") == 50
    send(gateway, shipment(part("50"), number="LS-2"))
    assert taken(gateway, "BOLT-M8") == 0, "told late: the snapshot is of after it left"
    count_anew(gateway, "BOLT-M8", "1000", "2026-11-23T14:00:00+01:00")
    assert taken(gateway, "BOLT-M8") == 0


def test_a_change_behind_a_shipment(on_either: SmallGateway) -> None:
    """What has left is the line's, counted anew or not; only the rest is taken or given back."""
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    send(gateway, shipment(part("100")))
    more = gateway.settle(PINE, change({**BOLTS, "quantity": "6"}))
    assert outcomes(gateway.response(more.id)) == {"1": [("accepted", "6", "DOOS")]}
    assert taken(gateway, "BOLT-M8") == 300
    count_anew(gateway, "BOLT-M8", "1100", "2026-11-23T13:00:00+01:00")
    assert taken(gateway, "BOLT-M8") == 200
    less = gateway.settle(PINE, change({**BOLTS, "quantity": "3"}, version=3))
    assert outcomes(gateway.response(less.id)) == {"1": [("accepted", "3", "DOOS")]}
    assert taken(gateway, "BOLT-M8") == 50
    below = gateway.settle(PINE, change({**BOLTS, "quantity": "1"}, version=4))
    assert "2 DOOS of the line have shipped" in str(gateway.response(below.id).note)
    refused = gateway.settle(PINE, cancel())
    assert gateway.response(refused.id).outcome == "rejected"
    assert taken(gateway, "BOLT-M8") == 50
    assert send(gateway, shipment(part("50"), number="LS-2")).status_code == 201
    assert status(gateway) == "shipped"


def test_it_left_elsewhere_than_it_was_allocated(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    assert send(gateway, shipment(part("150"), site="SOUTH")).status_code == 201
    positions = gateway.store.stock.load(["BOLT-M8"], [PINE]).positions
    assert {site: one.taken for (_, site), one in positions.items()} == {"NORTH": 50, "SOUTH": 150}
    count_anew(gateway, "BOLT-M8", "450", "2026-11-23T13:00:00+01:00", "SOUTH")
    positions = gateway.store.stock.load(["BOLT-M8"], [PINE]).positions
    assert {site: one.taken for (_, site), one in positions.items()} == {"NORTH": 50, "SOUTH": 0}
    assert send(gateway, shipment(part("50"), site="NOWHERE", number="LS-2")).status_code == 201
    assert taken(gateway, "BOLT-M8") == 0


# --- what is refused -------------------------------------------------------------------------------------------------
def test_more_than_confirmed(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    answer = send(gateway, shipment(part("150"), part("60")))
    assert faults(answer) == [("more_than_confirmed", "/packages/0/lines/1/base_quantity")]
    assert answer.json["faults"][0]["expected"] == "at most 50 EA"
    assert ledger(gateway)["1"].base_shipped == 0
    assert advices(gateway) == []
    meant = send(gateway, shipment(part("150"), part("60"), override_reason="a box was opened by mistake"))
    assert meant.status_code == 201, meant.text
    found = ledger(gateway)["1"]
    assert (found.base_shipped, found.confirmed, found.raised, found.ordered) == (210, 5, 1, 4)
    (event,) = [
        one
        for (stream,) in _streams(gateway)
        for one in gateway.store.audit.of(stream)
        if stream.startswith("shipment/")
    ]
    assert event["body"]["override_reason"] == "a box was opened by mistake"
    assert [one["confirmed"] for one in event["body"]["raised"]] == ["+1"]


def _streams(gateway: SmallGateway) -> list[Any]:
    with gateway.store.database.read() as connection:
        return list(fetch(connection, "SELECT DISTINCT stream FROM events", []))


def test_what_contradicts_the_books(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    gateway.settle(PINE, order(BOLTS, number="PH-4009"), test=True)
    gateway.settle(PINE, order(BOLTS, number="PH-4010"))
    gateway.settle(PINE, {**order(BOLTS, number="PH-4010"), "function": "cancel", "version": 0})
    gateway.settle(PINE, order(BOLTS, number="PH-4011", order_type="blanket"))
    answer = send(
        gateway,
        shipment(
            part("50", order_number="PH-9"),
            part("50", order_number="PH-4009"),
            part("50", order_number="PH-4010"),
            part("50", order_number="PH-4011"),
            part("50", account="birch-timber"),
            part("50", "7"),
            part("50", product="HAMMER-16"),
            part("1", unit="XBX"),
            part("0.5"),
            part("2", "2", "HAMMER-16", serials=["A", "A"]),
        ),
    )
    assert faults(answer) == [
        ("unknown_order", "/packages/0/lines/0/order_number"),
        ("unknown_order", "/packages/0/lines/1/order_number"),
        ("not_shippable", "/packages/0/lines/2/order_number"),
        ("not_shippable", "/packages/0/lines/3/order_number"),
        ("unknown_order", "/packages/0/lines/4/order_number"),
        ("unknown_line", "/packages/0/lines/5/line_number"),
        ("wrong_product", "/packages/0/lines/6/product"),
        ("wrong_unit", "/packages/0/lines/7/unit"),
        ("fractional_unit", "/packages/0/lines/8/base_quantity"),
        ("serials_mismatch", "/packages/0/lines/9/serials"),
    ]
    assert ledger(gateway)["1"].base_shipped == 0


def test_one_piece_is_in_one_package(gateway: SmallGateway) -> None:
    """Its serial number on two lines is a mistake of one of them, in whichever package and of whichever order."""
    gateway.settle(PINE, order(HAMMERS))
    gateway.settle(PINE, order({**HAMMERS, "line_number": "1"}, number="PH-4002"))
    hammer = {"number": "2", "product": "HAMMER-16"}
    packages = [
        {"id": "C1", "lines": [part("2", **hammer, serials=["A", "B"])]},
        {"id": "C2", "lines": [part("2", product="HAMMER-16", order_number="PH-4002", serials=["C", "A"])]},
    ]
    told = {"shipment_number": "LS-1", "shipped_at": LEFT_AT, "packages": packages}
    answer = send(gateway, told)
    assert faults(answer) == [("serials_mismatch", "/packages/1/lines/0/serials")]
    assert answer.json["faults"][0]["value"] == "A"
    packages[1] = {"id": "C2", "lines": [part("1", product="HAMMER-16", order_number="PH-4002", serials=["C"])]}
    assert send(gateway, told).status_code == 201


def test_packages_that_are_wrong(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(BOLTS))
    lines = [part("10")]
    packages = [
        {"id": "A", "lines": lines, "sscc": "095212340000999993"},
        {"id": "A", "lines": lines, "sscc": "0952123400009999"},
        {"id": "B", "parent": "X", "lines": lines, "sscc": "095212340000999997"},
        {"id": "C", "parent": "D", "lines": lines, "sscc": "095212340000999997"},
        {"id": "D", "parent": "C", "lines": lines},
        {"id": "E"},
    ]
    answer = send(gateway, {"shipment_number": "LS-1", "shipped_at": LEFT_AT, "packages": packages})
    assert faults(answer) == [
        ("bad_value", "/packages/0/id"),
        ("bad_value", "/packages/0/sscc"),
        ("bad_value", "/packages/1/id"),
        ("bad_value", "/packages/1/sscc"),
        ("sscc_reused", "/packages/2/sscc"),
        ("bad_value", "/packages/2/parent"),
        ("sscc_reused", "/packages/3/sscc"),
        ("bad_value", "/packages/3/parent"),
        ("bad_value", "/packages/4/parent"),
        ("missing_field", "/packages/5/lines"),
    ]


def test_an_sscc_of_another_shipment(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    told = shipment(part("50"))
    told["packages"][0]["sscc"] = "095212340000999997"
    assert send(gateway, told).status_code == 201
    again = send(gateway, {**told, "shipment_number": "LS-2"})
    assert faults(again) == [("sscc_reused", "/packages/0/sscc")]
    assert "LS-1" in again.json["faults"][0]["detail"]


@pytest.mark.parametrize(
    ("spoilt", "code", "path"),
    [
        ({"shipped_at": "2026-11-23T12:00:00"}, "not_a_date", "/shipped_at"),
        ({"packages": []}, "too_few", "/packages"),
        ({"shipment": 1}, "unknown_field", "/shipment"),
        ({"shipment_number": None}, "missing_field", "/shipment_number"),
    ],
)
def test_what_is_no_shipment(gateway: SmallGateway, spoilt: dict[str, Any], code: str, path: str) -> None:
    answer = send(gateway, {**shipment(part("1")), **spoilt})
    assert answer.status_code == 400, answer.text
    assert path in [one["path"] for one in answer.json["faults"]]
    if code != "too_few":
        assert (code, path) in [(one["code"], one["path"]) for one in answer.json["faults"]]


def test_an_accounts_key_ships_nothing(gateway: SmallGateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    answer = gateway.client.post("/v1/backoffice/shipments", data="{}", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "key_not_allowed")


def test_the_described_shipment_is_one() -> None:
    """The example of OpenAPI fits the schema, and is read."""
    jsonschema_rs.Draft202012Validator(schema("shipment")).validate(SHIPMENT)
    read = parse_shipment(json.dumps(SHIPMENT).encode())
    assert read.packages[1].lines[0].base_quantity == 72


# --- the thread ------------------------------------------------------------------------------------------------------
def test_the_thread_tells_each_shipment_in_the_account_s_units(on_either: SmallGateway) -> None:
    """By number, with who carries it and which despatch advices tell of it; in base units as well."""
    gateway = on_either
    gateway.settle(PINE, order(BOLTS, HAMMERS))
    gateway.settle(PINE, order(HAMMERS, number="PH-4002"))
    another = {**part("2", "2", "HAMMER-16"), "order_number": "PH-4002"}
    cartons = [
        {"id": "P1", "type": "PX"},
        {"id": "C1", "type": "CT", "parent": "P1", "lines": [part("100"), another]},
        {"id": "C2", "type": "CT", "parent": "P1", "lines": [part("30"), part("1", "2", "HAMMER-16")]},
    ]
    said = {"carrier": 'Van "packages": Oost', "tracking": "VO-1", "estimated_delivery": "2026-11-25"}
    assert send(gateway, {**shipment(number="LS-9"), "packages": cartons, **said}).status_code == 201
    later = shipment(part("20"), number="LS-1", shipped_at="2026-11-23T12:30:00+01:00")
    assert send(gateway, later).status_code == 201

    headers = {"Authorization": f"Bearer {gateway.key(PINE)}"}
    answer = gateway.client.get("/v1/orders/PH-4001", headers=headers).json
    first, second = answer["shipments"]
    assert {
        name: first[name] for name in ("shipment_number", "shipped_at", "estimated_delivery", "carrier", "tracking")
    } == {
        "shipment_number": "LS-9",
        "shipped_at": "2026-11-23T11:00:00.000+00:00",
        "estimated_delivery": "2026-11-25",
        "carrier": 'Van "packages": Oost',
        "tracking": "VO-1",
    }
    assert first["lines"] == [
        {"line_number": "1", "quantity": "2.6", "unit": "DOOS", "base_quantity": "130", "base_unit": "EA"},
        {"line_number": "2", "quantity": "1", "unit": "STUK", "base_quantity": "1", "base_unit": "EA"},
    ]
    assert (second["shipment_number"], second["carrier"], second["tracking"]) == ("LS-1", None, None)
    assert second["lines"][0]["quantity"] == "0.4"
    kept = {one["id"]: one["number"] for one in answer["documents"] if one["type"] == "despatch_advice"}
    assert {
        one["document_id"]: one["number"] for one in (*first["despatch_advices"], *second["despatch_advices"])
    } == kept
    (other,) = gateway.client.get("/v1/orders/PH-4002", headers=headers).json["shipments"]
    assert other["lines"] == [
        {"line_number": "2", "quantity": "2", "unit": "STUK", "base_quantity": "2", "base_unit": "EA"}
    ]


def test_an_order_of_which_nothing_left_has_no_shipments(on_either: SmallGateway) -> None:
    on_either.settle(PINE, order(BOLTS))
    headers = {"Authorization": f"Bearer {on_either.key(PINE)}"}
    assert on_either.client.get("/v1/orders/PH-4001", headers=headers).json["shipments"] == []


# --- what a warehouse does under our own prefix, and with a clock of its own ------------------------------------------
def told_ssccs(answer: Any) -> dict[str, str]:
    assert answer.status_code == 201, answer.text
    return {one["id"]: one["sscc"] for one in answer.json["packages"]}


def test_a_package_gets_no_sscc_that_another_of_the_shipment_was_given(on_either: SmallGateway) -> None:
    """The warehouse numbers some packages under our prefix itself, with the number that is next for us."""
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    packages = [
        {"id": "A", "sscc": sscc_of("9521234", 1), "lines": [part("50")]},
        {"id": "B", "lines": [part("50")]},
    ]
    told = told_ssccs(send(gateway, {"shipment_number": "LS-1", "shipped_at": LEFT_AT, "packages": packages}))
    assert told["A"] == sscc_of("9521234", 1)
    assert told["B"] not in (told["A"], None)
    (advice,) = advices(gateway)
    assert {one.id: one.sscc for one in advice.packages} == told


def test_a_warehouse_that_is_far_ahead_under_our_prefix_keeps_nobody_waiting(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    given = [sscc_of("9521234", number) for number in range(1, 41)]
    packages = [{"id": sscc, "sscc": sscc, "lines": [part("1")]} for sscc in given]
    assert send(gateway, {"shipment_number": "LS-1", "shipped_at": LEFT_AT, "packages": packages}).status_code == 201
    told = told_ssccs(send(gateway, shipment(part("50"), number="LS-2")))
    assert is_gs1_number(told["C1"], (18,))
    assert told["C1"] not in given


@pytest.mark.parametrize(
    ("said", "code", "path"),
    [
        ({"shipped_at": "2026-11-24T11:10:00+01:00"}, "bad_value", "/shipped_at"),
        ({"shipped_at": "2199-12-31T23:59:59Z"}, "bad_value", "/shipped_at"),
        ({"shipped_at": "9999-12-31T23:59:59-12:00"}, "bad_value", "/shipped_at"),
        ({"shipped_at": "0001-01-01T00:00:00+14:00"}, "bad_value", "/shipped_at"),
        ({"estimated_delivery": "9999-12-31"}, "bad_value", "/estimated_delivery"),
        ({"estimated_delivery": "2026-11-21"}, "dates_contradict", "/estimated_delivery"),
    ],
)
def test_times_at_which_nothing_left_or_arrives(
    gateway: SmallGateway, said: dict[str, Any], code: str, path: str
) -> None:
    gateway.settle(PINE, order(BOLTS))
    answer = send(gateway, shipment(part("50"), **said))
    assert faults(answer) == [(code, path)]
    assert answer.json["faults"][0]["location"] == path
    assert ledger(gateway)["1"].base_shipped == 0


def test_a_clock_in_another_zone_is_no_time_to_come(gateway: SmallGateway) -> None:
    gateway.settle(PINE, order(BOLTS))
    told = shipment(part("50"), shipped_at="2026-11-24T10:59:59+01:00", estimated_delivery="2026-11-23")
    assert send(gateway, told).status_code == 201


def test_packages_around_one_another_without_end(gateway: SmallGateway) -> None:
    """Each is in the next: nobody packs so, and what prints them would not end."""
    gateway.settle(PINE, order(BOLTS))
    packages: list[dict[str, Any]] = [{"id": f"{n}", "parent": f"{n + 1}"} for n in range(22)]
    packages = [*packages, {"id": "22"}]
    packages[0]["lines"] = [part("50")]
    told = {"shipment_number": "LS-1", "shipped_at": LEFT_AT, "packages": packages}
    answer = send(gateway, told)
    assert faults(answer) == [("bad_value", "/packages/0/parent"), ("bad_value", "/packages/1/parent")]
    packages[2]["lines"] = [part("50")]
    assert send(gateway, {**told, "packages": packages[2:]}).status_code == 201
