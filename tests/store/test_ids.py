"""Ids: each one once, in every thread and on both sides of a fork, and later ones behind earlier ones."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from gateway.store.ids import new_id

_FORKS = """
import os, sys
from gateway.store.ids import new_id
new_id()  # more are drawn than are given
child = os.fork()
sys.stdout.write("".join(f"{new_id()[12:]} " for _ in range(300)))
sys.stdout.flush()
if child:
    os.waitpid(child, 0)
os._exit(0)
"""


def test_ids_are_sortable_by_time() -> None:
    first, now = new_id(), time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == now:
        pass
    assert len(first) == 28
    assert int(first, 16) < int(new_id(), 16)


def test_ids_of_one_process_sort_as_they_were_made() -> None:
    """What is made one after the other in a millisecond, as an order's documents are, goes out in that order."""
    made = []
    for _ in range(2_000):
        made.append(new_id())
        now = time.time_ns() // 1000
        while time.time_ns() // 1000 == now:
            pass
    assert made == sorted(made)
    assert new_id(1_700_000_000_123_456) < new_id(1_700_000_000_123_457) < new_id(1_700_000_000_124_000)


def test_no_two_threads_get_the_same_id() -> None:
    found: list[list[str]] = [[] for _ in range(8)]
    threads = [threading.Thread(target=lambda mine=mine: mine.extend(new_id() for _ in range(5_000))) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = [one[12:] for mine in found for one in mine]
    assert len(set(every)) == len(every) == 40_000


def test_a_child_process_gets_none_of_its_parents_ids() -> None:
    ran = subprocess.run([sys.executable, "-P", "-c", _FORKS], capture_output=True, text=True, check=True, timeout=60)
    every = ran.stdout.split()
    assert len(set(every)) == len(every) == 600
