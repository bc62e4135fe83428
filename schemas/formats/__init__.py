"""The formats, one folder each. A codec is plain functions plus one `Format` record in `FORMATS`.

sniff(body)      is this ours? Looks at the first bytes only, never raises
check(body)      can the bytes be safely read as this format? Raises DocumentRejected; nothing else
parse_orders     bytes → the orders in them, each with what was kept aside. Raises DocumentRejected with every fault
parsers          document type → bytes → canonical document, for the documents that the format can carry
renderers        document type → canonical document → bytes
locate           (body, JSON Pointers into the canonical order) → where each stands in the body, in words; all that are
                 asked for at once, because the body is read for it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.documents.common import AnyDocument
from schemas.documents.order import Order
from schemas.faults import Fault


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


@dataclass(frozen=True, slots=True)
class Format:
    """What a format can do, by name."""

    name: str
    media_type: str
    suffix: str
    sniff: Callable[[bytes], bool]
    check: Callable[[bytes], None]
    parse_orders: Callable[[bytes], tuple[ReadOrder, ...]]
    locate: Callable[[bytes, Sequence[str]], list[str]]
    parsers: Mapping[str, Callable[[bytes], AnyDocument]] = field(default_factory=dict)
    renderers: Mapping[str, Callable[..., bytes]] = field(default_factory=dict)
