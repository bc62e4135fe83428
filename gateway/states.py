"""Every status a message can have, every move between them in one table, and the one function that makes a move.

received ⇄ processing → done
                      → held, failed → (replay, resend) received, superseded, dismissed
                      → rejected     → (replay) received, superseded, dismissed
                      → duplicate
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Status = Literal[
    "received",  # durably stored, waits for a worker
    "processing",  # a worker holds it under a lease
    "done",  # decided and answered
    "held",  # we must act: a mapping is missing
    "rejected",  # the sender must act: it was told
    "failed",  # a bug, or an outage that outlasted its retries
    "duplicate",  # a resend: the earlier message answers for it
    "superseded",  # an edited child took its place
    "dismissed",  # closed by a person, with a reason
]
Event = Literal[
    "claim",  # a worker takes it
    "answer",  # the order stands and its answer is stored
    "hold",  # DocumentHeld
    "reject",  # DocumentRejected
    "fail",  # anything else that was raised, or TryAgain once too often
    "retry",  # TryAgain: back to the queue
    "lease_expired",  # the worker died or stopped beating
    "quarantine",  # it ended its worker several times
    "mark_duplicate",  # its content was here before
    "resend",  # the sender sent it again, and it is tried again
    "replay",  # a person wants it judged again
    "supersede",  # a person's edited child took its place
    "dismiss",  # a person closed it
]
OnResend = Literal["answer", "state", "try_again", "judge_afresh"]

STATUSES: tuple[Status, ...] = get_args(Status)
EVENTS: tuple[Event, ...] = get_args(Event)

MOVES: Mapping[tuple[str, str], Status] = {
    ("received", "claim"): "processing",
    ("received", "mark_duplicate"): "duplicate",
    ("processing", "answer"): "done",
    ("processing", "hold"): "held",
    ("processing", "reject"): "rejected",
    ("processing", "fail"): "failed",
    ("processing", "quarantine"): "failed",
    ("processing", "mark_duplicate"): "duplicate",
    ("processing", "retry"): "received",
    ("processing", "lease_expired"): "received",
    ("held", "resend"): "received",
    ("held", "replay"): "received",
    ("held", "supersede"): "superseded",
    ("held", "dismiss"): "dismissed",
    ("failed", "resend"): "received",
    ("failed", "replay"): "received",
    ("failed", "supersede"): "superseded",
    ("failed", "dismiss"): "dismissed",
    ("rejected", "replay"): "received",
    ("rejected", "supersede"): "superseded",
    ("rejected", "dismiss"): "dismissed",
}
"""(status, event) → status. What isn't here can't happen: `done`, `duplicate`, `superseded`, `dismissed` are final."""

_ON_RESEND: Mapping[str, OnResend] = {
    "done": "answer",
    "received": "state",
    "processing": "state",
    "superseded": "state",
    # stands for the message it repeats; look that one up to give its answer
    "duplicate": "state",
    "held": "try_again",
    "failed": "try_again",
    "rejected": "judge_afresh",
    "dismissed": "judge_afresh",
}


_DONE_TO_IT = {
    "replay": "replayed",
    "resend": "tried again",
    "dismiss": "dismissed",
    "supersede": "replaced by another",
}
_STATES = {"received": "waits to be worked on", "processing": "is being worked on", "done": "is answered already"}
"""In people's words."""


class ImpossibleMove(Exception):
    """This event can't happen to a message of this status: `status`, `event`, and the events that could, `allowed`."""

    def __init__(self, status: str, event: str) -> None:
        self.status, self.event = status, event
        self.allowed = allowed(status)
        state = _STATES.get(status, f"is {status}")
        super().__init__(f"It {state} and can't be {_DONE_TO_IT.get(event, event)}.")


def advance(status: str, event: str) -> Status:
    """The status after `event`. Raises ImpossibleMove where the table has no such move."""
    after = MOVES.get((status, event))
    if after is None:
        raise ImpossibleMove(status, event)
    return after


def allowed(status: str) -> tuple[str, ...]:
    """The events that can happen to a message of this status, in the table's order."""
    return tuple(event for before, event in MOVES if before == status)


def on_resend(earlier_status: str) -> OnResend:
    """What a resend gets: the earlier message's answer, its state, another try, or a judgement of its own.

    `try_again` moves the earlier message by `resend`; `judge_afresh` leaves it and takes the resend as a new message.
    Raises ValueError for a status that isn't one.
    """
    found = _ON_RESEND.get(earlier_status)
    if found is None:
        raise ValueError(f"{earlier_status!r} is no message status")
    return found
