"""Around every request: one log line, its time and outcome counted, and headers that keep browsers out of trouble."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from flask import Flask, Response, g, request

from gateway.api.door import door
from gateway.metrics import Metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_CLOSED = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
_ALWAYS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_OVER_TLS = ("Strict-Transport-Security", "max-age=31536000")

logger = logging.getLogger("gateway.access")


def watch_requests(app: Flask) -> None:
    """Install what happens before and after each request."""
    app.before_request(_begin)
    app.after_request(_end)


def over_tls() -> bool:
    """Whether the caller came over TLS, here or at a proxy that ends it and says so in X-Url-Scheme; whoever else says
    so misleads nobody but himself."""
    return request.is_secure or request.headers.get("X-Url-Scheme") == "https"


def closing_headers(*, over_tls: bool) -> Sequence[tuple[str, str]]:
    """What every answer says to browsers, but for a page that has a policy of its own."""
    return (_CLOSED, *_ALWAYS, _OVER_TLS) if over_tls else (_CLOSED, *_ALWAYS)


def note(metrics: Metrics, method: str, route: str, status: int, seconds: float, key_id: str = "-") -> None:
    """Count an answered request under its route's template, and log it; neither has anything of its address."""
    known = method if method in _METHODS else "other"
    metrics.observe(known, route, status, seconds)
    level = logging.DEBUG if route in _QUIET else logging.INFO
    logger.log(level, "%s %s %d %.1f ms key %s", known, route, status, seconds * 1000, key_id)


def _begin() -> None:
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    for name, value in closing_headers(over_tls=over_tls()):
        response.headers.setdefault(name, value)
    route = request.url_rule.rule if request.url_rule is not None else "unmatched"
    seconds = time.perf_counter() - g.started
    note(door().metrics, request.method, route, response.status_code, seconds, g.get("key_id", "-"))
    return response
