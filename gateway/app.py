"""The web application: the API's routes and the console's pages around the services."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import cache
from types import CodeType
from typing import Any

from flask import Flask
from flask_openapi3 import OpenAPI, Schema
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import BaseConverter, Rule

from gateway.api.access import closing_headers, note, watch_requests
from gateway.api.answers import ANSWERS, Problem, component_schemas
from gateway.api.backoffice.answers import OFFICE_ANSWERS
from gateway.api.backoffice.billing import billing
from gateway.api.backoffice.orders import office_orders
from gateway.api.backoffice.shipments import shipments
from gateway.api.backoffice.tables import tables
from gateway.api.cxml import CXML_PATH, build_cxml_door, cxml, refused_by_server_as_cxml
from gateway.api.describe import INFO, SECURITY_SCHEMES
from gateway.api.documents import documents
from gateway.api.door import Door
from gateway.api.express import Express
from gateway.api.inventory import inventory
from gateway.api.messages import messages
from gateway.api.operation import operation
from gateway.api.orders import orders
from gateway.api.parameters import known_parameters
from gateway.api.problems import answer_with_problems, problem, refused_by_server
from gateway.api.rates import OrderRate
from gateway.api.reference import finished_description, reference
from gateway.api.waiting import Waiting
from gateway.console.pages import mount
from gateway.lanes import Bell
from gateway.metrics import Metrics
from gateway.services import Services

_PARTS = (
    orders,
    cxml,
    messages,
    documents,
    inventory,
    tables,
    office_orders,
    shipments,
    billing,
    reference,
    operation,
)
"""Of the API, in the order in which the description tells of them."""


class OrderNumber(BaseConverter):
    """The rest of the address, whatever is in it: buyers number orders `/17` too, and a slash at the start, or a line
    break, is more than werkzeug's `path` takes."""

    part_isolating = False
    regex = "(?s:.+)"
    weight = 200


class _Route(Rule):
    """A route that compiles what makes addresses of it when the first one is made. A page leads to a few of our routes;
    compiling it for all of them is most of what making the application takes (measured)."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = cache(super()._compile_builder)
        return lambda rule, /, **values: compiled(append_unknown)(rule, **values)


class _Compiled(BytecodeCache):
    """The templates that another application of this process has compiled already."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


class Application(OpenAPI):
    """Flask's application, and what our server asks of it besides WSGI (`workers.waitress_parts`)."""

    url_rule_class = _Route
    jinja_options = {**Flask.jinja_options, "bytecode_cache": _Compiled()}  # noqa: RUF012

    @property
    def door(self) -> Door:
        """What the routes share."""
        found: Door = self.extensions["door"]
        return found

    @property
    def express(self) -> Express:
        """What takes most orders, without this application's routes."""
        found: Express = self.extensions["express"]
        return found

    def refusal(self, status: int, reason: str, path: str = "") -> tuple[str, Sequence[tuple[str, str]], bytes]:
        """The problem for a request that the server refused: status line, headers, body."""
        services = self.door.services
        refused = refused_by_server(status, reason, services.limits.max_body_bytes)
        response = refused_by_server_as_cxml(self.door, refused) if path == CXML_PATH else problem(refused)
        response.headers.extend(closing_headers(over_tls=False))
        note(self.door.metrics, "unread", "unmatched", refused.status, 0.0)
        return response.status, list(response.headers.items()), response.get_data()


def create_app(
    services: Services, threads: int = 16, max_wait: float = 30.0, secret_key: str | None = None
) -> Application:
    """The WSGI application for one process. Of its `threads` at most half wait for answers, `max_wait` seconds. By
    `secret_key`, the same in every process, the console knows its own cookies; without one none lasts longer than the
    process."""
    app = Application(
        "gateway",
        doc_ui=False,
        static_folder=None,  # the console has its own
        template_folder="api/templates",
    )
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters["order_number"] = OrderNumber
    app.extensions["door"] = Door(
        services,
        OrderRate(services.lanes.url),
        Waiting(services.store, services.lanes.url, threads // 2),
        Metrics(services.store, services.lanes),
        Bell(services.lanes),
        max_wait,
    )
    app.extensions["cxml"] = build_cxml_door(app.door)
    app.extensions["express"] = Express(app.door)
    watch_requests(app)
    answer_with_problems(app)
    mount(app, secret_key or secrets.token_urlsafe(32))
    for part in _PARTS:
        app.register_blueprint(part)
    app.extensions["description"] = _description()
    app.extensions["parameters"] = known_parameters(app.extensions["description"])
    return app


@cache
def _description() -> dict[str, Any]:
    """The OpenAPI document of the parts, made once for a process: it is the same for every application."""
    described = OpenAPI(
        "gateway",
        info=INFO,
        security_schemes=SECURITY_SCHEMES,
        doc_ui=False,
        # every route describes its own 400, so that flask-openapi3's own error shape never shows
        validation_error_status=400,
        validation_error_model=Problem,
        static_folder=None,
    )
    for part in _PARTS:
        described.tags.extend(tag for tag in part.tags if tag not in described.tags)
        described.paths.update(part.paths)
        described.components_schemas.update(part.components_schemas)
    described.components_schemas.update(
        {name: Schema(**schema) for name, schema in component_schemas((*ANSWERS, *OFFICE_ANSWERS)).items()}
    )
    return finished_description(described)
