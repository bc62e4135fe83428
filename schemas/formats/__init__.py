"""The formats, one folder each. A codec is plain functions plus one `Format` record in `FORMATS`.

sniff(body)      is this ours? Looks at the first bytes only, never raises
check(body)      can the bytes be safely read as this format, and how many orders are in them? Raises DocumentRejected
parse_orders     bytes → the orders in them, each with what was kept aside. Raises DocumentRejected with every fault,
                 and DocumentHeld for what a person must look at
read_parts       (bytes, numbers from 1) → the orders of these numbers, each as read, rejected or held, so that a bad
                 one holds up none of the others. Raises DocumentRejected where the body as a whole can't be read
parsers          document type → bytes → canonical document, for the documents that the format can carry
renderers        document type → canonical document → bytes
streams          document type → (canonical document but for its lines, its lines as they come) → its bytes in pieces,
                 for documents that may be long; together they are what the renderer makes of the whole
locate           (body, JSON Pointers into the canonical order, its number in the body) → where each stands in the body,
                 in words; all that are asked for at once, because the body is read for it
answers          reads what a receiver's system says of documents of ours, where the format has a document for that
locator          body → the same for any order of it, with the body read once for all that are asked; None where
                 `locate` doesn't read the whole body, or there is one order in each
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from schemas.documents.application_response import ApplicationResponse
from schemas.documents.common import AnyDocument, Identifier
from schemas.documents.order import Order
from schemas.faults import DocumentHeld, DocumentRejected, Fault

MAX_ORDERS = 2_000
"""Orders that one body may hold."""


@dataclass(frozen=True, slots=True)
class ReadOrder:
    """One order as read, and what is kept beside it."""

    order: Order
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    """SHA-256 → bytes of the files that came in the document."""
    warnings: tuple[Fault, ...] = ()
    """What is wrong but doesn't stop the order (a GTIN with a wrong check digit)."""
    envelope_id: str | None = None
    """The sender's own id of this transmission (SBDH InstanceIdentifier, cXML payloadID): a resend keeps it."""
    receivers: tuple[Identifier, ...] = ()
    """Whom the envelope around it is for (SBDH Receiver)."""


ReadPart = ReadOrder | DocumentRejected | DocumentHeld
"""What came of one order of a body."""


class Locate(Protocol):
    """Where values of an order stand in the body."""

    def __call__(self, body: bytes, pointers: Sequence[str], part: int = 1, /) -> list[str]:
        """One place for each pointer, in words."""


Locator = Callable[[Sequence[str], int], list[str]]
"""(pointers into an order, its number) → places in a body that was read before."""


def read_only_part(parse_orders: Callable[[bytes], tuple[ReadOrder, ...]]) -> ReadParts:
    """`read_parts` of a format whose bodies hold one order each."""

    def read_parts(body: bytes, parts: Iterable[int]) -> dict[int, ReadPart]:
        try:
            found: ReadPart = parse_orders(body)[0]
        except (DocumentRejected, DocumentHeld) as failure:
            found = failure
        return {part: found for part in parts if part == 1}

    return read_parts


ReadParts = Callable[[bytes, Iterable[int]], dict[int, ReadPart]]


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """How a format says what became of documents of ours: `sniff` never raises; `check` raises DocumentRejected for
    bytes that can't be read; `read` also DocumentHeld for what can't be told."""

    sniff: Callable[[bytes], bool]
    check: Callable[[bytes], None]
    read: Callable[[bytes], ApplicationResponse]


@dataclass(frozen=True, slots=True)
class Format:
    """What a format can do, by name."""

    name: str
    media_type: str
    suffix: str
    sniff: Callable[[bytes], bool]
    check: Callable[[bytes], int]
    parse_orders: Callable[[bytes], tuple[ReadOrder, ...]]
    read_parts: ReadParts
    locate: Locate
    parsers: Mapping[str, Callable[[bytes], AnyDocument]] = field(default_factory=dict)
    renderers: Mapping[str, Callable[..., bytes]] = field(default_factory=dict)
    streams: Mapping[str, Callable[..., Iterator[bytes]]] = field(default_factory=dict)
    locator: Callable[[bytes], Locator] | None = None
    answers: AnswerReader | None = None
    without_secrets: Callable[[bytes], bytes] | None = None
    """The body as it is kept, where the format has a place for secrets (cXML's SharedSecret). Never raises."""
    media_types: Mapping[str, str] = field(default_factory=dict)
    """Document type → the media type it is written in, where that is another than `media_type`."""

    def media_type_of(self, kind: str) -> str:
        """The media type in which this format writes documents of this type."""
        return self.media_types.get(kind, self.media_type)
