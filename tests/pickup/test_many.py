"""A thousand orders that lie there at once: taken in order, each once, in bounded looks. The figures are printed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.waiting import until
from tests.pickup.conftest import FOLDER, Serve, Yard, an_order

MANY = 1_000
_NEWEST_NS = 1_700_000_000_000_000_000


@pytest.mark.parametrize("place", ["folder", "sftp"])
def test_a_thousand_files_are_drained_in_order(yard: Yard, serve: Serve, place: str) -> None:
    put, waiting = _place(yard, serve, place)
    for number in range(MANY):
        file = put(f"PO-{MANY - number:04d}.json", an_order(f"PH-{number:06d}"))
        moment = _NEWEST_NS + number * 1_000_000_000
        os.utime(file, ns=(moment, moment))
    began = time.monotonic()
    yard.begin()
    until(lambda: not waiting(), 240, "every file is moved", pause=0.05)
    took = time.monotonic() - began
    print(f"{place}: {MANY} files in {took:.1f} s, {MANY / took:.0f} a second")
    yard.pickers.pop().stop()
    rows = yard.rows(
        "SELECT m.id, p.body FROM messages m JOIN payloads p ON p.id = m.payload_id ORDER BY m.received_at"
    )
    assert len(rows) == MANY
    assert [yard.gateway.store.messages.body(row[0]) for row in rows[::100]] == [
        an_order(f"PH-{number:06d}") for number in range(0, MANY, 100)
    ]
    assert yard.rows("SELECT count(*) FROM pickup_files") == [(0,)]


def _place(yard: Yard, serve: Serve, place: str) -> tuple[Callable[[str, bytes], Path], Callable[[], list[str]]]:
    """(how files are put there, which still lie there)"""
    if place == "folder":
        yard.agree(FOLDER)
        return yard.put, lambda: yard.names("pine/in")
    server = serve()
    yard.agree(server.terms)
    return server.put, server.names
