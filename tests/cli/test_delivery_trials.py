"""`gateway deliveries test`: a document sent on trial, and kept nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.services import Services
from gateway.store.statements import fetch
from gateway.store.tables import metadata
from schemas.formats.cxml_1_2.envelope import read_envelope
from schemas.formats.json_1 import parse_order_response
from tests.cli.conftest import Run
from tests.cli.sending import ACME, agree, given_up, settings, there, webhook
from tests.delivery.partner import Partner, response, says
from tests.delivery.test_over_http import OLD

__all__ = ["given_up", "settings", "there"]


def contents(services: Services) -> dict[str, int]:
    """How many rows each table has."""
    with services.store.database.read() as connection:
        return {name: fetch(connection, f"SELECT count(*) FROM {name}")[0][0] for name in metadata.tables}


@pytest.mark.parametrize("kind", ["order_response", "despatch_advice", "inventory_report"])
def test_a_document_is_sent_on_trial_and_kept_nowhere(run: Run, services: Services, there: Partner, kind: str) -> None:
    agree(services, webhook(there), kind)
    there.behaviours["/edi"] = says(200, b"thank you")
    before = contents(services)
    said = run("deliveries", "test", ACME, "--type", kind, "--json")
    assert (said.code, said.json["outcome"], said.json["answer"]) == (0, "delivered", "thank you")
    assert contents(services) == before
    (request,) = there.requests
    told = said.json
    assert request.headers["document-test"] == "true"
    assert request.headers["document-type"] == kind
    assert request.headers["document-number"] == told["number"]
    assert told["number"].startswith("TEST-")
    assert request.document_id == told["document_id"]
    assert told["number"].encode() in request.body or told["format"] == "csv-1"  # which names no number
    shown = run("deliveries", "test", ACME, "--type", kind).out.splitlines()
    assert shown[-2].startswith("delivered after ")
    assert shown[-1] == "    thank you"


def test_in_cxml_the_document_itself_says_that_it_is_a_test(run: Run, services: Services, there: Partner) -> None:
    there.behaviours["/cxml"] = says(200, response(200, "OK"))
    agree(services, {"cxml_post": there.url("/cxml"), "secret": "OLD"}, account="blue-harbor")
    said = run("deliveries", "test", "blue-harbor", "--json")
    assert (said.code, said.json["detail"]) == (0, "cXML 200 OK")
    envelope = read_envelope(there.requests[0].body)
    assert envelope.test
    assert envelope.sender[0].identity
    assert b"<SharedSecret>" + OLD.encode() in there.requests[0].body


def test_what_the_partner_says_against_it_is_a_failure(run: Run, services: Services, there: Partner) -> None:
    there.behaviours["/edi"] = says(422, b"unknown buyer")
    agree(services, {"https": there.url("/edi"), "bearer": "OLD"})
    said = run("deliveries", "test", ACME)
    assert (said.code, said.out.splitlines()[-1]) == (1, "    unknown buyer")
    assert "rejected after " in said.out
    assert run("deliveries", "list", "--json").json == []


@pytest.mark.parametrize(
    ("transport", "kind", "why"),
    [
        ("mailbox", "order_response", "acme-retail comes for its order responses"),
        ({"webhook": "https://x.example/", "secret": "UNSET"}, "order_response", "the secret UNSET isn't set"),
        ({"webhook": "https://x.example/", "secret": "OLD"}, "invoice", "has no sample of an invoice"),
    ],
)
def test_where_nothing_can_be_sent_it_is_said_why(
    run: Run, services: Services, transport: Any, kind: str, why: str
) -> None:
    agree(services, transport, kind, samples={} if kind == "invoice" else None)
    said = run("deliveries", "test", ACME, "--type", kind)
    assert (said.code, said.out) == (1, "")
    assert why in said.err
    assert run("deliveries", "test", "nobody").err == "There is no account nobody.\n"


def test_an_account_without_samples_gets_word_that_an_order_arrived(
    run: Run, services: Services, there: Partner
) -> None:
    agree(services, webhook(there), account="nordic-office", samples={})
    said = run("deliveries", "test", "nordic-office", "--json")
    assert (said.code, said.json["made_of"]) == (0, "an order that arrived, and nothing else")
    sent = parse_order_response(there.requests[0].body)
    assert (sent.test, sent.outcome, sent.number) == (True, "received", said.json["number"])
