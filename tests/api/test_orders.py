"""Sending orders: what is answered, when, and what a repeated request gets."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.store.revisions import Row
from mappings.revision import PriceRow
from mappings.tables import natural_key, to_fields
from tests.api.builders import Gateway, Sender, order, services_at, ubl_order


def test_an_order_is_taken_and_can_be_followed(gateway: Gateway, acme: Sender) -> None:
    taken = gateway.send(acme, order())
    message_id = taken.json["message_id"]
    assert taken.status_code == 202
    assert taken.json == {
        "message_id": message_id,
        "status": "received",
        "links": {
            "message": f"/v1/messages/{message_id}",
            "documents": f"/v1/documents?message_id={message_id}",
        },
    }
    assert taken.headers["Location"] == f"/v1/messages/{message_id}"
    assert gateway.services.store.messages.body(message_id) == json.dumps(order()).encode()

    assert gateway.work() == 1
    message = gateway.client.get(taken.headers["Location"], headers=acme.headers).json
    assert message["status"] == "done"
    assert message["order_number"] == "PO-1"
    assert message["mapping_revision"] == 1
    assert [stage["name"] for stage in message["stages"]][:4] == ["received", "decoded", "mapped", "checked"]
    assert all(stage["at"].endswith("+00:00") for stage in message["stages"])
    assert [document["type"] for document in message["documents"]] == ["order_response"]
    listed = gateway.client.get(taken.json["links"]["documents"], headers=acme.headers).json
    assert listed["documents"] == message["documents"]


@pytest.mark.parametrize(
    "number",
    ["/x1", "//x1", "/", "x/", "x//y", "/v1/orders", "validate", "x\ny", "x\n", "\tx\ty", "x\r\ny", "\x7f",
     " A ", "x?y#z", "x%2Fy", "%", "x;y=1", "..", "./x", "å/日本", "x\u2028y", "\\", "+"],
    ids=repr,
)  # fmt: skip
def test_every_number_that_is_accepted_can_be_asked_for(gateway: Gateway, acme: Sender, number: str) -> None:
    gateway.send(acme, order(number))
    gateway.work()
    number = number.strip()  # white space around it is no part of it
    for written in {quote(number, safe=""), quote(number, safe="/")}:
        asked = gateway.client.get(f"/v1/orders/{written}", headers=acme.headers)
        assert (asked.status_code, asked.json["order_number"]) == (200, number), written


def test_the_ledger_is_in_the_accounts_units_and_adds_up(gateway: Gateway, acme: Sender) -> None:
    gateway.send(acme, order("PO/1 of 2"))
    gateway.work()
    thread = gateway.client.get("/v1/orders/PO%2F1%20of%202", headers=acme.headers).json
    assert thread["order_number"] == "PO/1 of 2"
    assert thread["others"] == []
    (line,) = thread["lines"]
    assert (line["line_number"], line["seller_item"], line["product"], line["unit"]) == ("1", "OAT-1L", "OAT-1L", "EA")
    assert line["ordered"] == "2"
    parts = [int(line[name]) for name in ("confirmed", "backordered", "rejected", "cancelled", "open")]
    assert sum(parts) == 2
    assert [document["type"] for document in thread["documents"]] == ["order_response"]


def test_the_same_content_again_is_the_first_answer(gateway: Gateway, acme: Sender) -> None:
    first = gateway.send(acme, order()).json
    again = gateway.send(acme, order())
    assert again.status_code == 202
    assert again.json == {**first, "duplicate": True}
    gateway.work()
    assert gateway.send(acme, order()).json == {**first, "status": "done", "duplicate": True}


def test_equal_content_in_other_bytes_is_the_first_answer_too(gateway: Gateway, acme: Sender) -> None:
    first = gateway.send(acme, order()).json["message_id"]
    gateway.work()
    spaced = json.dumps(order(), indent=4).encode()
    second = gateway.send(acme, spaced).json["message_id"]
    gateway.work()
    shown = gateway.client.get(f"/v1/messages/{second}", headers=acme.headers).json
    assert (shown["status"], shown["duplicate_of"]) == ("duplicate", first)
    assert [document["type"] for document in shown["documents"]] == ["order_response"]
    again = gateway.send(acme, spaced).json
    assert (again["message_id"], again["status"], again["duplicate"]) == (first, "done", True)
    waited = gateway.send(acme, spaced, "?wait=5")
    assert (waited.status_code, waited.headers["Gateway-Message-Id"]) == (200, first)
    listed = gateway.client.get("/v1/documents", headers=acme.headers).json["documents"]
    assert len(listed) == 1


def test_an_idempotency_key_stands_for_its_content(gateway: Gateway, acme: Sender, delta: Sender) -> None:
    key = {"Idempotency-Key": "monday 1"}
    first = gateway.send(acme, order("PO-1"), **key)
    assert gateway.send(acme, order("PO-1"), **key).json == {**first.json, "duplicate": True}
    other = gateway.send(acme, order("PO-2"), **key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert gateway.send(delta, order("PO-2"), **key).status_code == 202
    assert gateway.services.store.messages.find("PO-2") == []


@pytest.mark.parametrize("key", ["", "x" * 256, "schl\u00fcssel", "tab\there"])
def test_an_idempotency_key_that_can_not_be_kept_is_refused(gateway: Gateway, acme: Sender, key: str) -> None:
    refused = gateway.send(acme, order(), **{"Idempotency-Key": key})
    assert (refused.status_code, refused.json["code"]) == (400, "bad_parameter")


# --- ?wait= ------------------------------------------------------------
@pytest.mark.parametrize("wait", ["", "-1", "31", "30.01", "nan", "inf", "1e1", "soon", "1&wait=2", "٣"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(gateway: Gateway, acme: Sender, wait: str) -> None:
    refused = gateway.send(acme, order(), f"?wait={wait}")
    assert (refused.status_code, refused.json["code"]) == (400, "bad_parameter")
    assert gateway.services.store.messages.page() == []


def test_waiting_gets_the_order_response(gateway: Gateway, acme: Sender) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gateway.send, acme, order(), "?wait=20")
        _until_settled(gateway, 1)
        answered = waiting.result(timeout=10)
    assert answered.status_code == 200
    assert answered.content_type == "application/json"
    assert answered.json["order_number"] == "PO-1"
    fetched = gateway.client.get(answered.headers["Location"], headers=acme.headers)
    assert fetched.data == answered.data
    again = gateway.send(acme, order(), "?wait=20")
    assert (again.status_code, again.data) == (200, answered.data)
    assert again.headers["Gateway-Duplicate"] == "true"


def test_an_order_in_ubl_is_answered_in_ubl(gateway: Gateway, acme: Sender) -> None:
    gateway.send(acme, ubl_order().encode(), **{"Content-Type": "application/xml"})
    gateway.work()
    answered = gateway.send(acme, ubl_order().encode(), "?wait=1", **{"Content-Type": "text/xml; charset=utf-8"})
    assert (answered.status_code, answered.mimetype) == (200, "application/xml")
    assert b"OrderResponse" in answered.data


def test_a_rejection_is_an_answer_too(gateway: Gateway) -> None:
    sender = gateway.account("omega", policies={"unknown_item": "reject_line"})
    unknown = order(item="NO-SUCH")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gateway.send, sender, unknown, "?wait=20")
        _until_settled(gateway, 1)
        answered = waiting.result(timeout=10)
    assert answered.status_code == 200
    assert answered.json["outcome"] == "rejected"


def test_a_held_order_says_so_as_soon_as_it_is_known(gateway: Gateway, acme: Sender) -> None:
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        waiting = pool.submit(gateway.send, acme, order(item="NO-SUCH"), "?wait=25")
        _until_settled(gateway, 1)
        answered = waiting.result(timeout=10)
    assert time.monotonic() - started < 10
    assert (answered.status_code, answered.json["status"]) == (202, "held")
    assert [fault["code"] for fault in answered.json["faults"]] == ["unknown_item"]


def test_what_takes_longer_is_accepted_all_the_same(gateway: Gateway, acme: Sender) -> None:
    answered = gateway.send(acme, order(), "?wait=0.3")
    assert (answered.status_code, answered.json["status"]) == (202, "received")


def test_redis_wakes_whoever_waits(tmp_path: Path, redis_url: str) -> None:
    gateway = Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", redis_url))
    sender = gateway.account("acme")
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(gateway.send, sender, order(), "?wait=20")
            _until_settled(gateway, 1)
            assert waiting.result(timeout=10).status_code == 200
        assert gateway.services.lanes.depths()["bulk"] == 1
    finally:
        gateway.close()


def test_at_most_half_of_the_threads_wait(tmp_path: Path) -> None:
    gateway = Gateway(services_at(f"sqlite:///{tmp_path / 'g.db'}", f"unix://{tmp_path / 'no.sock'}"), threads=4)
    sender = gateway.account("acme")
    seated = threading.Semaphore(0)
    waiting = gateway.app.extensions["door"].waiting
    watch = waiting._watch
    waiting._watch = lambda *arguments: (seated.release(), watch(*arguments))[1]
    try:
        with ThreadPoolExecutor(2) as pool:
            seats = [pool.submit(gateway.send, sender, order(f"PO-{number}"), "?wait=20") for number in (1, 2)]
            assert seated.acquire(timeout=5)
            assert seated.acquire(timeout=5)
            started = time.monotonic()
            at_once = gateway.send(sender, order("PO-3"), "?wait=20")
            assert time.monotonic() - started < 5
            assert (at_once.status_code, at_once.json["status"]) == (202, "received")
            gateway.work()
            assert [seat.result(timeout=10).status_code for seat in seats] == [200, 200]
    finally:
        gateway.close()


def _until_settled(gateway: Gateway, messages: int) -> None:
    """Work until so many messages are settled."""
    deadline = time.monotonic() + 10
    while messages > 0:
        messages -= gateway.work()
        assert time.monotonic() < deadline
        time.sleep(0.005)


# --- who may, and how often ------------------------------------------------------------
def test_validate_judges_and_stores_nothing(gateway: Gateway, acme: Sender) -> None:
    two = order(item="NO-SUCH")
    two["lines"].append({"line_number": "2", "seller_item": "NO-SUCH-EITHER", "quantity": "1", "unit": "EA"})
    judged = gateway.client.post("/v1/orders/validate", json=two, headers=acme.headers)
    assert judged.status_code == 200
    assert [fault["code"] for fault in judged.json["faults"]] == ["unknown_item", "unknown_item"]
    assert [fault["path"] for fault in judged.json["faults"]] == ["/lines/0/seller_item", "/lines/1/seller_item"]
    good = gateway.client.post("/v1/orders/validate", json=order(), headers=acme.headers).json
    assert good["faults"] == []
    assert good["order"]["order_number"] == "PO-1"
    (line,) = good["lines"]
    assert (line["product"], line["quantity"], line["base_quantity"], line["base_unit"]) == ("OAT-1L", "2", "2", "EA")
    assert gateway.services.store.messages.page() == []


def test_validate_says_what_the_reader_warns_of(gateway: Gateway, acme: Sender) -> None:
    """As the message's own faults do."""
    body = ubl_order().replace("<cac:OrderLine>", "<cbc:Colour>red</cbc:Colour><cac:OrderLine>", 1)
    judged = gateway.client.post("/v1/orders/validate", data=body.encode(), headers=acme.headers).json
    (fault,) = judged["faults"]
    assert (fault["code"], fault["value"]) == ("unknown_element", "red")
    assert fault["location"].endswith("cbc:Colour")
    assert judged["order"]["order_number"] == "PO-1"


@pytest.mark.parametrize(
    ("price", "said"),
    [("178.80", "178.80"), ("100", "100.00"), ("12.5", "12.50"), ("0.12345", "0.12345"), ("0.00001", "0.00001")],
)
def test_validate_says_prices_as_money(gateway: Gateway, acme: Sender, price: str, said: str) -> None:
    priced = order()
    priced["lines"][0]["price"] = {"amount": price}
    judged = gateway.client.post("/v1/orders/validate", json=priced, headers=acme.headers).json
    assert judged["lines"][0]["price"] == said


def test_a_contract_price_without_an_end_is_rounded_to_ten_places(gateway: Gateway) -> None:
    agreed = PriceRow("OAT-1L", "EA", "EUR", Decimal(100), base_quantity=Decimal(3))
    written = {"id": "omega", "name": "Omega", "policies": {"unknown_ship_to": "accept_address"}}
    row = Row("price", natural_key(agreed), json.dumps(to_fields(agreed)))
    gateway.services.store.revisions.publish_account(written, [row], author="test", reason="test")
    sender = Sender("omega", gateway.services.store.keys.create("omega", actor="test")[1])
    asked = order(currency="EUR")
    judged = gateway.client.post("/v1/orders/validate", json=asked, headers=sender.headers).json
    assert judged["lines"][0]["contract_price"] == "33.3333333333"


def test_keys_open_what_they_are_for(gateway: Gateway, acme: Sender) -> None:
    keys = gateway.services.store.keys
    office = keys.create(None, actor="test")[1]
    expired = keys.create("acme", actor="test", expires_at=1)[1]
    unpublished = keys.create("nobody", actor="test")[1]
    revoked_key, revoked = keys.create("acme", actor="test")
    keys.revoke(revoked_key.id, actor="test")
    answers = {
        None: (401, "key_missing"),
        "Basic YTpi": (401, "key_missing"),
        "Bearer": (401, "key_missing"),
        "Bearer nonsense": (401, "key_unknown"),
        "Bearer gw_live_\u00fc_x": (401, "key_unknown"),
        f"Bearer {acme.key[:-1]}-": (401, "key_unknown"),
        f"Bearer {expired}": (401, "key_unknown"),
        f"Bearer {revoked}": (401, "key_unknown"),
        f"Bearer {office}": (403, "key_not_allowed"),
        f"Bearer {unpublished}": (403, "key_not_allowed"),
    }
    for header, (status, code) in answers.items():
        headers = {} if header is None else {"Authorization": header}
        refused = gateway.client.post("/v1/orders", json=order(), headers=headers)
        assert (refused.status_code, refused.json["code"]) == (status, code), header
        assert ("WWW-Authenticate" in refused.headers) == (status == 401)
    assert (
        gateway.client.post("/v1/orders", json=order(), headers={"Authorization": f"bearer {acme.key}"}).status_code
        == 202
    )


def test_an_order_that_is_held_leads_to_its_message(gateway: Gateway, acme: Sender, delta: Sender) -> None:
    """It is on nobody's books: the account is told where to look, others as if it weren't there."""
    number = "PO-held"
    held = gateway.send(acme, order(number, "NO-SUCH")).json["message_id"]
    gateway.work()
    answer = gateway.client.get(f"/v1/orders/{number}", headers=acme.headers)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert f"it came in /v1/messages/{held} (held)." in answer.json["detail"]
    foreign = gateway.client.get(f"/v1/orders/{number}", headers=delta.headers)
    assert foreign.data == gateway.client.get("/v1/orders/nothing", headers=delta.headers).data
    assert held not in foreign.text


def test_a_test_keys_orders_are_tests(gateway: Gateway, acme: Sender) -> None:
    test = Sender("acme", gateway.services.store.keys.create("acme", actor="test", test=True)[1])
    taken = gateway.send(test, order())
    gateway.work()
    message = gateway.client.get(taken.headers["Location"], headers=test.headers).json
    assert message["test"] is True
    assert message["documents"][0]["number"].startswith("TEST-")


@pytest.mark.parametrize("with_redis", [True, False])
def test_more_orders_than_agreed_wait(tmp_path: Path, request: pytest.FixtureRequest, with_redis: bool) -> None:
    redis_url = request.getfixturevalue("redis_url") if with_redis else f"unix://{tmp_path / 'no.sock'}"
    database = f"sqlite:///{tmp_path / 'gateway.db'}"
    gateways = [Gateway(services_at(database, redis_url)) for _ in range(2)]
    first, second = gateways
    limited = first.account("acme", policies={"order_rate_per_minute": 3})
    free = first.account("delta")
    try:
        assert [first.send(limited, order(f"PO-{number}")).status_code for number in range(3)] == [202, 202, 202]
        refused = first.send(limited, order("PO-4"))
        assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        elsewhere = second.send(limited, order("PO-4")).status_code
        assert elsewhere == (429 if with_redis else 202)
        assert all(first.send(free, order(f"PO-{number}")).status_code == 202 for number in range(10))
        stored = len(first.services.store.messages.page(account_id="acme"))
        assert stored == (3 if with_redis else 4)
    finally:
        for gateway in gateways:
            gateway.close()


def test_processes_share_a_rate_to_within_a_seconds_worth(tmp_path: Path, redis_url: str) -> None:
    gateways = [Gateway(services_at(f"sqlite:///{tmp_path / 'gateway.db'}", redis_url)) for _ in range(2)]
    sender = gateways[0].account("acme", policies={"order_rate_per_minute": 180})
    try:
        answers = [gateways[number % 2].send(sender, b" ").status_code for number in range(200)]
        assert 180 - 2 * 3 <= answers.count(400) <= 180
        assert answers.count(400) + answers.count(429) == 200
    finally:
        for gateway in gateways:
            gateway.close()


def test_a_limit_set_anew_shows_within_a_second_or_so(gateway: Gateway, acme: Sender) -> None:
    assert gateway.send(acme, order("PO-1")).status_code == 202
    gateway.account("acme", policies={"order_rate_per_minute": 1})
    deadline = time.monotonic() + 5
    number = 1
    while gateway.send(acme, order(f"PO-{number}")).status_code != 429:
        number += 1
        assert time.monotonic() < deadline
        time.sleep(0.05)
