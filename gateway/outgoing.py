"""A document of ours on its way out: written as agreed with its account, or as json-1 where that can't hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.store.outbox import Outbound
from mappings.own_format import format_sent
from mappings.revision import MappingRevision
from schemas.documents.common import AnyDocument
from schemas.faults import DocumentHeld
from schemas.formats import Format
from schemas.formats.json_1 import JSON_1

Write = Callable[[Format], bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """What a document came of: the stream that its events stand in, and its orders, id → number."""

    stream: str
    orders: Mapping[str, str]


def outgoing(
    revision: MappingRevision, kind: str, number: str, document: AnyDocument, source: Source, write: Write
) -> tuple[Outbound, str | None]:
    """The document as the account gets it; as json-1 where nothing is agreed, where the format has no such document, or
    where the account's own layout can't hold it: then also why it couldn't."""
    terms, why_not = revision.account.terms_of(kind), None
    chosen = format_sent(revision, kind)
    try:
        body = write(chosen)
    except DocumentHeld as held:
        chosen, why_not = JSON_1, held.faults[0].detail
        body = write(chosen)
    ((order_id, order_number),) = source.orders.items() if len(source.orders) == 1 else ((None, None),)
    outbound = Outbound(
        account_id=revision.account.id,
        kind=kind,
        number=number,
        source=source.stream,
        order_id=order_id,
        order_number=order_number,
        test=False,
        revision=revision.number,
        format_name=chosen.name,
        media_type=chosen.media_type_of(kind),
        body=body,
        canonical=JSON_1.renderers[kind](document).decode(),
        transport=terms.way if terms else "mailbox",
        answer_within=terms.answer_within if terms else None,
    )
    return outbound, why_not
