"""Every status and every event: what can happen does, what can't is refused. Expectations are the contract's words."""

from __future__ import annotations

import itertools

import pytest

from gateway.states import EVENTS, MOVES, STATUSES, ImpossibleMove, advance, allowed, on_resend

FINAL = ("done", "duplicate", "superseded", "dismissed")


def test_the_statuses_are_the_contracts() -> None:
    assert set(STATUSES) == {
        "received",
        "processing",
        "done",
        "held",
        "rejected",
        "failed",
        "duplicate",
        "superseded",
        "dismissed",
    }


def test_the_table_knows_only_declared_statuses_and_events() -> None:
    for (before, event), after in MOVES.items():
        assert before in STATUSES
        assert event in EVENTS
        assert after in STATUSES


@pytest.mark.parametrize(("status", "event"), list(itertools.product(STATUSES, EVENTS)))
def test_every_status_and_event_is_a_move_or_is_refused(status: str, event: str) -> None:
    if (status, event) in MOVES:
        assert advance(status, event) == MOVES[status, event]
        assert event in allowed(status)
    else:
        with pytest.raises(ImpossibleMove) as refused:
            advance(status, event)
        assert (refused.value.status, refused.value.event) == (status, event)
        assert refused.value.allowed == allowed(status)


@pytest.mark.parametrize(
    ("status", "event", "after"),
    [
        ("received", "claim", "processing"),
        ("processing", "answer", "done"),
        ("processing", "hold", "held"),
        ("processing", "reject", "rejected"),
        ("processing", "fail", "failed"),
        ("processing", "quarantine", "failed"),
        ("processing", "retry", "received"),
        ("processing", "lease_expired", "received"),
        ("processing", "mark_duplicate", "duplicate"),
        ("held", "resend", "received"),
        ("failed", "resend", "received"),
        ("held", "replay", "received"),
        ("rejected", "replay", "received"),
        ("failed", "dismiss", "dismissed"),
        ("held", "supersede", "superseded"),
    ],
)
def test_moves_of_the_contract(status: str, event: str, after: str) -> None:
    assert advance(status, event) == after


@pytest.mark.parametrize(("status", "event"), list(itertools.product(FINAL, EVENTS)))
def test_what_is_final_stays(status: str, event: str) -> None:
    with pytest.raises(ImpossibleMove):
        advance(status, event)


@pytest.mark.parametrize("event", ["answer", "hold", "reject", "fail", "retry", "quarantine", "lease_expired"])
def test_only_a_claimed_message_is_settled(event: str) -> None:
    assert [status for status in STATUSES if (status, event) in MOVES] == ["processing"]


def test_every_status_is_reached_and_every_event_does_something() -> None:
    assert set(MOVES.values()) == set(STATUSES)
    assert {event for _, event in MOVES} == set(EVENTS)


def test_unknown_words_are_refused() -> None:
    with pytest.raises(ImpossibleMove):
        advance("lost", "claim")
    with pytest.raises(ValueError, match="lost"):
        on_resend("lost")


@pytest.mark.parametrize(
    ("earlier", "what"),
    [
        ("done", "answer"),
        ("received", "state"),
        ("processing", "state"),
        ("superseded", "state"),
        ("duplicate", "state"),
        ("held", "try_again"),
        ("failed", "try_again"),
        ("rejected", "judge_afresh"),
        ("dismissed", "judge_afresh"),
    ],
)
def test_what_a_resend_gets(earlier: str, what: str) -> None:
    assert on_resend(earlier) == what


@pytest.mark.parametrize("status", STATUSES)
def test_a_resend_moves_the_earlier_message_exactly_where_it_is_tried_again(status: str) -> None:
    assert ((status, "resend") in MOVES) == (on_resend(status) == "try_again")
