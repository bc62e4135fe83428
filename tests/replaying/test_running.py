"""A frozen set judged again: the first, then the rest; each once, and stopped where it helps nobody."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.replaying import CantReplay, Wanted, begin, cancel, pause, plan, resume, running
from gateway.store.replays import Replays
from gateway.store.statements import run
from tests.examples.order_lines import BOLTS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.replaying.crates import PINE, agree, cause, found, go_on, know_crates, rows, send_crates, settle, started


def runs(gateway: SmallGateway, messages: list[str]) -> set[int]:
    return {gateway.message(one).run for one in messages}


def test_the_first_goes_alone_and_the_rest_follows_by_itself(on_either: SmallGateway) -> None:
    gateway = on_either
    sent = send_crates(gateway, 5)
    know_crates(gateway)
    replay_id = started(gateway, Wanted(problem=cause(gateway, sent[0])))
    before = found(gateway, replay_id)
    assert (before.status, before.total, before.left, before.account_id) == ("waiting", 5, 5, PINE)
    assert running.step(gateway.services)
    assert [row.state for row in rows(gateway, replay_id)] == ["asked", *["waiting"] * 4]
    assert not running.step(gateway.services), "nobody has judged it yet"
    settle(gateway)
    assert running.step(gateway.services)
    part = found(gateway, replay_id)
    assert (part.status, part.done, part.asked) == ("running", 1, 4)
    agree(gateway, replay_id)
    go_on(gateway)
    ended = found(gateway, replay_id)
    assert (ended.status, ended.done, ended.left) == ("done", 5, 0)
    assert ended.ended_at is not None
    assert not gateway.store.replays.leases.waits()
    agree(gateway, replay_id)
    assert runs(gateway, sent) == {2}
    assert all(len(gateway.responses([one])) == 1 for one in sent)
    (event,) = [one for one in gateway.store.audit.of(sent[0]) if one["kind"] == "replay"]
    assert (event["actor"], event["body"]["reason"]) == ("user Kim", "crates are known now")
    assert event["body"]["replay"] == replay_id
    kinds = [one["kind"] for one in gateway.store.audit.of(f"replay/{replay_id}")]
    assert kinds == ["replay asked for", "replay done"]
    assert list(gateway.store.audit.broken()) == []


def test_it_stops_where_the_first_comes_back_with_the_same_cause(on_either: SmallGateway) -> None:
    gateway = on_either
    sent = send_crates(gateway, 4)
    replay_id = started(gateway, Wanted(problem=cause(gateway, sent[0])))
    go_on(gateway)
    stopped = found(gateway, replay_id)
    assert (stopped.status, stopped.failed, stopped.returned, stopped.left) == ("stopped", 1, 1, 3)
    assert stopped.detail is not None
    assert "held again for the same cause: " in stopped.detail
    assert [gateway.message(one).run for one in sent] == [2, 1, 1, 1]
    assert not gateway.store.replays.leases.waits(), "workers have nothing to do for it"
    know_crates(gateway)
    assert resume(gateway.services, replay_id, "user Kim", anyway=True)
    go_on(gateway)
    ended = found(gateway, replay_id)
    assert (ended.status, ended.done, ended.failed) == ("done", 3, 1)
    agree(gateway, replay_id)
    assert [gateway.message(one).run for one in sent] == [2, 2, 2, 2]


def test_a_selection_stops_where_its_first_is_held_for_whatever(gateway: SmallGateway) -> None:
    sent = send_crates(gateway, 3)
    replay_id = started(gateway, Wanted.of_messages(reversed(sent)))
    go_on(gateway)
    assert found(gateway, replay_id).status == "stopped"
    assert [row.message_id for row in rows(gateway, replay_id)] == sent[::-1]
    assert [gateway.message(one).run for one in sent] == [1, 1, 2]


def test_a_problems_first_may_wait_for_another_cause_that_it_had(gateway: SmallGateway) -> None:
    two = order(line("1", "PH-0102", "1", "KRAT"), line("2", "PH-0999", "1", "STUK"))
    both = [gateway.send(PINE, two)]
    sent = send_crates(gateway, 2)
    know_crates(gateway)
    replay_id = started(gateway, Wanted(problem=cause(gateway, sent[0])))
    go_on(gateway)
    ended = found(gateway, replay_id)
    assert (ended.status, ended.done, ended.failed, ended.returned) == ("done", 2, 1, 0)
    first = rows(gateway, replay_id)[0]
    assert (first.message_id, first.state, first.outcome) == (both[0], "failed", "held")
    assert "PH-0999" in (first.detail or "")


def test_it_stops_where_the_cause_returns_at_several_in_a_row(gateway: SmallGateway) -> None:
    good = send_crates(gateway, 1, unit="KIST")
    bad = send_crates(gateway, running.MOST_IN_A_ROW + running.MOST_ASKED)
    know_crates(gateway, unit="KIST")
    replay_id = started(gateway, Wanted.of_messages([*good, *bad]))
    go_on(gateway)
    stopped = found(gateway, replay_id)
    assert (stopped.status, stopped.done) == ("stopped", 1)
    assert "messages one after the other" in (stopped.detail or "")
    assert stopped.left > 0
    agree(gateway, replay_id)


def test_at_most_some_are_judged_at_a_time(gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 4)
    monkeypatch.setattr(running, "MOST_ASKED", 10)
    sent = send_crates(gateway, 30)
    know_crates(gateway)
    replay_id = started(gateway, Wanted.of_messages(sent), all_at_once=True)
    while running.step(gateway.services):
        pass
    assert found(gateway, replay_id).asked == 10
    assert pause(gateway.services, replay_id, "user Kim")
    assert not pause(gateway.services, replay_id, "user Kim")
    go_on(gateway)
    paused = found(gateway, replay_id)
    assert (paused.status, paused.done, paused.asked, paused.left) == ("paused", 10, 0, 20)
    assert resume(gateway.services, replay_id, "user Kim")
    running.step(gateway.services)
    assert cancel(gateway.services, replay_id, "user Kim")
    go_on(gateway)
    ended = found(gateway, replay_id)
    assert (ended.status, ended.done, ended.asked, ended.left) == ("cancelled", 14, 0, 16)
    agree(gateway, replay_id)
    assert [gateway.message(one).run for one in sent] == [2] * 14 + [1] * 16
    assert not cancel(gateway.services, replay_id, "user Kim")
    assert not resume(gateway.services, replay_id, "user Kim")
    assert list(gateway.store.audit.broken()) == []


def resend(gateway: SmallGateway, message_id: str) -> None:
    """Its sender sends it again, to the letter."""
    body = gateway.store.messages.body(message_id)
    assert body is not None
    assert gateway.send(PINE, body) == message_id


def test_what_stands_otherwise_by_then_is_passed_over_with_a_reason(on_either: SmallGateway) -> None:
    gateway = on_either
    sent = send_crates(gateway, 4)
    know_crates(gateway)
    replay_id = started(gateway, Wanted.of_messages(sent), all_at_once=True)
    gateway.store.messages.dismiss(sent[0], "user Lee", "by telephone")
    resend(gateway, sent[1])
    settle(gateway)
    other = started(gateway, Wanted.of_messages(sent[2:3]))
    gateway.store.replays.claim("elsewhere", [other])  # it is looked at first, and its worker hangs
    running.step(gateway.services)
    settle(gateway)
    gateway.store.replays.leases.end_leases(["elsewhere"])
    go_on(gateway)
    said = [(row.state, row.detail) for row in rows(gateway, replay_id)]
    assert said[0] == ("skipped", "It is dismissed and can't be replayed.")
    assert said[1] == ("skipped", "It was tried again meanwhile: its sender sent it again, or somebody replayed it.")
    assert said[2] == ("skipped", f"Another replay ({other}) had it judged again meanwhile.")
    assert said[3] == ("done", None)
    agree(gateway, replay_id)
    assert runs(gateway, sent[1:]) == {2}


def test_two_workers_at_once_ask_for_each_message_once(on_either: SmallGateway) -> None:
    gateway = on_either
    sent = send_crates(gateway, 3)
    know_crates(gateway)
    replay_id = started(gateway, Wanted.of_messages(sent), all_at_once=True)
    store = gateway.store.replays
    stale = store.claim("stale")
    assert stale is not None
    chunk = running.next_chunk(gateway.services, stale.replay)
    assert store.claim("other") is None, "one at a time"
    store.leases.end_leases(["stale"])
    go_on(gateway)
    with pytest.raises(Exception, match=stale.lease_id):
        store.save(stale, chunk)
    assert runs(gateway, sent) == {2}
    assert found(gateway, replay_id).done == 3


def test_a_message_moved_while_a_chunk_is_decided_is_decided_again(
    on_either: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = on_either
    sent = send_crates(gateway, 3)
    know_crates(gateway)
    replay_id = started(gateway, Wanted.of_messages(sent), all_at_once=True)
    plain, moved = running.next_chunk, []

    def meanwhile(*told: object) -> object:
        chunk = plain(*told)  # type: ignore[arg-type]
        if not moved:
            moved.append(gateway.store.messages.dismiss(sent[1], "user Lee", "by telephone"))
        return chunk

    monkeypatch.setattr(running, "next_chunk", meanwhile)
    go_on(gateway)
    assert [row.state for row in rows(gateway, replay_id)] == ["done", "skipped", "done"]
    assert list(gateway.store.audit.broken()) == []


def test_pinned_is_under_the_revision_that_each_was_judged_under(on_either: SmallGateway) -> None:
    gateway = on_either
    sent = send_crates(gateway, 2)
    under = gateway.message(sent[0]).mapping_revision
    know_crates(gateway)
    pinned = started(gateway, Wanted.of_messages(sent[:1]), mapping="pinned")
    go_on(gateway)
    assert (found(gateway, pinned).failed, gateway.message(sent[0]).mapping_revision) == (1, under)
    current = started(gateway, Wanted.of_messages(sent), mapping="current")
    go_on(gateway)
    assert (found(gateway, current).done, gateway.message(sent[0]).mapping_revision) == (2, (under or 0) + 1)
    told = [one["body"].get("pinned_revision") for one in gateway.store.audit.of(sent[0]) if one["kind"] == "replay"]
    assert told == [under, None]


def test_one_that_its_sender_sends_again_meanwhile_is_counted_as_it_ended(gateway: SmallGateway) -> None:
    (sent,) = send_crates(gateway, 1)
    replay_id = started(gateway, Wanted.of_messages([sent]))
    running.step(gateway.services)
    settle(gateway)
    know_crates(gateway)
    resend(gateway, sent)
    settle(gateway)
    go_on(gateway)
    (row,) = rows(gateway, replay_id)
    assert (row.state, row.outcome, gateway.message(sent).status) == ("failed", "held", "done")


def test_the_same_cause_of_a_refusal_comes_back_too(gateway: SmallGateway) -> None:
    message = gateway.settle(PINE, order({**BOLTS, "quantity": "0"}))
    assert message.status == "rejected"
    replay_id = started(gateway, Wanted.of_messages([message.id]))
    go_on(gateway)
    replay = found(gateway, replay_id)
    assert (replay.status, replay.failed, replay.returned) == ("done", 1, 1)


def test_what_cant_be_replayed_is_left_out_and_counted(gateway: SmallGateway) -> None:
    sent = send_crates(gateway, 3)
    know_crates(gateway)
    resend(gateway, sent[0])
    settle(gateway)
    gateway.store.messages.dismiss(sent[1], "user Lee", "by telephone")
    planned = plan(gateway.services, Wanted.of_messages([*sent, "nothing", sent[2]]))
    assert [one.id for one in planned.messages] == [sent[2]]
    assert sorted(planned.left_out.values()) == [1, 1, 1]
    with pytest.raises(CantReplay):
        started(gateway, Wanted.of_messages(sent[:2]))
    with pytest.raises(CantReplay):
        started(gateway, Wanted())
    for reason in ("", "  ", "x" * 2_001):
        with pytest.raises(ValueError, match="a reason of"):
            begin(gateway.services, Wanted.of_messages(sent), reason=reason, actor="user Kim")
    assert gateway.store.replays.page() == []


def test_a_message_whose_bytes_are_erased_meanwhile_is_passed_over(on_either: SmallGateway, monkeypatch) -> None:
    gateway = on_either
    held = send_crates(gateway, 2)
    replay_id = started(gateway, Wanted.of_messages(held), all_at_once=True)
    look, erased = Replays.next, []

    def erases_then(self: Replays, *told: Any) -> Any:
        found = look(self, *told)
        if not erased:  # as retention does in between
            with gateway.store.database.write() as connection:
                text = "UPDATE payloads SET body = NULL, erased_at = 1 WHERE message_id = ?"
                erased.append(run(connection, text, [(held[0],)]))
        return found

    monkeypatch.setattr(Replays, "next", erases_then)
    go_on(gateway)
    assert erased == [1]
    assert [one.state for one in rows(gateway, replay_id)] == ["skipped", "failed"]
    assert {gateway.message(one).status for one in held} == {"held"}
