"""save and render: the order response in the account's terms, and into its mailbox."""

from __future__ import annotations

from gateway.cxml_answers import CXML, Confirmed, confirmation_envelope
from gateway.local_time import local_time
from gateway.services import Services
from gateway.store.changes import Changes, ClaimedMessage
from gateway.store.ids import now_us
from gateway.trade.response import refusal_of_unread
from gateway.work import Rendered, Work
from mappings.revision import Supplier
from schemas.documents.order_response import OrderResponse, canonical_response
from schemas.formats.registry import FORMATS


def render(work: Work, response: OrderResponse, supplier: Supplier, before: Confirmed | None = None) -> Rendered:
    """The order response as the account has agreed to get it; in the order's own format where nothing is agreed.
    `before`: what the same order was confirmed as earlier, where this changes it."""
    terms = work.account.outbound.get("order_response")
    wanted = terms.format if terms else (work.message.format or "json-1")
    if wanted not in FORMATS or "order_response" not in FORMATS[wanted].renderers:
        wanted = "json-1"
    chosen = FORMATS[wanted]
    transport = terms.way if terms else "mailbox"
    around = (confirmation_envelope(work, response, supplier, before),) if wanted == CXML else ()
    body = chosen.renderers["order_response"](response, *around)
    return Rendered(wanted, chosen.media_type, body, canonical_response(response), transport)


def keep_rendered(
    changes: Changes,
    work: Work,
    message: ClaimedMessage,
    response: OrderResponse,
    document: Rendered,
    order_id: str | None,
) -> None:
    """The order response into the account's mailbox, to be delivered as agreed."""
    changes.keep_document(
        message,
        kind="order_response",
        number=response.number,
        order_id=order_id,
        order_number=response.order_number,
        revision=work.revision.number if work.revision else 0,
        format_name=document.format_name,
        media_type=document.media_type,
        body=document.body,
        canonical=document.canonical,
        transport=document.transport,
    )


def refuse_unread(services: Services, work: Work, changes: Changes) -> None:
    """The negative answer to an order that could not be read whole, where its number could."""
    if work.answer_to is None or work.revision is None or work.settlement is None:
        return
    number = work.test_number if work.message.test else f"OR-{_next_number(services):08d}"
    response = refusal_of_unread(
        work.answer_to,
        work.settlement.faults,
        work.revision.account,
        services.supplier,
        response_number=number,
        issued_at=local_time(now_us(), work.revision),
        test=work.message.test,
        currency=work.answer_currency,
    )
    document = render(work, response, services.supplier)
    keep_rendered(changes, work, work.message, response, document, None)


def _next_number(services: Services) -> int:
    return services.store.numbers.take("order_response", 1)[0]
