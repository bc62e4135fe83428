"""Reading a request's body within its limits: never more than is allowed, whatever was declared, also once unzipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.api.problems import Refused, too_large
from gateway.intake import language_of
from gateway.services import Limits
from gateway.unzipping import BrokenGzip, UnzippedTooLarge, UnzipsTooFar, unzipped

MEDIA_TYPES = ("application/json", "application/xml", "text/xml")
_PIECE = 1 << 20
_PEEK = 256
"""Bytes of a refused body that are looked at."""


def media_type(environ: dict[str, Any], taken: Sequence[str] = MEDIA_TYPES) -> str | None:
    """The Content-Type that was sent, or None: the bytes tell the format. Raises Refused for one that isn't `taken`."""
    sent = str(environ.get("CONTENT_TYPE") or "").strip()
    if not sent:
        return None
    essence = sent.partition(";")[0].strip().lower()
    if essence in taken:
        return sent[:200]
    detail = f"Content-Type {essence[:100]!r} is not taken here; send {', '.join(taken)}."
    fitting = _type_of_bytes(environ)
    fitting = fitting if fitting in taken else None
    if essence == "application/x-www-form-urlencoded":
        said = f"-H 'Content-Type: {fitting}'" if fitting else "a -H 'Content-Type: …' of these"
        detail += f" (curl sends this type unless told otherwise: add {said}.)"
    elif fitting:
        detail += f" The body looks like {fitting}."
    raise Refused("media_type_unsupported", detail, headers={"Accept": ", ".join(taken)})


def read_body(environ: dict[str, Any], limits: Limits) -> bytes:
    """The document's bytes, unzipped. Raises Refused beyond a limit and for what isn't whole."""
    coding = str(environ.get("HTTP_CONTENT_ENCODING") or "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        detail = f"Content-Encoding {coding[:100]!r} is not taken; send gzip or none."
        raise Refused("encoding_refused", detail, status=415, headers={"Accept-Encoding": "gzip, identity"})
    body = _received(environ, limits.max_body_bytes)
    return _unzipped(body, limits) if coding.endswith("gzip") else body


def _type_of_bytes(environ: dict[str, Any]) -> str | None:
    """What the body's first bytes should have been called; None where they can't be seen or tell nothing."""
    declared = str(environ.get("CONTENT_LENGTH") or "")
    if environ.get("HTTP_CONTENT_ENCODING") or not (declared.isascii() and declared.isdigit()):
        return None
    language = language_of(_read(environ["wsgi.input"], min(int(declared[:18]), _PEEK)))
    return f"application/{language}" if language else None


def _received(environ: dict[str, Any], limit: int) -> bytes:
    """What the client sent. A body without a declared length is read one byte beyond the limit: some servers end
    the stream there by themselves, and a document cut short must not pass for a whole one."""
    declared = _declared_length(environ)
    if declared is None and not environ.get("wsgi.input_terminated"):
        if environ.get("HTTP_TRANSFER_ENCODING"):
            raise Refused("bad_parameter", "This server needs a Content-Length.", status=411)
        return b""
    if declared is not None and declared > limit:
        raise too_large(limit)
    body = _read(environ["wsgi.input"], limit + 1 if declared is None else declared)
    if len(body) > limit:
        raise too_large(limit)
    if declared is not None and len(body) < declared:
        raise Refused("bad_parameter", f"The body ended after {len(body)} of the {declared} bytes it declared.")
    return body


def _declared_length(environ: dict[str, Any]) -> int | None:
    text = str(environ.get("CONTENT_LENGTH") or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Refused("bad_parameter", "Content-Length is not a number of bytes.")
    return int(text)


def _read(stream: Any, wanted: int) -> bytes:
    pieces: list[bytes] = []
    try:
        while wanted > 0:
            piece = stream.read(min(wanted, _PIECE))
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
    except OSError as error:
        raise Refused("bad_parameter", "The connection broke before the body was complete.") from error
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _unzipped(packed: bytes, limits: Limits) -> bytes:
    """One gzip stream, expanded no further than the limits. Raises Refused."""
    try:
        return unzipped(packed, limits.max_body_bytes, limits.max_gzip_ratio)
    except UnzippedTooLarge:
        raise too_large(limits.max_body_bytes, " once unzipped") from None
    except UnzipsTooFar as failure:
        raise Refused("encoding_refused", f"The gzip body {failure}.") from None
    except BrokenGzip as failure:
        raise Refused("encoding_refused", f"The body is declared as gzip, but {failure}.", status=400) from failure
