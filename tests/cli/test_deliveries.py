"""`gateway deliveries`: what was sent where, what came of it, and sending it again."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.services import Services
from gateway.store.answers import Said
from gateway.store.ids import now_us
from tests.cli.conftest import Run
from tests.cli.sending import ACME, Send, agree, given_up, send_due, settings, there, webhook
from tests.delivery.partner import Partner, says

__all__ = ["given_up", "settings", "there"]


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
    assert there_already.code == 4
    assert there_already.out == f"{given_up['id']}: it is delivered (with --delivered it is sent again).\n"
    assert run("deliveries", "retry", given_up["id"], "--delivered", "--reason", "their disk died").code == 0
    send_due()
    assert there.had() == {given_up["id"]: 3}
    assert run("deliveries", "retry", "--account", ACME, "--delivered", "--reason", "x").code == 2


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
    send_due()
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


def test_what_the_account_says_is_shown_and_settled(
    run: Run, services: Services, given_up: dict[str, Any], there: Partner
) -> None:
    word = Said(
        document_id=given_up["id"],
        account_id=ACME,
        at=now_us(),
        kind="application_response",
        word="rejected",
        code="RE",
        reasons=("line 1: the price", "line 2: the day"),
        message_id="m-1",
    )
    services.store.answers.keep(word)
    told = run("deliveries", "show", given_up["id"], "--json").json
    assert (told["status"], told["code"], told["receipts"][0]["word"]) == ("rejected", "document_rejected", "rejected")
    shown = run("deliveries", "show", given_up["id"]).out
    said = f"the account says rejected (RE), {told['receipts'][0]['at']}, by application response, message m-1"
    assert f"{said}\n    line 1: the price\n    line 2: the day\n" in shown
    (problem,) = run("problems", "list", "--json").json
    assert (problem["code"], problem["documents"]) == ("document_rejected", 1)
    described = run("problems", "show", problem["fingerprint"]).out
    assert "once it is settled with the account: gateway deliveries dismiss" in described
    assert "once it had read it: 1 of our documents" in run("doctor").out
    closed = run("deliveries", "dismiss", given_up["number"], "--reason", "credited by CN-7")
    assert (closed.code, closed.out) == (0, "1 document closed.\n")
    again = run("deliveries", "dismiss", given_up["number"], "--reason", "x")
    assert (again.code, again.out) == (4, f"{given_up['id']}: nothing is open of it.\n")
    assert run("problems", "list", "--json").json == []
    assert "dismissed by" in run("deliveries", "show", given_up["id"]).out
    assert run("audit", "verify").code == 0
