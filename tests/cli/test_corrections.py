"""Correcting a held document at the command line."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest

from gateway.services import Services
from tests.cli.conftest import ACCOUNTS, Run
from tests.cli.test_messages import Send

SAMPLE = ACCOUNTS / "nordic-office" / "samples" / "03-unknown-item.json"


@pytest.fixture
def corrected(tmp_path: Path) -> Path:
    """The sample with an item that is known."""
    file = tmp_path / "corrected.json"
    file.write_bytes(SAMPLE.read_bytes().replace(b'"0998"', b'"0042"'))
    return file


def test_it_is_looked_at_asked_for_and_agreed_to(
    run: Run, send: Send, corrected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = send("nordic-office", SAMPLE.name)
    foreseen = run("corrections", "ask", held, "--file", str(corrected), "--dry-run").out
    assert "Line 3, buyer item: 0998 → 0042" in foreseen
    assert "Somebody else has to agree: it changes items." in foreseen
    assert run("corrections", "list", "--json").json == []
    assert run("corrections", "ask", held, "--file", str(corrected)).code == 2
    asked = run("corrections", "ask", held, "--file", str(corrected), "--reason", "a typo", "--json").json
    assert (asked["status"], asked["message_id"], asked["second_person"]) == ("waiting", held, ["item"])
    (listed,) = run("corrections", "list", "--json").json
    assert listed["id"] == asked["id"]
    assert "Line 3, buyer item" in run("corrections", "show", asked["id"]).out
    own = run("corrections", "agree", asked["id"])
    assert (own.code, own.err) == (4, "You asked for it: somebody else has to agree.\n")
    monkeypatch.setattr(getpass, "getuser", lambda: "somebody-else")
    agreed = run("corrections", "agree", asked["id"], "--reason", "seen the mail", "--json").json
    assert agreed["status"] == "resubmitted"
    assert json.loads(run("messages", "show", held, "--json").out)["status"] == "superseded"
    assert run("corrections", "agree", asked["id"]).code == 4
    assert f"Message {agreed['child_id']} took the original's place." in run("corrections", "show", asked["id"]).out


def test_it_is_declined_and_what_cannot_be_is_told(run: Run, send: Send, corrected: Path, tmp_path: Path) -> None:
    held = send("nordic-office", SAMPLE.name)
    same = run("corrections", "ask", held, "--file", str(SAMPLE), "--reason", "why")
    assert (same.code, "nothing was edited" in same.err) == (1, True)
    (broken := tmp_path / "broken.json").write_text("{")
    assert "json_not_valid" in run("corrections", "ask", held, "--file", str(broken), "--reason", "why").err
    asked = run("corrections", "ask", held, "--file", str(corrected), "--reason", "a typo", "--json").json
    again = run("corrections", "ask", held, "--file", str(corrected), "--reason", "a typo")
    assert again.code == 4
    closed = run("corrections", "close", asked["id"], "--reason", "they send it anew", "--json").json
    assert closed["status"] == "withdrawn"
    assert run("corrections", "close", asked["id"], "--reason", "once more").code == 4
    for command in (("show", "x"), ("agree", "x"), ("close", "x", "--reason", "why")):
        assert run("corrections", *command).code == 1
    assert run("corrections", "ask", "x", "--file", str(corrected), "--reason", "why").code == 1


def test_what_needs_nobody_else_is_judged_at_once(run: Run, send: Send, services: Services, tmp_path: Path) -> None:
    held = send("nordic-office", SAMPLE.name)
    file = tmp_path / "noted.json"
    file.write_text(json.dumps({**json.loads(SAMPLE.read_bytes()), "note": "call before"}))
    done = run("corrections", "ask", held, "--file", str(file), "--reason", "the note was lost", "--json").json
    assert (done["status"], done["second_person"]) == ("resubmitted", [])
    assert services.store.messages.status(done["child_id"]) in ("received", "held")
