"""Deciding in turn: who collided waits for others that did, for no longer than they live."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from gateway.store import turns
from gateway.store.store import Store
from gateway.store.turns import BATCHES

_HOLDER = """
import sys
from gateway.store.store import Store
store = Store(sys.argv[1])
store.turns.collided()
with store.turns.turn():
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def nobody_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a lock that isn't given back hangs, instead of going on without it."""
    monkeypatch.setattr(turns, "_WAIT_SECONDS", 120.0)


def test_nobody_waits_who_did_not_collide(store: Store, database_url: str) -> None:
    other = Store(database_url)
    store.turns.collided()
    with store.turns.turn(), other.turns.turn():
        pass
    other.close()


def test_those_who_collided_decide_one_after_the_other(store: Store, database_url: str) -> None:
    other = Store(database_url)
    store.turns.collided()
    other.turns.collided()
    said: list[str] = []

    def decide() -> None:
        with other.turns.turn():
            said.append("other")

    waiting = threading.Thread(target=decide)
    with store.turns.turn():
        waiting.start()
        waiting.join(0.05)
        said.append("first")
    waiting.join(10)
    assert said == ["first", "other"]
    other.close()


def test_a_turn_ends_with_the_process_that_has_it(store: Store, database_url: str) -> None:
    command = [sys.executable, "-P", "-c", _HOLDER, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mine\n"
        holder.kill()
    store.turns.collided()
    other = Store(database_url)
    other.turns.collided()
    with store.turns.turn():
        took = threading.Event()

        def wait() -> None:
            with other.turns.turn():
                took.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not took.wait(0.05)  # the lock is this store's, so it was had, and not given up for
    waiting.join(10)
    assert took.is_set()
    other.close()


def test_after_a_while_it_is_tried_side_by_side_again(store: Store, database_url: str) -> None:
    other = Store(database_url)
    store.turns.collided()
    other.turns.collided()
    for _ in range(BATCHES):
        with store.turns.turn():
            pass
    with other.turns.turn(), store.turns.turn():
        pass
    other.close()
