"""A document posted as it is, to whom basic, bearer or a client certificate lets us in."""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
import tempfile
import threading
from collections.abc import Mapping, Sequence
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
        secrets, authorization = _authorization(terms, means)
        headers = {"Content-Type": parcel.media_type, **named_headers(parcel), **authorization}
        context = self._context(terms, means)
        return attempt(
            lambda: means.http.post(url, headers, parcel.body, seconds=means.seconds, context=context),
            _judged,
            secrets,
        )

    def _context(self, terms: Mapping[str, Any], means: Means) -> ssl.SSLContext | None:
        """One context for each certificate and trust, so that connections are kept open between calls."""
        if "client_certificate" not in terms and "ca" not in terms:
            return None
        names = ("client_certificate", "ca")
        pems = [means.secret(terms[name]) if name in terms else "" for name in names]
        key = hashlib.sha256("\0".join(pems).encode()).digest()
        with self._making:
            if key not in self._contexts:
                named = " or ".join(terms[name] for name in names if name in terms)
                self._contexts[key] = _made_context(pems[0], pems[1], named)
            return self._contexts[key]


def _made_context(certificate: str, authorities: str, named: str) -> ssl.SSLContext:
    """`named`: what the two are called, for whoever has to mend them."""
    try:
        context = ssl.create_default_context(cadata=authorities or None)
        if certificate:
            _load(context, certificate)
    except (ssl.SSLError, ValueError) as error:
        raise BadTerms(f"the secret {named} can't be read as PEM") from error
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


def _authorization(terms: Mapping[str, Any], means: Means) -> tuple[Sequence[str], dict[str, str]]:
    """(what must not show where the partner repeats it, the header that lets us in)."""
    admission = admission_of(terms)
    if admission == "client_certificate":
        return (), {}
    if admission == "basic":
        name, password = terms["basic"]["password"], means.secret(terms["basic"]["password"])
        if any(one < " " or one == "\x7f" for one in password):
            raise BadTerms(f"the secret {name} can't be a password here: it has control characters (RFC 7617, 2)")
        told = base64.b64encode(f"{terms['basic']['user']}:{password}".encode()).decode()
        return (password, told), {"Authorization": f"Basic {told}"}
    token = means.secret(terms["bearer"]).strip()
    if not (token.isascii() and token.isprintable()):
        raise BadTerms(f"the secret {terms['bearer']} can't stand in a header: a token is ASCII on one line")
    return (token,), {"Authorization": f"Bearer {token}"}


def _judged(reply: Reply) -> Result:
    if 200 <= reply.status < 300:
        return Result(outcome="delivered", detail=f"HTTP {reply.status}", answer=shown(reply))
    if reply.status == GONE:
        return Result(outcome="gone", detail="HTTP 410: the endpoint wants nothing more", answer=shown(reply))
    if reply.status in _REFUSALS:
        return Result(outcome="rejected", detail=f"HTTP {reply.status}", answer=shown(reply))
    return redirected(reply) or failed(reply)
