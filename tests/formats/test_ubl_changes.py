"""UBL changes and cancellations: what they have beside an order's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.documents.partly_read import OrderPartlyRead
from schemas.faults import DocumentRejected, Fault
from schemas.formats import ReadOrder
from schemas.formats.ubl_2_1 import UBL_2_1
from schemas.formats.ubl_2_1.codec import LARGE_BODY, read_large

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "ubl_2_1" / "examples"
CHANGE = (EXAMPLES / "order_change" / "line-by-line.xml").read_text(encoding="utf-8")
CANCELLATION = (EXAMPLES / "order_cancellation" / "whole-order.xml").read_text(encoding="utf-8")
SEQUENCE = "<cbc:SequenceNumberID>2</cbc:SequenceNumberID>"
REFERENCE = "<cac:OrderReference>\n    <cbc:ID>PO-1001</cbc:ID>\n  </cac:OrderReference>"
STATUS = "<cbc:LineStatusCode>3</cbc:LineStatusCode>"


def read(document: str) -> ReadOrder:
    (found,) = UBL_2_1.parse_orders(document.encode())
    return found


def refused(document: str) -> DocumentRejected:
    with pytest.raises(DocumentRejected) as failure:
        UBL_2_1.parse_orders(document.encode())
    return failure.value


def told(faults: tuple[Fault, ...]) -> list[tuple[str, str]]:
    return [(fault.code, fault.path) for fault in faults]


@pytest.mark.parametrize(
    ("written", "version", "kept"),
    [
        (SEQUENCE, 2, []),
        (SEQUENCE.replace("2<", " 007 <"), 7, []),
        (SEQUENCE.replace("2<", "0<"), 0, []),
        (SEQUENCE.replace("2<", "20261125001<"), 20_261_125_001, []),
        (SEQUENCE.replace("2<", "9223372036854775807<"), 2**63 - 1, []),
        (SEQUENCE.replace("2<", "11.0<"), 11, []),
        (SEQUENCE.replace("2<", "11.5<"), 0, ["11.5"]),
        (SEQUENCE.replace("2<", "R11<"), 0, ["R11"]),
        (SEQUENCE.replace("2<", "B<"), 0, ["B"]),
        (SEQUENCE.replace("2<", "-2<"), 0, ["-2"]),
        (SEQUENCE.replace("2<", "²<"), 0, ["²"]),
        (SEQUENCE.replace("2<", " <"), 0, []),
        ("", 0, []),
    ],
)
def test_a_version_is_a_sequence_number_that_is_a_number(written: str, version: int, kept: list[str]) -> None:
    order = read(CHANGE.replace(SEQUENCE, written)).order
    assert order.version == version
    assert [one.value for one in order.extensions if one.name == "cbc:SequenceNumberID"] == kept


def test_a_sequence_number_beyond_all_versions_is_a_fault_with_its_place() -> None:
    (fault,) = refused(CHANGE.replace(SEQUENCE, SEQUENCE.replace("2<", "9223372036854775808<"))).faults
    assert (fault.code, fault.path, fault.value) == ("bad_value", "/version", "9223372036854775808")
    assert fault.location.endswith(": cbc:SequenceNumberID")


@pytest.mark.parametrize(
    ("code", "action"),
    [
        *(("1", "add"), ("2", "delete"), ("3", "change"), ("4", "nothing")),
        *(("Revised", "change"), ("Cancelled", "delete"), (" ", None)),
    ],
)
def test_a_lines_status_says_what_is_done_with_it(code: str, action: str | None) -> None:
    assert read(CHANGE.replace(STATUS, STATUS.replace("3<", f"{code}<"))).order.lines[0].action == action


@pytest.mark.parametrize("code", ["5", "42", "NoStatus", "Disputed", "03"])
def test_another_status_is_a_fault(code: str) -> None:
    failure = refused(CHANGE.replace(STATUS, STATUS.replace("3<", f"{code}<")))
    (fault,) = failure.faults
    assert (fault.code, fault.path, fault.value) == ("bad_value", "/lines/0/action", code)
    assert fault.location.endswith(": cac:OrderLine[1]/cac:LineItem/cbc:LineStatusCode")
    assert isinstance(failure, OrderPartlyRead)
    assert failure.rest.lines == (1, 2, 3)
    assert failure.rest.order.function == "change"


def test_an_orders_line_status_is_kept_aside_as_before() -> None:
    body = (EXAMPLES / "order" / "peppol-five-lines.xml").read_text(encoding="utf-8")
    order = read(body.replace("<cbc:Quantity", f"{STATUS}<cbc:Quantity", 1)).order
    assert order.lines[0].action is None
    assert ("cac:LineItem/cbc:LineStatusCode", "3") in {(one.name, one.value) for one in order.lines[0].extensions}


def test_what_stands_twice_is_told() -> None:
    body = CHANGE.replace(SEQUENCE, SEQUENCE * 2).replace(STATUS, STATUS * 2)
    assert told(refused(body).faults) == [("repeated_element", "/version"), ("repeated_element", "/lines/0/action")]


def test_a_change_without_lines_or_reference_says_where_they_are_missing() -> None:
    faults = refused('<OrderChange xmlns="urn:oasis:names:specification:ubl:schema:xsd:OrderChange-2"/>').faults
    assert {(fault.code, fault.path, fault.location) for fault in faults} == {
        ("missing_field", "/order_number", "line 1: cac:OrderReference/cbc:ID (missing)"),
        ("no_lines", "/lines", "line 1: cac:OrderLine (missing)"),
    }


def test_places_of_a_change_and_of_a_cancellation_are_found() -> None:
    pointers = ["/order_number", "/change_number", "/version", "/lines/1/action"]
    assert [place.partition(": ")[2] for place in UBL_2_1.locate(CHANGE.encode(), pointers)] == [
        "cac:OrderReference/cbc:ID",
        "cbc:ID",
        "cbc:SequenceNumberID",
        "cac:OrderLine[2]/cac:LineItem/cbc:LineStatusCode",
    ]
    assert [
        place.partition(": ")[2] for place in UBL_2_1.locate(CANCELLATION.encode(), ["/order_number", "/buyer/name"])
    ] == [
        "cac:OrderReference/cbc:ID",
        "cac:BuyerCustomerParty/cac:Party/cac:PartyName/cbc:Name",
    ]


def test_a_cancellation_of_several_orders_is_one_of_each() -> None:
    other = REFERENCE.replace("1001</cbc:ID>", "1002</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate>")
    first, second = UBL_2_1.parse_orders(CANCELLATION.replace(REFERENCE, REFERENCE + other).encode())
    assert (first.order.order_number, second.order.order_number) == ("PO-1001", "PO-1002")
    assert (first.order.extensions, first.order) == ((), read(CANCELLATION).order)
    assert [(one.name, one.value) for one in second.order.extensions] == [
        ("cac:OrderReference/cbc:IssueDate", "2026-11-20")
    ]
    assert second.order.model_copy(update={"order_number": "PO-1001", "extensions": ()}) == first.order


def test_every_order_of_a_cancellation_needs_its_number() -> None:
    (fault,) = refused(CANCELLATION.replace(REFERENCE, f"{REFERENCE}<cac:OrderReference/>")).faults
    assert (fault.code, fault.path) == ("missing_field", "/order_number")
    assert fault.location.endswith(": cac:OrderReference[2]/cbc:ID (missing)")


def test_a_cancellation_has_a_limit_of_orders() -> None:
    numbers = "".join(f"<cac:OrderReference><cbc:ID>{n}</cbc:ID></cac:OrderReference>" for n in range(500))
    assert len(UBL_2_1.parse_orders(CANCELLATION.replace(REFERENCE, numbers).encode())) == 500
    assert told(refused(CANCELLATION.replace(REFERENCE, numbers + REFERENCE)).faults) == [("xml_limit", "")]


def test_a_cancellation_of_lines_is_not_taken_for_one_of_the_order() -> None:
    line = "<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID></cac:LineItem></cac:OrderLine>"
    (fault,) = refused(CANCELLATION.replace("</OrderCancellation>", f"{line}{line}</OrderCancellation>")).faults
    assert fault.code == "bad_value"
    assert fault.location.endswith(": cac:OrderLine[1]")


@pytest.mark.parametrize("document", [CHANGE, CANCELLATION], ids=["change", "cancellation"])
def test_a_refused_change_has_no_answer_that_would_refuse_its_order(document: str) -> None:
    assert refused(document.replace("2026-11-24", "tomorrow")).answer_to is None


def test_a_large_change_is_read_while_it_is_parsed_and_says_the_same() -> None:
    body = CHANGE.replace("</OrderChange>", "\n" * LARGE_BODY + "</OrderChange>").encode()
    large = read_large(body)
    assert large is not None
    assert large == read(CHANGE)
    UBL_2_1.check(body)
    wrong = CHANGE.replace(STATUS, STATUS.replace("3<", "9<"))
    padded = wrong.replace("</OrderChange>", "\n" * LARGE_BODY + "</OrderChange>")
    assert refused(padded).faults == refused(wrong).faults
    assert UBL_2_1.parse_orders((CANCELLATION + "\n" * LARGE_BODY).encode()) == (read(CANCELLATION),)


def test_an_envelope_may_carry_orders_changes_and_cancellations() -> None:
    order = (EXAMPLES / "order" / "peppol-five-lines.xml").read_text(encoding="utf-8")
    documents = [
        text.partition("?>")[2] if text.startswith("<?xml") else text for text in (order, CHANGE, CANCELLATION)
    ]
    namespace = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    body = f'<StandardBusinessDocument xmlns="{namespace}">{"".join(documents)}</StandardBusinessDocument>'
    found = UBL_2_1.parse_orders(body.encode())
    assert [one.order.function for one in found] == ["original", "change", "cancel"]
