"""How problems stand: opened and resolved by themselves, and what people do, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.causes import follow
from gateway.services import Services
from gateway.store.ids import now_us
from gateway.store.problem_states import SAME_SECONDS, ProblemState, SeenCause
from gateway.store.store import Store
from tests.store.test_problems import UNKNOWN, hold

SECOND = 1_000_000


def services(store: Store) -> Services:
    """What following needs of them."""
    nothing: Any = None
    return Services(store, nothing, nothing, nothing, nothing)


def only(store: Store) -> ProblemState:
    (problem,) = store.problems.all()
    found = store.problem_states.one(problem.fingerprint)
    assert found is not None
    return found


def seen(store: Store) -> SeenCause:
    (one,) = store.problems.all()
    return SeenCause(one.fingerprint, one.account_id, one.code, "message", one.value, one.path, one.detail)


def kinds(store: Store, fingerprint: str) -> list[str]:
    return [entry["kind"] for entry in store.problem_states.history(fingerprint)]


def test_a_problem_opens_and_is_resolved_by_itself_once(store: Store) -> None:
    held = hold(store, b"1", UNKNOWN)
    assert follow(services(store)) == (1, 0)
    assert follow(services(store)) == (0, 0)
    one = only(store)
    assert (one.state, one.value, one.account_id, one.times_reopened) == ("open", "B", "acme", 0)
    store.messages.dismiss(held, "cli", "no more")
    assert one.now(now_us(), is_there=False) == "resolved", "whoever looks before that is written down"
    assert follow(services(store)) == (0, 1)
    (resolved,) = store.problem_states.resolved(None, 10)
    assert (resolved.state, resolved.fingerprint) == ("resolved", one.fingerprint)
    assert store.problem_states.resolved("delta", 10) == []
    assert resolved.resolved_at is not None
    assert store.problem_states.resolved("acme", 10, (resolved.resolved_at, resolved.fingerprint)) == []
    assert kinds(store, one.fingerprint) == ["opened", "resolved"]
    assert list(store.audit.broken()) == []


def test_it_comes_back_open(store: Store) -> None:
    first = hold(store, b"1", UNKNOWN)
    states = store.problem_states
    cause, at = seen(store), now_us()
    states.follow([cause], [], at)
    states.ignore(cause, at + 3_600 * SECOND, "user A", "they know")
    store.messages.dismiss(first, "cli", "no more")
    states.follow([], [cause.fingerprint], at + 1)
    hold(store, b"2", UNKNOWN)
    states.follow([cause], [], at + 2)
    assert (only(store).state, only(store).times_reopened) == ("open", 0), "it was never away"
    states.follow([], ["1-other"], at + 2)
    states.follow([], [cause.fingerprint], at + 3)
    assert only(store).state == "open", "what holds a message is not resolved by a look from before"
    (again,) = store.problems.messages(cause.fingerprint)
    store.messages.dismiss(again, "cli", "no more")
    states.follow([], [cause.fingerprint], at + 4)
    hold(store, b"3", UNKNOWN)
    later = at + 4 + int(SAME_SECONDS * SECOND)
    states.follow([cause], [], later)
    assert (only(store).state, only(store).times_reopened, only(store).opened_at) == ("open", 1, later)


def test_what_people_do_is_kept_and_on_record(store: Store) -> None:
    hold(store, b"1", UNKNOWN)
    states, cause = store.problem_states, seen(store)
    states.acknowledge(cause, "user A")
    states.acknowledge(cause, "user A")
    assert only(store).state == "acknowledged"
    states.assign(cause, "u1", "Sam", "user A", "knows them")
    assert (only(store).assigned_to, only(store).state, only(store).reason) == ("u1", "acknowledged", "knows them")
    with pytest.raises(ValueError, match="reason"):
        states.ignore(cause, now_us() + SECOND, "user B", " ")
    until = now_us() + 60 * SECOND
    states.ignore(cause, until, "user B", "they send\0 anew\ud800")
    assert (only(store).state, only(store).ignored_until) == ("ignored", until)
    assert only(store).now(until - 1, is_there=True) == "ignored"
    assert only(store).now(until, is_there=True) == "open"
    states.follow([], [], until - 1)
    assert only(store).state == "ignored"
    states.follow([], [], until)
    assert only(store).state == "open"
    states.acknowledge(cause, "user A")
    states.reopen(cause, "user A", "not yet")
    states.assign(cause, None, "", "user A")
    assert (only(store).state, only(store).assigned_to) == ("open", None)
    assert kinds(store, cause.fingerprint) == [
        *("opened", "acknowledged", "assigned", "ignored", "ignored no more", "acknowledged", "reopened", "assigned"),
    ]
    told = store.problem_states.history(cause.fingerprint)
    assert told[2]["body"] == {"to": "Sam", "reason": "knows them"}
    assert told[3]["actor"] == "user B"
    assert list(store.audit.broken()) == []
