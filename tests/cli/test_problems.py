"""What people do with problems at the command line."""

from __future__ import annotations

import getpass

import pytest

from gateway.services import Services
from tests.cli.conftest import Run
from tests.cli.sending import Send


@pytest.fixture
def fingerprint(send: Send, run: Run) -> str:
    """A problem of one order of acme-retail."""
    send("acme-retail", "03-unknown-item.xml")
    (one,) = run("problems", "list", "--json").json
    found: str = one["fingerprint"]
    return found


def states(run: Run, *options: str) -> list[str]:
    return [one["state"] for one in run("problems", "list", "--json", *options).json]


def test_a_problem_is_listed_by_how_it_stands(run: Run, fingerprint: str, services: Services) -> None:
    assert states(run) == states(run, "--state", "open") == states(run, "--state", "all") == ["open"]
    said = run("problems", "acknowledge", fingerprint, "--reason", "seen")
    assert (said.code, said.out.splitlines()[1]) == (0, "    it is acknowledged: seen")
    assert "Unknown item PL-9999 from ACME Retail Group: 1 order, 184.40 EUR" in said.out
    assert states(run) == states(run, "--state", "acknowledged") == ["acknowledged"]
    assert states(run, "--state", "open") == []
    said = run("problems", "ignore", fingerprint, "--until", "8h", "--reason", "they send it anew", "--json").json
    assert (said["state"], said["reason"]) == ("ignored", "they send it anew")
    assert states(run) == []
    assert states(run, "--state", "ignored") == ["ignored"]
    assert run("problems", "reopen", fingerprint).code == 0
    assert states(run) == ["open"]
    (message,) = run("problems", "show", fingerprint, "--json").json["message_ids"]
    run("messages", "dismiss", message, "--reason", "no more")
    shown = run("problems", "show", fingerprint)
    assert "nothing waits for it" in shown.out
    for entry in ("opened by gateway", "acknowledged by", "ignored by", "reopened by"):
        assert entry in shown.out
    assert run("problems", "acknowledge", fingerprint).code == 4
    assert run("audit", "verify").code == 0


def test_a_problem_is_somebodys(run: Run, fingerprint: str, services: Services) -> None:
    users = services.store.users
    me = users.create(getpass.getuser(), "support", None, actor="test")
    users.create("Viewer", "viewer", None, actor="test")
    assert run("problems", "assign", fingerprint, "--to", "Viewer").code == 4
    assert run("problems", "assign", fingerprint, "--to", "Nobody").code == 1
    assert run("problems", "assign", fingerprint).code == 2
    assert states(run, "--mine") == []
    assert run("problems", "assign", fingerprint, "--to", me.name, "--json").json["owner"] == me.name
    assert states(run, "--mine") == states(run, "--owner", me.name.upper()) == ["open"]
    assert states(run, "--owner", "viewer") == []
    assert run("problems", "assign", fingerprint, "--nobody", "--json").json["owner"] is None


@pytest.mark.parametrize("until", ["soon", "9999d", "2020-01-01T00:00Z"])
def test_it_is_ignored_until_a_time_ahead(run: Run, fingerprint: str, until: str) -> None:
    said = run("problems", "ignore", fingerprint, "--until", until, "--reason", "x")
    assert (said.code, said.out) == (4, "")


def test_there_is_no_such_problem(run: Run, services: Services) -> None:
    for action in ("show", "acknowledge", "reopen"):
        said = run("problems", action, "1-nothing")
        assert (said.code, said.err) == (1, "There is no problem 1-nothing.\n")
