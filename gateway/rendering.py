"""save and render: the order response in the account's terms, and into its mailbox."""

from __future__ import annotations

from dataclasses import replace

from gateway.cxml_answers import CXML, confirmation_envelope
from gateway.local_time import local_time
from gateway.services import Services
from gateway.standing_orders import Confirmed, as_it_stands
from gateway.store.changes import Changes, ClaimedMessage
from gateway.store.ids import now_us
from gateway.trade.allocation import release
from gateway.trade.decision import Decision
from gateway.trade.response import refusal_of_unread
from gateway.trade.stock import Stock
from gateway.work import Rendered, Work
from mappings.own_format import CUSTOM, formats_of
from mappings.revision import Supplier
from schemas.documents.order_response import OrderResponse, canonical_response
from schemas.faults import DocumentHeld, Fault
from schemas.formats import Format
from schemas.formats.registry import FORMATS


def render(work: Work, response: OrderResponse, supplier: Supplier, before: Confirmed | None = None) -> Rendered:
    """The order response as the account has agreed to get it; in the order's own format where nothing is agreed.
    `before`: what the same order was confirmed as earlier, where this changes it.

    Raises DocumentHeld where the account's own layout can't hold it.
    """
    chosen, terms = format_of_answer(work), work.account.outbound.get("order_response")
    transport = terms.way if terms else "mailbox"
    around = (confirmation_envelope(work, response, supplier, before),) if chosen.name == CXML else ()
    body = chosen.renderers["order_response"](response, *around)
    media_type = chosen.media_type_of("order_response")
    within = terms.answer_within if terms else None
    return Rendered(chosen.name, media_type, body, canonical_response(response), transport, within)


def format_of_answer(work: Work) -> Format:
    """The format in which the account gets the order response."""
    terms, formats = (
        work.account.outbound.get("order_response"),
        formats_of(work.revision) if work.revision else FORMATS,
    )
    wanted = formats.get(terms.format if terms else (work.message.format or "json-1"))
    return wanted if wanted is not None and "order_response" in wanted.renderers else formats["json-1"]


def answered(
    work: Work, decision: Decision, supplier: Supplier, stock: Stock, before: Confirmed | None = None
) -> tuple[Decision, Rendered | None]:
    """The decision with its document; held, and nothing taken, where the account's own layout can't hold the answer."""
    if decision.response is None:
        return decision, None
    try:
        if decision.verdict == "rejected" and before is not None and _reads_as_the_orders(work):
            return decision, _refusal_beside_the_order(work, decision.response, supplier, before)
        return decision, render(work, decision.response, supplier, before)
    except DocumentHeld as held:
        return _held(decision, held.faults, stock), None


def _reads_as_the_orders(work: Work) -> bool:
    """Whether a rejection would read as that of the order that stands: one of what came as a new order would, and in
    cXML, which has no other word, one of a change as well."""
    return work.order.function == "original" or format_of_answer(work).name == CXML


def _refusal_beside_the_order(
    work: Work, refusal: OrderResponse, supplier: Supplier, before: Confirmed
) -> Rendered | None:
    """The refusal of what came under the number of an order that stands. Of a change it is kept as the refusal that it
    is, for formats that name the change; what came as a new order has no other name than the order's."""
    told = as_it_stands(work, refusal, before)
    if told is None:
        return None
    rendered = render(work, told, supplier, replace(before, is_refusal=True))
    is_change = work.order.function != "original"
    return replace(rendered, canonical=canonical_response(refusal)) if is_change else rendered


def foreseen(work: Work, decision: Decision, stock: Stock) -> Decision:
    """What `answered` would make of the decision, without its document."""
    chosen = format_of_answer(work)
    if decision.response is None or chosen.name != CUSTOM:
        return decision
    try:
        chosen.renderers["order_response"](decision.response)
    except DocumentHeld as held:
        return _held(decision, held.faults, stock)
    return decision


def _held(decision: Decision, faults: tuple[Fault, ...], stock: Stock) -> Decision:
    release(stock, decision.allocations)
    return Decision("held", (*decision.faults, *faults))


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
        answer_within=document.answer_within,
    )


def refuse_unread(services: Services, work: Work, changes: Changes) -> None:
    """The negative answer to an order that could not be read whole, where its number could. Held, where the account's
    own layout can't hold the answer."""
    if work.answer_to is None or work.revision is None or work.settlement is None or _stands(services, work):
        return
    number = work.test_number if work.is_test else f"OR-{_next_number(services):08d}"
    response = refusal_of_unread(
        work.answer_to,
        work.settlement.faults,
        work.revision.account,
        services.supplier,
        response_number=number,
        issued_at=local_time(now_us(), work.revision),
        test=work.is_test,
        currency=work.answer_currency,
    )
    try:
        document = render(work, response, services.supplier)
    except DocumentHeld as held:
        work.end("hold", (*work.settlement.faults, *held.faults), "decode")
        return
    keep_rendered(changes, work, work.as_judged, response, document, None)


def _stands(services: Services, work: Work) -> bool:
    """Whether an order of this number is on the books: the refusal of what came under it now would read as that
    order's."""
    found = services.store.orders.by_number(work.message.account_id, work.answer_to or "")
    return any(order.test == work.is_test for order in found)


def _next_number(services: Services) -> int:
    return services.store.numbers.take("order_response", 1)[0]
