"""Verifying, sealing and listing from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.services import Services
from gateway.store.statements import run as execute
from tests.cli.conftest import Run

Send = Callable[[str, str], str]


def test_what_is_sealed_is_verified_and_a_cut_is_found(
    run: Run, send: Send, services: Services, data_dir: Path
) -> None:
    message_id = send("acme-retail", "01-accepted.xml")
    told = run("audit", "verify", "--json")
    assert (told.code, told.json["ok"], told.json["newest_seal"]) == (0, True, None)
    sealed = run("audit", "seal")
    assert sealed.code == 0
    name = sealed.out.strip()
    assert (data_dir / "audit.seal").read_text() == f"{name}\n"
    told = run("audit", "verify", "--expect", name, "--json").json
    assert (told["ok"], told["newest_seal"]["seal"], told["unsealed"], told["seals_checked"]) == (True, name, 0, True)
    assert name in run("audit", "verify").err
    with services.store.database.write() as connection:
        execute(connection, "DELETE FROM audit_seals", [()])
    found = run("audit", "verify", "--json")
    assert found.code == 1
    assert found.json["broken"] == [
        f"seal 1: it is gone, though the file {data_dir / 'audit.seal'} knows of it (there is none)"
    ]
    assert run("audit", "verify", "--expect", "nonsense").code == 2
    assert message_id


def test_events_are_listed_and_shown(run: Run, send: Send) -> None:
    message_id = send("nordic-office", "03-unknown-item.json")
    assert run("messages", "erase", message_id, "--reason", "t").code == 4
    assert run("messages", "dismiss", message_id, "--reason", "by hand").code == 0
    assert run("messages", "erase", message_id, "--reason", "request 17", "--json").json["erased"] == 1
    newest, before, *_ = run("audit", "list", "--json").json
    assert (newest["kind"], newest["reason"], newest["account"]) == ("payloads erased", "request 17", "nordic-office")
    assert before["what"] == f"dismissed message {message_id}"
    only = run("audit", "list", "--about", "message", "--limit", "1", "--json").json
    assert [one["stream"] for one in only] == [message_id]
    shown = run("audit", "show", message_id, "--json").json
    assert [one["kind"] for one in shown] == ["received", "held", "dismiss", "payloads erased"]
    assert run("audit", "show", "nothing").code == 1
    assert run("audit", "list", "--about", "nonsense").code == 2
    assert run("audit", "verify").code == 0
