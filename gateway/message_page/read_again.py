"""The order of a message as it was read: read once more, by the mapping that it was worked on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gateway.services import Services
from gateway.store.messages import StoredMessage
from mappings.own_format import formats_of
from schemas.documents.application_response import ApplicationResponse
from schemas.documents.order import Order
from schemas.faults import DocumentFailure
from schemas.formats import Format, ReadOrder
from schemas.formats.registry import FORMATS


class Unread(Exception):
    """Nobody can say what is in it: why, in a sentence. Of a document that has faults DocumentFailure is raised."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """What a message says: orders, or what it says of documents of ours."""

    orders: tuple[Order, ...] = ()
    answer: ApplicationResponse | None = None

    def as_json(self) -> bytes:
        """In json-1; of several orders a list."""
        if self.answer is not None:
            return json.dumps(asdict(self.answer), ensure_ascii=False, indent=2).encode() + b"\n"
        written = [FORMATS["json-1"].renderers["order"](order) for order in self.orders]
        return written[0] if len(written) == 1 else b"[" + b",\n".join(written) + b"]\n"


def formats_for(services: Services, stored: StoredMessage) -> Mapping[str, Format]:
    """Those that there were for its account under the mapping that it was worked on with, or are now."""
    number = stored.mapping_revision or services.store.revisions.current([stored.account_id]).get(stored.account_id)
    try:
        return FORMATS if number is None else formats_of(services.terms.mapping(stored.account_id, number))
    except (LookupError, ValueError):  # ValueError: pydantic's, of terms that this version of the program can't read
        return FORMATS


def canonical(services: Services, stored: StoredMessage, body: bytes) -> Canonical:
    """What the message says. Raises DocumentFailure with what is wrong with it, and Unread."""
    known = formats_for(services, stored).get(stored.format or "")
    if known is None:
        raise Unread("It is in no format that this program can read.")
    if known.answers is not None and known.answers.sniff(body):
        return Canonical(answer=known.answers.read(body))
    if stored.part is None:
        return Canonical(tuple(read.order for read in known.parse_orders(body)))
    read = known.read_parts(body, [stored.part]).get(stored.part)
    if read is None:
        raise Unread("By the account's rules as they are now, its body doesn't hold this order any more.")
    if isinstance(read, DocumentFailure):
        raise read
    if not isinstance(read, ReadOrder):
        raise AssertionError("a part is read, rejected or held")
    return Canonical((read.order,))


def plain_values(found: Any, pointer: str = "") -> Any:
    """(JSON Pointer, text) of every value that is there, in order."""
    if isinstance(found, dict):
        for name, value in found.items():
            yield from plain_values(value, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(found, list | tuple):
        for index, value in enumerate(found):
            yield from plain_values(value, f"{pointer}/{index}")
    elif found is not None:
        yield pointer, found if isinstance(found, str) else json.dumps(found, default=str)
