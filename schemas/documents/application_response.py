"""What a receiver's system says of documents that it was sent: that it has one, takes it, asks about it or refuses it.

UBL's name for it (2.1, ApplicationResponse); cXML says the same in a StatusUpdateRequest. It is read and never sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

from schemas.documents.common import Code, Document

Word = Literal["received", "in_process", "queried", "conditionally_accepted", "accepted", "rejected", "paid"]
"""received: it is there, and nothing was judged. queried: it is not gone on with before somebody answers a question.
The others are what they say."""

WORDS: tuple[Word, ...] = get_args(Word)
MOST_REASONS = 50
LONGEST_REASON = 1_000
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON)]


class DocumentReceipt(Document):
    """What is said of one document at its own address: that it is there, where nothing else is said."""

    status: Word = "received"
    reasons: tuple[Reason, ...] = Field(default=(), max_length=MOST_REASONS)
    number: Code | None = None
    """The sender's own, of what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAnswer:
    """What is said of one document."""

    number: str
    """The document's number; of a cXML payloadID the whole, see `is_payload_id`."""
    word: Word
    code: str
    """As it was sent: `RE`, `406 Not Acceptable`."""
    reasons: tuple[str, ...] = ()
    """In the receiver's words, as many as a person reads."""
    type: str | None = None
    """Of the document, where it is told: `invoice`."""
    is_payload_id: bool = False
    location: str = ""
    """Where the reference to the document stands in what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationResponse:
    """All that one message says. `number` is its own."""

    number: str | None
    answers: tuple[DocumentAnswer, ...]
    test: bool = False
    """It says that it is a test: it says nothing of documents in earnest."""


def told_reasons(reasons: list[str]) -> tuple[str, ...]:
    """Each once, on one line, within what is kept."""
    said = (" ".join(one.split())[:LONGEST_REASON] for one in reasons)
    return tuple(dict.fromkeys(filter(None, said)))[:MOST_REASONS]
