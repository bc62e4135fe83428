"""What monitoring reads, and what stands around every answer."""

from __future__ import annotations

import logging

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.builders import Gateway, Sender, order


def figures(gateway: Gateway) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """(name, labels) → value of everything /metrics says."""
    text = gateway.client.get("/metrics").text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_requests_and_what_waits(gateway: Gateway, acme: Sender) -> None:
    gateway.send(acme, order("PO-1"))
    gateway.send(acme, order("PO-2", item="NO-SUCH"))
    gateway.client.get("/v1/messages/SECRET", headers=acme.headers)
    gateway.client.get("/nothing/SECRET")
    before = figures(gateway)

    def value(name: str, **labels: str) -> float:
        return before[name, frozenset(labels.items())]

    assert value("gateway_http_requests_total", method="POST", route="/v1/orders", status="202") == 2
    assert value("gateway_http_requests_total", method="GET", route="/v1/messages/<message_id>", status="404") == 1
    assert value("gateway_http_requests_total", method="GET", route="unmatched", status="404") == 1
    assert value("gateway_http_request_seconds_count", method="POST", route="/v1/orders") == 2
    assert value("gateway_messages_open", status="received") == 2
    assert value("gateway_lane_oldest_waiting_seconds", lane="bulk") > 0
    assert value("gateway_lane_oldest_waiting_seconds", lane="critical") == 0
    assert value("gateway_store_up") == 1
    assert value("gateway_redis_up") == 0
    gateway.work()
    after = figures(gateway)
    assert after["gateway_messages_open", frozenset({("status", "received")})] == 0
    assert after["gateway_messages_open", frozenset({("status", "held")})] == 1
    assert "SECRET" not in gateway.client.get("/metrics").text


def test_every_answer_is_closed_to_browsers(gateway: Gateway, acme: Sender) -> None:
    for address in ("/healthz", "/v1/documents", "/v1/nothing", "/v1/docs", "/v1/openapi.json"):
        headers = gateway.client.get(address, headers=acme.headers).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Server" not in headers
        assert "Strict-Transport-Security" not in headers
    assert "Strict-Transport-Security" in gateway.client.get("/healthz", base_url="https://x").headers


def test_head_answers_as_get_without_its_body(gateway: Gateway, acme: Sender) -> None:
    for address in ("/healthz", "/v1/documents", "/v1/openapi.json", "/v1/docs"):
        full, head = (gateway.client.open(address, method=method, headers=acme.headers) for method in ("GET", "HEAD"))
        assert (head.status_code, head.data, head.content_length) == (200, b"", full.content_length)


def test_the_log_names_routes_and_keys_and_no_secret(
    gateway: Gateway, acme: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.send(acme, order("CANARY-1"), **{"Idempotency-Key": "CANARY-2"})
    gateway.client.get("/v1/orders/CANARY-3?x=CANARY-4", headers=acme.headers)
    gateway.client.get("/healthz")
    lines = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "gateway.access"]
    assert [level for level, _ in lines] == ["INFO", "INFO", "DEBUG"]
    key_id = gateway.services.store.keys.all("acme")[0].id
    assert lines[0][1].startswith("POST /v1/orders 202 ")
    assert lines[0][1].endswith(f"key {key_id}")
    assert "CANARY" not in caplog.text
    assert acme.key.rpartition("_")[2] not in caplog.text


def test_a_key_that_is_not_let_in_is_logged_by_its_id(
    gateway: Gateway, acme: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    """The id where there is such a key, and nothing of its text."""
    keys = gateway.services.store.keys
    (known,) = keys.all("acme")
    keys.revoke(known.id, actor="test")
    for text in (acme.key, f"{acme.key}x", "CANARY-5"):
        answer = gateway.client.get("/v1/documents", headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 401
    lines = [record.getMessage() for record in caplog.records if record.name == "gateway.refusal_log"]
    assert lines[0] == f"not let in: key {known.id}: unknown, revoked or expired, at GET /v1/documents"
    assert [line.split(": ")[1] for line in lines[1:]] == ["a key that there isn't, or mistyped"] * 2
    assert acme.key.rpartition("_")[2] not in caplog.text
    assert "CANARY" not in caplog.text
