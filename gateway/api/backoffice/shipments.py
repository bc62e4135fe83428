"""What the warehouse says has left."""

from __future__ import annotations

from flask import Response, g

from gateway.api.answers import TakenDocument, TakenPackage, TakenShipment, as_json
from gateway.api.backoffice.blueprint import back_office
from gateway.api.backoffice.documents import json_body, refused
from gateway.api.describe import SHIPMENT_BODY, account_problems, answer
from gateway.api.door import door
from gateway.api.problems import Refused
from gateway.shipping import ShipmentRefused, take_shipment
from schemas.faults import DocumentRejected
from schemas.formats.json_1 import parse_shipment

shipments = back_office("shipments", __name__)


@shipments.post(
    "/v1/backoffice/shipments",
    summary="Say what left",
    description="A shipment with its packages, and what of which order lines is in them, in products and base units. "
    "It is taken whole, or not at all: a 422 has everything that is wrong with it. What left is noted in the orders' "
    "ledgers, and a despatch advice is in the mailbox of each account and place. A package without an SSCC gets one of "
    "ours. It is idempotent by its number: the same again is answered as it was, with `duplicate`; other content under "
    "a number that was taken is a 409.",
    responses={
        200: answer(TakenShipment, "It had been taken before, with this content."),
        201: answer(TakenShipment, "Taken: the documents are in the mailboxes."),
        **account_problems(409, 411, 413, 415, 422),
    },
    openapi_extensions={"requestBody": SHIPMENT_BODY},
)
def take() -> Response:
    """Judge the shipment, write it down, and tell the accounts."""
    try:
        told = take_shipment(door().services, parse_shipment(json_body()), g.key_id)
    except DocumentRejected as rejected:
        raise refused(rejected.faults) from rejected
    except ShipmentRefused as failure:
        if not failure.faults:
            raise Refused("conflict", failure.detail) from failure
        raise refused(failure.faults, failure.detail, 422) from failure
    answered = TakenShipment(
        shipment_number=told.number,
        duplicate=told.is_again or None,
        packages=[TakenPackage(id=package, sscc=sscc) for package, sscc in told.packages.items()],
        documents=[
            TakenDocument(id=document_id, account=account, type=kind, number=number)
            for document_id, account, kind, number in told.documents
        ],
    )
    return as_json(answered, 200 if told.is_again else 201)
