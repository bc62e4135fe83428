"""Who is it, can it be read, keep the bytes, ring. The answer is the caller's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.lanes import lane_of
from gateway.services import Services
from gateway.store.arrivals import Kept, NewMessage
from gateway.store.ids import new_id, now_us
from gateway.trade.hours import answer_due
from mappings.account import Account
from mappings.own_format import CUSTOM
from schemas.faults import DocumentRejected, Fault
from schemas.formats import MAX_ORDERS, Format
from schemas.formats.registry import FORMATS
from schemas.formats.xml import head

_LONGEST_ENVELOPE_ID = 300
"""Characters. PostgreSQL's indexes take 2,704 bytes in all; a UUID has 36."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One document at the door, its sender known."""

    account: Account
    test: bool
    body: bytes
    source: str
    media_type: str | None = None
    idempotency_key: str | None = None
    envelope_id: str | None = None
    """The sender's own id of the transmission, where the door has read it."""
    faults: tuple[Fault, ...] = ()
    """Why it is not taken, where the door knows: it is kept as rejected."""
    order_number: str | None = None
    """The number of the order in it, where the door has read it."""
    formats: Mapping[str, Format] = field(default_factory=lambda: FORMATS)
    """Those that there are for this account (`mappings.own_format.formats_of`)."""
    revision: int | None = None
    """The account's mapping that these are of, where its own layout is among them."""
    file_name: str | None = None
    """What the file was called that it came in, as text that can be kept."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What intake did: what was kept, and the faults of bytes that can't be read."""

    kept: Kept
    faults: tuple[Fault, ...] = ()


def take_in(services: Services, arrival: Arrival) -> Taken:
    """Keep the document durably and ring for it. Raises StoreUnavailable; then it was not taken."""
    message = message_of(arrival, services.store.receipts.now)
    kept = services.store.intake.keep(message)
    if kept.rings:
        services.lanes.ring(message.lane)
    return Taken(kept, message.unreadable)


def message_of(arrival: Arrival, clock: Callable[[], int] = now_us) -> NewMessage:
    """The document as it will be kept: recognised, checked that its bytes can be read, and received by this clock."""
    account, body = arrival.account, arrival.body
    format_name, faults, orders = recognise(account, arrival.formats, body)
    known = arrival.formats.get(format_name or "")
    if known is not None and known.without_secrets is not None:
        body = known.without_secrets(body)
    received_at = clock()
    return NewMessage(
        account_id=account.id,
        test=arrival.test,
        lane=lane_of(account.tier),
        due_at=answer_due(account, received_at),
        source=arrival.source,
        format=format_name,
        media_type=arrival.media_type,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        idempotency_key=arrival.idempotency_key,
        envelope_id=kept_envelope_id(arrival.envelope_id),
        unreadable=faults or arrival.faults,
        order_number=arrival.order_number if arrival.faults else None,
        parts=orders,
        file_name=arrival.file_name,
        mapping_revision=arrival.revision if format_name == CUSTOM else None,
        id=new_id(received_at),
        received_at=received_at,
    )


def kept_envelope_id(sent: str | None) -> str | None:
    """The sender's own id of a transmission as it is kept: a longer one than any index takes by its digest."""
    if sent is None or len(sent) <= _LONGEST_ENVELOPE_ID:
        return sent
    return f"sha256:{hashlib.sha256(sent.encode()).hexdigest()}"


class Recognised(NamedTuple):
    """What bytes are, as far as is told without judging what they say."""

    format: str | None
    faults: tuple[Fault, ...] = ()
    """Why they can't be read."""
    orders: int = 1
    """How many orders are in them."""


def recognise(account: Account, formats: Mapping[str, Format], body: bytes) -> Recognised:
    """The format these bytes are in, among those the account may send, and why they can't be read. `formats` are all
    that there are for the account."""
    if not body[:64].strip() and not body.strip():
        return Recognised(None, (Fault("empty_body", "The document is empty.", expected="the bytes of an order"),))
    agreed = [formats[name] for name in _in_turn(account.inbound.formats) if name in formats]
    found = next((known for known in agreed if known.sniff(body)), None)
    answer = answer_format([found] if found is not None else formats.values(), body)
    if answer is not None:
        return _recognised_answer(answer, body)
    if found is None:
        return Recognised(*_not_agreed(account, formats, agreed, body))
    try:
        orders = found.check(body)
    except DocumentRejected as failure:
        return Recognised(found.name, failure.faults)
    return Recognised(found.name, _too_many_orders(orders), orders)


def answer_format(formats: Iterable[Format], body: bytes) -> Format | None:
    """The one of these formats in which this says what became of documents of ours; None for an order."""
    return next((known for known in formats if known.answers is not None and known.answers.sniff(body)), None)


def _recognised_answer(known: Format, body: bytes) -> Recognised:
    """What is agreed of formats is agreed of orders: how a document of ours is answered goes by its own format."""
    if known.answers is None:
        raise AssertionError("asked of a format that has answers")
    try:
        known.answers.check(body)
    except DocumentRejected as failure:
        return Recognised(known.name, failure.faults)
    return Recognised(known.name)


def _too_many_orders(orders: int) -> tuple[Fault, ...]:
    if orders <= MAX_ORDERS:
        return ()
    detail = f"The body holds {orders} orders; one body may hold {MAX_ORDERS}."
    return (Fault("too_many_orders", detail, value=str(orders), expected=f"at most {MAX_ORDERS} orders a body"),)


def _in_turn(names: Sequence[str]) -> Sequence[str]:
    """The account's own layout is asked first: it leaves alone what is in a shared format."""
    return names if CUSTOM not in names else [CUSTOM, *(name for name in names if name != CUSTOM)]


def _not_agreed(
    account: Account, formats: Mapping[str, Format], agreed: list[Format], body: bytes
) -> tuple[str | None, tuple[Fault, ...]]:
    names = ", ".join(known.name for known in agreed)
    other = next((known for known in formats.values() if known.sniff(body)), None)
    if other is not None:
        detail = f"This looks like {other.name}, which is not agreed with {account.name}."
        return other.name, (Fault("format_not_agreed", detail, value=other.name, expected=names),)
    start = body[:40].decode("ascii", "replace")
    language = language_of(body)
    if language and all(language not in known.media_type for known in agreed):
        detail = f"This looks like {language.upper()}, and what is agreed with {account.name} is {names}."
        return None, (Fault("unknown_format", detail, value=start, expected=names),)
    for known in agreed:  # bytes that are broken at their very start are best explained by the reader itself
        try:
            known.check(body)
        except DocumentRejected as failure:
            if failure.faults[0].code != "wrong_document" and len(agreed) == 1:
                return known.name, failure.faults
    return None, (Fault("unknown_format", "No agreed format begins like this.", value=start, expected=names),)


def language_of(start: bytes) -> str | None:
    """`xml` or `json`, by the first character of a document that is not blank; None where it is neither's."""
    first = head(start, 64).lstrip("\ufeff\xef\xbb\xbf \t\r\n")[:1]
    return {"<": "xml", "{": "json", "[": "json"}.get(first)
