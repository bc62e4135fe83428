"""What a partner says, as it is kept: as text, without the secrets that it was told, and no longer than is kept."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.delivery.transport import Result

MOST_OF_A_DETAIL, MOST_OF_WORDS = 500, 2_000
"""Characters that are kept of what became of an attempt, and of what was answered."""
_HIDDEN = "***"


def as_kept(result: Result, secrets: Iterable[str] = ()) -> Result:
    """The result for whoever may read it: a partner may repeat what it was told, and with it what lets us in."""
    known = list(secrets)
    answer = None if result.answer is None else as_text(without(result.answer, known), MOST_OF_WORDS)
    return replace(result, detail=as_text(without(result.detail, known), MOST_OF_A_DETAIL), answer=answer)


def as_text(said: str, most: int) -> str:
    """As a database can keep it."""
    return said[:most].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def without(said: str, secrets: Iterable[str]) -> str:
    """What was said, each of the secrets hidden, longer ones first: one may be within another."""
    for form in sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True):
        said = said.replace(form, _HIDDEN)
    return said


def _forms(secret: str) -> Iterator[str]:
    """As it may come back: as it is, as XML and HTML write it, and in Base64."""
    for form in (secret, secret.strip(), html.escape(secret, quote=False), html.escape(secret)):
        if form:
            yield form
    if secret:
        yield base64.b64encode(secret.encode()).decode()
