"""The page of one message: every format, and every kind of trouble."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.console.message import VIEWS
from gateway.store.answers import Said
from gateway.store.tables import delivery_attempts, payloads
from tests.console.conftest import Browser, signed_in
from tests.console.desk import Desk, desk_at, sample
from tests.harness.replaying import judge_again

CANARY = "CaNaRy-7731-bird"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = desk_at(tmp_path)
    yield opened
    opened.close()


def see(browser: Browser, message_id: str, view: str = "raw", **more: str) -> Any:
    answer = browser.open(f"/messages/{message_id}", query_string={"view": view, **more})
    assert answer.status_code == 200, answer.text
    return answer


FORMATS = {
    "ubl-2.1": ("acme-retail", "PL-9999"),
    "cxml-1.2": ("blue-harbor", "STORES-900"),
    "custom XML": ("evergreen-diy", "EV-3399P"),
    "custom JSON": ("delta-foods", "DF-99001"),
    "json-1": ("nordic-office", "0999"),
}
"""Each with what nothing of ours is known by in its sample."""


@pytest.mark.parametrize(("account", "unknown"), FORMATS.values(), ids=FORMATS.keys())
def test_a_fault_lights_its_place_in_every_format(desk: Desk, account: str, unknown: str) -> None:
    message_id = desk.sample(account, "03")
    browser = signed_in(desk, "viewer")
    see(browser, message_id)
    faults = browser.root.cssselect(".fault-list li")
    (fault,) = [one for one in faults if f"item number {unknown}" in one.text_content()]
    (there,) = [one for one in fault.cssselect("a") if one.text.startswith("Line ")]
    (lit,) = browser.root.xpath(f"//*[@id='{there.get('href')[1:]}']")
    assert lit.text_content() == unknown
    assert lit.get("href") == f"#{fault.get('id')}", "and back"
    line = lit.xpath("ancestor::li")[0]
    assert there.text == f"Line {line.get('value')}"
    assert sample(account, "03").decode().split("\n")[int(line.get("value")) - 1].strip() == line.text_content().strip()


@pytest.mark.parametrize("account", [account for account, _ in FORMATS.values()], ids=FORMATS.keys())
def test_an_order_that_is_answered_is_told_to_its_end(desk: Desk, account: str) -> None:
    message_id = desk.sample(account, "01")
    browser = signed_in(desk, "viewer")
    number = desk.message(message_id).order_number
    see(browser, message_id)
    (document,) = desk.services.store.documents.of_messages([message_id])
    for said in (f"Order {number} from {account}", "Received over HTTP", f"order {number}.", "Put into our products"):
        assert said in browser.text
    assert f"Answered with order response {document.number}" in browser.text
    see(browser, message_id, "canonical")
    assert f"order number {number}" in browser.text
    see(browser, message_id, "documents")
    assert f"Order response {document.number}" in browser.text
    assert browser.root.xpath(f"//a[@href='/documents/{document.id}']")
    see(browser, message_id, "receipts")
    assert "has said nothing of it" in browser.text
    see(browser, message_id, "lines")
    assert "accepted" in browser.text
    assert "→" in browser.text


def test_lines_say_their_arithmetic_and_what_is_missing(desk: Desk) -> None:
    done, held = desk.sample("acme-retail", "01"), desk.sample("acme-retail", "03")
    browser = signed_in(desk, "support")
    see(browser, done, "lines")
    assert re.search(r"10 \w+ x 12 EA = 120 EA, by (items|units)\.csv: ", browser.text)
    assert "agreed 12.50" in browser.text
    see(browser, held, "lines")
    assert "nothing of ours" in browser.text
    mend = browser.root.xpath("//a[text()='Mend it']/@href")
    assert [one for one in mend if one.startswith("/problems/") and one.endswith("/fix")]
    assert browser.open(mend[0]).status_code == 200


# --- every kind of trouble ------------------------------------------------------------------------------------------
def test_what_cannot_be_read_says_where(desk: Desk) -> None:
    message_id = desk.take("acme-retail", sample("acme-retail", "01")[:1_000])
    browser = signed_in(desk, "viewer")
    see(browser, message_id)
    assert "It can't be read, so the sender was told at once." in browser.text
    assert "XML not well-formed" in browser.text
    assert browser.root.cssselect(".piece.fault")
    for view in ("canonical", "lines"):
        see(browser, message_id, view)
        assert "It can't be read as an order." in browser.text
        assert "XML not well-formed" in browser.text
    assert browser.open(f"/messages/{message_id}/canonical.json").status_code == 409


def test_what_is_refused_lights_every_fault(desk: Desk) -> None:
    body = sample("nordic-office", "03").replace(b'"quantity": "5"', b'"quantity": "five"')
    message_id = desk.take("nordic-office", body)
    browser = signed_in(desk, "viewer")
    see(browser, message_id)
    assert desk.message(message_id).status == "rejected"
    assert [one.text for one in browser.root.cssselect(".piece.fault")] == ["five", "0999", "0998"]
    assert "Read" in browser.root.cssselect("section dl dt")[0].text, "not reached, and why"


def test_a_replay_is_a_run_of_its_own(desk: Desk) -> None:
    message_id = desk.sample("acme-retail", "03")
    judge_again(desk.services.store, message_id, "the item is there now", "user Dana")
    browser = signed_in(desk, "viewer")
    see(browser, message_id)
    assert "It waits for a worker." in browser.text
    desk.work()
    see(browser, message_id)
    assert [one.text for one in browser.root.cssselect("section h3")][:2] == ["Run 1", "Run 2, the last"]
    assert "Dana" in browser.text
    assert "“the item is there now”" in browser.text
    theirs = signed_in(desk, "viewer", "acme-retail")
    see(theirs, message_id)
    assert "Dana" not in theirs.answer.text
    assert "the item is there now" not in theirs.answer.text, "what people of ours wrote"
    assert "The supplier" in theirs.text or "the supplier" in theirs.text


def test_a_resend_leads_to_what_it_repeats(desk: Desk) -> None:
    first = desk.sample("acme-retail", "01")
    again = desk.sample("acme-retail", "01")
    assert first != again
    browser = signed_in(desk, "viewer")
    see(browser, again)
    assert browser.root.xpath(f"//a[@href='/messages/{first}']")
    assert "It repeats an earlier message" in browser.text
    see(browser, again, "documents")
    assert "Order response" in browser.text
    see(browser, first)
    assert browser.root.xpath(f"//a[@href='/messages/{again}']")


def test_a_body_of_several_orders_and_each_of_them(desk: Desk) -> None:
    desk.take("delta-foods", sample("delta-foods", "06"))
    messages = desk.services.store.messages
    (body,) = [one for one in messages.page(account_id="delta-foods") if one.parts]
    children = messages.children(body.id)
    browser = signed_in(desk, "viewer")
    see(browser, body.id)
    assert "Its body holds 3 orders" in browser.text
    for child in children:
        assert browser.root.xpath(f"//a[@href='/messages/{child.message_id}']")
    see(browser, body.id, "lines")
    assert "Each of its orders is a message of its own" in browser.text
    see(browser, children[1].message_id)
    assert "Order 2 of 3 in one body" in browser.text
    assert [one.text for one in browser.root.cssselect(".piece.fault")] == ["4O.000"]
    for other in (children[0], children[2]):
        assert browser.root.xpath(f"//a[@href='/messages/{other.message_id}']")


def test_a_test_order_says_that_it_is_one(desk: Desk) -> None:
    message_id = desk.take("acme-retail", sample("acme-retail", "01"), test=True)
    browser = signed_in(desk, "viewer")
    see(browser, message_id)
    assert "a test" in browser.text


def test_an_erased_document_is_said_to_be_erased(desk: Desk) -> None:
    message_id = desk.sample("acme-retail", "03")
    with desk.services.store.database.write() as connection:
        connection.execute(sa.update(payloads).values(body=None, erased_at=1))
    browser = signed_in(desk, "support")
    for view in VIEWS:
        see(browser, message_id, view)
        assert ("Its document is erased." in browser.text) is (view in ("raw", "canonical", "lines"))
    see(browser, message_id)
    assert "PL-9999" in browser.text, "what was wrong stays"
    assert "there is nothing left to judge" in browser.text
    for file in ("raw", "canonical.json"):
        assert browser.open(f"/messages/{message_id}/{file}").status_code == 404
    assert "It is erased." in browser.open(f"/messages/{message_id}/redacted").text


def test_bytes_that_are_no_text_are_shown_as_numbers(desk: Desk) -> None:
    message_id = desk.take("acme-retail", b"%PDF-1.7\x00\x01\x02\x03" * 50)
    browser = signed_in(desk, "viewer")
    see(browser, message_id)
    assert "These bytes are no text." in browser.text
    assert "00000000  25 50 44 46" in browser.answer.text


def test_attempts_and_words_are_told(desk: Desk) -> None:
    message_id = desk.sample("acme-retail", "01")
    store = desk.services.store
    (document,) = store.documents.of_messages([message_id])
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE deliveries SET transport = 'webhook', status = 'delivered', attempts = 9"))
        rows = [
            {
                "document_id": document.id,
                "number": number,
                "at": document.created_at + number,
                "outcome": "delivered" if number == 9 else "failed",
                "answer": f"Authorization: Bearer {CANARY}",
                "detail": "HTTP 500",
                "endpoint": f"https://a:{CANARY}@partner.example/edi",
                "milliseconds": 12,
                "worker": "worker-77",
            }
            for number in range(1, 10)
        ]
        connection.execute(sa.insert(delivery_attempts), rows)
    said = Said(document_id=document.id, account_id="acme-retail", at=document.created_at + 99, kind="receipt")
    store.answers.keep(said)
    browser = signed_in(desk, "viewer")
    see(browser, message_id)
    assert "attempt 9 to send order response" in browser.text
    assert "7 more attempts" in browser.text
    assert "The account has it: order response" in browser.text
    assert CANARY not in browser.answer.text
    assert "worker-77" not in browser.answer.text
    see(browser, message_id, "receipts")
    assert "The account has it" in browser.text


# --- large ones -----------------------------------------------------------------------------------------------------
def test_a_large_document_is_shown_in_parts(desk: Desk) -> None:
    lines = [
        {
            "line_number": str(number),
            "buyer_item": "0042" if number != 1_900 else "0999",
            "quantity": "12",
            "unit": "EA",
        }
        for number in range(1, 2_001)
    ]
    body = json.dumps({"order_number": "BIG", "lines": lines}, indent=1).encode()
    message_id = desk.take("nordic-office", body)
    browser = signed_in(desk, "viewer")
    answer = see(browser, message_id)
    assert len(answer.text) < 400_000
    assert "Part 1 of" in browser.text
    faults = browser.root.cssselect(".fault-list li")
    (there,) = [
        one
        for fault in faults
        for one in fault.cssselect("a")
        if one.text.startswith("Line ") and "0999" in fault.text_content()
    ][:1]
    browser.open(there.get("href"))
    anchor = there.get("href").partition("#")[2]
    assert browser.root.xpath(f"//*[@id='{anchor}']")[0].text == "0999"
    see(browser, message_id, line="9000")
    assert browser.root.xpath("//li[@value='9000']")
    see(browser, message_id, "lines", **{"from": "1951"})
    assert "Lines 1951 to 2000 of 2,000" in browser.text
    see(browser, message_id, "canonical", **{"from": "401"})
    assert "Values before" in browser.text


# --- what can be done -----------------------------------------------------------------------------------------------
def test_support_closes_a_message_with_a_reason(desk: Desk) -> None:
    message_id = desk.sample("acme-retail", "03")
    browser = signed_in(desk, "support")
    see(browser, message_id)
    assert browser.root.xpath(f"//a[@data-key='r'][@href='/replays/new?message={message_id}']")
    assert browser.root.xpath(f"//a[@data-key='e'][@href='/messages/{message_id}/edit']")
    address = f"/messages/{message_id}/dismiss"
    assert browser.send(address, reason=" ").status_code == 400
    assert desk.message(message_id).status == "held"
    assert "Say why" in browser.text
    assert browser.send(address, reason="they ordered by telephone").status_code == 303
    assert desk.message(message_id).status == "dismissed"
    see(browser, message_id)
    assert "“they ordered by telephone”" in browser.text
    assert "No replay: It was closed, with a reason." in browser.text
    last = desk.services.store.audit.of(message_id)[-1]
    assert (last["kind"], last["actor"]) == ("dismiss", "user support of ours")


def test_of_two_who_close_it_the_second_is_told(desk: Desk) -> None:
    message_id = desk.sample("acme-retail", "03")
    browser = signed_in(desk, "support")
    see(browser, message_id)
    desk.services.store.messages.dismiss(message_id, "user Dana", "before")
    answer = browser.send(f"/messages/{message_id}/dismiss", reason="after")
    assert answer.status_code == 409
    assert "It is dismissed and can't be dismissed. Nothing was done." in browser.text


@pytest.mark.parametrize(("role", "account"), [("viewer", None), ("admin", "acme-retail")])
def test_others_are_shown_no_way_to_act(desk: Desk, role: str, account: str | None) -> None:
    message_id = desk.sample("acme-retail", "03")
    browser = signed_in(desk, role, account)
    see(browser, message_id)
    assert not browser.root.cssselect(".acts")
    assert "Mend it" not in browser.text or account is None


def test_neighbours_are_a_key_away(desk: Desk) -> None:
    first, second, third = (desk.sample("acme-retail", name) for name in ("01", "02", "03"))
    desk.sample("nordic-office", "01")
    browser = signed_in(desk, "viewer")
    see(browser, second)
    assert browser.root.xpath("//a[@rel='prev']/@href") == [f"/messages/{first}"]
    assert browser.root.xpath("//a[@rel='next']/@href") == [f"/messages/{third}"]
    see(browser, third)
    assert not browser.root.xpath("//a[@rel='next']")


def test_another_accounts_message_is_as_one_that_is_not_there(desk: Desk) -> None:
    message_id = desk.sample("acme-retail", "03")
    theirs = signed_in(desk, "viewer", "nordic-office")
    for rest in ("", "/raw", "/canonical.json", "/redacted"):
        foreign, missing = theirs.open(f"/messages/{message_id}{rest}"), theirs.open(f"/messages/01zz{rest}")
        assert foreign.status_code == missing.status_code == 404
        assert foreign.text.replace(message_id, "") == missing.text.replace("01zz", "")


# --- secrets --------------------------------------------------------------------------------------------------------
SECRETIVE = {
    "ubl-2.1": (
        "acme-retail",
        b"<cbc:IssueDate>",
        b"<!-- <Password>%b</Password> --><cbc:Note>Authorization: Bearer %b</cbc:Note><cbc:IssueDate>",
    ),
    "cxml-1.2": ("blue-harbor", b"<ShipTo>", b'<Extrinsic name="Password">%b</Extrinsic><ShipTo>'),
    "custom XML": ("evergreen-diy", b"<Articles>", b"<Access token='%b'><Kennwort>%b</Kennwort></Access><Articles>"),
    "custom JSON": ("delta-foods", b"{", b'{"apiKey": "%b", '),
    "json-1": ("nordic-office", b"{", b'{"password": "%b", '),
}


@pytest.mark.parametrize(("account", "before", "instead"), SECRETIVE.values(), ids=SECRETIVE.keys())
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut off"])
def test_a_secret_is_shown_nowhere(desk: Desk, account: str, before: bytes, instead: bytes, cut: bool) -> None:
    body = sample(account, "03")
    assert before in body
    body = body.replace(before, instead.replace(b"%b", CANARY.encode()), 1)
    message_id = desk.take(account, body[: len(body) * 2 // 3] if cut else body)
    stored = desk.services.store.messages.body(message_id)
    assert stored is not None
    assert CANARY.encode() in stored, "it is kept as it came"
    browser = signed_in(desk, "admin")
    paths = [f"?view={view}" for view in VIEWS] + ["/raw", "/canonical.json", "/redacted"]
    for path in paths:
        answer = browser.open(f"/messages/{message_id}{path}")
        assert answer.status_code in (200, 409)
        assert CANARY not in answer.text, path
    assert "[masked]" in browser.open(f"/messages/{message_id}/raw").text


# --- to hand on -----------------------------------------------------------------------------------------------------
KEPT = {
    "acme-retail": ("PL-9999", 'unitCode="XCS"', "ACME-1003"),
    "blue-harbor": ("STORES-900", "BH-5003", "lineNumber="),
    "evergreen-diy": ("EV-3399P", "EV-51003", 'count="4"'),
    "delta-foods": ("DF-99001", "DF-4003"),
    "nordic-office": ("0999", "NO-7003", '"unit": "KRT"'),
}
GONE = {
    "acme-retail": ("12.50", "Hamburg", "4012345000009", "ACME Retail"),
    "blue-harbor": ("Blue Harbor", "AN01"),
    "evergreen-diy": ("22,80", "410,00", "Garden lime"),
    "delta-foods": ("Delta",),
    "nordic-office": ("Nordic",),
}


@pytest.mark.parametrize("account", KEPT)
def test_what_is_handed_on_has_no_names_and_prices(desk: Desk, account: str) -> None:
    message_id = desk.sample(account, "03")
    answer = signed_in(desk, "viewer").open(f"/messages/{message_id}/redacted")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.text.startswith("This file can be handed on. It leaves out")
    told = answer.text.partition("MESSAGE ")[2]
    for kept in (message_id, desk.message(message_id).status, "Unknown item (unknown_item)", *KEPT[account]):
        assert kept in told
    original = sample(account, "03").decode()
    for gone in GONE[account]:
        assert gone not in told, gone
    assert account not in told
    shape = told.partition("THE DOCUMENT\n")[2]
    assert len(shape.strip()) == len(original.strip()), "letter for letter"


def test_files_are_files(desk: Desk) -> None:
    message_id = desk.sample("acme-retail", "01")
    browser = signed_in(desk, "viewer")
    raw = browser.open(f"/messages/{message_id}/raw")
    assert raw.data == sample("acme-retail", "01")
    assert raw.headers["Content-Disposition"] == f'attachment; filename="{message_id}.xml"'
    read = browser.open(f"/messages/{message_id}/canonical.json")
    assert read.json["order_number"] == "ACME-1001"
