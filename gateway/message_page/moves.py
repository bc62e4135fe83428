"""What one of us can do about a message: whether it is possible, and in a sentence why not."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.states import allowed
from gateway.store.messages import StoredMessage

_WHY_NOT = {
    "received": "It waits for a worker already.",
    "processing": "A worker has it now.",
    "done": "It is done: what it led to stands. A change of its order is a message of its own.",
    "duplicate": "It repeats an earlier message, which answers for it.",
    "superseded": "An edited copy took its place.",
    "dismissed": "It was closed, with a reason.",
}


@dataclass(frozen=True, slots=True)
class Moves:
    """Empty: it can be done. Else why it can't."""

    replay: str
    edit: str
    dismiss: str


def moves(stored: StoredMessage, *, is_erased: bool) -> Moves:
    """What can be done to it as it stands."""
    events = allowed(stored.status)
    why = _WHY_NOT.get(stored.status, f"It is {stored.status}.")
    replay = "" if "replay" in events else why
    edit = "" if "supersede" in events else why
    if is_erased:
        gone = "Its document is erased: there is nothing left to judge."
        replay, edit = replay or gone, edit or gone
    return Moves(replay, edit, "" if "dismiss" in events else why)
