"""One request over HTTP, as an account's system makes it."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any

from gateway.demo import DemoFailed

WAIT_SECONDS = 10
"""How long an order may wait for its answer."""
_LONGEST_SECONDS = WAIT_SECONDS + 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request was answered with."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises DemoFailed where it is none."""
        try:
            said = json.loads(self.body)
        except ValueError as error:
            raise DemoFailed(f"An answer {self.status} is not JSON: {self.body[:100]!r}") from error
        return said if isinstance(said, dict) else {}


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Without the environment's proxy: it can't reach this machine's own address."""


def ask(url: str, key: str | None = None, body: bytes | None = None, media_type: str | None = None) -> Answer:
    """One request. Raises DemoFailed where nobody answers."""
    request = urllib.request.Request(url, body)  # noqa: S310  # the address that we serve at
    if key is not None:
        request.add_header("Authorization", f"Bearer {key}")
    if media_type is not None:
        request.add_header("Content-Type", media_type)
    try:
        with _DIRECT.open(request, timeout=_LONGEST_SECONDS) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, refused.headers, refused.read())
    except (OSError, http.client.HTTPException, ValueError) as failure:
        raise DemoFailed(f"{url.partition('?')[0]} can't be reached: {failure}") from failure
