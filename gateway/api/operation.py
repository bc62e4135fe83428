"""For those who run it: alive, ready, and what Prometheus reads. No key; nothing here is any account's."""

from __future__ import annotations

from flask import Response
from flask_openapi3 import APIBlueprint

from gateway.api.answers import Readiness, as_json
from gateway.api.describe import OPERATION, answer, content, problems
from gateway.api.door import door
from gateway.api.problems import Refused
from gateway.metrics import CONTENT_TYPE

operation = APIBlueprint("operation", __name__, abp_tags=[OPERATION])


@operation.get(
    "/healthz",
    summary="Alive",
    description="Always 200 while the process answers at all; asks nothing else.",
    responses={200: answer(Readiness, "Alive.", example={"status": "alive"})},
)
def healthz() -> Response:
    """The process answers."""
    return as_json(Readiness(status="alive"))


@operation.get(
    "/readyz",
    summary="Ready to take orders",
    description="Whether the database takes a write now. With Redis down it is still ready, and says so.",
    responses={200: answer(Readiness, "Can store."), **problems(503)},
)
def readyz() -> Response:
    """An order that came now could be stored."""
    services = door().services
    if not services.store.can_store():
        raise Refused("cannot_store", "The database does not take a write now.", headers={"Retry-After": "2"})
    return as_json(Readiness(status="ready", redis="up" if services.lanes.answers() else "down"))


@operation.get(
    "/metrics",
    summary="Figures for Prometheus",
    description="Requests are counted by web process; what waits is read from the database, so each process tells the "
    "same.",
    responses={200: content("Prometheus' text format.", "text/plain")},
)
def metrics() -> Response:
    """Everything that is measured."""
    return Response(door().metrics.text(), 200, content_type=CONTENT_TYPE)
