"""What an order response goes out in as cXML: from us to the account, about the request that it answers.

Everything follows from the order, the response and what was confirmed before, so that the same decision made again is
the same document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.cxml_names import our_credentials, payload_id
from gateway.trade.reasons import joined
from gateway.work import Work
from mappings.account import Account
from mappings.revision import Supplier
from schemas.documents.common import Party
from schemas.documents.order import Order
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.faults import DocumentRejected
from schemas.formats.cxml_1_2.envelope import Credential, Envelope, credentials_of, read_envelope
from schemas.formats.cxml_1_2.keeping import document_and_files
from schemas.formats.cxml_1_2.text import instant, noon
from schemas.formats.json_1.reading import parse_order_response

CXML = "cxml-1.2"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What an order on the books was confirmed as before, by the numbers of our responses."""

    first: str | None = None
    latest: str | None = None
    stands: str | None = None
    """The canonical response to the order as it stands; None where that got none."""
    is_refusal: bool = False
    """What goes out now refuses a change, and says how the order stands."""


def confirmation_envelope(
    work: Work, response: OrderResponse, supplier: Supplier, before: Confirmed | None = None
) -> Envelope:
    """The envelope of the answer to this message. With `before` it updates what was confirmed then: the same confirmID,
    and a reference to the confirmation that it replaces."""
    ours = our_credentials(supplier) or credentials_of(response.seller)
    at = response.issued_at
    return Envelope(
        payload_id=payload_id(supplier, response.number),
        timestamp=instant(at) if at is not None and at.tzinfo is not None else noon(response.issue_date),
        from_=ours,
        to=_recipient(work.account, response.buyer),
        sender=ours[:1],
        test=response.test,
        order_payload_id=_payload_id_of(work),
        order_date=_order_date(work),
        confirm_id=before.first if before else None,
        replaces=payload_id(supplier, before.latest) if before and before.latest else None,
        complete=before is None or not before.is_refusal,
    )


def as_it_stands(work: Work, refusal: OrderResponse, before: Confirmed) -> OrderResponse | None:
    """The refusal of a change as cXML can say it: how the order stands, and why it was not changed. None where nobody
    has been told how it stands.

    A `reject` would be the order's own, and `accept` and `except` take what they don't name as the request wants it
    that they refer to, which is the refused one. So every line is told as it was confirmed, with its quantity, day and
    price, under `detail`.
    """
    if before.stands is None:
        return None
    stands = parse_order_response(before.stands.encode())
    lines = [_told_in_full(line) for line in stands.lines]
    if lines:
        lines += _never_taken(work.order, {line.line_number for line in lines})
    asked = "cancellation" if work.order.function == "cancel" else "change"
    first = f"The {asked} was refused and the order stands as it was confirmed."
    note = joined([first, *([refusal.note] if refusal.note else [])])
    return replace(refusal, outcome="changed" if lines else "received", note=note, lines=tuple(lines))


def _told_in_full(line: ResponseLine) -> ResponseLine:
    outcomes = [replace(one, status="changed") if one.status == "accepted" else one for one in line.outcomes]
    return replace(line, outcomes=tuple(outcomes))


def _never_taken(change: Order, standing: set[str]) -> Iterator[ResponseLine]:
    """The lines that only the refused change has."""
    for line in change.lines:
        if line.line_number not in standing:
            refused = LineOutcome(
                status="rejected",
                quantity=line.quantity,
                unit=line.unit,
                unit_code=line.unit_code,
                reason="The change was refused.",
            )
            yield ResponseLine(line_number=line.line_number, outcomes=(refused,))


def _recipient(account: Account, buyer: Party | None) -> tuple[Credential, ...]:
    """Who the account is in cXML: as it sent the order, where it is one of several, else as its terms say."""
    listed = [Credential(one.domain, one.identity) for one in account.cxml.from_] if account.cxml else []
    said = credentials_of(buyer)
    keys = {one.key() for one in said}
    return tuple(one for one in listed if one.key() in keys) or tuple(listed) or said


def _payload_id_of(work: Work) -> str | None:
    """That of the request that is answered, also where its order could not be read whole."""
    if work.read is not None or work.message.format != CXML:
        return work.read.envelope_id if work.read else None
    try:
        return read_envelope(document_and_files(work.message.body).document).payload_id
    except DocumentRejected:
        return None


def _order_date(work: Work) -> str | None:
    issued_at = work.read.order.issued_at if work.read else None
    return instant(issued_at) if issued_at is not None and issued_at.tzinfo is not None else None
