"""What `gateway doctor` and /metrics say of documents that are sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.metrics import Metrics
from gateway.services import Services
from gateway.store.clock import LeaseClock
from gateway.store.deliveries import OPEN
from gateway.store.ids import now_us
from gateway.store.statements import insert
from gateway.store.tables import endpoints
from tests.cli.conftest import Run
from tests.cli.sending import ACME, Send, agree, given_up, send_due, settings, there, webhook
from tests.delivery.partner import Partner, says

__all__ = ["given_up", "settings", "there"]


def found(run: Run, check: str) -> list[tuple[bool, str]]:
    """(whether it is a warning, what was found) of the checks of this name; none is a failure."""
    checks = [one for one in run("doctor", "--json").json["checks"] if one["name"] == check]
    assert all(one["ok"] for one in checks)
    return [(one["warning"], one["detail"]) for one in checks]


def metrics(services: Services) -> dict[str, float]:
    lines = Metrics(services.store, services.lanes).text().decode().splitlines()
    told = dict(line.rsplit(" ", 1) for line in lines if line.startswith("gateway_deliveries"))
    return {name: float(value) for name, value in told.items()}


def test_doctor_and_metrics_say_what_waits_and_what_is_stuck(
    run: Run, services: Services, send: Send, there: Partner
) -> None:
    assert found(run, "deliveries") == [(False, "none waits")]
    assert metrics(services) == {
        **{f'gateway_deliveries_open{{status="{one}"}}': 0.0 for one in OPEN},
        "gateway_deliveries_oldest_due_seconds": 0.0,
    }
    agree(services, webhook(there))
    send(ACME, "01-accepted.xml")
    ((warned, said),) = found(run, "deliveries")
    assert (warned, said.partition(" made ")[0]) == (False, "1 wait or are being sent; the oldest that is due was")
    told = metrics(services)
    assert told['gateway_deliveries_open{status="waiting"}'] == 1.0
    assert told["gateway_deliveries_oldest_due_seconds"] > 0
    there.behaviours["/edi"] = says(404)
    send_due()
    assert found(run, "deliveries") == [(True, "none waits; 1 given up: `gateway problems list` says why")]
    assert metrics(services)['gateway_deliveries_open{status="given_up"}'] == 1.0
    assert metrics(services)["gateway_deliveries_oldest_due_seconds"] == 0.0


def test_doctor_names_endpoints_that_are_out(run: Run, services: Services, there: Partner) -> None:
    assert found(run, "endpoint") == []
    at = now_us()
    here, gone = "https://here.example/edi", "https://gone.example/edi"
    rows = [
        (here, 7, *clock_in(services, 600_000), at, None, "HTTP 503"),
        ("https://well.example/edi", 2, None, None, at, None, "HTTP 503"),
        (gone, 0, None, None, None, at, "HTTP 410"),
    ]
    with services.store.database.write() as connection:
        insert(connection, endpoints, rows)
    moment = datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    first, second = found(run, "endpoint")
    way_back = "where it does again: `gateway deliveries retry --endpoint`"
    assert first == (True, f"{gone} wants nothing more (HTTP 410) since {moment}; {way_back}")
    assert second[1].startswith(f"{here} has failed 7 times in a row since {moment} (HTTP 503); it is tried again 20")


def clock_in(services: Services, milliseconds: int) -> tuple[int, str | None]:
    """So far from now by the lease clock, and its boot."""
    clock = LeaseClock(is_sqlite=services.store.database.is_sqlite)
    return clock.now()[1][0] + milliseconds, clock.boot


def test_doctor_names_secrets_that_transports_name_and_nobody_has_set(
    run: Run, services: Services, there: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(services, {"https": there.url("/edi"), "bearer": "DOOR", "ca": "OLD"}, "despatch_advice")
    said = (
        "acme-retail: its despatch_advice can't be sent by the secret DOOR, which isn't set: `gateway secrets set DOOR`"
    )
    assert found(run, "secrets") == [(True, said)]
    monkeypatch.setenv("GATEWAY_SECRET_DOOR", "open, sesame")
    assert found(run, "secrets") == []
    assert "sesame" not in run("doctor").out


def test_doctor_tells_of_e_mails_that_nobody_would_take(
    run: Run, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(services, {"email": "edi@acme.example"}, "despatch_advice")
    said = "acme-retail: its despatch_advice can't be sent by e-mail: GATEWAY_SMTP_URL isn't set"
    assert found(run, "secrets") == [(True, said)]
    monkeypatch.setenv("GATEWAY_SMTP_URL", "smtp://us:word@mail.example")
    monkeypatch.setenv("GATEWAY_SMTP_SENDER", "edi@halden.example")
    assert found(run, "secrets") == []
    assert "word" not in run("doctor").out
