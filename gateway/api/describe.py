"""The parts of the OpenAPI document that several routes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_openapi3 import Info, SecurityScheme, Tag

from gateway.api.answers import Answer, Problem
from gateway.api.bodies import MEDIA_TYPES
from gateway.api.examples import ANSWERS as ANSWER_EXAMPLES
from gateway.api.examples import (
    CREDIT_NOTE_REQUEST,
    CXML_ORDER,
    DELIVERY,
    INVOICE_REQUEST,
    ORDERS_SENT,
    SHIPMENT,
    UBL_ORDER,
)
from gateway.api.problems import PROBLEM_TYPE
from schemas.documents.application_response import LONGEST_REASON, MOST_REASONS, WORDS
from schemas.formats import MAX_ORDERS

KEY: list[dict[str, list[Any]]] = [{"key": []}]
OFFICE_KEY: list[dict[str, list[Any]]] = [{"office_key": []}]
SECURITY_SCHEMES: dict[str, SecurityScheme | dict[str, Any]] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "Your account's key, as `Authorization: Bearer gw_live_…`. Orders sent with a test key, "
        "`gw_test_…`, are answered in full and touch neither stock nor numbers.",
    },
    "office_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of the supplier's own systems, as `Authorization: Bearer gw_office_…`. Accounts' keys "
        "are refused there, and it is refused everywhere else.",
    },
}
INFO = Info(
    title="Order gateway",
    version="1",
    description="Send purchase orders in the format you have agreed with us, and fetch what we answer. "
    "Quantities, prices and amounts are exact decimals: JSON strings or numbers in, strings out. Times carry an "
    "offset; dates without a time are your local dates. What isn't yours answers exactly as what doesn't exist. "
    "A query parameter that an operation with parameters doesn't know is refused (`bad_parameter`), never ignored. "
    "Every error is `application/problem+json` (RFC 9457) with a permanent `code`. A method that an address doesn't "
    "take is answered 405 (`method_not_allowed`), with those that it takes in `Allow`.",
)
ORDERS = Tag(name="Orders", description="Send orders, changes and cancellations, and follow them.")
DOCUMENTS = Tag(name="Documents", description="Your mailbox: everything we have sent you, oldest first.")
INVENTORY = Tag(name="Inventory", description="What you may still order of your items.")
BACK_OFFICE = Tag(
    name="Back office",
    description="For the supplier's own systems (ERP, WMS), under a key of theirs. An account's key is refused here, "
    "whatever it asks for.",
)
REFERENCE = Tag(name="Reference", description="This description, and the schemas of our JSON documents.")
OPERATION = Tag(name="Operation", description="For monitoring; no key is needed.")


def answer(
    model: type[Answer],
    description: str,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
    example: Mapping[str, Any] | None = None,
    examples: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A response with this model as its body; of what is no problem, an example: the model's, unless one is given, or
    several by name."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    described = {
        name: {"description": text, "schema": {"type": "string"}, "required": True}
        for name, text in (headers or {}).items()
    }
    body: dict[str, Any] = {"schema": schema}
    if examples is not None:
        body["examples"] = examples
    elif model is not Problem:
        body["example"] = example or ANSWER_EXAMPLES[model.__name__]
    response: dict[str, Any] = {"description": description, "content": {media_type: body}}
    return {**response, "headers": described} if described else response


def content(
    description: str,
    *media_types: str,
    headers: Mapping[str, str] | None = None,
    examples: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A response whose body is a document: an object as JSON, else text. `examples` are by media type."""
    bodies: dict[str, Any] = {name: _body_schema(name) for name in media_types}
    for name, example in (examples or {}).items():
        bodies[name]["example"] = example
    described = {name: {"description": text, "schema": {"type": "string"}} for name, text in (headers or {}).items()}
    return {"description": description, "content": bodies, **({"headers": described} if described else {})}


def problems(*statuses: int) -> dict[str | int | Any, Any]:
    """The problems that a route may answer, besides those that every route of its kind may."""
    return {str(status): _problem(status) for status in statuses}


def account_problems(*others: int) -> dict[str | int | Any, Any]:
    """The problems of a route that needs an account's key."""
    return problems(400, 401, 403, 500, 503, *others)


def _problem(status: int) -> dict[str, Any]:
    headers = _RETRY_AFTER if status in (429, 503) else None
    return answer(Problem, PROBLEMS[status], headers, PROBLEM_TYPE)


_RETRY_AFTER = {"Retry-After": "Seconds after which the same request may be sent again."}
PROBLEMS: Mapping[int, str] = {
    400: "A parameter is unknown or can't be read, or the document can't be read.",
    401: "No key, or none that is live.",
    403: "A key that may not do this.",
    404: "No such thing, or not yours.",
    405: "The address doesn't take this method. Any address may answer so.",
    406: "Not to be had in the format asked for; those that are are named.",
    409: "It contradicts what stands, which `detail` says.",
    411: "This server needs a Content-Length.",
    413: "Larger than the limit named.",
    415: "A media type, encoding or format that isn't taken, or isn't agreed with you.",
    422: "The Idempotency-Key came with other content before; of what the supplier's systems send: it contradicts what "
    "is on the books, and every fault is told.",
    429: "More orders a minute than agreed.",
    500: "A failure of the gateway itself.",
    503: "It can't be stored now, and was not taken. It is safe to send it again.",
}
"""HTTP status → when it is answered."""


def query(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": dict(schema)}


def path(name: str, description: str) -> dict[str, Any]:
    """A parameter of the path."""
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def header(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A request header."""
    return {"name": name, "in": "header", "description": description, "schema": dict(schema)}


def _body_schema(media_type: str) -> dict[str, Any]:
    return {"schema": {"type": "object"} if media_type.endswith("json") else {"type": "string"}}


_ONE_OR_SEVERAL: Mapping[str, Any] = {
    "oneOf": [
        {"type": "object"},
        {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": MAX_ORDERS},
    ]
}
ORDER_BODY: dict[str, Any] = {
    "required": True,
    "description": "An order, change or cancellation in a format agreed with you, or several; its bytes tell which "
    f"format it is. Several, {MAX_ORDERS:,} at most, are a JSON list, the documents of one SBDH envelope, a UBL "
    "cancellation of several orders, or a file of a layout of your own. `Content-Encoding: gzip` is taken.",
    "content": {
        "application/json": {"schema": _ONE_OR_SEVERAL, "examples": ORDERS_SENT},
        **{name: {**_body_schema(name), "example": UBL_ORDER} for name in MEDIA_TYPES if name != "application/json"},
    },
}


def _office_body(what: str, name: str, example: Mapping[str, Any]) -> dict[str, Any]:
    description = f"{what}; its JSON Schema is at `/v1/schemas/{name}.json`. `Content-Encoding: gzip` is taken."
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {"required": True, "description": description, "content": content}


SHIPMENT_BODY = _office_body("A shipment", "shipment", SHIPMENT)
INVOICE_REQUEST_BODY = _office_body("What is to be invoiced", "invoice_request", INVOICE_REQUEST)
CREDIT_NOTE_REQUEST_BODY = _office_body("What is to be credited", "credit_note_request", CREDIT_NOTE_REQUEST)
DELIVERY_BODY = _office_body("When a shipment was there", "delivery", DELIVERY)

RECEIPT_BODY: dict[str, Any] = {
    "required": False,
    "description": "What you say of the document; nothing says that you have it.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "status": {"type": "string", "enum": list(WORDS), "default": "received"},
                    "reasons": {
                        "type": "array",
                        "maxItems": MOST_REASONS,
                        "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_REASON},
                    },
                    "number": {"type": "string", "maxLength": 200, "description": "Your own, of what you say."},
                },
                "additionalProperties": False,
            },
            "example": {"status": "rejected", "reasons": ["line 1: the price is not the order's"]},
        }
    },
}

CXML_BODY: dict[str, Any] = {
    "required": True,
    "description": "One cXML document, or a `multipart/related` body whose root part it is. `Content-Encoding: gzip` "
    "is taken.",
    "content": {"text/xml": {**_body_schema("text/xml"), "example": CXML_ORDER}},
}
