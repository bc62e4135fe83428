"""The cXML endpoint: whatever comes is answered with HTTP 200 and a cXML Response, refusals and failures too."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime

from flask import Response, current_app, g, request
from flask_openapi3 import APIBlueprint

from gateway.api.bodies import read_body
from gateway.api.describe import CXML_BODY, ORDERS, content
from gateway.api.door import Door, door
from gateway.api.problems import Refused
from gateway.api.reference import base_address
from gateway.cxml_intake import TAKEN, CxmlDoor, Told
from gateway.cxml_names import payload_id
from gateway.cxml_senders import CxmlSenders
from gateway.services import Services
from gateway.store.database import StoreUnavailable
from gateway.store.ids import new_id
from mappings.account import Account
from schemas.formats.cxml_1_2.responses import Transaction, profile_response, response

CXML_PATH = "/v1/cxml"
_MEDIA_TYPE = "text/xml; charset=utf-8"
_SINCE = datetime(2026, 11, 26, tzinfo=UTC)
"""Since when the profile holds: the day on which what it says was changed last."""
_ORDER_OPTIONS = {"attachments": "yes", "changes": "yes"}

logger = logging.getLogger(__name__)
cxml = APIBlueprint("cxml", __name__, abp_tags=[ORDERS])


@cxml.post(
    CXML_PATH,
    summary="Send a cXML request",
    description="For systems that speak cXML 1.2: `OrderRequest` (new, update, delete), `StatusUpdateRequest` (what "
    "became of a document of ours) and `ProfileRequest`. There is "
    "no `Authorization`: the Sender's credential in the document authenticates, with an account's key, or the secret "
    "agreed, as its `SharedSecret`; From selects the account, and To must be us. A `multipart/related` body brings "
    "attachments. HTTP's status is always 200, and Status says what became of it: 200 stored, before any decision, and "
    "again for a repeated `payloadID`; 400 can't be read, or isn't for us; 401 not authenticated; 450 a request that "
    "isn't taken; 500 and 503 not stored, or more than agreed: send the same again. The `ConfirmationRequest` follows "
    "as a document of its own, in the mailbox. A `payloadID` that comes again with other content is held.",
    responses={200: content("A cXML Response, refusals and failures too.", "text/xml")},
    openapi_extensions={"requestBody": CXML_BODY},
)
def receive() -> Response:
    """Keep what came and say so in cXML."""
    try:
        body = read_body(request.environ, door().services.limits)
        told = _cxml_door().take(request.headers.get("Content-Type", ""), body)
    except Refused as refused:
        return _refusal(refused)
    except StoreUnavailable as failure:
        logger.warning("the database did not take it: %s", failure)
        return _counted(
            Told(503, "It could not be stored durably, so it was not taken. Send the same again."),
            {"Retry-After": str(math.ceil(failure.after_seconds))},
        )
    except Exception:
        failure_id = new_id()
        logger.exception("cXML request failed, %s: a bug", failure_id)
        text = f"The gateway failed at this request. Name {failure_id} when you ask about it."
        return _counted(Told(500, text))
    if told.key_id is not None:
        g.key_id = told.key_id
    return _profile() if told.wants_profile else _counted(told)


def build_cxml_door(web: Door) -> CxmlDoor:
    """The endpoint's own part of the door."""
    services = web.services

    def count(account: Account) -> None:
        web.rate.count(account.id, account.policies.order_rate_per_minute)

    return CxmlDoor(services, CxmlSenders(services.store, services.secrets), web.account, count, web.refusals)


def _counted(told: Told, headers: dict[str, str] | None = None) -> Response:
    door().metrics.count_cxml(told.code)
    return cxml_answer(door().services, told, headers)


def cxml_answer(services: Services, told: Told, headers: dict[str, str] | None = None) -> Response:
    """HTTP 200 with the Response."""
    now = datetime.now(UTC)
    written = response(_own_id(services, told.message_id), now, told.code, told.text)
    return Response(written, 200, headers=headers, content_type=_MEDIA_TYPE)


def refused_by_server_as_cxml(web: Door, refused: Refused) -> Response:
    """For a request that never reached the application."""
    told = _told(refused)
    web.metrics.count_cxml(told.code)
    return cxml_answer(web.services, told)


def _refusal(refused: Refused) -> Response:
    headers = {name: text for name, text in (refused.headers or {}).items() if name == "Retry-After"}
    return _counted(_told(refused), headers)


def _told(refused: Refused) -> Told:
    """What HTTP would say by its status, as cXML says it: over rate is for another try, all else is for the sender."""
    if refused.status == 429:
        return Told(503, refused.detail)
    return Told(500 if refused.status >= 500 else 400, refused.detail)


def _profile() -> Response:
    services, url = door().services, f"{base_address()}{CXML_PATH}"
    taken = [Transaction("OrderRequest", url, _ORDER_OPTIONS), *(Transaction(one, url) for one in TAKEN[1:])]
    door().metrics.count_cxml(200)
    written = profile_response(_own_id(services, None), datetime.now(UTC), _SINCE, taken)
    return Response(written, 200, content_type=_MEDIA_TYPE)


def _own_id(services: Services, message_id: str | None) -> str:
    """The Response's payloadID: begins with the message that was kept, so that either finds the other."""
    own = new_id()
    return payload_id(services.supplier, own if message_id is None else f"{message_id}.{own}")


def _cxml_door() -> CxmlDoor:
    found: CxmlDoor = current_app.extensions["cxml"]
    return found
