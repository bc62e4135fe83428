"""Large documents are stored packed, and come back to the byte."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.arrivals import NewMessage
from gateway.store.intake import Kept
from gateway.store.packing import _MARK, LARGE, packed, unpacked
from gateway.store.statements import fetch
from gateway.store.store import Store

REPEATING = b"<a>words that come again</a>" * 5000


@given(st.one_of(st.binary(max_size=300), st.builds(lambda rest: _MARK + rest, st.binary(max_size=300))))
def test_whatever_is_stored_comes_back(body: bytes) -> None:
    assert unpacked(packed(body)) == body
    assert unpacked(packed(packed(body))) == packed(body), "also what was packed by somebody else"


@pytest.mark.parametrize("body", [REPEATING, os.urandom(3 * LARGE), _MARK + os.urandom(LARGE), b"x" * LARGE, b""])
def test_large_ones_come_back_too(body: bytes) -> None:
    assert unpacked(packed(body)) == body


def test_only_what_becomes_smaller_is_packed() -> None:
    assert len(packed(REPEATING)) < len(REPEATING) / 50
    random = os.urandom(2 * LARGE)
    assert packed(random) is random
    small = b"<a/>" * 100
    assert packed(small) is small


def test_a_large_message_is_kept_small_and_claimed_whole(store: Store) -> None:
    due_at, digest = 2**50, os.urandom(32)
    kept = store.intake.keep(NewMessage("acme", False, 1, due_at, "test", "ubl-2.1", None, REPEATING, digest))
    assert isinstance(kept, Kept)
    with store.database.read() as connection:
        ((stored, size),) = fetch(connection, "SELECT length(body), size FROM payloads")
    assert (stored < 5000, size) == (True, len(REPEATING))
    assert store.messages.body(kept.message_id) == REPEATING
    claim = store.queue.claim("worker", (0, 1, 2, 3), 50)
    assert claim is not None
    assert claim.messages[0].body == REPEATING
