"""What partners say of our documents, as UBL ApplicationResponse and as cXML StatusUpdateRequest, read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from schemas.documents.application_response import DocumentAnswer
from schemas.faults import DocumentHeld
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.ubl_2_1 import UBL_2_1
from tests.formats.answers import (
    COMMENTS,
    IN_WORDS,
    INVOICE_RESPONSE,
    MESSAGE_LEVEL,
    OF_OURS,
    about,
    application_response,
    cxml,
    status,
)


def told(one: DocumentAnswer) -> tuple[Any, ...]:
    return one.number, one.type, one.word, one.code, one.reasons


@pytest.mark.parametrize(
    ("written", "number", "answers"),
    [
        (
            INVOICE_RESPONSE,
            "imr-77",
            [("IN-1", "invoice", "queried", "UQ", ("REF: The order's number is not ours; BT-13 PO-1", "PIN"))],
        ),
        (
            MESSAGE_LEVEL,
            "mlr-1",
            [
                (
                    *("DA-9", None, "rejected", "RE"),
                    ("Rejected", "line /DespatchAdvice/cbc:ID: no such order", "line /DespatchAdvice/cbc:ID: BV", "RE"),
                )
            ],
        ),
        (
            IN_WORDS,
            "o-1",
            [
                ("IN-2", "invoice", "accepted", "BusinessAccept", ()),
                ("CN-3", "credit_note", "rejected", "technicalreject", ()),
            ],
        ),
    ],
)
def test_application_responses_are_read(
    schemas_dir: Path, written: str, number: str, answers: list[tuple[Any, ...]]
) -> None:
    xsd = next(schemas_dir.joinpath("ubl-2.1").rglob("UBL-ApplicationResponse-2.1.xsd"))
    etree.XMLSchema(etree.parse(xsd)).assertValid(etree.fromstring(written.encode()))
    reader = UBL_2_1.answers
    assert reader is not None
    for body in (written.encode(), written.replace("UTF-8", "UTF-16").encode("utf-16")):
        assert reader.sniff(body)
        reader.check(body)
        found = reader.read(body)
        assert found.number == number
        assert [told(one) for one in found.answers] == answers
    assert found.answers[0].location.startswith("line ")


@pytest.mark.parametrize(
    ("inner", "answer"),
    [
        (OF_OURS + status(200), ("OR-1@us", None, "received", "Status 200 OK", ())),
        (
            OF_OURS + status(406, "Not Acceptable", "no"),
            ("OR-1@us", None, "rejected", "Status 406 Not Acceptable", ("no",)),
        ),
        (OF_OURS + status(500, "Error"), ("OR-1@us", None, "rejected", "Status 500 Error", ())),
        (
            status(200) + f'<InvoiceStatus type="rejected"><InvoiceIDInfo invoiceID="IN-1"/>{COMMENTS}</InvoiceStatus>',
            ("IN-1", None, "rejected", "InvoiceStatus rejected, Status 200 OK", ("too dear",)),
        ),
        (
            OF_OURS + status(200) + '<InvoiceStatus type="paid"/>',
            ("OR-1@us", None, "paid", "InvoiceStatus paid, Status 200 OK", ()),
        ),
        (
            OF_OURS + status(200) + '<IntegrationStatus documentStatus="customerFailed"/>',
            ("OR-1@us", None, "rejected", "IntegrationStatus customerFailed, Status 200 OK", ()),
        ),
        (
            OF_OURS + status(500, "Delayed") + '<IntegrationStatus documentStatus="deliveryDelayed"/>',
            ("OR-1@us", None, "in_process", "IntegrationStatus deliveryDelayed, Status 500 Delayed", ()),
        ),
        (
            OF_OURS + status(406, "No") + '<InvoiceStatus type="processing"/>',
            ("OR-1@us", None, "rejected", "InvoiceStatus processing, Status 406 No", ()),
        ),
        (
            status(200)
            + '<DocumentStatus type="approved"><DocumentInfo documentID="DA-1" documentType="ShipNoticeRequest"/>'
            '<ItemStatus type="rejected" code="7"><ReferenceDocumentInfo lineNumber="2">'
            '<DocumentInfo documentID="DA-1" documentType="ShipNoticeRequest"/></ReferenceDocumentInfo></ItemStatus>'
            "</DocumentStatus>",
            ("DA-1", "despatch_advice", "queried", "DocumentStatus approved, Status 200 OK", ("line 2: rejected 7",)),
        ),
    ],
)
def test_status_updates_are_read(schemas_dir: Path, inner: str, answer: tuple[Any, ...]) -> None:
    body = cxml(inner)
    dtd = etree.DTD(str(schemas_dir / "cxml" / "cXML.dtd"))
    assert dtd.validate(etree.fromstring(body)), dtd.error_log
    reader = CXML_1_2.answers
    assert reader is not None
    assert reader.sniff(body)
    reader.check(body)
    found = reader.read(body)
    assert found.number == "su-1@hub.example"
    assert [told(one) for one in found.answers] == [answer]
    assert found.answers[0].is_payload_id == ("@us" in answer[0])


@pytest.mark.parametrize(
    ("inner", "places"),
    [
        ("", ["Status/@code", "DocumentReference"]),
        (OF_OURS + '<Status code="x" text="" xml:lang="en"/>', ["Status/@code"]),
        (status(200) + "<InvoiceStatus type='paid'/>", ["DocumentReference"]),
        (
            OF_OURS + status(200) + "<InvoiceStatus type='paid'><InvoiceIDInfo invoiceID='IN-4'/></InvoiceStatus>",
            ["InvoiceStatus/InvoiceIDInfo/@invoiceID"],
        ),
    ],
)
def test_what_a_status_update_leaves_out_is_told(inner: str, places: list[str]) -> None:
    reader = CXML_1_2.answers
    assert reader is not None
    with pytest.raises(DocumentHeld) as held:
        reader.read(cxml(inner))
    assert [(one.code, one.location) for one in held.value.faults] == [
        ("answer_unclear", f"line 1: {place}") for place in places
    ]


@pytest.mark.parametrize("said", ["<cac:DocumentResponse/>", about("", "ZZ"), about("OR-1", "RE")])
def test_one_that_speaks_of_too_many_documents_is_told_so_shortly(said: str) -> None:
    reader = UBL_2_1.answers
    assert reader is not None
    with pytest.raises(DocumentHeld) as held:
        reader.read(application_response(said * 2_000))
    (fault,) = held.value.faults
    assert (fault.code, fault.value, fault.expected) == ("unsupported_document", "2000", "500")


def test_an_envelope_of_many_other_documents_is_told_shortly() -> None:
    reader = UBL_2_1.answers
    assert reader is not None
    inner = application_response(about("OR-1", "RE")).decode().partition("?>")[2]
    sbdh = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    body = f'<e:StandardBusinessDocument xmlns:e="{sbdh}">{inner}{"<a/>" * 5_000}</e:StandardBusinessDocument>'
    with pytest.raises(DocumentHeld) as held:
        reader.read(body.encode())
    assert {one.code for one in held.value.faults} == {"answer_unclear"}
    assert len(held.value.faults) == 1_000


_ORDER = '<OrderRequest><OrderRequestHeader orderID="C-1" orderDate="2026-11-23" type="new"/></OrderRequest>'
_UPDATE = f"<StatusUpdateRequest>{OF_OURS}{status(200)}</StatusUpdateRequest>"


@pytest.mark.parametrize(
    "requests",
    [
        f"<Request>{_UPDATE}{_UPDATE}</Request>",
        f"<Request>{_UPDATE}</Request><Request>{_UPDATE}</Request>",
        f"<Request>{_UPDATE}</Request><Request>{_ORDER}</Request>",
        f"<Request>{_ORDER}</Request><Request>{_UPDATE}</Request>",
        f"<Request>{_ORDER}{_UPDATE}</Request>",
    ],
)
def test_nothing_beside_a_status_update_is_lost(requests: str) -> None:
    body = cxml("").replace(b"<Request><StatusUpdateRequest></StatusUpdateRequest></Request>", requests.encode())
    reader = CXML_1_2.answers
    assert reader is not None
    assert reader.sniff(body)
    with pytest.raises(DocumentHeld) as held:
        reader.read(body)
    assert {one.code for one in held.value.faults} == {"repeated_element"}


@pytest.mark.parametrize(("mode", "is_test"), [("test", True), ("production", False), (" Test ", True)])
def test_a_status_update_says_whether_it_is_a_test(mode: str, is_test: bool) -> None:
    body = cxml(OF_OURS + status(200)).replace(b"<Request>", f'<Request deploymentMode="{mode}">'.encode())
    reader = CXML_1_2.answers
    assert reader is not None
    assert reader.read(body).test == is_test


def test_the_corpus_is_read(corpus_dir: Path, corpus_count: Callable[[str, int], None]) -> None:
    reader = CXML_1_2.answers
    assert reader is not None
    paths = sorted((corpus_dir / "cxml" / "status_update_request").glob("*.xml"))
    for path in paths:
        body = path.read_bytes()
        assert reader.sniff(body)
        (one,) = reader.read(body).answers
        assert (one.number, one.word, one.reasons) == (
            "0c300508b7863dcclb_14999",
            "received",
            ("Forwarded to supplier",),
        )
    assert paths
    corpus_count("cxml/status_update_request", len(paths))
