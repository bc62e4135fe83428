"""Query parameters that an operation doesn't know: a misspelt filter must not answer with everything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import current_app, request

from gateway.api.problems import Refused

_IN_PATH = re.compile(r"<(?:[^<:]+:)?([^>]+)>")
_SHOWN = 100
"""Characters of an unknown name that the refusal repeats."""

Known = Mapping[tuple[str, str], tuple[str, ...]]
"""(method, path as OpenAPI writes it) → the names of its query parameters, where it has any."""


def known_parameters(described: Mapping[str, Any]) -> Known:
    """The query parameters of every operation of the OpenAPI document that has some."""
    found = {
        (method.upper(), path): tuple(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    }
    return {operation: names for operation, names in found.items() if names}


def refuse_unknown_parameters() -> None:
    """Raises Refused for a query parameter that the operation doesn't describe, where it describes any."""
    if not request.args or request.url_rule is None:
        return
    known: Known = current_app.extensions["parameters"]
    method = "GET" if request.method == "HEAD" else request.method
    names = known.get((method, _IN_PATH.sub(r"{\1}", request.url_rule.rule)))
    if names is None:
        return
    for name in request.args:
        if name not in names:
            raise Refused("bad_parameter", f"There is no parameter {name[:_SHOWN]!r} here, only {', '.join(names)}.")
