"""What a timeline is made of, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gateway.store.answers import AnsweredDocument
from gateway.store.deliveries import Attempt, Delivery, SaidReceipt
from gateway.store.documents import StoredDocument
from gateway.store.messages import StoredMessage
from schemas.faults import Fault

Kind = Literal["", "good", "wait", "bad"]
Stage = Literal["received", "decoded", "mapped", "decided", "answered", "delivered", "receipted", ""]
STAGES: Mapping[Stage, str] = {
    "received": "Received",
    "decoded": "Read",
    "mapped": "Put into our terms",
    "decided": "Decided",
    "answered": "Answered",
    "delivered": "Delivered",
    "receipted": "Taken note of",
}
"""The stages of a message's way in their order, for people."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. `at`: microseconds since 1970; `took`: microseconds it took, where that is known."""

    at: int
    said: str
    """A sentence."""
    kind: Kind = ""
    stage: Stage = ""
    took: int | None = None
    who: str | None = None
    """None: the gateway itself."""
    reason: str | None = None
    """A person's own words."""
    mapping_revision: int | None = None
    catalogue_revision: int | None = None
    message_id: str | None = None
    """Another message that it is about."""
    document_id: str | None = None
    folded: tuple[Step, ...] = ()
    """What it sums up."""
    outward: str | None = None
    """The sentence for whoever is neither of us nor of the account, where it has what is nobody else's business."""


@dataclass(frozen=True, slots=True)
class Run:
    """Everything from when it was to be judged until it was to be judged again; numbered from 1."""

    number: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class NotReached:
    """A stage that it hasn't reached, and why."""

    stage: Stage
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The runs in their order, and what is ahead."""

    runs: tuple[Run, ...]
    not_reached: tuple[NotReached, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those of all runs."""
        return tuple(step for run in self.runs for step in run.steps)


@dataclass(frozen=True, slots=True)
class Sent:
    """A document of ours: how it stands on its way out, what was tried, what the account said of it."""

    document: StoredDocument
    delivery: Delivery | None
    attempts: Sequence[Attempt] = ()
    receipts: Sequence[SaidReceipt] = ()
    events: Sequence[Mapping[str, Any]] = ()
    """Of the stream `delivery/<id>`: what people did about it."""


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that a timeline is made from. `events` are the message's chain; `for_account`: who reads it is of the
    account, and isn't told who of us did what, nor their words."""

    message: StoredMessage
    events: Sequence[Mapping[str, Any]]
    faults: Sequence[Fault] = ()
    sent: Sequence[Sent] = ()
    more_sent: int = 0
    """Documents of it that aren't among these."""
    spoken_of: Sequence[AnsweredDocument] = ()
    """Documents of ours that the message speaks of."""
    for_account: bool = False
