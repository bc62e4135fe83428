"""The mailbox: what we have sent the account, each document in its own format or another one."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request
from flask_openapi3 import APIBlueprint

from gateway.api.answers import DocumentPage, Receipt, as_json, moment
from gateway.api.bodies import read_body
from gateway.api.describe import DOCUMENTS, KEY, RECEIPT_BODY, account_problems, answer, content, path, query
from gateway.api.door import caller, door, in_path, parameter, sign_in, whole_number
from gateway.api.messages import entries
from gateway.api.parameters import refuse_unknown_parameters
from gateway.api.problems import Refused, not_found
from gateway.rendered_anew import formats_for, rendered_anew
from gateway.store.answers import RECEIPT, Said
from gateway.store.documents import DOCUMENT_TYPES, StoredDocument
from gateway.store.ids import now_us
from schemas.documents.application_response import DocumentReceipt, told_reasons
from schemas.faults import DocumentHeld, DocumentRejected
from schemas.formats import Format
from schemas.formats.json_1.reading import document_in

_PAGE, _LARGEST_PAGE = 100, 1000

documents = APIBlueprint("documents", __name__, abp_tags=[DOCUMENTS], abp_security=KEY)
documents.before_request(sign_in)
documents.before_request(refuse_unknown_parameters)


@documents.get(
    "/v1/documents",
    summary="The mailbox",
    description="Oldest first. Follow `next` until it is null; later go on from there with the last document's id in "
    "`after`, and none is missed. What was sent with a test key is answered to test keys alone, and nothing else to "
    "them.",
    responses={200: answer(DocumentPage, "A page."), **account_problems()},
    openapi_extensions={
        "parameters": [
            query("type", "Only documents of this type.", {"type": "string", "enum": list(DOCUMENT_TYPES)}),
            query("order_number", "Only those of this order.", {"type": "string", "minLength": 1, "maxLength": 1000}),
            query(
                "message_id",
                "Only those that answer this message, or the orders of its body; all on one page.",
                {"type": "string", "minLength": 1},
            ),
            query("after", "`next` of the page before, or a document's id.", {"type": "string", "minLength": 1}),
            query(
                "limit",
                f"Documents on a page, {_PAGE} where not given.",
                {"type": "integer", "minimum": 1, "maximum": _LARGEST_PAGE},
            ),
        ]
    },
)
def list_documents() -> Response:
    """A page of the account's documents."""
    kind = parameter("type")
    if kind is not None and kind not in DOCUMENT_TYPES:
        raise Refused("bad_parameter", f"type must be one of {', '.join(DOCUMENT_TYPES)}.")
    order_number, message_id = parameter("order_number"), parameter("message_id")
    limit = whole_number("limit", _PAGE, 1, _LARGEST_PAGE)
    after = _cursor(parameter("after"))
    if message_id is not None:
        return as_json(_of_message(message_id, kind, order_number))
    found = _page(kind, order_number, after, limit + 1)
    more = len(found) > limit
    return as_json(DocumentPage(documents=entries(found[:limit]), next=found[limit - 1].cursor if more else None))


@documents.get(
    "/v1/documents/<document_id>",
    summary="One document",
    description="In the format agreed with you; in another one by `format`, or by `Accept` with its media type.",
    responses={
        200: content("The document.", "application/json", "application/xml", "text/csv"),
        **account_problems(404, 406),
    },
    openapi_extensions={
        "parameters": [
            path("document_id", "From the mailbox."),
            query("format", "A format's name, such as `json-1`. It goes before `Accept`.", {"type": "string"}),
        ]
    },
)
def one_document() -> Response:
    """A document of this account, as stored or rendered anew."""
    stored = _own_document(in_path("document_id"))
    chosen = _chosen_format(stored)
    store = door().services.store
    if chosen is None:
        body, sent_type = store.documents.body(stored.id), stored.media_type
    else:
        body = _rendered(stored, chosen)
        sent_type = chosen.media_type_of(stored.type)
    return Response(body, 200, headers={"Vary": "Accept"}, content_type=sent_type)


@documents.post(
    "/v1/documents/<document_id>/receipt",
    summary="Say that you have it, or what became of it",
    description="Without a body: that you have it. With one also whether you take it, or why you don't: a document "
    "that is `rejected` or `queried` is a problem to our people until it is settled. May be said again; the first time "
    "counts. A UBL ApplicationResponse, or a cXML StatusUpdateRequest, says the same where orders are sent to.",
    responses={200: answer(Receipt, "Noted, with the time when it was said first."), **account_problems(404, 413)},
    openapi_extensions={"parameters": [path("document_id", "From the mailbox.")], "requestBody": RECEIPT_BODY},
)
def receipt() -> Response:
    """Note the account's word that it has the document, or what it says of it."""
    stored = _own_document(in_path("document_id"))
    told = _told(read_body(request.environ, door().services.limits))
    said = Said(
        document_id=stored.id,
        account_id=stored.account_id,
        at=now_us(),
        kind=RECEIPT,
        word=told.status,
        reasons=told_reasons(list(told.reasons)),
        number=told.number,
    )
    at = door().services.store.answers.keep(said)
    return as_json(Receipt(id=stored.id, received_at=moment(at), status=said.word))


def _told(body: bytes) -> DocumentReceipt:
    """What the body says. Raises Refused with every fault of it."""
    if not body.strip():
        return DocumentReceipt()
    try:
        return document_in(DocumentReceipt, "receipt", body)
    except DocumentRejected as rejected:
        first = rejected.faults[0]
        raise Refused(first.code, first.detail, faults=rejected.faults) from rejected


def _own_document(document_id: str) -> StoredDocument:
    """The caller's document. Raises Refused where there is none, or it is another account's."""
    repository, who = door().services.store.documents, caller()
    stored = None if "\0" in document_id else repository.one(who.account_id, document_id, test_key=who.test)
    if stored is None:
        raise not_found()
    return stored


def _cursor(after: str | None) -> str | None:
    """The mailbox's cursor behind a page, or behind the document of this id."""
    if after is None or "-" in after:
        return after
    stored = door().services.store.documents.one(caller().account_id, after, test_key=caller().test)
    if stored is None:
        raise _no_cursor()
    return stored.cursor


def _page(kind: str | None, order_number: str | None, after: str | None, limit: int) -> list[StoredDocument]:
    try:
        return door().services.store.documents.page(
            caller().account_id,
            kind=kind,
            order_number=order_number,
            after=after,
            limit=limit,
            test_key=caller().test,
        )
    except ValueError as error:
        raise _no_cursor() from error


def _no_cursor() -> Refused:
    return Refused("bad_parameter", "after is neither `next` of a page of this mailbox nor the id of a document in it.")


def _of_message(message_id: str, kind: str | None, order_number: str | None) -> DocumentPage:
    """What answers one message, all on one page: of a body of several orders that of each. Nothing where there is no
    such message, or it is not the caller's."""
    repository = door().services.store.messages
    message = None if "\0" in message_id else repository.one(caller().account_id, message_id)
    if message is None or message.test_key != caller().test:
        return DocumentPage(documents=[], next=None)
    found = [
        document
        for document in door().services.store.documents.of_messages(repository.answering(message))
        if kind in (None, document.type) and order_number in (None, document.order_number)
    ]
    return DocumentPage(documents=entries(found), next=None)


def _chosen_format(stored: StoredDocument) -> Format | None:
    """The format asked for, None for the one it is stored in. Raises Refused where it isn't to be had."""
    available = _available(stored.type)
    wanted = parameter("format")
    if wanted is not None:
        if wanted == stored.format:
            return None
        if wanted not in available:
            raise _not_acceptable(stored, available)
        return available[wanted]
    return _by_accept(stored, available)


def _by_accept(stored: StoredDocument, available: Mapping[str, Format]) -> Format | None:
    """By media type; the stored one wins where the client likes another one no better."""
    accept = request.accept_mimetypes
    if not accept or accept.quality(stored.media_type) == accept.quality("*/*") == 1:
        return None
    best, liked = None, accept.quality(stored.media_type)
    for known in available.values():
        if accept.quality(known.media_type_of(stored.type)) > liked:
            best, liked = known, accept.quality(known.media_type_of(stored.type))
    if liked == 0:
        raise _not_acceptable(stored, available)
    return best


def _available(kind: str) -> Mapping[str, Format]:
    """The formats that a document of this type can be rendered in, for this account."""
    return formats_for(kind, door().mapping(caller().account_id))


def _not_acceptable(stored: StoredDocument, available: Mapping[str, Format]) -> Refused:
    names = {name: known.media_type_of(stored.type) for name, known in available.items()}
    names = {stored.format: stored.media_type, **names}
    listed = ", ".join(f"{name} ({media_type})" for name, media_type in names.items())
    return Refused("not_acceptable", f"This document is to be had as {listed}.")


def _rendered(stored: StoredDocument, chosen: Format) -> bytes:
    """The same document in another format. Raises Refused where that can't hold it."""
    try:
        return rendered_anew(door().services.store.documents, stored, chosen)
    except DocumentHeld as held:
        detail = f"This document can't be written in {chosen.name}: {held.faults[0].detail}"
        raise Refused("not_acceptable", detail) from held
