"""`gateway pickups`: where orders are picked up, and looking there now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts import publish_folder
from gateway.services import Services
from mappings.files.account_folder import read_account
from tests.cli.conftest import ACCOUNTS, Run

ACME = "acme-retail"


def agree(services: Services, *places: dict[str, Any]) -> None:
    folder = read_account(ACCOUNTS / ACME)
    terms = folder.account.model_dump(mode="json", by_alias=True, exclude_none=True)
    terms["inbound"]["pickup"] = list(places)
    changed = replace(folder, account=type(folder.account).model_validate(terms))
    publish_folder(services.store, changed, author="test", reason="pickup")


@pytest.fixture
def inbox(services: Services, data_dir: Path) -> Path:
    """The account's watched folder, looked at every second."""
    agree(services, {"folder": "acme/in", "every": "1s"})
    folder = data_dir / "pickup" / "acme" / "in"
    folder.mkdir(parents=True)
    return folder


def test_where_nothing_is_picked_up(run: Run, services: Services) -> None:
    assert run("pickups", "list", "--json").json == []
    assert (run("pickups", "look").code, run("pickups", "dismiss", ACME, "--reason", "x").code) == (1, 1)


def test_a_look_takes_what_lies_there(run: Run, services: Services, inbox: Path) -> None:
    (row,) = run("pickups", "list", "--account", ACME, "--json").json
    assert (row["endpoint"], row["place"], row["state"]) == ("folder:acme/in", "folder", "not looked at yet")
    (inbox / "PO-1.xml").write_bytes((ACCOUNTS / ACME / "samples" / "01-accepted.xml").read_bytes())
    (inbox / "odd\n.xml").write_bytes(b"<Order")
    (told,) = run("pickups", "look", "--json").json
    taken = {one["name"]: one for one in told["files"]}
    assert set(taken) == {"PO-1.xml", "odd\\n.xml"}
    message_id = taken["PO-1.xml"]["message_id"]
    assert taken["PO-1.xml"]["moved_to"] == f"done/{message_id}_PO-1.xml"
    assert taken["odd\\n.xml"]["refused"]
    shown = run("messages", "show", message_id, "--json").json
    assert (shown["source"], shown["file"]) == ("folder", "PO-1.xml")
    assert "file: PO-1.xml\n" in run("messages", "show", message_id).out
    assert "file PO-1.xml" in run("messages", "show", message_id, "--view", "timeline").out
    (row,) = run("pickups", "list", "--json").json
    assert (row["state"], row["failures"], row["detail"]) == ("ok", 0, None)


def test_what_fails_is_told(run: Run, services: Services, inbox: Path, data_dir: Path) -> None:
    inbox.rmdir()
    inbox.symlink_to(data_dir)
    failed = run("pickups", "look")
    assert (failed.code, "is no folder, or a link" in failed.out) == (1, True)
    (row,) = run("pickups", "list", "--json").json
    assert (row["state"], row["failures"]) == ("failing", 1)
    assert "acme/in" in run("doctor").out
    with services.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE pickups SET failing_since = 1")
    (problem,) = run("problems", "list", "--json").json
    assert (problem["code"], problem["value"]) == ("pickup_failed", "folder:acme/in")
    shown = run("problems", "show", problem["fingerprint"]).out
    assert "what to do: The detail says why" in shown


def test_refused_files_are_told_until_they_are_dismissed(
    run: Run, services: Services, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_MAX_BODY_BYTES", "1000")
    (inbox / "huge.xml").write_bytes(b" " * 1_001)
    looked = run("pickups", "look")
    assert (looked.code, "huge.xml: refused: is larger than 1,000 bytes" in looked.out) == (0, True)
    (problem,) = run("problems", "list", "--json").json
    assert (problem["code"], problem["files"]) == ("pickup_refused", 1)
    assert "huge.xml is larger than 1,000 bytes" in run("problems", "show", problem["fingerprint"]).out
    assert run("pickups", "dismiss", ACME, "--reason", "sent anew").code == 0
    assert run("problems", "list", "--json").json == []


def test_a_place_that_is_being_looked_at(run: Run, services: Services, inbox: Path) -> None:
    run("pickups", "look")
    assert services.store.pickups.claim_now((ACME, "folder:acme/in"), 60.0) is not None
    assert run("pickups", "look").code == 4
    (row,) = run("pickups", "list", "--json").json
    assert row["state"] == "being looked at"
