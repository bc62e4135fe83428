"""Several orders in one body: each is read by itself, with its own faults in its own place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.faults import DocumentRejected
from schemas.formats import ReadOrder, ReadPart
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.json_1 import JSON_1
from schemas.formats.ubl_2_1 import UBL_2_1

FORMATS = Path(__file__).resolve().parents[2] / "schemas" / "formats"
ORDER = (FORMATS / "ubl_2_1/examples/order/peppol-five-lines.xml").read_text(encoding="utf-8")
CANCELLATION = (FORMATS / "ubl_2_1/examples/order_cancellation/whole-order.xml").read_text(encoding="utf-8")
CXML = (FORMATS / "cxml_1_2/examples/order/five-lines.xml").read_bytes()
SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
ENVELOPE = (
    f'<s:StandardBusinessDocument xmlns:s="{SBDH}"><s:StandardBusinessDocumentHeader><s:DocumentIdentification>'
    "<s:InstanceIdentifier>T-1</s:InstanceIdentifier></s:DocumentIdentification></s:StandardBusinessDocumentHeader>"
    "{}</s:StandardBusinessDocument>"
)
LINE = {"line_number": "1", "buyer_item": "A", "quantity": "2"}


def bare(document: str) -> str:
    return document[document.index("?>") + 2 :].strip()


def order(number: str, **more: Any) -> dict[str, Any]:
    return {"order_number": number, "lines": [LINE], **more}


def number_of(part: ReadPart) -> str:
    assert isinstance(part, ReadOrder)
    return part.order.order_number


def faults_of(part: ReadPart) -> list[tuple[str, str, str]]:
    assert isinstance(part, DocumentRejected)
    return [(fault.code, fault.path, fault.location) for fault in part.faults]


def test_json_orders_are_counted_and_read_by_their_number() -> None:
    body = json.dumps([order("A-1"), order("A-2"), order("A-3")]).encode()
    assert JSON_1.check(body) == 3
    found = JSON_1.read_parts(body, [1, 3, 4])
    assert {part: number_of(read) for part, read in found.items()} == {1: "A-1", 3: "A-3"}


def test_a_bad_json_order_holds_up_none_of_the_others() -> None:
    body = json.dumps([order("A-1"), order("A-2", lines=[{**LINE, "quantity": "many"}])], indent=1).encode()
    found = JSON_1.read_parts(body, [1, 2])
    assert number_of(found[1]) == "A-1"
    assert faults_of(found[2]) == [("not_a_number", "/lines/0/quantity", "/1/lines/0/quantity (line 18)")]
    assert found[2].answer_to == "A-2"  # type: ignore[union-attr]
    assert JSON_1.locate(body, ["/order_number"], 2) == ["/1/order_number (line 13)"]


def test_a_list_of_one_order_is_that_order() -> None:
    body = json.dumps([order("A-1", currency="euro")]).encode()
    assert JSON_1.check(body) == 1
    with pytest.raises(DocumentRejected) as refused:
        JSON_1.parse_orders(body)
    assert faults_of(refused.value) == [("bad_value", "/currency", "/0/currency")]
    assert JSON_1.locate(body, ["/lines/0/buyer_item"]) == ["/0/lines/0/buyer_item"]


def test_the_orders_of_an_envelope_are_parts() -> None:
    number = "<cbc:ID>PO-5-LINES</cbc:ID>"
    first = bare(ORDER)
    own = first[first.index("<cbc:ID>") : first.index("</cbc:ID>") + 9]
    wrong = first.replace(own, number).replace("</cbc:Quantity>", "x</cbc:Quantity>", 1)
    body = ENVELOPE.format(first + "\n" + wrong + first.replace(own, "<cbc:ID>PO-3</cbc:ID>")).encode()
    assert UBL_2_1.check(body) == 3
    found = UBL_2_1.read_parts(body, range(1, 4))
    assert (number_of(found[1]), number_of(found[3])) == (own[8:-9], "PO-3")
    ((code, path, place),) = faults_of(found[2])
    assert (code, path) == ("not_a_number", "/lines/0/quantity")
    line = body.decode().splitlines()[int(place.split()[1].rstrip(":")) - 1]
    assert "x</cbc:Quantity>" in line
    assert UBL_2_1.locate(body, [path], 2) == [place]


def test_a_cancellation_of_several_orders_is_a_part_for_each() -> None:
    reference = "<cac:OrderReference>\n    <cbc:ID>PO-1001</cbc:ID>\n  </cac:OrderReference>"
    other = reference.replace("1001", "1002")
    text = bare(CANCELLATION).replace(reference, reference + other)
    body = ENVELOPE.format(bare(ORDER) + text).encode()
    assert UBL_2_1.check(body) == 3
    found = UBL_2_1.read_parts(body, (2, 3))
    assert [number_of(read) for _, read in sorted(found.items())] == ["PO-1001", "PO-1002"]
    places = [UBL_2_1.locate(body, ["/order_number"], part)[0].partition(": ")[2] for part in (2, 3)]
    assert places == ["cac:OrderReference[1]/cbc:ID", "cac:OrderReference[2]/cbc:ID"]
    without = text.replace("PO-1002", " ")
    assert UBL_2_1.check(without.encode()) == 2
    assert all(isinstance(one, DocumentRejected) for one in UBL_2_1.read_parts(without.encode(), (1, 2)).values())


def test_a_cxml_document_is_one_order() -> None:
    assert CXML_1_2.check(CXML) == 1
    assert number_of(CXML_1_2.read_parts(CXML, [1, 2])[1]) == CXML_1_2.parse_orders(CXML)[0].order.order_number
    broken = CXML.replace(b'quantity="4"', b'quantity="many"')
    assert [code for code, _, _ in faults_of(CXML_1_2.read_parts(broken, [1])[1])] == ["not_a_number"]
