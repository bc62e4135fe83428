"""What the ERP wants invoiced and credited, and when shipments were there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Response, g

from gateway.api.answers import Billed, TakenDelivery, TakenDocument, as_json
from gateway.api.backoffice.blueprint import back_office
from gateway.api.backoffice.documents import json_body, refused
from gateway.api.describe import (
    CREDIT_NOTE_REQUEST_BODY,
    DELIVERY_BODY,
    INVOICE_REQUEST_BODY,
    account_problems,
    answer,
)
from gateway.api.door import door
from gateway.api.problems import Refused
from gateway.billing_requests import BillingRefused, Told, take_delivery, take_invoice_request
from gateway.crediting import take_credit_note_request
from gateway.services import Services
from schemas.documents.billing import Delivery
from schemas.faults import DocumentRejected
from schemas.formats.json_1.reading import parse_credit_note_request, parse_delivery, parse_invoice_request

billing = back_office("billing", __name__)
_Asked = TypeVar("_Asked")
_Done = TypeVar("_Done")
_AGAIN = (
    "It is done whole, or not at all: a 422 has everything that is wrong with it. It is idempotent by its "
    "`request_number`: the same again is answered as it was, with `duplicate`; other content under a number that was "
    "used is a 409."
)
_RESPONSES = {
    200: answer(Billed, "It had been done before, with this content."),
    201: answer(Billed, "Done: the documents are in the mailbox."),
    **account_problems(409, 411, 413, 415, 422),
}


@billing.post(
    "/v1/backoffice/invoices",
    summary="Invoice what shipped",
    description="Whole shipments of an account, or lines of them in base units, at what was agreed for the orders, "
    "with the taxes of taxes.csv. What an account's terms have invoiced by itself (`outbound.invoice.when`) needs no "
    f"request. Nothing is invoiced twice, and nothing that didn't ship. {_AGAIN}",
    responses=_RESPONSES,
    openapi_extensions={"requestBody": INVOICE_REQUEST_BODY},
)
def invoice() -> Response:
    """Make the invoices that are asked for."""
    return _billed(_done(parse_invoice_request, take_invoice_request))


@billing.post(
    "/v1/backoffice/credit_notes",
    summary="Credit what came back, or was short",
    description="Lines of an invoice, in the unit that they were invoiced in, or all that is left of it. With the "
    "reason `return` the goods came back, which the order's ledger says, too. Never more is credited than was "
    f"invoiced. {_AGAIN}",
    responses=_RESPONSES,
    openapi_extensions={"requestBody": CREDIT_NOTE_REQUEST_BODY},
)
def credit() -> Response:
    """Make the credit note that is asked for."""
    return _billed(_done(parse_credit_note_request, take_credit_note_request))


@billing.post(
    "/v1/backoffice/deliveries",
    summary="Say when a shipment was there",
    description="For accounts that are invoiced once their goods are there (`when: delivered`), and the day of supply "
    "on every invoice that is made afterwards. The same again is answered as it was; another time is a 409.",
    responses={
        200: answer(TakenDelivery, "It had been noted before."),
        201: answer(TakenDelivery, "Noted."),
        **account_problems(409, 411, 413, 415, 422),
    },
    openapi_extensions={"requestBody": DELIVERY_BODY},
)
def delivery() -> Response:
    """Note it, and have what waits for it invoiced."""

    def take(services: Services, told: Delivery, key_id: str) -> TakenDelivery:
        is_again = take_delivery(services, told, key_id)
        at = told.delivered_at.isoformat()
        return TakenDelivery(shipment_number=told.shipment_number, duplicate=is_again or None, delivered_at=at)

    taken = _done(parse_delivery, take)
    return as_json(taken, 200 if taken.duplicate else 201)


def _done(parse: Callable[[bytes], _Asked], take: Callable[[Services, _Asked, str], _Done]) -> _Done:
    """Read the body and do what it asks for. Raises Refused."""
    try:
        return take(door().services, parse(json_body()), g.key_id)
    except DocumentRejected as rejected:
        raise refused(rejected.faults) from rejected
    except BillingRefused as failure:
        if not failure.faults:
            raise Refused("conflict", failure.detail) from failure
        raise refused(failure.faults, failure.detail, 422) from failure


def _billed(told: Told) -> Response:
    documents = [
        TakenDocument(id=document_id, account=account, type=kind, number=number)
        for document_id, account, kind, number in told.documents
    ]
    answered = Billed(request_number=told.number, duplicate=told.is_again or None, documents=documents)
    return as_json(answered, 200 if told.is_again else 201)
