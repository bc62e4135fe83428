"""What can be wrong with a document, as data, and the three ways a document can fail.

A fault carries a permanent code; the codes are listed in `schemas.fault_codes`, documented there, and never reused.

    DocumentFailure
    ├── DocumentRejected   the sender must act: it gets a negative answer
    ├── DocumentHeld       we must act: a problem for our people, then replay
    └── TryAgain           the world must act: back off and repeat
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where.

    `path` is a JSON Pointer (RFC 6901) into the canonical document, `location` says line, element or pointer
    in what was sent, `value` what stood there, `expected` what would have been right.
    """

    code: str
    detail: str
    path: str = ""
    location: str = ""
    value: str | None = None
    expected: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The members of problem+json's `faults`, in the contract's order."""
        members = asdict(self)
        return {name: members[name] for name in ("code", "path", "location", "detail", "value", "expected")}


_LINE = re.compile(r"^/lines/(\d+)(?:/|$)")


def line_index(fault: Fault) -> int | None:
    """The index of the line that a fault is about; None for the order's header."""
    match = _LINE.match(fault.path)
    return int(match[1]) if match else None


def in_document_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """The header's faults, then each line's in the order of the lines, then what is about no field of the order. Those
    of one place stay as they were found."""
    return tuple(sorted(faults, key=_position))


def _position(fault: Fault) -> tuple[int, int]:
    index = line_index(fault)
    if index is not None:
        return 1, index
    return (0, 0) if fault.path else (2, 0)


class DocumentFailure(Exception):
    """A document that can't go on, with every fault found so far."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.code} at {fault.path or '/'}: {fault.detail}" for fault in self.faults))


class DocumentRejected(DocumentFailure):
    """The sender must act. `order_number` is the order's, where that could be read, and `answer_to` the same where a
    negative answer can name it: None where the document wants no answer."""

    def __init__(self, faults: Iterable[Fault], answer_to: str | None = None, order_number: str | None = None) -> None:
        super().__init__(faults)
        self.answer_to = answer_to
        self.order_number = order_number or answer_to


class DocumentHeld(DocumentFailure):
    """We must act: something is missing on our side."""


class TryAgain(DocumentFailure):
    """The world must act: a dependency is away; repeat after `after_seconds`."""

    def __init__(self, faults: Iterable[Fault], after_seconds: float) -> None:
        super().__init__(faults)
        self.after_seconds = after_seconds
