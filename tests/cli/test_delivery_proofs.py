"""`gateway deliveries proof`: what went out, when, to whom, and what was answered, as a file."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from gateway.intake import Arrival, take_in
from gateway.pipeline import drain
from gateway.services import Services
from gateway.store.answers import Said
from gateway.store.ids import now_us
from gateway.store.statements import run as run_sql
from tests.cli.conftest import EVERY_LANE, Run
from tests.cli.sending import ACME, Send, given_up, send_due, settings, there
from tests.delivery.partner import Partner, says
from tests.formats.answers import about, application_response

__all__ = ["given_up", "settings", "there"]


def test_a_delivery_is_proved(
    run: Run, services: Services, given_up: dict[str, Any], there: Partner, tmp_path: Path
) -> None:
    there.behaviours["/edi"] = says(200, b"taken \xe2\x9c\x93")
    assert run("deliveries", "retry", given_up["id"], "--reason", "their server is back").code == 0
    send_due()
    word = Said(document_id=given_up["id"], account_id=ACME, at=now_us(), kind="status_update", code="201 Accepted")
    services.store.answers.keep(word)
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
    assert [(one["kind"], one["body"]) for one in told["receipts"]] == [("status_update", '{"code":"201 Accepted"}')]
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


def test_what_the_accounts_system_sent_about_a_document_is_part_of_its_proof(
    run: Run, services: Services, given_up: dict[str, Any], tmp_path: Path
) -> None:
    body = application_response(about(given_up["number"], "AP"))
    account = services.terms.current([ACME])[ACME].account
    said = take_in(services, Arrival(account, False, body, "test")).kept.message_id
    drain(services, EVERY_LANE, lambda: None)
    file = tmp_path / "proof.zip"
    assert run("deliveries", "proof", given_up["number"], "--to", str(file)).code == 0
    with ZipFile(file) as archive:
        (receipt,) = json.loads(archive.read("proof.json"))["receipts"]
        assert archive.read(f"message_{said}.xml") == body
    assert (receipt["word"], receipt["message_id"], receipt["file"]) == ("accepted", said, f"message_{said}.xml")
    assert receipt["sha256"] == hashlib.sha256(body).hexdigest()
