"""The mailbox: pages that miss nothing, each document in the formats it can be had in, and receipts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.api.builders import Gateway, Sender, order, ubl_order


def answered(gateway: Gateway, sender: Sender, *numbers: str) -> list[dict[str, Any]]:
    """Send these orders, settle them, and return the mailbox."""
    for number in numbers:
        assert gateway.send(sender, order(number)).status_code == 202
        gateway.work()
    listed: list[dict[str, Any]] = gateway.client.get("/v1/documents", headers=sender.headers).json["documents"]
    return listed


def test_pages_come_oldest_first_and_miss_nothing(gateway: Gateway, acme: Sender, delta: Sender) -> None:
    answered(gateway, delta, "NOT-MINE")
    everything = answered(gateway, acme, "PO-1", "PO-2", "PO-3", "PO-4", "PO-5")
    assert [document["order_number"] for document in everything] == ["PO-1", "PO-2", "PO-3", "PO-4", "PO-5"]
    pages, address = [], "/v1/documents?limit=2"
    while True:
        page = gateway.client.get(address, headers=acme.headers).json
        pages.append([document["order_number"] for document in page["documents"]])
        if page["next"] is None:
            break
        address = f"/v1/documents?limit=2&after={page['next']}"
    assert pages == [["PO-1", "PO-2"], ["PO-3", "PO-4"], ["PO-5"]]

    (new,) = answered(gateway, acme, "PO-6")[5:]
    later = gateway.client.get(f"/v1/documents?after={everything[-1]['id']}", headers=acme.headers).json
    assert later == {"documents": [new], "next": None}


def test_the_mailbox_can_be_narrowed(gateway: Gateway, acme: Sender) -> None:
    first, _ = answered(gateway, acme, "PO-1", "PO 2/3")

    def numbers(query: str) -> list[str]:
        page = gateway.client.get(f"/v1/documents?{query}", headers=acme.headers)
        return [document["order_number"] for document in page.json["documents"]]

    assert numbers("order_number=PO+2%2F3") == ["PO 2/3"]
    assert numbers("order_number=PO-9") == []
    assert numbers("type=order_response") == ["PO-1", "PO 2/3"]
    assert numbers("type=invoice") == []
    message = gateway.services.store.messages.find("PO-1")[0].id
    assert numbers(f"message_id={message}") == ["PO-1"]
    assert numbers(f"message_id={message}&type=invoice") == []
    assert first["href"] == f"/v1/documents/{first['id']}"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=ten", "limit=-1", "limit=1.5", "limit=", "limit=%C2%B2", "limit=1&limit=2",
        "type=orders", "type=", "after=", "after=x", "after=1-", "after=1-x", "after=9-" + "9" * 30, "after=-1-1",
        "after=" + "9" * 19 + "-1", "order_number=", "order_number=%00", "order_number=" + "x" * 1001,
    ],
)  # fmt: skip
def test_parameters_that_mean_nothing_are_refused(gateway: Gateway, acme: Sender, query: str) -> None:
    refused = gateway.client.get(f"/v1/documents?{query}", headers=acme.headers)
    assert (refused.status_code, refused.json["code"]) == (400, "bad_parameter")


def test_a_document_is_to_be_had_in_every_format_that_can_say_it(gateway: Gateway, acme: Sender) -> None:
    (document,) = answered(gateway, acme, "PO-1")
    assert (document["format"], document["media_type"]) == ("json-1", "application/json")

    def fetch(query: str = "", **headers: str) -> Any:
        return gateway.client.get(f"{document['href']}{query}", headers={**acme.headers, **headers})

    as_stored = fetch()
    assert (as_stored.status_code, as_stored.mimetype) == (200, "application/json")
    assert as_stored.json["order_number"] == "PO-1"
    for headers in ({"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": "application/*"}):
        assert fetch(**headers).data == as_stored.data
    assert fetch("?format=json-1", Accept="text/csv").data == as_stored.data
    as_xml = fetch(Accept="application/json;q=0.5, application/xml")
    assert (as_xml.status_code, as_xml.mimetype) == (200, "application/xml")
    assert b"OrderResponse" in as_xml.data
    assert b"PO-1" in as_xml.data
    assert fetch("?format=ubl-2.1").data == as_xml.data
    assert fetch("?format=peppol-bis-3").mimetype == "application/xml"
    for refused in (fetch(Accept="text/csv"), fetch("?format=csv-1"), fetch("?format=nothing")):
        assert (refused.status_code, refused.json["code"]) == (406, "not_acceptable")
        assert "json-1 (application/json), ubl-2.1 (application/xml)" in refused.json["detail"]


def test_a_document_in_ubl_comes_as_json_too(gateway: Gateway, acme: Sender) -> None:
    gateway.send(acme, ubl_order("PO-1").encode(), **{"Content-Type": "application/xml"})
    gateway.work()
    (document,) = gateway.client.get("/v1/documents", headers=acme.headers).json["documents"]
    assert document["format"] == "ubl-2.1"
    as_json = gateway.client.get(document["href"], headers={**acme.headers, "Accept": "application/json"}).json
    assert as_json["order_number"] == "PO-1"
    assert sum(Decimal(outcome["quantity"]) for outcome in as_json["lines"][0]["outcomes"]) == 2


@pytest.mark.parametrize("price", ["0.0000000001", "0.0000005", "99999999999999999999.9999999999", "0.00000010"])
def test_a_document_with_tiny_or_huge_numbers_is_to_be_had_in_every_format(
    gateway: Gateway, acme: Sender, price: str
) -> None:
    """What is kept is read again for the other format: it must not have become 1E-10."""
    asked = order("PO-1")
    asked["lines"][0]["price"] = {"amount": price}
    gateway.send(acme, asked)
    gateway.work()
    (document,) = gateway.client.get("/v1/documents", headers=acme.headers).json["documents"]
    fetched = {
        name: gateway.client.get(f"{document['href']}?format={name}", headers=acme.headers)
        for name in ("json-1", "ubl-2.1")
    }
    assert [answer.status_code for answer in fetched.values()] == [200, 200]
    assert fetched["json-1"].json["lines"][0]["outcomes"][0]["price"]["amount"] == price
    assert f">{price}</cbc:PriceAmount>".encode() in fetched["ubl-2.1"].data


def test_a_receipt_may_be_said_again(gateway: Gateway, acme: Sender) -> None:
    (document,) = answered(gateway, acme, "PO-1")
    first = gateway.client.post(f"{document['href']}/receipt", headers=acme.headers)
    assert first.status_code == 200
    assert first.json["id"] == document["id"]
    assert first.json["received_at"].endswith("+00:00")
    assert gateway.client.post(f"{document['href']}/receipt", headers=acme.headers).json == first.json


def test_tests_have_a_mailbox_of_their_own(gateway: Gateway, acme: Sender) -> None:
    """What is read with the live key is no answer to a test, and a test can't say that a live document is had."""
    test = Sender("acme", gateway.services.store.keys.create("acme", actor="test", test=True)[1])
    answered(gateway, acme, "PO-1")
    gateway.send(acme, {**order("PO-2"), "test": True})
    (tested,) = answered(gateway, test, "PO-1")
    live = gateway.client.get("/v1/documents", headers=acme.headers).json["documents"]
    assert [one["order_number"] for one in live] == ["PO-1", "PO-2"], "one that marks itself as a test is answered here"
    assert tested["number"].startswith("TEST-")
    for sender, other in ((acme, tested), (test, live[0])):
        assert gateway.client.get(other["href"], headers=sender.headers).status_code == 404
        assert gateway.client.post(f"{other['href']}/receipt", headers=sender.headers).status_code == 404
        page = gateway.client.get(f"/v1/documents?after={other['id']}", headers=sender.headers)
        assert (page.status_code, page.json["code"]) == (400, "bad_parameter")
    message = gateway.services.store.messages.find("PO-1")
    for one in message:
        mine, others = (test, acme) if one.test else (acme, test)
        address = f"/v1/documents?message_id={one.id}"
        assert len(gateway.client.get(address, headers=mine.headers).json["documents"]) == 1
        assert gateway.client.get(address, headers=others.headers).json["documents"] == []
