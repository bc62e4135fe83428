"""What a cXML request is answered with at once: a Response with its Status, and the profile of what we take. Written
for who sends to us, read from whom we send to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.faults import DocumentRejected, Fault
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.cxml_1_2.envelope import Secret
from schemas.formats.cxml_1_2.text import LANGUAGE, attribute, document, element, escaped, group, instant
from schemas.formats.xml import parse

STATUSES: Mapping[int, str] = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    450: "Not Implemented",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""Status/@text by Status/@code, as far as we send them: HTTP's, and cXML's 450 for a request that isn't taken."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A request that is taken, and where it is sent."""

    request: str
    """The request's element: `OrderRequest`."""
    url: str
    options: Mapping[str, str] = field(default_factory=dict)


def response(payload_id: str, at: datetime, code: int, said: str = "", language: str = LANGUAGE) -> bytes:
    """A Response with nothing but its Status. `said` is for people, in `language`; `at` has an offset."""
    return _response(payload_id, at, _status_text(code, said, language))


def profile_response(payload_id: str, at: datetime, since: datetime, transactions: Sequence[Transaction]) -> bytes:
    """What we take, and where. `since` says when this began to hold; there is at least one transaction."""
    if not transactions:
        raise ValueError("a cXML profile has at least one transaction")
    inner = "".join(_transaction_text(one) for one in transactions)
    profile = f"<ProfileResponse{attribute('effectiveDate', instant(since))}>{inner}</ProfileResponse>"
    return _response(payload_id, at, _status_text(200, "", LANGUAGE) + profile)


def _response(payload_id: str, at: datetime, inner: str) -> bytes:
    return document("cXML", payload_id, instant(at), group("Response", inner))


def _status_text(code: int, said: str, language: str) -> str:
    """Raises KeyError for a code that isn't among STATUSES."""
    named = attribute("code", str(code)) + attribute("text", STATUSES[code]) + attribute("xml:lang", language)
    return f"<Status{named}>{escaped(said)}</Status>"


def _transaction_text(transaction: Transaction) -> str:
    options = "".join(
        f"<Option{attribute('name', name)}>{escaped(value)}</Option>" for name, value in transaction.options.items()
    )
    named = attribute("requestName", transaction.request)
    return f"<Transaction{named}>{element('URL', transaction.url)}{options}</Transaction>"


@dataclass(frozen=True, slots=True)
class Status:
    """What a partner's Response says of a request of ours: cXML's codes are HTTP's, and 450 and above some of its own
    (User's Guide, Response)."""

    code: int
    text: str
    said: str


def read_response(body: bytes) -> Status:
    """The Status of a Response. Raises DocumentRejected for what is none."""
    root = parse(body, DOCTYPES)
    status = next((one for answer in root.iterchildren("Response") for one in answer.iterchildren("Status")), None)
    code = "" if status is None else (status.get("code") or "").strip()
    if root.tag != "cXML" or status is None or not (code.isascii() and code.isdigit() and len(code) == _CODE):
        what = str(root.tag)[:200]
        fault = Fault("wrong_document", "the answer is no cXML Response with a Status", value=what, expected="Response")
        raise DocumentRejected([fault])
    return Status(int(code), (status.get("text") or "").strip(), "".join(status.itertext()).strip())


_CODE = 3


def with_secret(body: bytes, secret: Secret) -> bytes:
    """A request of ours with the shared secret of its Sender, which is nowhere kept. Raises ValueError for bytes that
    aren't a request as we write it."""
    sender = body.find(b"<Sender>")
    identity = body.find(b"</Identity>", sender)
    if sender < 0 or identity < 0:
        raise ValueError("no cXML request of ours")
    at = identity + len(b"</Identity>")
    return body[:at] + element("SharedSecret", secret.reveal()).encode() + body[at:]
