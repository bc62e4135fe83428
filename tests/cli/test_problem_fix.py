"""A problem mended by the command line: asked, tried without effect, published and replayed."""

from __future__ import annotations

from collections.abc import Callable

from gateway.pipeline import drain
from gateway.replaying import running
from gateway.services import Services
from tests.cli.conftest import EVERY_LANE, Run

Send = Callable[[str, str], str]
ROW = ("--set", "product=OAT-1L", "--set", "unit=EA", "--set", "factor=12")


def fingerprint(run: Run) -> str:
    (problem,) = run("problems", "list", "--json").json
    return str(problem["fingerprint"])


def test_without_settings_it_says_what_is_asked(run: Run, send: Send) -> None:
    send("acme-retail", "03-unknown-item.xml")
    asked = run("problems", "fix", fingerprint(run), "--json").json
    assert asked["asks"] == "Say which product of ours PL-9999 is."
    assert asked["fields"]["product"] == {
        "value": "",
        "needed": True,
        "said": "Their orders call it “ACME cloudberry cordial”.",
    }
    assert "product  needed" in run("problems", "fix", fingerprint(run)).out


def test_a_dry_run_does_nothing_and_says_what_it_would_do(run: Run, send: Send, services: Services) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    said = run("problems", "fix", fingerprint(run), *ROW, "--dry-run", "--json").json
    assert (said["waiting"], said["answered"], said["revision"]) == (1, 0, 1)
    assert said["otherwise"] == {"still held: price differs from contract (9.90 EUR per XCS, 20.8 % below)": 1}
    (order,) = said["orders"]
    assert order["lines"][0]["quantity"] == "6 XCS → 6 × 12 EA = 72 EA"
    assert "Nothing was done." in run("problems", "fix", fingerprint(run), *ROW, "--dry-run").out
    assert services.store.messages.status(held) == "held"
    assert services.store.revisions.current(["acme-retail"]) == {"acme-retail": 1}


def test_it_is_published_and_replayed(run: Run, send: Send, services: Services) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    problem = fingerprint(run)
    assert run("problems", "fix", problem, *ROW).code == 2, "nobody said why"
    done = run("problems", "fix", problem, *ROW, "--reason", "new item", "--json").json
    assert (done["published"], done["replay"]["total"], done["replay"]["reason"]) == (2, 1, "new item")
    drain(services, EVERY_LANE, lambda: None)
    running.step(services)
    codes = {fault.code for fault in services.store.messages.faults(held)}
    assert "unknown_item" not in codes


def test_the_row_alone(run: Run, send: Send, services: Services) -> None:
    send("acme-retail", "03-unknown-item.xml")
    said = run("problems", "fix", fingerprint(run), *ROW, "--reason", "new item", "--no-replay")
    assert said.out == "Published as revision 2; nothing is replayed.\n"
    assert services.store.replays.page() == []


def test_what_is_wrong_is_said_at_once(run: Run, send: Send, services: Services) -> None:
    send("acme-retail", "03-unknown-item.xml")
    problem = fingerprint(run)
    wrong = run("problems", "fix", problem, "--set", "product=NO", "--set", "factor=x", "--reason", "y", "--json")
    assert wrong.code == 1
    assert set(wrong.json["faults"]) == {"product", "factor", "unit"}
    assert run("problems", "fix", problem, "--set", "price=1", "--reason", "y").code == 2
    assert run("problems", "fix", problem, "--set", "product", "--reason", "y").code == 2
    assert run("problems", "fix", "1-nothing").code == 1
    assert services.store.revisions.current(["acme-retail"]) == {"acme-retail": 1}
