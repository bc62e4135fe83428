"""An account's own layout as a format: told apart from the others, checked within bounds, and never the sender's fault
where a map is ours to mend."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mappings.account import Account
from mappings.own_format import CUSTOM, missing_maps, own_format, with_maps
from schemas.faults import DocumentHeld, DocumentRejected
from schemas.formats import Format, json_1
from schemas.formats.registry import FORMATS
from schemas.formats.ubl_2_1 import UBL_2_1
from tests.bench.orders import ubl_order

UBL = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
LINE = "lines: {each: row, line_number: no, quantity: qty}"
SECONDS = 5.0
"""Of processor time; what isn't bounded takes minutes."""


def own(order: str, top: str = "", reads: str = "json") -> Format:
    found = own_format({"order_map.yaml": f"reads: {reads}\n{top}\norder: {{{order}}}\n"})
    assert found is not None
    return found


def test_without_maps_there_is_none() -> None:
    assert own_format({}) is None


# --- telling it from the formats that all share ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "is_own"),
    [
        ({"po": "1", "row": []}, True),
        ([{"po": "1", "row": []}], True),
        ({"order_number": "1", "lines": []}, False),
        ([{"order_number": "1", "lines": []}, {"po": "1"}], False),
        ({"order_number": "1", "lines": [{"po": "1", "row": 2}]}, False),
        ({"po": "1", "currency": "EUR"}, True),
        ({"nothing": "known"}, True),
        ({"note": '"po": {"row": 1}', "lines": []}, False),
    ],
)
def test_json_of_its_own_is_told_by_the_outermost_names(body: object, is_own: bool) -> None:
    known = own(f"order_number: po, {LINE}")
    assert known.sniff(json.dumps(body).encode()) == is_own
    assert known.sniff(json.dumps(body).encode("utf-16")) == is_own
    assert not known.sniff(b"<po/>")


def test_orders_inside_an_object_are_told_by_that() -> None:
    known = own(f"order_number: order_number, {LINE}", "orders: data.list")
    assert known.sniff(b'{"data": {"list": [{"order_number": "1", "lines": []}]}}')
    assert not known.sniff(b'{"lines": [], "currency": "EUR", "note": "no order_number"}')


XML = "order_number: '@nr', lines: {each: L, line_number: '@n', quantity: '@q'}"


@pytest.mark.parametrize(
    ("top", "body", "is_own"),
    [
        ("root: O", b'<?xml version="1.0"?><!-- <P> --><O nr="1"/>', True),
        ("root: O", b'<P nr="1"/>', False),
        ("root: x:O\nnamespaces: {x: 'urn:o'}", b'<a:O xmlns:a="urn:o"/>', True),
        ("", b'<O nr="1"/>', True),
        ("root: Order", f'<Order xmlns="{UBL}"/>'.encode(), False),
        ("", f'<Order xmlns="{UBL}"/>'.encode(), False),
        (f"namespaces: {{'': '{UBL}'}}", f'<Order xmlns="{UBL}"/>'.encode(), True),
        ("", b'<cXML payloadID="1"/>', False),
    ],
)
def test_xml_of_its_own_is_told_by_root_and_namespace(top: str, body: bytes, is_own: bool) -> None:
    known = own(XML, top, "xml")
    assert known.sniff(body) == is_own
    assert known.sniff(body.decode().encode("utf-16")) == is_own
    assert not known.sniff(b'{"nr": 1}')


def test_no_shared_format_is_taken_from_its_own() -> None:
    known = own(XML, "", "xml")
    assert UBL_2_1.sniff(ubl_order("P-1", 3))
    assert not known.sniff(ubl_order("P-1", 3))


# --- checked at the door ---------------------------------------------------------------------------------------------
def test_the_check_counts_the_orders() -> None:
    known = own(f"order_number: po, {LINE}", "orders: list[?kind=='order']")
    assert known.check(b'{"list": [{"kind": "order"}, {"kind": "note"}, {"kind": "order"}]}') == 2
    with pytest.raises(DocumentRejected) as rejected:
        known.check(b'{"list": []}')
    assert rejected.value.faults[0].code == "wrong_document"


def test_a_map_cannot_make_the_check_slow() -> None:
    """What takes longer than a check may counts as one order; the worker's reading is what is held."""
    doubling = " | ".join(["[@, @][]"] * 40)
    known = own(f"order_number: po, {LINE}", f"orders: 'list | {doubling}'")
    body = json.dumps({"list": [{"po": str(number)} for number in range(100)]}).encode()
    started = time.process_time()
    assert known.check(body) == 1
    assert time.process_time() - started < SECONDS
    with pytest.raises(DocumentHeld) as held:
        known.parse_orders(body)
    assert held.value.faults[0].code == "map_limit"


def test_the_check_works_out_no_rule() -> None:
    """Only where the orders are; a rule that runs away is the worker's to find."""
    doubling = " | ".join(["[@, @][]"] * 40)
    known = own(f"order_number: po, note: '{doubling}', {LINE}")
    started = time.process_time()
    assert known.check(b'{"po": "1"}') == 1
    assert time.process_time() - started < SECONDS / 10


@pytest.mark.parametrize("sign", [b"<!--", b"<?a", b"<", b'{"', b'"', b"{" * 3, b'{"a":'])
def test_no_document_makes_the_look_at_its_beginning_slow(sign: bytes) -> None:
    body = sign * (100_000 // len(sign))
    started = time.process_time()
    for known in (own(XML, "root: O", "xml"), own(XML, "", "xml"), own(f"order_number: po, {LINE}")):
        for _ in range(10):
            known.sniff(body)
    assert time.process_time() - started < SECONDS / 5


# --- what is ours to mend --------------------------------------------------------------------------------------------
def test_an_answer_that_a_map_cannot_write_is_named_with_the_rule() -> None:
    maps = {
        "order_response_map.yaml": ("writes: csv\nrows: lines\ncolumns:\n  Item: {from: buyer_item, required: true}\n")
    }
    known = own_format(maps)
    assert known is not None
    response = FORMATS["json-1"].parsers["order_response"](
        b'{"number": "1", "order_number": "2", "issue_date": "2026-11-23", "outcome": "accepted",'
        b' "lines": [{"line_number": "1", "outcomes": [{"status": "accepted", "quantity": "1"}]}]}'
    )
    with pytest.raises(DocumentHeld) as held:
        known.renderers["order_response"](response)
    (fault,) = held.value.faults
    assert (fault.code, fault.location) == ("unwritable_answer", "order_response_map.yaml line 4 column 3")
    assert known.media_type_of("order_response") == "text/csv"


def test_an_account_that_only_writes_recognises_nothing() -> None:
    known = own_format({"order_response_map.yaml": "writes: json\ntemplate: {object: {no: number}}\n"})
    assert known is not None
    assert (known.name, known.sniff(b'{"no": 1}'), known.sniff(b"<no/>")) == (CUSTOM, False, False)
    with pytest.raises(DocumentHeld) as held:
        known.parse_orders(b'{"no": 1}')
    assert held.value.faults[0].detail == "the account's mapping has no order_map.yaml"


# --- what else is sent -----------------------------------------------------------------------------------------------
DESPATCH_MAP = """writes: csv
delimiter: ";"
defaults: {date: DD.MM.YYYY}
rows: lines
columns:
  Lieferung: {from: shipment_number, of: document}
  Bestellung: order_number
  Pos: order_line_number
  Artikel: buyer_item
  Menge: {from: quantity, number: {decimal: ","}}
  Einheit: unit
  Offen: outstanding
  Packstück: package
  Charge: lot
  MHD: expiry
"""
PACKAGES_MAP = """writes: json
template:
  object:
    asn: number
    carrier: carrier.name
    units:
      each: packages
      item: {object: {sscc: sscc, in: parent, kind: {from: type_code, table: {PX: pallet}, unknown: keep}}}
    serials: {each: lines, item: {each: serials, item: {from: "."}}}
"""
NOTE = Path(json_1.__file__).parent / "examples" / "credit_note" / "return.json"
ADVICE = Path(json_1.__file__).parent / "examples" / "despatch_advice" / "pallet-of-cartons.json"


def test_a_despatch_advice_is_written_by_its_map() -> None:
    advice = FORMATS["json-1"].parsers["despatch_advice"](ADVICE.read_bytes())
    known = own_format({"despatch_advice_map.yaml": DESPATCH_MAP})
    assert known is not None
    assert known.media_type_of("despatch_advice") == "text/csv"
    assert known.renderers["despatch_advice"](advice).decode().splitlines() == [
        "Lieferung;Bestellung;Pos;Artikel;Menge;Einheit;Offen;Packstück;Charge;MHD",
        "LS-70031;PO-1001;1;PL-0042;1;CS;8;C1;L-2611;31.05.2027",
        "LS-70031;PO-1001;1;PL-0042;7;EA;;C2;L-2612;30.06.2027",
        "LS-70031;PO-1001;2;PL-0077;2;EA;;C2;;",
    ]
    known = own_format({"despatch_advice_map.yaml": PACKAGES_MAP})
    assert known is not None
    assert json.loads(known.renderers["despatch_advice"](advice)) == {
        "asn": "DA-00000001",
        "carrier": "Nordfracht",
        "units": [
            {"sscc": "340987650000000011", "kind": "pallet"},
            {"sscc": "340987650000000028", "in": "P1", "kind": "CT"},
            {"sscc": "340987650000000035", "in": "P1", "kind": "CT"},
        ],
        "serials": [[], [], ["G2-000817", "G2-000818"]],
    }


def test_a_credit_note_is_written_as_an_invoice_is_unless_it_has_a_map_of_its_own() -> None:
    invoices, notes = (f"writes: json\ntemplate: {{object: {{{name}: number}}}}\n" for name in ("nr", "cn"))
    for maps, name in (
        ({"invoice_map.yaml": invoices}, "nr"),
        ({"invoice_map.yaml": invoices, "credit_note_map.yaml": notes}, "cn"),
    ):
        known = own_format(maps)
        assert known is not None
        written = known.renderers["credit_note"](FORMATS["json-1"].parsers["credit_note"](NOTE.read_bytes()))
        assert list(json.loads(written)) == [name]


@pytest.mark.parametrize("kind", ["order_response", "despatch_advice", "inventory_report", "invoice", "credit_note"])
def test_a_document_in_the_accounts_own_layout_wants_its_map(kind: str) -> None:
    account = Account.model_validate({"id": "acme", "name": "ACME", "outbound": {kind: {"format": CUSTOM}}})
    assert [fault.path for fault in missing_maps(account, ())] == [f"/outbound/{kind}/format"]
    assert [*missing_maps(account, (f"{kind}_map.yaml",))] == []


# --- one map in place of another ---------------------------------------------------------------------------------
WRITES = "writes: json\ntemplate: {object: {nr: {value: 'WHICH'}}}\n"


def written(known: Format | None, kind: str) -> str:
    """Which map writes these documents."""
    assert known is not None
    return str(json.loads(known.renderers[kind](json_1.JSON_1.parsers["invoice"](INVOICE)))["nr"])


INVOICE = (
    Path(__file__).parents[2] / "mappings/accounts/delta-foods/samples/14-first-of-two.invoice.json"
).read_bytes()


def named(which: str) -> str:
    return WRITES.replace("WHICH", which)


@pytest.mark.parametrize(
    ("maps", "edited", "invoice", "credit_note"),
    [
        ({"invoice_map.yaml": "old"}, {"invoice_map.yaml": "new"}, "new", "new"),
        ({"invoice_map.yaml": "old", "credit_note_map.yaml": "own"}, {"invoice_map.yaml": "new"}, "new", "own"),
        ({"invoice_map.yaml": "old"}, {"credit_note_map.yaml": "new"}, "old", "new"),
        ({"invoice_map.yaml": "old"}, {}, "old", "old"),
        ({}, {"invoice_map.yaml": "new"}, "new", "new"),
    ],
)
def test_a_map_takes_the_place_of_the_one_of_its_name(
    maps: dict[str, str], edited: dict[str, str], invoice: str, credit_note: str
) -> None:
    before = own_format({name: named(which) for name, which in maps.items()})
    after = with_maps(before, {name: named(which) for name, which in edited.items()})
    assert (written(after, "invoice"), written(after, "credit_note")) == (invoice, credit_note)


def test_a_map_that_reads_takes_the_place_of_the_other_alone() -> None:
    reads = f"reads: json\norder: {{order_number: po, {LINE}}}\n"
    xml = "reads: xml\norder: {order_number: '@po', lines: {each: L, line_number: '@n', quantity: '@q'}}\n"
    before = own_format({"order_map.yaml": reads, "invoice_map.yaml": named("old")})
    after = with_maps(before, {"order_map.yaml": xml})
    assert after is not None
    assert (after.media_type, written(after, "invoice")) == ("application/xml", "old")
    (read,) = after.parse_orders(b'<O po="1"><L n="1" q="2"/></O>')
    assert read.order.order_number == "1"
