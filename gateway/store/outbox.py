"""An outbound document as it is written: its row, its delivery, and the digests that the audit trail has of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.store.ids import new_id

_NOBODY_LOOKED = (*(None,) * 7, 0)
"""Of a delivery whose endpoint isn't known yet (`gateway.store.sending`)."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """A document that goes out, rendered. `source` is the message that it came of, or the stream of what else it came
    of; `order_id` and `order_number` are None where it is of several orders, or of none."""

    account_id: str
    kind: str
    number: str
    source: str
    order_id: str | None
    order_number: str | None
    test: bool
    revision: int
    format_name: str
    media_type: str
    body: bytes
    canonical: str
    transport: str
    answer_within: timedelta | None = None
    """So long the account has to say that it has it; None: nothing is expected."""

    def digests(self) -> list[str]:
        """SHA-256 of its body and of its canonical form, as the event tells them."""
        return [hashlib.sha256(self.body).hexdigest(), hashlib.sha256(self.canonical.encode()).hexdigest()]

    def rows(self, at: int) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
        """Its new id, its row of `documents`, whose transaction is stamped when it is written, and of `deliveries`."""
        document_id = new_id()
        row = (
            *(0, document_id, self.account_id, self.kind, self.number, self.order_id, self.order_number, self.source),
            *(int(self.test), self.revision, self.format_name, self.media_type, self.body, self.canonical, at),
        )
        waits = None if self.transport == "mailbox" else at
        status = "available" if self.transport == "mailbox" else "waiting"
        delivery = (document_id, self.account_id, self.transport, status, 0, waits, at, *_NOBODY_LOOKED, self._due(at))
        return document_id, row, delivery

    def _due(self, at: int) -> int | None:
        return None if self.answer_within is None else at + self.answer_within // timedelta(microseconds=1)
