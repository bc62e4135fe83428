"""`gateway deliveries`: what was sent where, what came of it, and sending it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from gateway.accounts import publish_folder
from gateway.bootstrap import build_services, read_settings
from gateway.delivering import Deliverer
from gateway.metrics import Metrics
from gateway.services import Services
from gateway.store.clock import LeaseClock
from gateway.store.deliveries import OPEN
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert
from gateway.store.statements import run as run_sql
from gateway.store.tables import endpoints, metadata
from mappings.files.account_folder import read_account
from schemas.formats.cxml_1_2.envelope import read_envelope
from schemas.formats.json_1 import parse_order_response
from tests.cli.conftest import ACCOUNTS, Run
from tests.delivery.partner import Partner, partner, says
from tests.delivery.test_over_http import OLD, response
from tests.harness.waiting import until

ACME = "acme-retail"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A partner may be on loopback, and its secret is set."""
    monkeypatch.setenv("GATEWAY_DELIVERY_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("GATEWAY_SECRET_OLD", OLD)


@pytest.fixture
def there() -> Iterator[Partner]:
    with partner() as opened:
        yield opened


def agree(
    services: Services,
    transport: Any,
    kind: str = "order_response",
    *,
    account: str = ACME,
    samples: dict[str, bytes] | None = None,
    **policies: Any,
) -> None:
    """The account's documents of this kind leave by this transport from now on, in the format that they have."""
    folder = read_account(ACCOUNTS / account)
    folder = folder if samples is None else replace(folder, samples=samples)
    terms = json.loads(folder.account.model_dump_json(by_alias=True))
    terms["outbound"][kind]["transport"] = transport
    terms["policies"] |= {"delivery_waits": [], **policies}
    changed = replace(folder, account=type(folder.account).model_validate(terms))
    publish_folder(services.store, changed, author="test", reason="delivery")


def webhook(there: Partner, path: str = "/edi") -> dict[str, str]:
    return {"webhook": there.url(path), "secret": "OLD"}


@contextmanager
def sending() -> Iterator[Deliverer]:
    """A process that sends what is due; left when nothing is."""
    opened = build_services(read_settings())
    deliverer = Deliverer(opened)
    deliverer.start()
    try:
        yield deliverer
        deliverer.finish()
    finally:
        deliverer.stop()
        opened.lanes.close()
        opened.store.close()


def send_due() -> None:
    with sending():
        pass


Send = Callable[[str, str], str]


@pytest.fixture
def given_up(services: Services, send: Send, there: Partner) -> dict[str, Any]:
    """An order response of ACME's that its system answered with 404, and that was given up."""
    there.behaviours["/edi"] = says(404, b"no such place\nhere")
    agree(services, webhook(there))
    send(ACME, "01-accepted.xml")
    send_due()
    (document,) = services.store.documents.newest(ACME, kind=None, order_number=None, limit=10)
    return {"id": document.id, "number": document.number}


def test_how_documents_stand_is_listed(run: Run, given_up: dict[str, Any], there: Partner) -> None:
    (row,) = run("deliveries", "list", "--json").json
    assert row["id"] == given_up["id"]
    assert (row["account"], row["status"], row["attempts"]) == (ACME, "given_up", 1)
    assert (row["endpoint"], row["code"], row["detail"]) == (there.url("/edi"), "delivery_failed", "HTTP 404")
    assert run("deliveries", "list", "--account", ACME, "--status", "given_up", "--json").json == [row]
    assert run("deliveries", "list", "--status", "delivered", "--json").json == []
    assert run("deliveries", "list", "--before", given_up["id"], "--json").json == []
    names, values = (line.split("\t") for line in run("deliveries", "list").out.splitlines())
    assert dict(zip(names, values, strict=True))["detail"] == "HTTP 404"


@pytest.mark.parametrize("named", ["id", "number"])
def test_one_is_shown_with_each_attempt_and_their_answer(run: Run, given_up: dict[str, Any], named: str) -> None:
    told = run("deliveries", "show", given_up[named], "--json").json
    (attempt,) = told["tried"]
    assert (attempt["number"], attempt["outcome"], attempt["detail"]) == (1, "failed", "HTTP 404")
    assert attempt["answer"] == "no such place\nhere"
    assert attempt["milliseconds"] >= 0
    assert (told["receipts"], told["events"]) == ([], [])
    assert "gateway deliveries retry" in told["remedy"]
    shown = run("deliveries", "show", given_up[named]).out
    assert f"attempt 1, {attempt['at']}: failed after {attempt['milliseconds']} ms: HTTP 404" in shown
    assert "    no such place\n    here\n" in shown
    assert "delivery_failed: HTTP 404\nwhat to do: See what was answered" in shown


def test_what_is_not_there_is_said(run: Run, services: Services) -> None:
    assert run("deliveries", "show", "OR-9").code == 1
    assert run("deliveries", "retry", "OR-9", "--reason", "x").code == 1
    nothing = run("deliveries", "retry", "--account", ACME, "--reason", "x")
    assert (nothing.code, "Nothing of that is stuck" in nothing.err) == (1, True)
    assert run("deliveries", "retry", "--reason", "x").code == 2
    assert run("deliveries", "retry", "OR-9", "--account", ACME, "--reason", "x").code == 2
    assert run("deliveries", "retry", "OR-9").code == 2


@pytest.mark.parametrize("how", ["named", "account", "endpoint"])
def test_what_was_given_up_is_sent_again_to_where_it_goes_now(
    run: Run, services: Services, given_up: dict[str, Any], there: Partner, how: str
) -> None:
    which = {
        "named": [given_up["number"]],
        "account": ["--account", ACME],
        "endpoint": ["--endpoint", there.url("/edi")],
    }
    agree(services, webhook(there, "/new"))
    said = run("deliveries", "retry", *which[how], "--reason", "mended", "--json")
    assert (said.code, said.json["retried"], said.json["refused"]) == (0, [given_up["id"]], [])
    send_due()
    told = run("deliveries", "show", given_up["id"], "--json").json
    assert (told["status"], told["attempts"], told["code"]) == ("delivered", 2, None)
    assert [(one["number"], one["outcome"]) for one in told["tried"]] == [(1, "failed"), (2, "delivered")]
    assert there.had() == {given_up["id"]: 2}
    (event,) = told["events"]
    assert (event["kind"], event["body"]["reason"]) == ("retried", "mended")
    assert event["actor"].startswith("cli")
    assert f"retried by {event['actor']}" in run("deliveries", "show", given_up["id"]).out
    assert run("audit", "verify").code == 0
    there_already = run("deliveries", "retry", given_up["id"], "--reason", "once more")
    assert (there_already.code, there_already.out) == (4, f"{given_up['id']}: it is delivered.\n")


def test_the_waits_begin_anew(run: Run, services: Services, given_up: dict[str, Any], there: Partner) -> None:
    agree(services, webhook(there), delivery_waits=["0s", "0s"])
    assert run("deliveries", "retry", given_up["id"], "--reason", "x").code == 0
    send_due()
    told = run("deliveries", "show", given_up["id"], "--json").json
    assert (told["status"], told["attempts"]) == ("given_up", 4)
    assert there.had() == {given_up["id"]: 4}


def test_only_those_that_stand_so_are_sent_again(run: Run, given_up: dict[str, Any]) -> None:
    assert run("deliveries", "retry", "--account", ACME, "--status", "rejected", "--reason", "x").code == 1
    assert run("deliveries", "retry", "--account", ACME, "--status", "given_up", "--reason", "x").code == 0


def test_some_of_those_named_is_partly_done(
    run: Run, services: Services, send: Send, given_up: dict[str, Any], there: Partner
) -> None:
    agree(services, "mailbox")
    send(ACME, "02-short-stock.xml")
    other = services.store.documents.newest(ACME, kind=None, order_number=None, limit=1)[0].id
    assert other != given_up["id"]
    said = run("deliveries", "retry", given_up["id"], other, "--reason", "x", "--json")
    assert (said.code, said.json["retried"]) == (3, [given_up["id"]])
    assert [(one["id"], one["detail"]) for one in said.json["refused"]] == [
        (other, "the account comes for it; it lies in its mailbox")
    ]


def test_an_endpoint_that_was_gone_is_sent_to_again(run: Run, services: Services, send: Send, there: Partner) -> None:
    there.behaviours["/edi"] = says(410)
    agree(services, webhook(there))
    send(ACME, "01-accepted.xml")
    send_due_until_gone(services)
    (row,) = run("deliveries", "list", "--json").json
    assert (row["status"], row["code"]) == ("waiting", "endpoint_gone")
    told = run("deliveries", "show", row["id"], "--json").json
    assert told["endpoint_state"]["gone_at"] is not None
    assert "wants nothing more since" in run("deliveries", "show", row["id"]).out
    there.behaviours["/edi"] = says(200)
    said = run("deliveries", "retry", "--endpoint", there.url("/edi"), "--reason", "they are back")
    assert (said.code, "is sent to again" in said.out) == (0, True)
    send_due()
    assert run("deliveries", "show", row["id"], "--json").json["status"] == "delivered"
    (event,) = services.store.audit.of(f"endpoint/{there.url('/edi')}")
    assert event["body"] == {"reason": "they are back"}


def send_due_until_gone(services: Services) -> None:
    """`finish` waits for what is due, and what is to go to an endpoint that is gone stays so."""
    opened = build_services(read_settings())
    deliverer = Deliverer(opened)
    deliverer.start()
    try:
        until(lambda: any(one.gone_at for one in services.store.deliveries.endpoints()), 10, "its 410")
    finally:
        deliverer.stop()
        opened.lanes.close()
        opened.store.close()


# --- problems ---------------------------------------------------------------------------------------------------
def test_giving_up_opens_a_problem_that_says_how_to_act(
    run: Run, given_up: dict[str, Any], there: Partner, services: Services
) -> None:
    (problem,) = run("problems", "list", "--json").json
    assert (problem["account"], problem["code"], problem["value"]) == (ACME, "delivery_failed", there.url("/edi"))
    assert (problem["messages"], problem["documents"], problem["detail"]) == (0, 1, "HTTP 404")
    assert run("problems", "list", "--account", "delta-foods", "--json").json == []
    told = run("problems", "show", problem["fingerprint"], "--json").json
    assert (told["document_ids"], told["numbers"]) == ([given_up["id"]], [given_up["number"]])
    shown = run("problems", "show", problem["fingerprint"]).out
    assert f"1 document of {ACME}:\n    {given_up['id']}, {given_up['number']}\n" in shown
    assert shown.endswith(f"to send all of them again then: {told['command']}\n")
    agree(services, webhook(there, "/new"))
    command = [*told["command"].split()[1:-1], "it is mended"]
    assert run(*command).code == 0
    assert run("problems", "list").err == "No problems.\n"
    send_due()
    assert there.had() == {given_up["id"]: 2}


def test_problems_of_messages_and_of_documents_stand_together(run: Run, given_up: dict[str, Any], send: Send) -> None:
    send(ACME, "03-unknown-item.xml")
    codes = {one["code"] for one in run("problems", "list", "--json").json}
    assert codes >= {"delivery_failed", "unknown_item"}
    assert run("problems", "show", "1-nothing").code == 1


# --- on trial ---------------------------------------------------------------------------------------------------
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


# --- what doctor and /metrics say ---------------------------------------------------------------------------------
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
    said = "acme-retail: its despatch_advice can't be sent by the secret DOOR, which isn't set"
    assert found(run, "secrets") == [(True, said)]
    monkeypatch.setenv("GATEWAY_SECRET_DOOR", "open, sesame")
    assert found(run, "secrets") == []
    assert "sesame" not in run("doctor").out


# --- proof ------------------------------------------------------------------------------------------------------
def test_a_delivery_is_proved(
    run: Run, services: Services, given_up: dict[str, Any], there: Partner, tmp_path: Path
) -> None:
    there.behaviours["/edi"] = says(200, b"taken \xe2\x9c\x93")
    assert run("deliveries", "retry", given_up["id"], "--reason", "their server is back").code == 0
    send_due()
    services.store.documents.receipt(ACME, given_up["id"], "receipt", "we have it")
    file = tmp_path / "proof.zip"
    said = run("deliveries", "proof", given_up["number"], "--to", str(file))
    assert said.code == 0
    assert said.out.startswith(f"{file}: order response {given_up['number']} of {ACME}, 2 attempts, 1 receipt\n")
    with ZipFile(file) as archive:
        name, _ = archive.namelist()
        body, told = archive.read(name), json.loads(archive.read("proof.json"))
    assert body == there.requests[-1].body
    sha256 = hashlib.sha256(body).hexdigest()
    document = told["document"]
    assert (document["file"], document["sha256"], document["account"]) == (name, sha256, ACME)
    assert (document["id"], document["number"], document["bytes"]) == (given_up["id"], given_up["number"], len(body))
    assert told["recorded"]["sha256"] == sha256
    assert [(one["outcome"], one["endpoint"], one["answer"]) for one in told["attempts"]] == [
        ("failed", there.url("/edi"), "no such place\nhere"),
        ("delivered", there.url("/edi"), "taken \u2713"),
    ]
    assert all(datetime.fromisoformat(one["at"]) for one in told["attempts"])
    assert [(one["kind"], one["body"]) for one in told["receipts"]] == [("receipt", "we have it")]
    assert [one["body"]["reason"] for one in told["events"]] == ["their server is back"]
    again = run("deliveries", "proof", given_up["number"], "--to", str(file))
    assert (again.code, again.err) == (1, f"{file} is there already.\n")


def test_a_document_that_was_replaced_is_no_proof(
    run: Run, services: Services, given_up: dict[str, Any], tmp_path: Path
) -> None:
    with services.store.database.write() as connection:
        run_sql(connection, "UPDATE documents SET body = ? WHERE id = ?", [(b"<other/>", given_up["id"])])
    said = run("deliveries", "proof", given_up["id"], "--to", str(tmp_path / "proof.zip"))
    assert said.code == 1
    assert "The bytes are not those that were recorded" in said.err


def test_what_lies_in_a_mailbox_is_proved_as_well(run: Run, send: Send, services: Services, tmp_path: Path) -> None:
    send("nordic-office", "01-accepted.json")
    (document,) = services.store.documents.newest("nordic-office", kind=None, order_number=None, limit=10)
    said = run("deliveries", "proof", document.id, "--to", str(tmp_path / "proof.zip"), "--json")
    assert (said.code, said.json["delivery"]["transport"], said.json["attempts"]) == (0, "mailbox", [])
    assert run("deliveries", "proof", document.id, "--to", str(tmp_path / "none" / "proof.zip")).code == 1
