"""A document's page, with a partner that gets it over HTTP: how it went, sending it again, and closing it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

import pytest
from flask import g, render_template_string

from gateway.app import create_app
from gateway.services import Services
from gateway.store.answers import Said
from gateway.store.ids import now_us
from gateway.store.statements import run as run_sql
from tests.cli.conftest import data_dir, demo_data, run, send, services
from tests.cli.sending import ACME, Send, agree, given_up, send_due, settings, there, webhook
from tests.console.conftest import Browser, signed_in
from tests.delivery.partner import Partner, says

__all__ = ["data_dir", "demo_data", "given_up", "run", "send", "services", "settings", "there"]


class Console:
    """The console over these services."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.app = create_app(services, 4)

    def of(self, role: Any = "support", account: str | None = None) -> Browser:
        return signed_in(self, role, account)  # type: ignore[arg-type]

    def close(self) -> None:
        self.app.extensions["door"].close()


@pytest.fixture
def console(services: Services) -> Iterator[Console]:
    opened = Console(services)
    yield opened
    opened.close()


def main_text(browser: Browser) -> str:
    """What stands in the page itself."""
    (found,) = browser.root.xpath("//main")
    return " ".join(" ".join(found.itertext()).split())


def table(browser: Browser) -> list[list[str]]:
    return [
        [" ".join(" ".join(cell.itertext()).split()) for cell in row.xpath("th|td")]
        for row in browser.root.xpath("//table[caption='Attempts']/tbody/tr")
    ]


def events(services: Services, document_id: str) -> list[tuple[str, str, str]]:
    return [
        (one["kind"], one["actor"], one["body"]["reason"]) for one in services.store.audit.of(f"delivery/{document_id}")
    ]


def test_what_came_of_it_and_what_it_says(console: Console, given_up: dict[str, Any], there: Partner) -> None:
    browser = console.of("viewer")
    assert browser.open(f"/documents/{given_up['id']}").status_code == 200
    text = main_text(browser)
    assert f"Order response {given_up['number']}" in text
    assert "▲ It was given up." in text
    assert f"By webhook to {there.url('/edi')}" in text
    ((number, _, outcome, answer),) = table(browser)
    assert (number, outcome, answer) == ("1", "▲ failed HTTP 404", "no such place here")
    assert "What to do: See what was answered" in text
    assert "OrderResponse" in text
    assert not browser.root.xpath("//main//form"), "a viewer sees, and acts not"
    sent = browser.open(f"/documents/{given_up['id']}/file")
    assert sent.data == there.requests[-1].body
    assert sent.headers["Content-Disposition"].startswith('attachment; filename="order_response_OR-')
    browser.open(f"/documents/{given_up['id']}?format=canonical")
    assert (
        json.loads(browser.root.xpath("//section[@aria-labelledby='text']//pre")[0].text)["number"]
        == given_up["number"]
    )
    browser.open(f"/documents/{given_up['id']}?format=cxml-1.2")
    assert "ConfirmationRequest" in main_text(browser)
    assert browser.open(f"/documents/{given_up['id']}?format=morse").status_code == 404
    assert browser.open(f"/documents/{given_up['id']}/file?format=label-pdf").status_code == 404
    proof = browser.open(f"/documents/{given_up['id']}/proof")
    with ZipFile(io.BytesIO(proof.data)) as archive:
        assert json.loads(archive.read("proof.json"))["document"]["id"] == given_up["id"]


def test_what_was_given_up_is_sent_again_with_a_reason(
    console: Console, services: Services, given_up: dict[str, Any], there: Partner
) -> None:
    there.behaviours["/edi"] = says(200, b"thanks")
    path, browser = f"/documents/{given_up['id']}", console.of("support")
    browser.open(path)
    stale = browser.client.get(path).text
    assert browser.send(f"{path}/send-again", reason=" ").status_code == 400
    assert events(services, given_up["id"]) == []
    done = browser.send(f"{path}/send-again", reason="their server is back")
    assert (done.status_code, done.headers["Location"]) == (303, f"{path}?did=again#way")
    assert events(services, given_up["id"]) == [("retried", "user support of ours", "their server is back")]
    send_due()
    assert there.had() == {given_up["id"]: 2}
    browser.open(path)
    assert "✓ It is delivered." in main_text(browser)
    assert "Sent again by user support of ours: their server is back" in main_text(browser)
    assert "given_up-1" in stale
    token = browser.root.xpath("//input[@name='csrf_token']/@value")[0]
    late = {"csrf_token": token, "seen": "given_up-1-delivery_failed", "reason": "once more"}
    answer = browser.client.post(f"{path}/send-again", data=late)
    assert answer.status_code == 409
    assert "It stands otherwise now" in answer.text
    assert len(events(services, given_up["id"])) == 1
    assert list(services.store.audit.broken()) == []


def test_what_arrived_is_sent_again_only_by_who_knows(
    console: Console, services: Services, given_up: dict[str, Any], there: Partner
) -> None:
    there.behaviours["/edi"] = says(200, b"thanks")
    services.store.deliveries.retry([given_up["id"]], "test", "test")
    send_due()
    path, browser = f"/documents/{given_up['id']}", console.of("support")
    browser.open(path)
    asked = browser.send(f"{path}/send-again", reason="their disk died")
    assert asked.status_code == 200
    assert "The partner already has it." in main_text(browser)
    assert len(events(services, given_up["id"])) == 1, "nothing was done yet"
    assert browser.send(f"{path}/send-again").status_code == 303
    assert events(services, given_up["id"])[1] == ("retried", "user support of ours", "their disk died")
    send_due()
    assert there.had() == {given_up["id"]: 3}


def test_what_is_open_is_closed_with_a_reason(console: Console, services: Services, given_up: dict[str, Any]) -> None:
    path, browser = f"/documents/{given_up['id']}", console.of("support")
    browser.open(path)
    assert browser.send(f"{path}/dismiss", reason="").status_code == 400
    assert browser.send(f"{path}/dismiss", reason="they typed it in").status_code == 303
    assert events(services, given_up["id"]) == [("dismissed", "user support of ours", "they typed it in")]
    browser.open(path)
    assert "It was closed by one of us." in main_text(browser)
    assert not browser.root.xpath(f"//form[@action='{path}/dismiss']"), "nothing is open any more"


def test_an_accounts_own_people_send_theirs_again_and_see_nothing_of_ours(
    console: Console, services: Services, given_up: dict[str, Any]
) -> None:
    services.store.deliveries.retry([given_up["id"]], "user secret agent", "a reason of ours")
    path, browser = f"/documents/{given_up['id']}", console.of("support", ACME)
    browser.open(path)
    assert "secret agent" not in browser.answer.text
    assert "a reason of ours" not in browser.answer.text
    assert not browser.root.xpath(f"//form[@action='{path}/dismiss']")
    assert browser.send(f"{path}/send-again", reason="we lost it").status_code == 303
    foreign = console.of("support", "delta-foods")
    assert foreign.open(path).status_code == 404
    token = foreign.open("/").text.split('name="csrf_token" value="')[1].split('"')[0]
    told = {"csrf_token": token, "seen": "waiting-1-", "reason": "x"}
    assert foreign.client.post(f"{path}/send-again", data=told).status_code == 404
    assert foreign.open(f"{path}/proof").status_code == 403


def test_the_accounts_words_stand_beside_it(console: Console, services: Services, given_up: dict[str, Any]) -> None:
    said = Said(
        document_id=given_up["id"],
        account_id=ACME,
        at=now_us(),
        kind="application_response",
        word="rejected",
        code="RE",
        reasons=("we closed this site",),
    )
    services.store.answers.keep(said)
    browser = console.of("viewer")
    browser.open(f"/documents/{given_up['id']}")
    assert "▲ rejected RE" in main_text(browser)
    assert "we closed this site" in main_text(browser)


# --- all that a problem counts ----------------------------------------------------------------------------------------
@pytest.fixture
def three(services: Services, given_up: dict[str, Any], send: Send, there: Partner) -> list[str]:
    """Three documents that were given up at one endpoint; their ids, oldest first."""
    for name in ("02-short-stock.xml", "05-part-of-a-carton.xml"):
        send(ACME, name)
    send_due()
    found = [one.document_id for one in services.store.deliveries.page(status="given_up")]
    assert len(found) >= 2
    return sorted(found)


def problem_of(services: Services) -> str:
    (found,) = services.store.delivery_problems.all(ACME)
    return found.fingerprint


def test_all_that_a_problem_counts_is_sent_again(
    console: Console, services: Services, three: list[str], there: Partner
) -> None:
    there.behaviours["/edi"] = says(200)
    fingerprint, browser = problem_of(services), console.of("support")
    path = f"/problems/{fingerprint}"
    browser.open(f"{path}/documents")
    assert f"Send all {len(three)} documents again" in main_text(browser)
    assert len(browser.root.xpath("//li[@data-row]//a")) == len(three)
    assert browser.send(f"{path}/send-again", reason="").status_code == 400
    done = browser.send(f"{path}/send-again", reason="their server is back")
    assert (done.status_code, done.headers["Location"]) == (303, f"{path}/documents?did=again&count={len(three)}")
    assert {events(services, one)[-1][2] for one in three} == {"their server is back"}
    browser.open(done.headers["Location"])
    assert f"{len(three)} documents sent again at once." in main_text(browser)
    assert "Nothing is stuck by it now." in main_text(browser)
    send_due()
    assert set(there.had()) >= set(three)
    assert browser.open("/problems/1-nothing/documents").status_code == 200


def test_only_what_was_seen_is_acted_on(console: Console, services: Services, three: list[str]) -> None:
    fingerprint, browser = problem_of(services), console.of("support")
    browser.open(f"/problems/{fingerprint}/documents")
    services.store.deliveries.dismiss(three[:1], "test", "settled")
    moved = browser.send(f"/problems/{fingerprint}/send-again", reason="all of them")
    assert moved.status_code == 409
    assert "Other documents are stuck by it now" in main_text(browser)
    assert [events(services, one) for one in three[1:]] == [[] for _ in three[1:]]
    assert browser.send(f"/problems/{fingerprint}/close-documents", reason="they typed them in").status_code == 303
    assert [events(services, one)[0][2] for one in three[1:]] == ["they typed them in"] * (len(three) - 1)


def test_what_comes_to_be_stuck_later_is_left_alone(
    console: Console, services: Services, three: list[str], send: Send
) -> None:
    fingerprint, browser = problem_of(services), console.of("support")
    with services.store.database.write() as connection:
        hidden = "UPDATE deliveries SET status = 'delivered', code = NULL WHERE document_id = ?"
        run_sql(connection, hidden, [(three[-1],)])
    browser.open(f"/problems/{fingerprint}/documents")
    with services.store.database.write() as connection:
        stuck = "UPDATE deliveries SET status = 'given_up', code = 'delivery_failed' WHERE document_id = ?"
        run_sql(connection, stuck, [(three[-1],)])
    assert browser.send(f"/problems/{fingerprint}/send-again", reason="those that I saw").status_code == 303
    assert events(services, three[-1]) == []
    assert all(events(services, one) for one in three[:-1])


def test_an_endpoint_that_was_gone_is_sent_to_again(
    console: Console, services: Services, send: Send, there: Partner
) -> None:
    there.behaviours["/edi"] = says(410)
    agree(services, webhook(there))
    send(ACME, "01-accepted.xml")
    send_due()
    there.behaviours["/edi"] = says(200)
    fingerprint, browser = problem_of(services), console.of("support")
    browser.open(f"/problems/{fingerprint}/documents")
    assert not browser.root.xpath(f"//form[@action='/problems/{fingerprint}/close-documents']")
    assert browser.send(f"/problems/{fingerprint}/send-again", reason="they are back").status_code == 303
    send_due()
    assert sum(there.had().values()) >= 1
    assert services.store.delivery_problems.all(ACME) == []


def test_what_they_refused_is_not_sent_again_all_at_once(
    console: Console, services: Services, given_up: dict[str, Any]
) -> None:
    said = Said(document_id=given_up["id"], account_id=ACME, at=now_us(), kind="status_update", word="rejected")
    services.store.answers.keep(said)
    fingerprint, browser = problem_of(services), console.of("support")
    browser.open(f"/problems/{fingerprint}/documents")
    assert "Each can be sent again on its own page." in main_text(browser)
    assert not browser.root.xpath(f"//form[@action='/problems/{fingerprint}/send-again']")


def test_a_page_with_the_problem_has_the_forms_in_it(console: Console, services: Services, three: list[str]) -> None:
    """As a problem's own page includes them."""
    browser = console.of("support")
    browser.open("/")
    (problem,) = services.store.delivery_problems.all(ACME)
    shown = "{% include 'console/problem_deliveries.html' ignore missing %}"
    with console.app.test_request_context("/"):
        g.user = services.store.users.named("support of ours")
        with_it = render_template_string(shown, problem=problem)
        without = render_template_string(
            shown, problem=type("Cause", (), {"code": "unknown_item", "fingerprint": "1-x"})
        )
    assert f"/problems/{problem.fingerprint}/send-again" in with_it
    assert "See them" in with_it
    assert "form" not in without
