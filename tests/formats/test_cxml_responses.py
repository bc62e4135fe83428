"""Confirmations and responses written for this project, against what their author says they mean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from lxml import etree

from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine, judged_response
from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.cxml_1_2.envelope import Credential, Envelope, Secret, read_envelope
from schemas.formats.cxml_1_2.order_response import render_order_response
from schemas.formats.cxml_1_2.responses import STATUSES, Transaction, profile_response, response
from tests.formats.cxml_strategies import CODES, TEXTS

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "formats" / "cxml_1_2" / "examples" / "order_response"
NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
ENVELOPE = Envelope(
    payload_id="p-2@us.example",
    timestamp="2026-11-23T09:15:00+00:00",
    from_=(Credential("NetworkID", "AN-US"),),
    to=(Credential("NetworkID", "AN-THEM"),),
    sender=(Credential("NetworkID", "AN-HUB"),),
    secret=Secret("canary-4711"),
    order_payload_id="p-1@them.example",
    order_date="2026-11-22T18:00:00-05:00",
    confirm_id="OR-7",
    replaces="p-0@us.example",
)


@pytest.fixture(scope="module")
def dtds(schemas_dir: Path) -> dict[str, etree.DTD]:
    return {name: etree.DTD(str(schemas_dir / "cxml" / f"{name}.dtd")) for name in ("cXML", "Fulfill")}


def example(name: str) -> OrderResponse:
    return judged_response(json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["accepted", "changed", "rejected"])
def test_an_example_says_what_its_golden_says_and_is_written_the_same(name: str, dtds: dict[str, etree.DTD]) -> None:
    body = (EXAMPLES / f"{name}.xml").read_bytes()
    assert CXML_1_2.parsers["order_response"](body) == example(name)
    rendered = etree.fromstring(CXML_1_2.renderers["order_response"](example(name)))
    without_indents = etree.fromstring(body, etree.XMLParser(remove_blank_text=True))
    assert etree.tostring(rendered, method="c14n") == etree.tostring(without_indents, method="c14n")
    assert dtds["Fulfill"].validate(rendered), dtds["Fulfill"].error_log


def written(order_response: OrderResponse, envelope: Envelope = ENVELOPE) -> Any:
    return etree.fromstring(render_order_response(order_response, envelope))


def test_an_update_refers_to_order_and_former_confirmation() -> None:
    root = written(example("changed"))
    assert (root.get("payloadID"), root.get("timestamp")) == ("p-2@us.example", "2026-11-23T09:15:00+00:00")
    header, reference = root.find(".//ConfirmationHeader"), root.find(".//OrderReference")
    assert (header.get("confirmID"), header.get("operation")) == ("OR-7", "update")
    assert header.find("DocumentReference").get("payloadID") == "p-0@us.example"
    assert reference.get("orderDate") == "2026-11-22T18:00:00-05:00"
    assert reference.find("DocumentReference").get("payloadID") == "p-1@them.example"
    assert root.findtext(".//Sender/Credential/SharedSecret") == "canary-4711"


def test_a_confirmation_that_answers_some_lines_only_leaves_the_others_unanswered() -> None:
    header = written(example("accepted"), replace(ENVELOPE, complete=False)).find(".//ConfirmationHeader")
    assert header.get("type") == "detail"


@pytest.mark.parametrize(
    ("statuses", "kind", "listed"),
    [
        ([["accepted"], ["accepted"]], "accept", ["1", "2"]),
        ([["accepted"], ["changed"]], "except", ["2"]),
        ([["accepted"], ["accepted", "accepted"]], "except", ["2"]),
        ([["accepted"], ["accepted", "backordered", "cancelled"]], "except", ["2"]),
        ([["backordered"], ["backordered"]], "backordered", ["1", "2"]),
        ([["rejected"], ["cancelled"]], "except", ["1", "2"]),
    ],
)
def test_the_type_follows_from_the_lines(statuses: list[list[Any]], kind: str, listed: list[str]) -> None:
    lines = tuple(
        ResponseLine(
            line_number=str(number),
            outcomes=tuple(LineOutcome(status=status, quantity=Decimal("1.50"), unit="EA") for status in parts),
        )
        for number, parts in enumerate(statuses, 1)
    )
    root = written(replace(example("changed"), lines=lines))
    assert root.find(".//ConfirmationHeader").get("type") == kind
    items = root.findall(".//ConfirmationItem")
    assert [item.get("lineNumber") for item in items] == listed
    for item in items:
        parts = [Decimal(status.get("quantity")) for status in item.findall("ConfirmationStatus")]
        assert Decimal(item.get("quantity")) == sum(parts)


def test_a_confirmation_of_another_kind_is_refused() -> None:
    body = (EXAMPLES / "accepted.xml").read_bytes()
    with pytest.raises(DocumentRejected) as refused:
        CXML_1_2.parsers["order_response"](body.replace(b'type="accept" n', b'type="requestToPay" n'))
    (fault,) = refused.value.faults
    assert (fault.code, fault.path) == ("bad_value", "/outcome")
    assert (
        fault.location.endswith(": Request/ConfirmationRequest/ConfirmationHeader/@type") or "@type" in fault.location
    )
    with pytest.raises(DocumentRejected) as refused:
        CXML_1_2.parsers["order_response"](body.replace(b'type="accept" d', b'type="maybe" d'))
    assert [(fault.path, fault.value) for fault in refused.value.faults] == [("/lines/0/outcomes/0/status", "maybe")]


def test_the_secret_shows_nowhere() -> None:
    assert "canary" not in repr(ENVELOPE)
    body = render_order_response(example("accepted"), ENVELOPE)
    read = read_envelope(body)
    assert read.secret == Secret("canary-4711")
    assert read.secret is not None
    assert read.secret.is_("canary-4711")
    assert not read.secret.is_("canary-4712")
    for shown in (repr(read), str(read), repr(read.secret), f"{read.secret}"):
        assert "canary" not in shown
    with pytest.raises(DocumentRejected) as refused:
        CXML_1_2.parse_orders(body)
    assert "canary" not in str([fault.as_json() for fault in refused.value.faults])


def test_an_envelope_says_who_asks_for_what() -> None:
    read = read_envelope((EXAMPLES.parent / "order" / "five-lines.xml").read_bytes())
    assert read.payload_id == "20261123.080000.4711@blue-harbor.example"
    assert read.sent_at is not None
    assert read.sent_at.isoformat() == "2026-11-23T08:00:00+01:00"
    assert [one.key() for one in read.from_] == [("networkid", "AN01000000001"), ("duns", "312345678")]
    assert read.to == (Credential("NetworkID", "AN01000000099"),)
    assert read.sender == (Credential("NetworkID", "AN02000000002"),)
    assert (read.user_agent, read.test, read.request) == ("Blue Harbor Procurement 4.2", False, "OrderRequest")
    assert read.version is None


@pytest.mark.parametrize(
    ("body", "request_name"),
    [
        (b"<cXML><Request deploymentMode='test'><ProfileRequest/></Request></cXML>", "ProfileRequest"),
        (b"<cXML><Message><PunchOutOrderMessage/></Message></cXML>", "Message"),
        (b"<cXML timestamp='yesterday'><Response><Status code='200' text='OK'/></Response></cXML>", "Response"),
        (b"<cXML><Request/></cXML>", ""),
        (b"<cXML/>", ""),
    ],
)
def test_an_envelope_is_read_however_little_it_says(body: bytes, request_name: str) -> None:
    read = read_envelope(body)
    assert (read.request, read.payload_id, read.sent_at, read.secret) == (request_name, None, None, None)
    assert (read.from_, read.to, read.sender) == ((), (), ())


# --- answers at once ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", sorted(STATUSES))
def test_a_response_is_valid(code: int, dtds: dict[str, etree.DTD]) -> None:
    root = etree.fromstring(response("p@us.example", NOW, code, "<said> & done"))
    assert dtds["cXML"].validate(root), dtds["cXML"].error_log
    status = root.find("Response/Status")
    assert status is not None
    assert (status.get("code"), status.get("text"), status.text) == (str(code), STATUSES[code], "<said> & done")


@given(payload_id=CODES, said=TEXTS, url=TEXTS)
def test_answers_are_valid_whatever_they_say(dtds: dict[str, etree.DTD], payload_id: str, said: str, url: str) -> None:
    profile = profile_response(payload_id, NOW, NOW, [Transaction("OrderRequest", url, {"attachments": said})])
    for body in (response(payload_id, NOW, 200, said), profile):
        root = etree.fromstring(body)
        assert dtds["cXML"].validate(root), dtds["cXML"].error_log
        assert root.get("payloadID") == payload_id


def test_a_profile_names_what_is_taken() -> None:
    taken = [Transaction("OrderRequest", "https://us.example/v1/cxml"), Transaction("ProfileRequest", "https://us")]
    root = etree.fromstring(profile_response("p", NOW, NOW, taken))
    found = [(one.get("requestName"), one.findtext("URL")) for one in root.iter("Transaction")]
    assert found == [("OrderRequest", "https://us.example/v1/cxml"), ("ProfileRequest", "https://us")]
    with pytest.raises(ValueError, match="at least one"):
        profile_response("p", NOW, NOW, [])
