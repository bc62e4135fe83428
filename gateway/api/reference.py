"""The API described: OpenAPI for programs, pages for people, JSON Schemas of our documents. All from this server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, redirect, render_template, request
from flask_openapi3 import APIBlueprint, OpenAPI

from gateway.api.answers import SchemaEntry, SchemaList, as_json
from gateway.api.describe import PROBLEMS, REFERENCE, answer, content, path, problems
from gateway.api.door import in_path
from gateway.api.examples import ANSWERS, CANCELLATION, CHANGE, ORDER, ORDER_RESPONSE, UBL_ORDER
from gateway.api.guide import FORMAT_STORIES, LINE_MEMBERS, ORDER_MEMBERS, REMEDIES, STATUSES_MEAN
from gateway.api.problems import not_found
from schemas.fault_codes import FAULTS
from schemas.json_schema import SCHEMAS, schema

_ACTORS = {
    "sender": "the sender",
    "us": "the supplier",
    "world": "nobody: try again",
    "policy": "whom the account's policy names",
}
_METHODS = ("get", "put", "post", "delete", "patch")

reference = APIBlueprint("reference", __name__, abp_tags=[REFERENCE])


@reference.get(
    "/v1/openapi.json",
    summary="This description, for programs",
    responses={200: content("OpenAPI 3.1.", "application/json")},
)
def openapi() -> Response:
    """The OpenAPI document, for the address under which it was asked for."""
    described = {**_described(), "servers": [{"url": base_address()}]}
    return Response(json.dumps(described, ensure_ascii=False), 200, mimetype="application/json")


@reference.get("/v1", doc_ui=False)
@reference.get("/v1/", doc_ui=False)
def front() -> Any:
    """Whoever comes to have a look is led to the page for people."""
    return redirect("/v1/docs")


@reference.get(
    "/v1/docs",
    summary="This description, for people",
    responses={200: content("A page.", "text/html")},
)
def docs() -> Response:
    """From the first order to every call, on one page."""
    described = _described()
    return _page(
        "docs.html",
        base=base_address(),
        api=described,
        sections=_sections(described),
        resolve=_resolver(described),
        **_GUIDE,
    )


@reference.get(
    "/v1/docs/faults",
    summary="Every fault code, for people",
    responses={200: content("A page.", "text/html")},
)
def fault_list() -> Response:
    """Every code with its story."""
    return _page("faults.html", codes=list(FAULTS.values()), actors=_ACTORS)


@reference.get(
    "/v1/docs/faults/<code>",
    summary="One fault code, for people",
    description="Where the `type` of every problem leads.",
    responses={200: content("A page.", "text/html"), **problems(404)},
    openapi_extensions={"parameters": [path("code", "The code.")]},
)
def fault() -> Response:
    """One code's story."""
    code = in_path("code")
    if code not in FAULTS:
        raise not_found()
    return _page("faults.html", codes=[FAULTS[code]], actors=_ACTORS)


@reference.get(
    "/v1/schemas",
    summary="The JSON Schemas there are",
    responses={200: answer(SchemaList, "Every type of json-1 document, and where its schema is.")},
)
def schemas() -> Response:
    """Which JSON Schemas there are."""
    return as_json(SchemaList(schemas=[SchemaEntry(type=name, href=f"/v1/schemas/{name}.json") for name in SCHEMAS]))


@reference.get(
    "/v1/schemas/<document_type>.json",
    summary="The JSON Schema of a json-1 document",
    responses={200: content("JSON Schema 2020-12.", "application/schema+json"), **problems(404)},
    openapi_extensions={
        "parameters": [path("document_type", "Such as `order` or `order_response`.")],
    },
)
def document_schema() -> Response:
    """What a json-1 document of this type looks like."""
    document_type = in_path("document_type")
    if document_type not in SCHEMAS:
        raise not_found()
    body = json.dumps(schema(document_type), ensure_ascii=False)
    return Response(body, 200, mimetype="application/schema+json")


def finished_description(app: OpenAPI) -> dict[str, Any]:
    """The OpenAPI document, without the errors that the library adds to calls that can't have them, and with whole
    numbers where it writes 30.0."""
    described: dict[str, Any] = _whole_numbers(app.api_doc)
    for operations in described["paths"].values():
        for operation in operations.values():
            if "application/json" in operation["responses"].get("400", {}).get("content", {}):
                del operation["responses"]["400"]
    return described


def _whole_numbers(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _whole_numbers(one) for name, one in part.items()}
    if isinstance(part, list):
        return [_whole_numbers(one) for one in part]
    return int(part) if isinstance(part, float) and part.is_integer() else part


def base_address() -> str:
    """The address under which this server was asked. A proxy that ends TLS says its scheme in X-Url-Scheme; whoever
    else says one misleads nobody but himself."""
    scheme, _, rest = request.url_root.rstrip("/").partition("://")
    told = request.headers.get("X-Url-Scheme")
    return f"{told if told in ('http', 'https') else scheme}://{rest}"


def _phrase(status: str | int) -> str:
    """404 → Not Found."""
    return HTTPStatus(int(status)).phrase


def _filled(address: str) -> str:
    """`/v1/documents/{document_id}` → `/v1/documents/$DOCUMENT_ID`, as a shell fills it in."""
    return re.sub(r"{(\w+)}", lambda found: "$" + found[1].upper(), address)


def _written(example: Any) -> str:
    """An example as a person would write it: its members in the order in which they are said."""
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


_GUIDE: Mapping[str, Any] = {
    "phrase": _phrase,
    "filled": _filled,
    "written": _written,
    "examples": ANSWERS,
    "example_order": ORDER,
    "example_change": CHANGE,
    "example_cancellation": CANCELLATION,
    "example_response": ORDER_RESPONSE,
    "ubl_order": UBL_ORDER,
    "formats": FORMAT_STORIES,
    "order_members": ORDER_MEMBERS,
    "line_members": LINE_MEMBERS,
    "statuses": STATUSES_MEAN,
    "problems": PROBLEMS,
    "remedies": REMEDIES,
    "codes": FAULTS.values(),
}
"""What the page says whatever the description is."""


def _described() -> dict[str, Any]:
    found: dict[str, Any] = current_app.extensions["description"]
    return found


def _sections(described: Mapping[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Tag → its calls as (method, path, operation), in the order in which they are declared."""
    sections: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in described["tags"]}
    for address, operations in described["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                sections[operation["tags"][0]].append((method.upper(), address, operation))
    return sections


def _resolver(described: Mapping[str, Any]) -> Any:
    """A function for the page: the schema that a `$ref` leads to, with its name."""

    def resolve(one: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        name = str(one.get("$ref", "")).rpartition("/")[2]
        return name, described["components"]["schemas"][name] if name else one

    return resolve


def _page(template: str, **shown: Any) -> Response:
    """An HTML page that loads nothing: its one style sheet stands in it, and is all that the browser may apply."""
    body = render_template(template, **shown)
    style = body.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
    return Response(body, 200, headers={"Content-Security-Policy": policy}, content_type="text/html; charset=utf-8")
