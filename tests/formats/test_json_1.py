"""json-1 as the contract shows it: the examples read and written, every fault of a wrong document at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from schemas.documents.common import (
    Address,
    Attachment,
    Charge,
    Contact,
    Extension,
    Identifier,
    Party,
    Period,
    Price,
    fields_of,
)
from schemas.documents.inventory_report import InventoryLine, InventoryReport
from schemas.documents.order import MAX_LINES, Order, OrderLine, ScheduleLine
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected
from schemas.formats import json_1
from schemas.formats.json_1 import (
    JSON_1,
    parse_order,
    parse_order_response,
    parse_orders,
    render,
)
from schemas.formats.json_1.judging import MAX_FAULTS
from schemas.formats.json_1.layout import ALWAYS, models_of
from schemas.formats.ubl_2_1 import UBL_2_1
from tests.outbound_strategies import inventory_reports

EXAMPLES = Path(json_1.__file__).parent / "examples"
REJECTED = sorted(path for path in (EXAMPLES / "rejected").glob("*.json") if not path.name.endswith(".faults.json"))
CET = timezone(timedelta(hours=1))


def example(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def test_the_contracts_order_is_read_exactly() -> None:
    (read,) = parse_orders(example("order/plain.json"))
    assert read.attachments == {}
    assert read.order == Order(
        order_number="PO-1001",
        issue_date=date(2026, 11, 23),
        currency="EUR",
        note="dock 4",
        buyer=Party(id="4012345000009", scheme="0088", name="ACME Retail"),
        ship_to=Party(
            id="4012345000016",
            scheme="0088",
            name="DC East",
            address=Address(street="Kai 4", city="Hamburg", postal_code="20457", country="DE"),
        ),
        requested_delivery=Period(start=date(2026, 12, 1), end=date(2026, 12, 2)),
        partial_allowed=True,
        lines=(
            OrderLine(
                line_number="1",
                buyer_item="PL-0042",
                description="Oat drink 1 l",
                quantity=Decimal("10"),
                unit="CS",
                unit_code="XCS",
                price=Price(amount=Decimal("12.50"), base_quantity=Decimal("1"), unit="CS"),
            ),
        ),
    )


def test_an_order_needs_a_number_and_lines_with_number_and_quantity_only() -> None:
    order = parse_order(example("order/least.json"))
    line = OrderLine(line_number="010", quantity=Decimal("2.50"))
    assert order == Order(order_number="0042", lines=(line,))
    assert str(order.lines[0].quantity) == "2.50"


def test_every_field_is_read() -> None:
    order = parse_order(example("order/every-field.json"))
    acme = Party(
        id="4012345000009",
        scheme="0088",
        name="ACME Retail",
        endpoint=Identifier(id="orders@acme.example", scheme="EM"),
        identifiers=(Identifier(id="ACME-HQ"), Identifier(id="123456789", scheme="0060")),
        legal_name="ACME Retail SE",
        registration=Identifier(id="HRB 1234"),
        vat_id="DE123456789",
        address=Address(
            street="Am Markt 1",
            additional_street="Hinterhaus",
            building_number="1",
            city="Köln",
            postal_code="50667",
            region="NW",
            country="DE",
            lines=("Am Markt 1, Hinterhaus", "50667 Köln"),
        ),
        contact=Contact(id="DR", name="Dana Reyes", telephone="+49 221 5550100", email="dana@acme.example"),
    )
    line = OrderLine(
        line_number="1",
        action="change",
        buyer_line_reference="00010",
        buyer_item="PL-0042",
        seller_item="OAT-1L",
        gtin="4012345678901",
        description="Oat drink 1 l",
        quantity=Decimal("10.0"),
        unit="CS",
        unit_code="XCS",
        pack_size=Decimal("12"),
        pack_unit="EA",
        pack_unit_code="EA",
        price=Price(
            amount=Decimal("12.5"), base_quantity=Decimal("1"), unit="CS", unit_code="XCS", gross=Decimal("13.00")
        ),
        ship_to=Party(id="4012345000030", scheme="0088", name="DC West"),
        requested_delivery=Period(start=date(2026, 12, 1)),
        schedule=(
            ScheduleLine(
                quantity=Decimal("6"), requested_delivery=Period(start=date(2026, 12, 1), end=date(2026, 12, 1))
            ),
            ScheduleLine(
                quantity=Decimal("4"), requested_delivery=Period(start=date(2026, 12, 8), end=date(2026, 12, 8))
            ),
        ),
        partial_allowed=True,
        backorder_allowed=False,
        charges=(
            Charge(
                is_charge=False,
                amount=Decimal("5"),
                reason_code="95",
                reason="Discount",
                base_amount=Decimal("125.00"),
                factor=Decimal("0.04"),
            ),
        ),
        note="Best before at least 6 months ahead",
        extensions=(Extension(name="shelf", value="A-3"),),
    )
    assert order == Order(
        function="change",
        version=2,
        order_type="release",
        test=True,
        order_number="REL-7/2026",
        change_number="REL-7/2026-A",
        other_lines="deleted",
        issue_date=date(2026, 11, 23),
        issued_at=datetime(2026, 11, 23, 8, 30, tzinfo=CET),
        currency="EUR",
        contract="FRAME-2026-3",
        rush=True,
        respond_by=date(2026, 11, 24),
        cancel_after=date(2026, 12, 5),
        note="Two deliveries.\nCall before the first.",
        buyer=acme,
        seller=Party(id="4098765000010", scheme="0088", name="The supplier"),
        bill_to=Party(id="4012345000023", scheme="0088", name="ACME Accounting"),
        final_recipient=Party(id="STORE-17", name="ACME Store 17"),
        ship_to=Party(id="4012345000016", scheme="0088", name="DC East"),
        requested_delivery=Period(
            start=date(2026, 12, 1),
            end=date(2026, 12, 2),
            start_time=time(6, tzinfo=CET),
            end_time=time(14, 30, tzinfo=CET),
        ),
        partial_allowed=False,
        response_requested=False,
        customization="urn:acme:orders:2",
        profile="direct",
        charges=(Charge(is_charge=True, amount=Decimal("35.00"), reason_code="FC", reason="Freight"),),
        attachments=(
            Attachment(
                id="LABEL-1",
                document_type="label",
                description="Label for every pallet",
                filename="pallet label.pdf",
                media_type="application/pdf",
                uri="https://acme.example/labels/1.pdf",
                size=48213,
                sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            ),
        ),
        total=Decimal("160.0000"),
        extensions=(Extension(name="season", value="winter"),),
        lines=(line,),
    )


def test_the_example_of_every_field_leaves_none_out() -> None:
    def fields_set(document: object) -> set[tuple[type, str]]:
        found: set[tuple[type, str]] = set()
        if isinstance(document, tuple):
            found = set().union(*map(fields_set, document))
        elif type(document) in ALWAYS:
            for name, value in vars(document).items():
                found |= {(type(document), name)} if value not in (None, ()) else set()
                found |= fields_set(value)
        return found

    order = parse_order(example("order/every-field.json"))
    assert fields_set(order) == {(model, name) for model in models_of(Order) for name in fields_of(model)}


def test_an_order_response_is_read() -> None:
    price = Price(amount=Decimal("12.50"), unit="CS")
    outcomes = (
        LineOutcome(
            status="accepted", quantity=Decimal(88), unit="CS", price=price, promised_delivery=date(2026, 12, 1)
        ),
        LineOutcome(
            status="backordered",
            quantity=Decimal(1),
            unit="CS",
            promised_delivery=date(2026, 12, 9),
            reason="next goods on 8 December",
        ),
        LineOutcome(status="cancelled", quantity=Decimal(1), unit="CS", reason="no longer made"),
    )
    assert parse_order_response(example("order_response/changed.json")) == OrderResponse(
        number="OR-000017",
        order_number="PO-1001",
        order_version=1,
        issue_date=date(2026, 11, 23),
        outcome="changed",
        note="Order changed: one case later, one cancelled",
        lines=(ResponseLine(line_number="1", buyer_item="PL-0042", outcomes=outcomes),),
    )


def test_several_orders_in_one_body_are_several() -> None:
    assert [read.order.order_number for read in parse_orders(example("order/several.json"))] == ["A-1", "A-2"]
    with pytest.raises(DocumentRejected, match="wrong_document"):
        parse_order(example("order/several.json"))


@pytest.mark.parametrize("name", ["plain", "every-field"])
def test_an_order_is_written_as_the_contract_shows_it(name: str) -> None:
    body = example(f"order/{name}.json")
    written = render(parse_order(body))
    assert json.loads(written, object_pairs_hook=list) == json.loads(body, object_pairs_hook=list)


def test_an_order_response_is_written_as_the_contract_shows_it() -> None:
    body = example("order_response/changed.json")
    written = render(parse_order_response(body))
    assert json.loads(written, object_pairs_hook=list) == json.loads(body, object_pairs_hook=list)


def test_decimals_are_written_in_plain_notation() -> None:
    line = OrderLine(line_number="1", quantity=Decimal("1E+3"), price=Price(amount=Decimal("1E-7")))
    written = json.loads(render(Order(order_number="1", lines=(line,), total=Decimal("-0.10"))))
    assert written["lines"][0]["quantity"] == "1000"
    assert written["lines"][0]["price"]["amount"] == "0.0000001"
    assert written["total"] == "-0.10"


def test_times_are_written_with_their_offset() -> None:
    line = OrderLine(line_number="1", quantity=Decimal(1))
    order = Order(order_number="1", lines=(line,), issued_at=datetime(2026, 11, 23, 7, 30, tzinfo=UTC))
    assert json.loads(render(order))["issued_at"] == "2026-11-23T07:30:00+00:00"


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_a_wrong_document_gets_exactly_its_faults(path: Path) -> None:
    expected = json.loads(path.with_suffix(".faults.json").read_text(encoding="utf-8"))
    with pytest.raises(DocumentRejected) as rejected:
        parse_orders(path.read_bytes())
    found = [
        {"code": fault.code, "path": fault.path, "location": fault.location, "value": fault.value}
        for fault in rejected.value.faults
    ]
    assert sorted(found, key=_in_text) == sorted(expected, key=_in_text)
    assert all(fault.detail for fault in rejected.value.faults)
    assert {fault.code for fault in rejected.value.faults} <= FAULTS.keys()


def _in_text(fault: dict[str, object]) -> str:
    return json.dumps(fault, sort_keys=True)


def test_an_empty_list_is_told_so() -> None:
    with pytest.raises(DocumentRejected) as rejected:
        parse_orders(b" []")
    assert [fault.detail for fault in rejected.value.faults] == ["the list is empty: there is no order in it"]


BLANKS = ["", " ", " \t\n", "\u00a0\u2003"]


def _with(**members: object) -> bytes:
    line = {"line_number": "1", "quantity": "1", "buyer_item": "PL-1"}
    return json.dumps({"order_number": "A", "lines": [line, {**line, "line_number": "2"}], **members}).encode()


def test_white_space_around_an_identifier_is_no_part_of_it() -> None:
    line = {
        "line_number": "\n1 ",
        "quantity": "1",
        "buyer_item": "\u00a0PL-1",
        "unit": "CS ",
        "gtin": " 4012345678901 ",
    }
    price = {"amount": "1", "unit": " EA"}
    site = {"id": " DC-1 ", "scheme": " 0088", "name": " DC East ", "identifiers": [{"id": "9 "}]}
    order = parse_order(_with(order_number=" A 1 ", ship_to=site, lines=[{**line, "price": price}]))
    (read,) = order.lines
    assert (order.order_number, read.line_number, read.buyer_item, read.unit) == ("A 1", "1", "PL-1", "CS")
    assert (read.gtin, read.price and read.price.unit) == ("4012345678901", "EA")
    assert order.ship_to == Party(id="DC-1", scheme="0088", name=" DC East ", identifiers=(Identifier(id="9"),))
    assert parse_order(_with(order_number="x" * 200 + " ")).order_number == "x" * 200


@pytest.mark.parametrize("blank", BLANKS)
def test_an_identifier_of_blanks_is_missing(blank: str) -> None:
    with pytest.raises(DocumentRejected) as rejected:
        parse_order(_with(order_number=blank, lines=[{"line_number": blank, "quantity": 1}]))
    assert [(fault.code, fault.path, fault.value) for fault in rejected.value.faults] == [
        ("missing_field", "/order_number", blank),
        ("missing_field", "/lines/0/line_number", blank),
    ]
    assert rejected.value.answer_to is None


@pytest.mark.parametrize("blank", BLANKS)
def test_an_identifier_of_blanks_is_absent_where_none_is_needed(blank: str) -> None:
    line = {"line_number": "1", "quantity": "1", "buyer_item": blank, "price": {"amount": "1", "unit": blank}}
    for lines in ([line], [{**line, "line_number": str(number)} for number in range(1_500)]):
        order = parse_order(_with(contract=blank, buyer={"id": blank, "name": "ACME"}, lines=lines))
        assert (order.contract, order.buyer) == (None, Party(name="ACME"))
        assert {read.buyer_item for read in order.lines} == {None}
        assert order.lines[-1].price == Price(amount=Decimal(1))


def test_a_wrong_order_is_not_also_wrong_for_its_blank_identifiers() -> None:
    with pytest.raises(DocumentRejected) as rejected:
        parse_order(_with(order_number=" A ", contract=" ", currency="euro", note=""))
    assert [(fault.code, fault.path) for fault in rejected.value.faults] == [
        ("bad_value", "/currency"),
        ("missing_field", "/note"),
    ]
    assert rejected.value.answer_to == "A"


def test_line_numbers_that_differ_in_blanks_are_the_same() -> None:
    lines = [{"line_number": number, "quantity": 1} for number in ("1", " 1", "01")]
    with pytest.raises(DocumentRejected) as rejected:
        parse_order(_with(lines=lines))
    assert [(fault.code, fault.path) for fault in rejected.value.faults] == [("duplicate_line", "/lines/1/line_number")]


@pytest.mark.parametrize("written", ["12.50000000000", "12.5000000000", "00000000000000000000012.5", "0" * 60 + "12.5"])
def test_zeros_that_say_nothing_are_no_fault(written: str) -> None:
    line = {"line_number": "1", "quantity": written, "pack_size": written, "price": {"amount": written}}
    (read,) = parse_order(_with(lines=[line], total=written)).lines
    assert read.quantity == read.pack_size == Decimal("12.5")
    assert read.price == Price(amount=Decimal("12.5"))


def test_too_many_lines_are_refused_as_such() -> None:
    lines = ",".join(f'{{"line_number": "{number}", "quantity": 1}}' for number in range(MAX_LINES + 1))
    with pytest.raises(DocumentRejected) as rejected:
        parse_orders(f'{{"order_number": "PO-1", "lines": [{lines}]}}'.encode())
    assert [(fault.code, fault.path) for fault in rejected.value.faults] == [("too_many_lines", "/lines")]


def test_the_faults_of_a_long_order_name_its_lines() -> None:
    lines = [{"line_number": str(number), "quantity": 1} for number in range(2_500)]
    lines[1_200] |= {"quantity": 0, "colour": "red"}
    lines[2_499] = {"line_number": "7"}
    with pytest.raises(DocumentRejected) as rejected:
        parse_orders(json.dumps({"order_number": 5, "lines": lines}).encode())
    assert sorted((fault.path, fault.code) for fault in rejected.value.faults) == [
        ("/lines/1200/colour", "unknown_field"),
        ("/lines/1200/quantity", "quantity_not_positive"),
        ("/lines/2499/line_number", "duplicate_line"),
        ("/lines/2499/quantity", "missing_field"),
        ("/order_number", "bad_value"),
    ]
    lines = [{"line_number": str(number), "quantity": number + 1} for number in range(2_500)]
    order = parse_order(json.dumps({"order_number": "5", "lines": lines}).encode())
    assert [int(line.line_number) + 1 for line in order.lines] == [line.quantity for line in order.lines]
    assert parse_order(render(order)) == order


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b'{"order_number": "1", "lines": [' + b'{"a": 1},' * 50_000 + b"{}]}", {"unknown_field", "missing_field"}),
        (b'{"order_number": "1", "lines": [' + b"1," * 400_000 + b"1]}", {"too_many_lines"}),
        (b"{" + b",".join(b'"%x": 1' % number for number in range(100_000)) + b"}", {"unknown_field"}),
        (b'{"order_number": "1", "lines": [{"charges": [' + b"1," * 100_000 + b"1]}]}", {"bad_value"}),
        (b"[" + b"{}," * 500_000 + b"{}]", {"missing_field", "no_lines"}),
    ],
    ids=["lines", "ones", "members", "charges", "orders"],
)
def test_a_body_of_faults_without_end_gets_a_list_with_one(body: bytes, codes: set[str]) -> None:
    with pytest.raises(DocumentRejected) as rejected:
        parse_orders(body)
    assert {fault.code for fault in rejected.value.faults} == codes
    assert len(rejected.value.faults) <= 2 * MAX_FAULTS


def test_a_response_that_is_none_is_refused() -> None:
    for body in (b"[]", b'{"number": "1"}', b'{"lines": 1}', b"1"):
        with pytest.raises(DocumentRejected):
            parse_order_response(body)


@pytest.mark.parametrize("member", ["function", "version", "test", "rush", "charges", "attachments", "contract"])
def test_null_is_absent(member: str) -> None:
    with_null = f'{{"order_number": "1", "{member}": null, "lines": [{{"line_number": "1", "quantity": "1"}}]}}'
    assert parse_order(with_null.encode()) == Order(
        order_number="1", lines=(OrderLine(line_number="1", quantity=Decimal(1)),)
    )


def test_a_number_may_be_a_json_number_or_a_string() -> None:
    for written in ("12.50", '"12.50"'):
        body = f'{{"order_number": "1", "lines": [{{"line_number": "1", "quantity": {written}}}]}}'
        assert str(parse_order(body.encode()).lines[0].quantity) == "12.50"
    body = b'{"order_number": "1", "version": 2.0, "lines": [{"line_number": "1", "quantity": 1E3}]}'
    assert (parse_order(body).version, str(parse_order(body).lines[0].quantity)) == (2, "1000")


def test_locate_names_pointer_and_line() -> None:
    body = b'{"order_number": "1",\n "lines": [\n  {"line_number": "1"},\n  {"line_number": "2",\n   "note": "}]\\""}]}'
    assert JSON_1.locate(body, ["/lines/1/note"]) == ["/lines/1/note (line 5)"]
    assert JSON_1.locate(body, ["/lines/1/quantity"]) == ["/lines/1/quantity (line 4)"]
    assert JSON_1.locate(body, ["/lines/7"]) == ["/lines/7 (line 2)"]
    assert JSON_1.locate(body, [""]) == ["/ (line 1)"]
    assert JSON_1.locate(body.replace(b"\n", b""), ["/lines/1/note"]) == ["/lines/1/note"]
    assert JSON_1.locate(b"\xff{", ["/lines/1"]) == ["/lines/1"]
    assert JSON_1.locate(b"{\n" + b"[" * 5_000, ["/lines/1"]) in (["/lines/1"], ["/lines/1 (line 1)"])


def test_sniff_takes_json_only() -> None:
    assert JSON_1.sniff(b' \n{"a": 1}')
    assert JSON_1.sniff(b"\xef\xbb\xbf[")
    assert JSON_1.sniff("[]".encode("utf-16"))
    for other in (b"", b"<Order/>", b"\xff\xfe<\x00", b"ISA*00*", b"UNA:+.? '", b"\x00\x01"):
        assert not JSON_1.sniff(other)


def test_the_readme_names_every_field_and_shows_the_example() -> None:
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    for root in (Order, OrderResponse):
        for model in models_of(root):
            missing = [name for name in fields_of(model) if f"`{name}`" not in readme]
            assert not missing, f"{model.__name__}: {missing}"
    assert example("order/plain.json").decode() in readme


# --- check digits -----------------------------------------------------------------------------------------------
def test_wrong_check_digits_are_remarked_on_as_in_ubl() -> None:
    wrong_party = {"id": "4012345000008", "scheme": "0088", "endpoint": {"id": "1", "scheme": "0088"}}
    line = {"line_number": "1", "quantity": "1", "gtin": "9521234001028", "ship_to": {"id": "1", "scheme": "0088"}}
    sent = {
        "order_number": "PO-1",
        "buyer": wrong_party,
        "seller": {"id": "4012345000009", "scheme": "0088"},
        "ship_to": {"id": "4012345000008", "scheme": "0060"},
        "lines": [{**line, "line_number": "2", "gtin": "9521234001027", "ship_to": None}, line],
    }
    paths = ["/buyer/id", "/buyer/endpoint/id", "/lines/1/gtin", "/lines/1/ship_to/id"]
    (read,) = parse_orders(json.dumps(sent, indent=1).encode())
    assert [(fault.code, fault.path) for fault in read.warnings] == [("check_digit", path) for path in paths]
    assert read.warnings[0].location == "/buyer/id (line 4)"
    (ubl,) = UBL_2_1.parse_orders(UBL_2_1.renderers["order"](read.order))
    assert [replace(fault, location="") for fault in ubl.warnings] == [
        replace(fault, location="") for fault in read.warnings
    ]
    _, second = parse_orders(json.dumps([{**sent, "order_number": "PO-0"}, sent]).encode())
    assert second.warnings[0].location == "/1/buyer/id"


@settings(max_examples=100, deadline=None)
@given(inventory_reports())
def test_a_report_in_pieces_is_the_report(report: InventoryReport) -> None:
    head = replace(report, lines=())
    assert b"".join(JSON_1.streams["inventory_report"](head, iter(report.lines))) == render(report)


def test_a_report_is_written_as_its_lines_come() -> None:
    taken = []

    def lines() -> Iterator[InventoryLine]:
        for number in range(3000):
            taken.append(number)
            yield InventoryLine(seller_item="OAT-1L", status="out_of_stock", quantity=Decimal(0))

    head = InventoryReport(number="IR-1", issue_date=date(2026, 11, 26))
    next(JSON_1.streams["inventory_report"](head, lines()))
    assert 0 < len(taken) < 1000
