"""Webhooks as the Standard Webhooks specification (1.0) has them: the body signed with its id and the time.

Two secrets during a rotation: a list of names, of which each signs; the receiver takes whichever it knows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.delivery.http import Reply
from gateway.delivery.over_http import GONE, attempt, failed, named_headers, redirected, shown
from gateway.delivery.transport import Means, Parcel, Result
from mappings.transports import BadTerms, endpoint_of, url_of, webhook_secrets

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a secret."""


class Webhook:
    """`transport: {webhook: https://acme.example/edi, secret: NAME}`; `secret: [NEW, OLD]` during a rotation."""

    name = "webhook"

    def endpoint(self, terms: Mapping[str, Any]) -> str:
        return endpoint_of(url_of(terms, self.name))

    def send(self, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
        url, secrets = url_of(terms, self.name), webhook_secrets(terms)
        return post_signed(
            url, secrets, parcel.document_id, parcel.media_type, parcel.body, means, named_headers(parcel)
        )


def post_signed(
    url: str,
    secrets: Sequence[str],
    identifier: str,
    media_type: str,
    body: bytes,
    means: Means,
    headers: Mapping[str, str] | None = None,
) -> Result:
    """One signed call, within the deadline; `secrets` are names. `identifier` is the same at each attempt. Raises
    BadTerms where a secret can't be used."""
    keys = [_key(name, means) for name in secrets]
    at = str(int(time.time()))
    told = {
        "Content-Type": media_type,
        "webhook-id": identifier,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(signature(key, identifier, at, body) for key in keys),
        **(headers or {}),
    }
    return attempt(lambda: means.http.post(url, told, body, seconds=means.seconds), _judged)


def signature(key: bytes, identifier: str, at: str, body: bytes) -> str:
    """One signature as the header has it: version 1, HMAC-SHA256 of id, time and body."""
    signed = hmac.new(key, f"{identifier}.{at}.".encode(), hashlib.sha256)
    signed.update(body)
    return f"v1,{base64.b64encode(signed.digest()).decode()}"


def _judged(reply: Reply) -> Result:
    """2xx is delivered, 410 asks to be left alone, anything else to be tried again."""
    if 200 <= reply.status < 300:
        return Result(outcome="delivered", detail=f"HTTP {reply.status}", answer=shown(reply))
    if reply.status == GONE:
        return Result(outcome="gone", detail="HTTP 410: the endpoint wants nothing more", answer=shown(reply))
    return redirected(reply) or failed(reply)


def _key(name: str, means: Means) -> bytes:
    """The secret's bytes. Raises BadTerms, which never shows them."""
    secret = means.secret(name)
    try:
        key = base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise BadTerms(f"the secret {name} must be {_PREFIX} and {_SHORTEST} to {_LONGEST} bytes in Base64")
    return key
