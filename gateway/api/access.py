"""Around every request: one log line, its time and outcome counted, and headers that keep browsers out of trouble."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

from gateway.api.door import door

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_CLOSED = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

logger = logging.getLogger("gateway.access")


def watch_requests(app: Flask) -> None:
    """Install what happens before and after each request."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    _secure(response)
    seconds = time.perf_counter() - g.started
    route = request.url_rule.rule if request.url_rule is not None else "unmatched"
    method = request.method if request.method in _METHODS else "other"
    door().metrics.observe(method, route, response.status_code, seconds)
    level = logging.DEBUG if route in _QUIET else logging.INFO
    key_id = g.get("key_id", "-")
    logger.log(level, "%s %s %d %.1f ms key %s", method, route, response.status_code, seconds * 1000, key_id)
    return response


def _secure(response: Response) -> None:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _CLOSED)
    for name, value in _ALWAYS:
        headers.add(name, value)
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
