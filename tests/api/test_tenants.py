"""Tenant isolation, generated from the URL map: what is another account's is as if it weren't there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gateway.inventory_schedule import send
from gateway.store.inventory_reports import Due
from tests.api.builders import Gateway, Sender, order

MISSING = "0" * 26


@dataclass(frozen=True, slots=True)
class Belongings:
    """What delta has."""

    message_id: str
    order_number: str
    document_id: str
    cursor: str
    report_number: str


PUBLIC = {
    "/v1",
    "/v1/",
    "/v1/schemas",
    "/v1/openapi.json",
    "/v1/docs",
    "/v1/docs/faults",
    "/v1/docs/faults/<code>",
    "/v1/schemas/<document_type>.json",
    "/healthz",
    "/readyz",
    "/metrics",
}
"""Routes without a key: nothing there is any account's."""
WITHOUT_OBJECT = {"/v1/orders", "/v1/orders/validate"}
"""Routes with a key whose address names nothing that is stored."""
OWN_DOOR = {"/v1/cxml"}
"""Routes whose key stands in the document: tests/api/test_cxml.py has who gets in there, and for whom."""
OFFICE = "/v1/backoffice/"
"""Under this all is our own systems', whose key is no account's; an account's key opens nothing there."""
CASES: dict[tuple[str, str], Callable[[str], str]] = {
    ("GET", "/v1/messages/<message_id>"): lambda name: f"/v1/messages/{name}",
    ("GET", "/v1/orders/<order_number:order_number>"): lambda name: f"/v1/orders/{name}",
    ("GET", "/v1/documents/<document_id>"): lambda name: f"/v1/documents/{name}",
    ("POST", "/v1/documents/<document_id>/receipt"): lambda name: f"/v1/documents/{name}/receipt",
    ("GET", "/v1/documents"): lambda name: f"/v1/documents?message_id={name}",
    ("GET", "/v1/inventory"): lambda name: f"/v1/inventory?since={name}",
}
"""(method, route) → the address of one object by its name."""
NAMES: dict[str, Callable[[Belongings], str]] = {
    "/v1/messages/<message_id>": lambda mine: mine.message_id,
    "/v1/orders/<order_number:order_number>": lambda mine: mine.order_number,
    "/v1/documents/<document_id>": lambda mine: mine.document_id,
    "/v1/documents/<document_id>/receipt": lambda mine: mine.document_id,
    "/v1/documents": lambda mine: mine.message_id,
    "/v1/inventory": lambda mine: mine.report_number,
}


@pytest.fixture
def of_delta(gateway: Gateway, delta: Sender) -> Belongings:
    taken = gateway.send(delta, order("SECRET-1")).json
    gateway.work()
    (document,) = gateway.services.store.documents.page("delta", kind=None, order_number=None, after=None, limit=9)
    sent = Due("delta", 0, "0 6 * * *", "UTC")
    gateway.services.store.inventory_reports.reschedule([sent], [])
    assert send(gateway.services, sent, datetime.now(UTC))
    page = gateway.services.store.documents.page
    (report,) = page("delta", kind="inventory_report", order_number=None, after=None, limit=9)
    return Belongings(taken["message_id"], "SECRET-1", document.id, document.cursor, report.number)


def routes(gateway: Gateway) -> set[tuple[str, str]]:
    """Every (method, route) of the API but HEAD; who sees what of the console is in tests/console/test_roles.py."""
    rules = [one for one in gateway.app.url_map.iter_rules() if not one.endpoint.startswith("console.")]
    return {(method, rule.rule) for rule in rules for method in rule.methods - {"HEAD"}}


def test_every_route_is_accounted_for(gateway: Gateway) -> None:
    served = {(method, route) for method, route in routes(gateway) if not route.startswith(OFFICE)}
    assert {route for _, route in served} == PUBLIC | WITHOUT_OBJECT | OWN_DOOR | {route for _, route in CASES}
    assert set(CASES) == {
        (method, route) for method, route in served if route not in PUBLIC | WITHOUT_OBJECT | OWN_DOOR
    }


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_another_accounts_object_answers_as_a_missing_one(
    gateway: Gateway, acme: Sender, delta: Sender, of_delta: Belongings, case: tuple[str, str]
) -> None:
    method, route = case
    name = NAMES[route](of_delta)

    def ask(sender: Sender, wanted: str) -> tuple[int, bytes, dict[str, str]]:
        answer = gateway.client.open(CASES[case](wanted), method=method, headers=sender.headers)
        return answer.status_code, answer.data, dict(answer.headers)

    foreign, missing = ask(acme, name), ask(acme, MISSING)
    assert foreign == missing
    assert name.encode() not in foreign[1]
    assert missing[0] == {"/v1/documents": 200, "/v1/inventory": 400}.get(route, 404)
    own = ask(delta, name)
    assert own[0] == 200
    assert own[1] != missing[1]


def test_anothers_cursor_and_document_id_continue_nothing(gateway: Gateway, acme: Sender, of_delta: Belongings) -> None:
    foreign = gateway.client.get(f"/v1/documents?after={of_delta.document_id}", headers=acme.headers)
    missing = gateway.client.get(f"/v1/documents?after={MISSING}", headers=acme.headers)
    assert (foreign.status_code, foreign.data) == (missing.status_code, missing.data)
    beyond = gateway.client.get(f"/v1/documents?after={of_delta.cursor}", headers=acme.headers)
    assert beyond.json == {"documents": [], "next": None}


def test_an_accounts_key_opens_nothing_of_the_back_office_nor_its_key_anything_of_an_account(
    gateway: Gateway, acme: Sender, of_delta: Belongings
) -> None:
    """Neither learns whether what it names is there."""
    office = Sender("", gateway.services.store.keys.create(None, actor="test")[1])
    refused = 0
    for method, route in routes(gateway):
        if route in PUBLIC | OWN_DOOR:
            continue
        sender = acme if route.startswith(OFFICE) else office
        for name in (MISSING, of_delta.message_id, of_delta.order_number, of_delta.document_id):
            address = re.sub(r"<[^>]+>", name, route)
            answer = gateway.client.open(address, method=method, headers=sender.headers)
            assert (answer.status_code, answer.json["code"]) == (403, "key_not_allowed"), (method, route)
            assert name not in answer.text
        refused += route.startswith(OFFICE)
    assert refused >= 4


def test_every_route_that_is_not_public_needs_a_key(gateway: Gateway) -> None:
    for method, route in routes(gateway):
        if route not in PUBLIC | OWN_DOOR:
            address = re.sub(r"<[^>]+>", "x", route)
            answer = gateway.client.open(address, method=method)
            assert (answer.status_code, answer.json["code"]) == (401, "key_missing"), route


def test_the_same_order_of_two_accounts_is_two_orders(gateway: Gateway, acme: Sender, of_delta: Belongings) -> None:
    mine = gateway.send(acme, order("SECRET-1")).json
    assert "duplicate" not in mine
    assert mine["message_id"] != of_delta.message_id
    assert gateway.client.get("/v1/orders/SECRET-1", headers=acme.headers).status_code == 404
