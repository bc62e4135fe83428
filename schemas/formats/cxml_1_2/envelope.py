"""What stands around a request: who sends it to whom, under which payloadID; read and written.

The shared secret is never part of a representation, a log or a fault.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from schemas.documents.common import Party
from schemas.faults import DocumentRejected, Fault
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.cxml_1_2.parties import credential_text, domain_of
from schemas.formats.cxml_1_2.reading import moment_of
from schemas.formats.cxml_1_2.text import attribute, document, element
from schemas.formats.xml import UTF_16_STARTS, Element, parse

USER_AGENT = "Order gateway"
_UNKNOWN_TIME = "1970-01-01T00:00:00+00:00"
"""cXML demands a timestamp; a conversion without an envelope knows none but the document's own."""

_LONGEST_START = 65_536
"""Bytes in which the Header of a document that can't be read is looked for."""
_HEADER = re.compile(r"<Header\s*>.*?</Header\s*>", re.DOTALL)
_START = re.compile(r"<cXML\s[^<>]*>")
_NAMED = re.compile(r"\s(payloadID|timestamp|version)\s*=\s*(\"[^\"<]*\"|'[^'<]*')")


class Secret:
    """A shared secret that doesn't show itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.is_(other._value)

    def __hash__(self) -> int:
        return hash(type(self))

    def is_(self, value: str) -> bool:
        """Whether this is the secret, compared in constant time."""
        return hmac.compare_digest(self._value.encode("utf-8", "replace"), value.encode("utf-8", "replace"))

    def reveal(self) -> str:
        """The secret itself, for whoever has to compare or send it."""
        return self._value


@dataclass(frozen=True, slots=True)
class Credential:
    """A name in a domain; domains compare without case."""

    domain: str
    identity: str

    def key(self) -> tuple[str, str]:
        """What two credentials of the same party have in common."""
        return self.domain.casefold(), self.identity


_LONGEST_NUMBER = 200
"""Characters of an order's number (`schemas.documents.common.Code`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEnvelope:
    """What a cXML document says before its request is read."""

    payload_id: str | None
    timestamp: str | None
    """As it was written: real files break ISO 8601."""
    sent_at: datetime | None
    """The timestamp, where it is a moment."""
    version: str | None
    from_: tuple[Credential, ...]
    to: tuple[Credential, ...]
    sender: tuple[Credential, ...]
    secret: Secret | None = field(default=None, repr=False)
    user_agent: str | None
    test: bool
    request: str
    """The element in Request: `OrderRequest`, `ProfileRequest`, …; `Response` or `Message` where it is none."""
    order_number: str | None = None
    """Of an OrderRequest, where it says one that an order may have."""
    faults: tuple[Fault, ...] = ()
    """What stands there twice, and a mode that cXML doesn't have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a document of ours goes out in."""

    payload_id: str
    timestamp: str
    """ISO 8601 with an offset."""
    from_: tuple[Credential, ...]
    to: tuple[Credential, ...]
    sender: tuple[Credential, ...]
    secret: Secret | None = field(default=None, repr=False)
    user_agent: str = USER_AGENT
    test: bool = False
    order_payload_id: str | None = None
    """That of the order, change or cancellation that is answered."""
    order_payload_ids: Mapping[str, str] = field(default_factory=dict)
    """Those of the orders of a ship notice, by their numbers."""
    order_date: str | None = None
    """Its @orderDate, as it was written."""
    confirm_id: str | None = None
    """The same for every version of a confirmation; the response's number where None."""
    replaces: str | None = None
    """The payloadID of the confirmation that this one updates: the latest of the same confirm_id."""
    complete: bool = True
    """Whether every line of the order is answered. Of a confirmation that isn't complete, the lines that it doesn't
    name stay unanswered."""

    @classmethod
    def of(cls, from_: Party | None, to: Party | None, number: str, test: bool, timestamp: str) -> Envelope:
        """The envelope of a conversion, which knows only what the document itself says."""
        sender = credentials_of(from_)
        return cls(
            payload_id=number,
            timestamp=timestamp or _UNKNOWN_TIME,
            from_=sender,
            to=credentials_of(to),
            sender=sender[:1],
            test=test,
        )


def credentials_of(party: Party | None) -> tuple[Credential, ...]:
    """A party's identifiers as credentials."""
    if party is None:
        return ()
    own = ((party.scheme, party.id),) if party.id is not None else ()
    known = (*own, *((one.scheme, one.id) for one in party.identifiers))
    return tuple(Credential(domain_of(scheme), number) for scheme, number in known)


# --- reading ----------------------------------------------------------------------------------------------------
def read_envelope(body: bytes) -> ReadEnvelope:
    """The document's envelope. Raises DocumentRejected where the bytes can't be read, or are no cXML."""
    return envelope_of(parse(body, DOCTYPES))


def readable_envelope(body: bytes) -> ReadEnvelope | None:
    """The envelope of a document that can't be read, where its Header can be: cut out, and read as a document of its
    own. None where it can't be. Whether it is a request, and which, is not told."""
    encoding = UTF_16_STARTS.get(body[:2], "utf-8")
    text = body[:_LONGEST_START].decode(encoding, "replace")
    found = _HEADER.search(text)
    if found is None:
        return None
    start = _START.search(text[: found.start()])
    attributes = _NAMED.findall(start[0]) if start is not None else []
    named = "".join(f" {name}={value}" for name, value in dict(attributes).items())
    try:
        return read_envelope(f"<cXML{named}>{found[0]}</cXML>".encode("utf-8", "replace"))
    except DocumentRejected:
        return None


def envelope_of(root: Element) -> ReadEnvelope:
    """The envelope of a parsed document. Raises DocumentRejected (`wrong_document`)."""
    if root.tag != "cXML":
        refuse(root, str(root.tag), "cXML")
    request = root.find("Request")
    asked = request[0] if request is not None and len(request) else None
    timestamp = _attribute(root, "timestamp")
    return ReadEnvelope(
        payload_id=_attribute(root, "payloadID"),
        timestamp=timestamp,
        sent_at=_moment(timestamp),
        version=_attribute(root, "version"),
        from_=tuple(_credentials(root.find("Header/From"))),
        to=tuple(_credentials(root.find("Header/To"))),
        sender=tuple(_credentials(root.find("Header/Sender"))),
        secret=_secret(root),
        user_agent=_text(root.find("Header/Sender/UserAgent")),
        test=request is not None and (_attribute(request, "deploymentMode") or "").lower() == "test",
        request=str(asked.tag) if asked is not None else _other(root),
        order_number=None if asked is None else _order_number(asked),
        faults=tuple(envelope_faults(root)),
    )


def envelope_faults(root: Element) -> Iterator[Fault]:
    """A second Request, order, Header, From, To or Sender: the first would be taken and the other lost; and a
    deploymentMode that is neither production nor test."""
    if _is_plain(root):
        return
    headers, requests = root.findall("Header"), root.findall("Request")
    first = requests[0] if requests else ()
    asked = [one for one in first if str(one.tag).endswith("Request")]
    within = [[one for header in headers for one in header.iterchildren(name)] for name in ("From", "To", "Sender")]
    for several in (headers, *within, requests, asked):
        if len(several) > 1:
            place = f"line {several[1].sourceline}: {several[1].tag!s:.200}[2]"
            detail = "it stands there more than once, and cXML has it once"
            yield Fault("repeated_element", detail, location=place, expected="one")
    for request in requests[:1]:
        mode = _attribute(request, "deploymentMode")
        if mode is not None and mode.lower() not in ("production", "test"):
            place = f"line {request.sourceline}: Request/@deploymentMode"
            yield Fault("bad_value", "there is no such mode", "/test", place, mode[:200], "production or test")


def _is_plain(root: Element) -> bool:
    """Whether each stands there once and in its place, in production, as nearly all are written."""
    parts = root[:]
    if [part.tag for part in parts] != ["Header", "Request"]:
        return False
    header, request = parts
    mode = request.get("deploymentMode")
    return mode in (None, "production") and len(request) == 1 and [part.tag for part in header[:]] == _PARTIES


_PARTIES = ["From", "To", "Sender"]


def _other(root: Element) -> str:
    """What a document without a request is: a Response, a Message, or nothing."""
    return next((str(child.tag) for child in root if child.tag in ("Response", "Message")), "")


def _credentials(holder: Element | None) -> Iterator[Credential]:
    if holder is None:
        return
    for one in holder.iterchildren("Credential"):
        identity = _text(one.find("Identity"))
        if identity is not None:
            yield Credential(_attribute(one, "domain") or "", identity)


def _secret(root: Element) -> Secret | None:
    value = _text(root.find("Header/Sender/Credential/SharedSecret"))
    return None if value is None else Secret(value)


def _moment(text: str | None) -> datetime | None:
    try:
        found = moment_of(text) if text is not None else None
    except ValueError:
        return None
    return found.at if found is not None else None


def _text(element: Element | None) -> str | None:
    return (element.text or "").strip() or None if element is not None else None


def _order_number(request: Element) -> str | None:
    header = request.find("OrderRequestHeader")
    said = None if header is None else _attribute(header, "orderID")
    return said if said is not None and len(said) <= _LONGEST_NUMBER else None


def _attribute(element: Element, name: str) -> str | None:
    return (element.get(name) or "").strip() or None


def refuse(element: Element, name: str, expected: str) -> NoReturn:
    """Raises DocumentRejected: this is not what was expected."""
    location = f"line {element.sourceline}: {str(element.tag)[:200]}"
    detail = f"the document is {name[:200]}, not {expected}"
    raise DocumentRejected([Fault("wrong_document", detail, location=location, value=name[:200], expected=expected)])


# --- writing ----------------------------------------------------------------------------------------------------
def request_text(dtd: str, envelope: Envelope, inner: str) -> bytes:
    """The whole document around a request."""
    mode = attribute("deploymentMode", "test" if envelope.test else "production")
    header = (
        f"<Header><From>{_holder_text(envelope.from_)}</From><To>{_holder_text(envelope.to)}</To>"
        f"<Sender>{_holder_text(envelope.sender, envelope.secret)}{element('UserAgent', envelope.user_agent)}</Sender>"
        f"</Header>"
    )
    return document(dtd, envelope.payload_id, envelope.timestamp, f"{header}<Request{mode}>{inner}</Request>")


def _holder_text(credentials: tuple[Credential, ...], secret: Secret | None = None) -> str:
    """cXML demands a Credential, so an unknown party has an empty one."""
    if not credentials:
        return credential_text("", "", None)
    first, *others = credentials
    revealed = secret.reveal() if secret is not None else None
    return credential_text(first.domain, first.identity, revealed) + "".join(
        credential_text(one.domain, one.identity) for one in others
    )
