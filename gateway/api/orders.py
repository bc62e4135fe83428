"""Orders: taking them in, judging them without effect, and showing how they stand."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import Any

from flask import Response, request
from flask_openapi3 import APIBlueprint

from gateway.api.answers import (
    Accepted,
    AdviceEntry,
    LedgerLineAnswer,
    OrderAnswer,
    OrderThread,
    ReleaseEntry,
    ShipmentEntry,
    ShippedQuantity,
    ValidatedLine,
    ValidatedOrder,
    ValidatedPart,
    VersionEntry,
    as_json,
    fault_answers,
    moment,
    quantity,
)
from gateway.api.bodies import media_type, read_body
from gateway.api.describe import KEY, ORDER_BODY, ORDERS, account_problems, answer, content, header, path, query
from gateway.api.door import caller, door, idempotency_key, in_path, parameter, sign_in
from gateway.api.examples import ACCEPTED
from gateway.api.messages import child_answers, entries, first_of, links_of
from gateway.api.parameters import refuse_unknown_parameters
from gateway.api.problems import Refused, not_found, unreadable
from gateway.api.waiting import OPEN
from gateway.intake import Arrival, take_in
from gateway.store.arrivals import Child, Kept
from gateway.store.contracts import Released
from gateway.store.documents import StoredDocument
from gateway.store.messages import Messages
from gateway.store.orders import LedgerLine, OrderVersion, StoredOrder
from gateway.store.shipments import OrderShipment, ShippedLine
from gateway.validation import Validated, validate
from mappings.own_format import formats_of
from schemas.documents.order import Order
from schemas.faults import Fault
from schemas.formats.registry import format_by_name

ORDERS_PATH = "/v1/orders"
_SECONDS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_DOCUMENTS_SHOWN = 1000
_CARRYING = 10
_MESSAGE_HEADER = "Gateway-Message-Id"
_DUPLICATE_HEADER = "Gateway-Duplicate"

orders = APIBlueprint("orders", __name__, abp_tags=[ORDERS], abp_security=KEY)
orders.before_request(sign_in)
orders.before_request(refuse_unknown_parameters)


@orders.post(
    ORDERS_PATH,
    summary="Send an order, a change or a cancellation",
    description="202 says that the bytes are durably stored, and nothing was judged yet: what is wrong with their "
    "content shows in the message. With `wait` the order response itself comes back, once it is there in that time. "
    "The same content again is no second order: it gets the first one's answer. A body may hold several orders: each "
    "is a message of its own, named in `children`, and one that is wrong holds up none of the others; with `wait` it "
    "is still a 202, which then comes once all of them are judged; so is a change that came too late (`stale_change`), "
    "which is `done`, changes nothing and is answered by no document. An SBDH InstanceIdentifier stands for one "
    "content, too: sent again with other content it is held.",
    responses={
        200: content(
            "With `wait`, of a body of one order: the order response (a rejection too), in your format.",
            "application/json",
            "application/xml",
            "text/csv",
            headers={
                "Location": "Address of the document: the order response stays in the mailbox.",
                _MESSAGE_HEADER: "Id of the message that this answers: `/v1/messages/{id}` shows what became of it.",
                _DUPLICATE_HEADER: "`true` where this content was received before and this is the first one's answer "
                "again; absent otherwise.",
            },
        ),
        202: answer(
            Accepted,
            "Durably stored; with `wait`, not answered in that time, held, rejected without an answer, or done without "
            "one (a `stale_change`, or none was asked for), or a body of several orders, whose answers are documents "
            "of your mailbox.",
            {"Location": "Address of the message."},
            examples=ACCEPTED,
        ),
        **account_problems(411, 413, 415, 422, 429),
    },
    openapi_extensions={
        "parameters": [
            query(
                "wait",
                "Seconds to wait for the order response, or for those of all orders in the body. Where too many wait "
                "already, the 202 comes at once.",
                {"type": "number", "minimum": 0, "maximum": 30},
            ),
            header(
                "Idempotency-Key",
                "A name of your own for this request. Sent again with the same content it has no second effect; with "
                "other content it is refused.",
                {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
            ),
        ],
        "requestBody": ORDER_BODY,
    },
)
def send_order() -> Response:
    """Keep what came, ring for it, and answer; with `wait`, once it is judged."""
    sender, here = caller(), door()
    seconds = _wait_seconds(here.max_wait)
    key = idempotency_key()
    sent_type = media_type(request.environ)
    mapping = here.mapping(sender.account_id)
    account = mapping.account
    here.rate.count(account.id, account.policies.order_rate_per_minute)
    body = read_body(request.environ, here.services.limits)
    arrival = Arrival(
        account, sender.test, body, "http", sent_type, key, formats=formats_of(mapping), revision=mapping.number
    )
    taken = take_in(here.services, arrival)
    refuse_unkept(taken.kept, taken.faults)
    return _answer_once_settled(taken.kept, seconds) if seconds else _accepted(taken.kept)


@orders.post(
    "/v1/orders/validate",
    summary="Judge an order without effect",
    description="The order as we read it, its lines in our products and units, and everything that is wrong with it. "
    "Nothing is stored, and how much is in stock is not asked. What can't be read, or is in no format agreed with you, "
    "is a fault in a 200 here; 415 is for a `Content-Type` or `Content-Encoding` that isn't taken.",
    responses={
        200: answer(ValidatedOrder, "What we make of it, faults included."),
        **account_problems(411, 413, 415, 429),
    },
    openapi_extensions={"requestBody": ORDER_BODY},
)
def validate_order() -> Response:
    """Read and check the document; store nothing."""
    sender, here = caller(), door()
    media_type(request.environ)
    account = here.account(sender.account_id)
    here.rate.count(account.id, account.policies.order_rate_per_minute, "validations")
    judged = validate(here.services, account.id, sender.test, read_body(request.environ, here.services.limits))
    orders = [ValidatedPart(**_validated(one)) for one in judged.orders]
    return as_json(ValidatedOrder(**_validated(judged), orders=orders or None))


def _validated(judged: Validated) -> dict[str, Any]:
    return {
        "order": None if judged.order is None else _as_json_1(judged.order),
        "lines": [ValidatedLine.model_validate(line) for line in judged.lines],
        "faults": fault_answers(judged.faults),
    }


@orders.get(
    "/v1/orders/<order_number:order_number>",
    summary="One order with its quantities",
    description="How the order stands: for each line what was ordered and what became of it, in your units; what left "
    "in which shipment; and every document that belongs to it. ordered + raised = confirmed + backordered + rejected + "
    "cancelled + open; raised is what we added to make whole packs, where that is agreed. What was held or refused is "
    "on no books: then the 404 names your messages under that number. Test orders show under a live key and the other "
    "way round; each order's documents are answered to the kind of key alone with which it was sent.",
    responses={200: answer(OrderThread, "The order's thread."), **account_problems(404)},
    openapi_extensions={
        "parameters": [path("order_number", "Your order number, percent-encoded; a slash may stand as it is.")]
    },
)
def one_order() -> Response:
    """The account's newest order of this number, and the others."""
    order_number = in_path("order_number")
    sender, store = caller(), door().services.store
    found = [] if "\0" in order_number else store.orders.by_number(sender.account_id, order_number)
    if not found:
        raise _not_on_the_books(order_number)
    newest, *others = sorted(found, key=lambda order: order.test != sender.test)
    kept = store.documents.page(
        sender.account_id, kind=None, order_number=order_number, after=None, limit=_DOCUMENTS_SHOWN
    )
    return as_json(
        OrderThread(
            **_order_members(newest, kept),
            others=[OrderAnswer(**_order_members(order, kept)) for order in others],
        )
    )


def _not_on_the_books(order_number: str) -> Refused:
    """404, with the account's own newest messages under the number: what is held or refused is found there only."""
    sender, messages = caller(), door().services.store.messages
    carrying = [] if "\0" in order_number else messages.of_order_number(order_number, sender.account_id, _CARRYING)
    if not carrying:
        return not_found()
    named = ", ".join(f"{links_of(one.id).message} ({one.status})" for one in carrying)
    return Refused("not_found", f"No order of this number is on the books; it came in {named}.")


def _as_json_1(order: Order) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(format_by_name("json-1").renderers["order"](order))
    return written


def _wait_seconds(longest: float) -> float:
    text = parameter("wait")
    if text is None:
        return 0.0
    if not _SECONDS.fullmatch(text) or float(text) > 30:
        raise Refused("bad_parameter", "wait must be a number of seconds from 0 to 30.")
    return min(float(text), longest)


def _accepted(kept: Kept) -> Response:
    """202: what is known without waiting. A resend names the message that answers for it."""
    message_id, status = answering(door().services.store.messages, caller().account_id, kept)
    return accepted_answer(message_id, status, duplicate=kept.duplicate, children=kept.children)


def refuse_unkept(kept: Kept, faults: Sequence[Fault]) -> None:
    """Raises Refused where the document was not taken, or kept as one that can't be read."""
    if kept.key_conflict:
        raise Refused("idempotency_key_reused", "This Idempotency-Key came with other content before.")
    if faults and not kept.duplicate:
        raise unreadable(kept.message_id, faults)


def answering(repository: Messages, account_id: str, kept: Kept) -> tuple[str, str]:
    """Id and status of the message that answers for what was kept."""
    if not kept.duplicate or kept.status != "duplicate":
        return kept.message_id, kept.status
    stored = repository.one(account_id, kept.message_id)
    if stored is None:
        raise not_found()
    first = first_of(repository, stored)
    return first.id, first.status


def _answer_once_settled(kept: Kept, seconds: float) -> Response:
    """200 with the order response where it is there in time, else 202 with what is known."""
    if kept.children:
        return _accepted_once_settled(kept, seconds)
    waiting = door().waiting
    message_id = kept.message_id
    status = waiting.until_settled(message_id, seconds)
    if status == "duplicate":
        again = Kept(message_id, status, duplicate=True)
        message_id, status = answering(door().services.store.messages, caller().account_id, again)
        if status in OPEN:
            status = waiting.until_settled(message_id, seconds)
    duplicate = kept.duplicate or message_id != kept.message_id
    document = None if status in OPEN else _order_response(message_id)
    if document is None:
        faults = [] if status in OPEN else door().services.store.messages.faults(message_id)
        return accepted_answer(message_id, str(status), duplicate=duplicate, faults=faults)
    headers = {"Location": f"/v1/documents/{document.id}", _MESSAGE_HEADER: message_id}
    if duplicate:
        headers[_DUPLICATE_HEADER] = "true"
    body = door().services.store.documents.body(document.id)
    return Response(body, 200, headers=headers, content_type=document.media_type)


def _accepted_once_settled(kept: Kept, seconds: float) -> Response:
    """202 for a body of several orders, whose answers are no one document: as soon as each of them is settled."""
    deadline = time.monotonic() + seconds
    for child in kept.children:
        if child.status in OPEN:
            door().waiting.until_settled(child.message_id, max(0.0, deadline - time.monotonic()))
    children = door().services.store.messages.children(kept.message_id)
    return accepted_answer(kept.message_id, kept.status, duplicate=kept.duplicate, children=children)


def _order_response(message_id: str) -> StoredDocument | None:
    """The last order response that came of the message."""
    came = door().services.store.documents.of_messages([message_id])
    return next((document for document in reversed(came) if document.type == "order_response"), None)


def accepted_answer(
    message_id: str, status: str, *, duplicate: bool, faults: Sequence[Fault] = (), children: Sequence[Child] = ()
) -> Response:
    """202 for a message that is kept."""
    links = links_of(message_id)
    answered = Accepted.model_construct(
        message_id=message_id,
        status=status,
        duplicate=duplicate or None,
        faults=fault_answers(faults) or None,
        children=child_answers(children) or None,
        links=links,
    )
    return as_json(answered, 202, {"Location": links.message})


def _order_members(order: StoredOrder, kept: list[StoredDocument]) -> dict[str, Any]:
    store = door().services.store
    versions = store.orders.versions(order.id)
    items, is_blanket, ledger = _items(versions), order.order_type == "blanket", store.orders.ledger(order.id)
    return {
        "order_number": order.order_number,
        "test": order.test,
        "version": order.version,
        "order_version": versions[-1].order_version,
        "status": order.status,
        "outcome": order.outcome,
        "order_type": order.order_type,
        "currency": order.currency,
        "issue_date": order.issue_date,
        "message_id": order.message_id,
        "mapping_revision": order.mapping_revision,
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "versions": [
            VersionEntry(version=one.version, order_version=one.order_version, message_id=one.message_id)
            for one in versions
        ],
        "lines": [_ledger_line(line, items.get(line.line_number, {})) for line in ledger],
        "shipments": [_shipment(one, ledger) for one in store.shipments.of_order(order.id)],
        "releases": [_release(one) for one in store.contracts.released(order.id)] if is_blanket else [],
        "documents": entries(one for one in kept if one.order_id in (order.id, None)),
    }


def _shipment(one: OrderShipment, ledger: Sequence[LedgerLine]) -> ShipmentEntry:
    lines = {line.line_number: line for line in ledger}
    return ShipmentEntry(
        shipment_number=one.number,
        shipped_at=moment(one.shipped_at),
        estimated_delivery=one.estimated_delivery,
        carrier=one.carrier,
        tracking=one.tracking,
        despatch_advices=[AdviceEntry(number=number, document_id=document) for number, document in one.advices],
        lines=[_shipped(part, lines[part.line_number]) for part in one.lines],
    )


def _shipped(part: ShippedLine, line: LedgerLine) -> ShippedQuantity:
    return ShippedQuantity(
        line_number=part.line_number,
        quantity=quantity(line.in_unit(part.base_quantity)),
        unit=line.unit,
        base_quantity=quantity(part.base_quantity),
        base_unit=line.base_unit,
    )


def _release(one: Released) -> ReleaseEntry:
    return ReleaseEntry(
        order_number=one.order_number,
        product=one.product,
        base_quantity=quantity(one.base_quantity),
        amount=f"{one.amount:f}",
    )


def _items(versions: Sequence[OrderVersion]) -> dict[str, dict[str, Any]]:
    """Line number → the line as it was ordered last; also one that a later version doesn't have."""
    return {line["line_number"]: line for one in versions for line in json.loads(one.canonical)["lines"]}


def _ledger_line(line: LedgerLine, ordered: dict[str, Any]) -> LedgerLineAnswer:
    return LedgerLineAnswer(
        line_number=line.line_number,
        buyer_item=ordered.get("buyer_item"),
        seller_item=ordered.get("seller_item"),
        gtin=ordered.get("gtin"),
        product=line.product,
        unit=line.unit,
        ordered=quantity(line.ordered),
        raised=quantity(line.raised),
        confirmed=quantity(line.confirmed),
        backordered=quantity(line.backordered),
        rejected=quantity(line.rejected),
        cancelled=quantity(line.cancelled),
        open=quantity(line.open),
        shipped=quantity(line.shipped),
        returned=quantity(line.returned),
        invoiced=quantity(line.invoiced),
        credited=quantity(line.credited),
        base_unit=line.base_unit,
        base_shipped=quantity(line.base_shipped),
        base_returned=quantity(line.base_returned),
        base_invoiced=quantity(line.base_invoiced),
        base_credited=quantity(line.base_credited),
    )
