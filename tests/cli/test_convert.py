"""`gateway convert`: one document in, the same document in another format out."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest
from lxml import etree

from gateway.services import Services
from schemas.documents.order import Order
from schemas.formats import cxml_1_2
from schemas.formats.ubl_2_1 import UBL_2_1
from tests.cli.conftest import ACCOUNTS, ROOT, Run

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples"
CXML_EXAMPLES = Path(cxml_1_2.__file__).parent / "examples"
CXML = CXML_EXAMPLES / "order" / "five-lines.xml"
DESPATCH = EXAMPLES / "despatch_advice" / "peppol-pallet-of-cartons.xml"
SHIP_NOTICE = CXML_EXAMPLES / "despatch_advice" / "two-orders.xml"
FORMATS = CXML_EXAMPLES.parents[1]
CXML_RESPONSE = CXML_EXAMPLES / "order_response" / "changed.xml"
UBL = ACCOUNTS / "acme-retail" / "samples" / "02-short-stock.xml"
CANCELLATION = EXAMPLES / "order_cancellation" / "whole-order.xml"
JSON = ACCOUNTS / "nordic-office" / "samples" / "05-part-of-a-carton.json"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def test_ubl_to_json_says_what_the_document_says(run: Run) -> None:
    order = run("convert", str(UBL), "--to", "json-1").json
    assert order["order_number"] == "ACME-1002"
    lines = [(line["buyer_item"], line["quantity"], line["unit"]) for line in order["lines"]]
    assert lines == [("PL-0042", "4", "XCS"), ("PL-0310", "10", "XCS")]


def test_as_written_nothing_is_looked_up(run: Run, data_dir: Path) -> None:
    order = run("convert", str(JSON), "--to", "json-1").json
    assert order["lines"][0]["unit"] is None
    assert order["lines"][0]["seller_item"] is None
    assert not data_dir.exists()


def test_json_to_ubl(run: Run) -> None:
    root = etree.fromstring(run("convert", str(JSON), "--from", "json-1", "--to", "ubl-2.1").out.encode())
    assert [found.text for found in root.iter(f"{CBC}Quantity")] == ["7", "2"]


@pytest.mark.parametrize(
    ("kind", "function"), [("order_change/line-by-line", "change"), ("order_cancellation/whole-order", "cancel")]
)
def test_a_change_or_cancellation_goes_to_json_and_back(run: Run, kind: str, function: str, tmp_path: Path) -> None:
    example = EXAMPLES / f"{kind}.xml"
    as_json = run("convert", str(example), "--to", "json-1")
    assert (as_json.json["function"], as_json.json["change_number"][:7]) == (function, "PO-1001")
    kept = tmp_path / "kept.json"
    kept.write_text(as_json.out, encoding="utf-8")
    back = run("convert", str(kept), "--to", "ubl-2.1").out
    read = Order.model_validate(json.loads(example.with_suffix(".json").read_text(encoding="utf-8")))
    assert UBL_2_1.parse_orders(back.encode())[0].order == read.model_copy(update={"extensions": ()})


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
@pytest.mark.parametrize("form", ["ubl-2.1", "peppol-bis-3", "cxml-1.2"])
def test_an_invoice_is_converted_there_and_back(run: Run, tmp_path: Path, kind: str, form: str) -> None:
    for example in sorted((FORMATS / "json_1" / "examples" / kind).glob("*.json")):
        as_ubl = run("convert", str(example), "--to", form, "--json")
        assert (as_ubl.code, as_ubl.err) == (0, "")
        assert (as_ubl.json["type"], as_ubl.json["format"]) == (kind, form)
        file = tmp_path / "invoice.xml"
        file.write_text(as_ubl.json["document"], encoding="utf-8")
        back = run("convert", str(file), "--to", "json-1", "--json")
        assert (back.code, back.json["type"], back.json["from"]) == (
            0,
            kind,
            "cxml-1.2" if form == "cxml-1.2" else "ubl-2.1",
        )
        written, read = json.loads(example.read_bytes()), json.loads(back.json["document"])
        assert (read["number"], read["taxes"], read["totals"]) == (
            written["number"],
            written["taxes"],
            written["totals"],
        )
        assert [line["net_amount"] for line in read["lines"]] == [line["net_amount"] for line in written["lines"]]


def test_an_order_response_is_converted_too(run: Run) -> None:
    response = {
        "number": "OR-1",
        "order_number": "A-1",
        "issue_date": "2026-11-23",
        "outcome": "accepted",
        "lines": [{"line_number": "1", "outcomes": [{"status": "accepted", "quantity": "5", "unit": "EA"}]}],
    }
    said = run("convert", "-", "--to", "ubl-2.1", "--json", stdin=json.dumps(response).encode())
    assert said.json["type"] == "order_response"
    assert "<cbc:ID>OR-1</cbc:ID>" in said.json["document"]


def test_a_despatch_advice_goes_from_json_to_ubl_to_peppol_and_back(run: Run) -> None:
    as_peppol = run("convert", str(DESPATCH), "--to", "peppol-bis-3").out.encode()
    said = run("convert", "-", "--to", "json-1", "--json", stdin=as_peppol).json
    assert (said["type"], said["from"]) == ("despatch_advice", "ubl-2.1")
    as_json = said["document"].encode()
    as_ubl = run("convert", "-", "--to", "ubl-2.1", stdin=as_json).out.encode()
    assert run("convert", "-", "--to", "json-1", stdin=as_ubl).json == json.loads(as_json)
    assert run("convert", "-", "--to", "peppol-bis-3", stdin=as_ubl).out.encode() == as_peppol


def test_a_ship_notice_goes_to_json_and_back(run: Run) -> None:
    as_json = run("convert", str(SHIP_NOTICE), "--to", "json-1")
    assert [line["package"] for line in as_json.json["lines"]] == ["C1", "P1"]
    back = run("convert", "-", "--to", "cxml-1.2", stdin=as_json.out.encode()).out.encode()
    assert run("convert", "-", "--to", "json-1", stdin=back).json == as_json.json
    assert "<DespatchAdvice" in run("convert", "-", "--to", "peppol-bis-3", stdin=back).out


def test_a_despatch_advice_goes_on_paper(run: Run) -> None:
    labels = run("convert", str(DESPATCH), "--to", "label-zpl").out
    assert labels.count("^XA") == 3
    assert ">;>800340987650000000011^FS" in labels
    for paper in ("label-pdf", "packing-list-pdf"):
        said = run("convert", str(SHIP_NOTICE), "--to", paper, "--json").json
        assert (said["type"], said["encoding"]) == ("despatch_advice", "base64")
        assert base64.b64decode(said["document"]).startswith(b"%PDF-")
    refused = run("convert", str(UBL), "--to", "label-pdf")
    assert (refused.code, refused.err.strip()) == (1, "label-pdf has no order.")


def test_cxml_is_recognised_and_converted_both_ways(run: Run) -> None:
    order = run("convert", str(CXML), "--to", "json-1").json
    assert (order["order_number"], order["order_type"], len(order["lines"])) == ("BH-2026-0815", "release", 5)
    written = run("convert", str(CXML), "--to", "cxml-1.2").out.encode()
    again = run("convert", "-", "--to", "json-1", stdin=written).json
    assert again["lines"] == order["lines"]
    answered = run("convert", str(CXML_RESPONSE), "--to", "json-1").json
    back = run("convert", "-", "--to", "cxml-1.2", stdin=json.dumps(answered).encode()).out.encode()
    assert run("convert", "-", "--to", "json-1", stdin=back).json == answered


def test_every_fault_goes_to_standard_error_with_its_place(run: Run) -> None:
    broken = b'{"order_number": "A",\n "lines": [{"line_number": "1", "quantity": "x"},\n {"quantity": "-1"}]}'
    said = run("convert", "-", "--to", "ubl-2.1", stdin=broken)
    assert (said.code, said.out) == (1, "")
    for part in ("not_a_number  /lines/0/quantity", "(line 2)", "value: x", "missing_field  /lines/1/line_number"):
        assert part in said.err
    faults = json.loads(run("convert", "-", "--to", "ubl-2.1", "--json", stdin=broken).err)["faults"]
    assert set(faults[0]) == {"code", "path", "location", "detail", "value", "expected"}
    assert {fault["code"] for fault in faults} >= {"not_a_number", "missing_field"}


def test_what_is_no_document_fails_in_words(run: Run) -> None:
    for stdin, code in ((b"", "empty_body"), (b"hello", "unknown_format"), (b"<a/>", "unknown_format")):
        said = run("convert", "-", "--to", "json-1", stdin=stdin)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(code)
    assert run("convert", "-", "--to", "json-1", "--from", "ubl-2.1", stdin=b"<a").code == 1


def test_several_orders_are_not_cut_to_one(run: Run) -> None:
    one = {"order_number": "1", "lines": [{"line_number": "1", "quantity": "1"}]}
    said = run("convert", "-", "--to", "ubl-2.1", stdin=json.dumps([one, {**one, "order_number": "2"}]).encode())
    assert said.code == 1
    assert "2 orders" in said.err


def _list_of(*numbers: str) -> bytes:
    line = {"line_number": "1", "buyer_item": "PL-0042", "quantity": "1.50", "unit": "XCS"}
    return json.dumps([{"order_number": number, "lines": [line]} for number in numbers]).encode()


def test_several_orders_become_a_json_list_and_one_of_them_any_format(run: Run) -> None:
    body = _list_of("A", "B", "C")
    listed = run("convert", "-", "--to", "json-1", stdin=body)
    assert (listed.code, [one["order_number"] for one in listed.json]) == (0, ["A", "B", "C"])
    again = run("convert", "-", "--to", "json-1", stdin=listed.out.encode())
    assert again.json == listed.json
    as_xml = run("convert", "-", "--to", "ubl-2.1", "--order", "2", stdin=body)
    assert (as_xml.code, "<cbc:ID>B</cbc:ID>" in as_xml.out, "<cbc:ID>A</cbc:ID>" in as_xml.out) == (0, True, False)
    beyond = run("convert", "-", "--to", "json-1", "--order", "4", stdin=body)
    assert (beyond.code, beyond.out, beyond.err) == (1, "", "There is no order 4 in the document; the last is 3.\n")
    assert run("convert", "-", "--to", "json-1", "--order", "0", stdin=body).code == 2
    assert run("convert", str(UBL), "--to", "json-1", "--order", "1").json["order_number"] == "ACME-1002"


def test_one_order_of_several_is_not_held_up_by_the_others(run: Run) -> None:
    orders = json.loads(_list_of("A", "B"))
    orders[0]["lines"][0]["quantity"] = "x"
    body = json.dumps(orders).encode()
    assert run("convert", "-", "--to", "json-1", "--order", "2", stdin=body).json["order_number"] == "B"
    for arguments in ((), ("--order", "1")):
        said = run("convert", "-", "--to", "json-1", *arguments, stdin=body)
        assert (said.code, said.out, "not_a_number" in said.err) == (1, "", True)


def test_the_items_of_several_orders_are_looked_up(run: Run, services: Services) -> None:
    orders = json.loads(_list_of("A", "B"))
    orders[0]["lines"][0] |= {"buyer_item": "0042", "unit": None}
    orders[1]["lines"][0]["buyer_item"] = "9999"
    body = json.dumps(orders).encode()
    said = run("convert", "-", "--to", "json-1", "--account", "nordic-office", stdin=body)
    assert (said.code, "unknown_item  /1/lines/0/buyer_item" in said.err) == (1, True)
    assert [one["lines"][0]["seller_item"] for one in said.json] == ["OAT-1L", None]
    second = run("convert", "-", "--to", "json-1", "--account", "nordic-office", "--order", "2", stdin=body)
    assert (second.json["order_number"], "unknown_item  /lines/0/buyer_item" in second.err) == ("B", True)


def test_an_unknown_format_and_a_missing_file_are_usage(run: Run) -> None:
    assert run("convert", str(UBL), "--to", "paper").code == 2
    assert run("convert", "no-such-file.xml", "--to", "json-1").code == 2
    strange = run("convert", str(UBL), "--to", "pdf")
    assert (strange.code, "csv-1. On paper: label-pdf," in strange.err) == (2, True)
    assert "On paper" not in run("convert", str(UBL), "--to", "json-1", "--from", "pdf").err


def test_with_an_account_items_are_looked_up(run: Run, services: Services) -> None:
    said = run("convert", str(UBL), "--to", "json-1", "--account", "acme-retail")
    assert said.code == 0
    assert [line["seller_item"] for line in said.json["lines"]] == ["OAT-1L", "JAM-RASP"]
    unknown = UBL.with_name("03-unknown-item.xml")
    said = run("convert", str(unknown), "--to", "json-1", "--account", "acme-retail")
    assert said.code == 1
    assert "unknown_item  /lines/1/buyer_item" in said.err
    assert run("convert", str(UBL), "--to", "json-1", "--account", "nobody").code == 1


# --- an account's own layout -----------------------------------------------------------------------------------------
LINDEN = ROOT / "tests" / "examples" / "accounts" / "linden-works"
LINDEN_ORDER = ROOT / "tests" / "examples" / "orders" / "linden-works.json"
RESPONSE = {
    "number": "OR-1",
    "order_number": "LW-1",
    "issue_date": "2026-11-23",
    "outcome": "accepted",
    "lines": [{"line_number": "1", "outcomes": [{"status": "accepted", "quantity": "1234.5", "unit": "KILOGRAM"}]}],
}


def test_an_accounts_own_layout_is_read_and_written(run: Run, services: Services) -> None:
    assert run("accounts", "import", str(LINDEN), "--reason", "new").code == 0
    for account in ("linden-works", str(LINDEN)):
        order = run("convert", str(LINDEN_ORDER), "--account", account, "--to", "json-1").json
        assert (order["order_number"], order["issue_date"]) == ("LW-1", "2026-11-23")
        assert [(line["buyer_item"], line["quantity"]) for line in order["lines"]] == [
            ("000711", "3"),
            ("000712", "50"),
            ("000713", "12.5"),
        ]
        written = run("convert", "-", "--to", "custom", "--account", account, stdin=json.dumps(RESPONSE).encode())
        assert (written.code, written.json["rows"]) == (
            0,
            [{"no": 1, "parts": [{"state": "OK", "qty": "1234,50", "uom": "KILOGRAM"}]}],
        )


def test_a_folder_that_is_not_imported_is_enough(run: Run, data_dir: Path) -> None:
    said = run("convert", str(LINDEN_ORDER), "--from", "custom", "--account", str(LINDEN), "--to", "ubl-2.1")
    assert said.code == 0
    root = etree.fromstring(said.out.encode())
    assert [found.text for found in root.iter(f"{CBC}Quantity")] == ["3", "50", "12.5"]
    assert not data_dir.exists()


def test_what_the_own_layout_cannot_hold_is_said_with_the_maps_line(run: Run) -> None:
    refused = {**RESPONSE, "lines": [{"line_number": "1", "outcomes": [{"status": "rejected", "quantity": "1"}]}]}
    said = run("convert", "-", "--to", "custom", "--account", str(LINDEN), stdin=json.dumps(refused).encode())
    assert (said.code, said.out) == (1, "")
    assert "order_response_map.yaml line 18 column 24" in said.err


def test_what_the_account_sends_otherwise_is_not_looked_up(run: Run, services: Services, tmp_path: Path) -> None:
    """Its own layout takes any XML: as UBL there are two cancellations in the document, by its map there is one."""
    folder = shutil.copytree(LINDEN, tmp_path / "linden-works")
    (folder / "order_map.yaml").write_text(
        "reads: xml\nnamespaces: {b: 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'}\n"
        "order: {order_number: 'b:ID', function: {value: cancel}}\n"
    )
    assert run("accounts", "import", str(folder)).code == 0
    several = CANCELLATION.read_text("utf-8")
    reference = several[several.index("<cac:OrderReference>") : several.index("</cac:OrderReference>") + 21]
    several = several.replace(reference, reference + reference.replace("PO-1001", "PO-1002"))
    for account, code in (((), 0), (("--account", "linden-works"), 1)):
        said = run("convert", "-", "--from", "ubl-2.1", "--to", "json-1", *account, stdin=several.encode())
        assert (said.code, said.out == "") == (code, bool(code)), said.err
    assert said.err == (
        "format_not_agreed\n"
        "    What linden-works sends like this is taken for custom, so it can't be looked up as ubl-2.1.\n"
        "    value: ubl-2.1\n"
        "    expected: custom\n"
    )


def test_custom_without_an_account_is_no_format(run: Run) -> None:
    said = run("convert", str(LINDEN_ORDER), "--from", "custom", "--to", "json-1")
    assert said.code == 2
    assert "name the account with --account" in said.err
