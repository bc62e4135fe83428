"""Replays by the command line: a set, shown, paused, gone on with and cancelled."""

from __future__ import annotations

from collections.abc import Callable

from gateway.pipeline import drain
from gateway.replaying import running
from gateway.services import Services
from tests.cli.conftest import EVERY_LANE, Run

Send = Callable[[str, str], str]


def test_a_replay_of_several_is_shown_and_stops_at_the_first(run: Run, send: Send, services: Services) -> None:
    """Nobody mended anything, so the first of them is held again."""
    first, second = send("acme-retail", "03-unknown-item.xml"), send("acme-retail", "04-price-two-percent-off.xml")
    assert run("replays", "list").err == "No replays.\n"
    began = run("replay", first, second, "--reason", "looks better", "--json").json["replay"]
    assert (began["status"], began["total"], began["asked"], began["reason"]) == ("running", 2, 1, "looks better")
    paused = run("replays", "pause", began["id"], "--json")
    assert (paused.code, paused.json["status"]) == (0, "paused")
    assert run("replays", "pause", began["id"]).code == 4
    assert run("replays", "resume", began["id"], "--json").json["status"] == "running"
    drain(services, EVERY_LANE, lambda: None)
    running.step(services)
    shown = run("replays", "show", began["id"])
    assert f"Replay {began['id']} has stopped: 0 of 2 done, 1 failed again, 0 passed over." in shown.out
    assert "The first of them was held again for the same cause: " in shown.out
    assert f"    2. {second}, order ACME-1004: waiting" in shown.out
    only = run("replays", "show", began["id"], "--state", "failed", "--json").json["messages"]
    assert [(one["position"], one["id"], one["outcome"]) for one in only] == [(1, first, "held")]
    refused = run("replays", "resume", began["id"])
    assert refused.code == 4
    assert "--anyway goes on with the other 1" in refused.err
    assert run("replays", "resume", began["id"], "--anyway").code == 0
    assert run("replays", "cancel", began["id"], "--json").json["status"] == "cancelled"
    assert run("replays", "cancel", began["id"]).code == 4
    (row,) = run("replays", "list", "--json").json
    assert (row["id"], row["account"], row["left"]) == (began["id"], "acme-retail", 1)
    assert services.store.messages.one(None, second).run == 1  # type: ignore[union-attr]
    for command in ("show", "pause", "resume", "cancel"):
        assert run("replays", command, "nothing").code == 1


def test_all_at_once_asks_for_all(run: Run, send: Send, services: Services) -> None:
    sent = [send("acme-retail", name) for name in ("03-unknown-item.xml", "04-price-two-percent-off.xml")]
    began = run("replay", *sent, "--reason", "x", "--all-at-once", "--json").json["replay"]
    assert (began["asked"], began["left"]) == (2, 0)
    assert [services.store.messages.status(one) for one in sent] == ["received", "received"]


def test_a_replay_under_the_revision_that_each_was_judged_under(run: Run, send: Send, services: Services) -> None:
    held = send("acme-retail", "03-unknown-item.xml")
    said = run("replay", held, "--reason", "once more", "--mapping", "pinned", "--json").json
    assert (said["mapping"], said["replay"]["mapping"]) == ("pinned", "pinned")
    assert services.store.messages.one(None, held).mapping_revision == 1  # type: ignore[union-attr]
    assert run("replay", held, "--dry-run", "--mapping", "pinned", "--json").json["mapping"] == "pinned"
