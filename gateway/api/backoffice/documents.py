"""The body of a call that takes one JSON document, and how it is refused: every fault with its place in the body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from flask import request

from gateway.api.bodies import media_type, read_body
from gateway.api.door import door
from gateway.api.problems import Refused
from schemas.faults import Fault

_JSON = ("application/json",)
_FAULTS_TOLD = 10_000
_WHOLE = "line 1"
"""Where something is that is wrong with the whole body."""


def json_body() -> bytes:
    """The document's bytes. Raises Refused for what is called anything but JSON, and what can't be taken whole."""
    media_type(request.environ, _JSON)
    return read_body(request.environ, door().services.limits)


def refused(faults: Iterable[Fault], detail: str | None = None, status: int | None = None) -> Refused:
    """The refusal of a body with these faults, the first 10,000 of them; by the first, unless `detail` and `status` say
    more. A fault that says no place is at its path."""
    told = [replace(one, location=one.location or one.path or _WHOLE) for one in islice(faults, _FAULTS_TOLD)]
    return Refused(told[0].code, detail or told[0].detail, status=status, faults=told)
