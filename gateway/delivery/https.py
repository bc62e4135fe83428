"""A document posted as it is, to whom basic, bearer or a client certificate lets us in."""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

from gateway.delivery.http import Reply
from gateway.delivery.over_http import GONE, attempt, failed, named_headers, redirected, shown
from gateway.delivery.transport import Means, Parcel, Result
from mappings.transports import BadTerms, admission_of, endpoint_of, url_of

_REFUSALS = frozenset((400, 406, 409, 411, 413, 415, 422))
"""What is said of the document itself: the same again would be refused again. Others may be mended without it."""


class Https:
    """`transport: {https: https://acme.example/edi, bearer: NAME}`, or `basic: {user: us, password: NAME}`, or
    `client_certificate: NAME`, whose secret is the certificate with its chain and the key as PEM. `ca: NAME` trusts
    these authorities instead of the system's."""

    name = "https"

    def __init__(self) -> None:
        self._contexts: dict[bytes, ssl.SSLContext] = {}
        self._making = threading.Lock()

    def endpoint(self, terms: Mapping[str, Any]) -> str:
        return endpoint_of(url_of(terms, self.name))

    def send(self, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
        url = url_of(terms, self.name)
        headers = {"Content-Type": parcel.media_type, **named_headers(parcel), **_authorization(terms, means)}
        context = self._context(terms, means)
        return attempt(
            lambda: means.http.post(url, headers, parcel.body, seconds=means.seconds, context=context), _judged
        )

    def _context(self, terms: Mapping[str, Any], means: Means) -> ssl.SSLContext | None:
        """One context for each certificate and trust, so that connections are kept open between calls."""
        if "client_certificate" not in terms and "ca" not in terms:
            return None
        pems = [means.secret(terms[name]).reveal() if name in terms else "" for name in ("client_certificate", "ca")]
        key = hashlib.sha256("\0".join(pems).encode()).digest()
        with self._making:
            if key not in self._contexts:
                self._contexts[key] = _made_context(*pems)
            return self._contexts[key]


def _made_context(certificate: str, authorities: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=authorities or None)
        if certificate:
            _load(context, certificate)
    except (ssl.SSLError, ValueError) as error:
        raise BadTerms("the client certificate or the authorities can't be read as PEM") from error
    return context


def _load(context: ssl.SSLContext, pem: str) -> None:
    """Python loads a key from a file alone: one that only this process can read, and that is gone at once."""
    descriptor, path = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(pem)
        context.load_cert_chain(path, password=lambda: "")  # where the key has one nobody is asked for it
    finally:
        os.unlink(path)


def _authorization(terms: Mapping[str, Any], means: Means) -> dict[str, str]:
    admission = admission_of(terms)
    if admission == "client_certificate":
        return {}
    if admission == "basic":
        said = f"{terms['basic']['user']}:{means.secret(terms['basic']['password']).reveal()}".encode()
        encoded = base64.b64encode(said).decode()
        means.conceal(encoded)
        return {"Authorization": f"Basic {encoded}"}
    token = means.secret(terms["bearer"]).reveal().strip()
    if not (token.isascii() and token.isprintable()):
        raise BadTerms(f"the secret {terms['bearer']} can't stand in a header: a token is ASCII on one line")
    return {"Authorization": f"Bearer {token}"}


def _judged(reply: Reply) -> Result:
    if 200 <= reply.status < 300:
        return Result(outcome="delivered", detail=f"HTTP {reply.status}", answer=shown(reply))
    if reply.status == GONE:
        return Result(outcome="gone", detail="HTTP 410: the endpoint wants nothing more", answer=shown(reply))
    if reply.status in _REFUSALS:
        return Result(outcome="rejected", detail=f"HTTP {reply.status}", answer=shown(reply))
    return redirected(reply) or failed(reply)
