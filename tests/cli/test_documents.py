"""What went out: found, shown as it went out or otherwise, and printed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.services import Services
from gateway.store.statements import run as execute
from tests.cli.conftest import ACCOUNTS, Run
from tests.cli.test_invoices import ship_all
from tests.printing.test_labels import pages, text_of

Send = Callable[[str, str], str]


@pytest.fixture
def shipped(services: Services, send: Send) -> str:
    """delta-foods, which gets all in layouts of its own, has ordered, and everything has left; the order's message."""
    message = send("delta-foods", "01-accepted.json")
    ship_all(services, "delta-foods")
    return message


def listed(run: Run, *options: str) -> list[Any]:
    found: list[Any] = run("documents", "list", *options, "--json").json
    return found


def test_documents_are_listed_newest_first(run: Run, shipped: str, send: Send) -> None:
    send("acme-retail", "01-accepted.xml")
    types = ["order_response", "despatch_advice", "order_response"]
    found = listed(run)
    assert [(one["account"], one["type"]) for one in found] == [
        *zip(("acme-retail", "delta-foods", "delta-foods"), types, strict=True)
    ]
    assert listed(run, "--limit", "1") == found[:1]
    assert listed(run, "--account", "delta-foods") == found[1:]
    assert listed(run, "--type", "despatch_advice") == found[1:2]
    number = found[2]["order_number"]
    assert listed(run, "--order", number) == listed(run, "--order", number, "--account", "delta-foods") == found[1:]
    assert listed(run, "--order", number, "--account", "acme-retail") == []
    assert run("documents", "list", "--order", "nothing").err == "No documents.\n"
    header, first, *_ = run("documents", "list").out.splitlines()
    assert header == "created_at\taccount\ttype\tnumber\torder_number\tformat\tid"
    assert first.split("\t")[1:4] == ["acme-retail", "order_response", found[0]["number"]]
    wrong = run("documents", "list", "--type", "letter")
    assert (wrong.code, "order_response, despatch_advice" in wrong.err) == (2, True)


def test_a_document_is_shown_as_it_went_out_and_in_other_formats(run: Run, services: Services, shipped: str) -> None:
    (advice,) = listed(run, "--type", "despatch_advice")
    sent = services.store.documents.body(advice["id"])
    for named in (advice["number"], advice["id"]):
        assert run("documents", "show", named).out.encode() == sent
    assert run("documents", "show", advice["number"], "--format", "custom").out.encode() == sent
    as_json = run("documents", "show", advice["number"], "--format", "json-1").json
    assert as_json["ship_to"]["name"] == "Delta Foods Bremen"
    told = run("documents", "show", advice["number"], "--format", "peppol-bis-3", "--json").json
    assert (told["number"], told["format"], told["media_type"]) == (advice["number"], "peppol-bis-3", "application/xml")
    assert "<cbc:StreetName>Am Speicher XI 5</cbc:StreetName>" in told["document"]
    assert run("documents", "show", "DA-9").err == ("There is no document DA-9. `gateway documents list` names them.\n")
    refused = run("documents", "show", advice["number"], "--format", "invoice-pdf")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        f"Despatch advice {advice['number']} is to be had as custom, json-1, ubl-2.1, peppol-bis-3, "
        "peppol-advanced-3, cxml-1.2, label-pdf, label-zpl, packing-list-pdf.\n"
    )


def test_what_went_out_in_a_layout_of_the_accounts_own_is_printed(run: Run, services: Services, shipped: str) -> None:
    (advice,) = listed(run, "--type", "despatch_advice")
    assert advice["format"] == "custom"
    assert "^FDDelta Foods Bremen" in run("documents", "show", advice["number"], "--format", "label-zpl").out
    for paper in ("label-pdf", "packing-list-pdf"):
        told = run("documents", "show", advice["number"], "--format", paper, "--json").json
        assert (told["media_type"], told["encoding"]) == ("application/pdf", "base64")
        (page, *_) = map(text_of, pages(base64.b64decode(told["document"])))
        for said in ("Delta Foods Bremen", "Am Speicher XI 5", "28217 Bremen"):
            assert said in page
    assert run("invoices", "make").out == "Made 1 invoice.\n"
    told = run("documents", "show", "IN-00000001", "--format", "invoice-pdf", "--json").json
    assert "IN-00000001" in "".join(map(text_of, pages(base64.b64decode(told["document"]))))


def test_a_number_that_two_documents_have_is_asked_about(run: Run, services: Services, shipped: str) -> None:
    """An ERP that numbers its invoices may come to one of ours."""
    advice, response = listed(run)
    with services.store.database.write() as connection:
        execute(connection, "UPDATE documents SET number = ? WHERE id = ?", [(advice["number"], response["id"])])
    said = run("documents", "show", advice["number"])
    assert (said.code, said.out) == (1, "")
    for one in (f"despatch advice: {advice['id']}", f"order response: {response['id']}"):
        assert one in said.err
    assert run("documents", "show", response["id"]).code == 0


def test_a_documents_number_is_no_message_and_says_where_it_is(run: Run, shipped: str) -> None:
    advice, response = listed(run)
    found = run("messages", "find", advice["number"])
    assert (found.code, found.out) == (1, "")
    shown = f"`gateway documents show {advice['id']}`"
    assert f"Despatch advice {advice['number']} of delta-foods: {shown}\n" in found.err
    assert f"It came of message {shipped}\n" in run("messages", "find", response["id"]).err
    assert advice["number"] not in run("messages", "find", advice["number"], "--account", "acme-retail").err


def test_a_file_in_an_accounts_own_layout_is_not_printed_but_leads_to_what_is(run: Run, shipped: str) -> None:
    (advice,) = listed(run, "--type", "despatch_advice")
    sent = run("documents", "show", advice["number"]).out.encode()
    way = "gateway documents show NUMBER --format label-pdf\n"
    for known in ([], ["--account", "delta-foods"], ["--account", str(ACCOUNTS / "delta-foods")]):
        said = run("convert", "-", "--to", "label-pdf", *known, stdin=sent)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("Only a document in json-1, UBL or cXML can be printed.")
        assert way in said.err
    as_json = run("convert", "-", "--to", "label-pdf", "--json", stdin=sent)
    assert json.loads(as_json.err)["detail"].endswith(way.strip())
    assert way not in run("convert", "-", "--to", "ubl-2.1", stdin=sent).err
    printable = run("documents", "show", advice["number"], "--format", "json-1").out.encode()
    assert run("convert", "-", "--to", "label-zpl", stdin=printable).code == 0
