"""Documents as attachments of e-mails, by the mail server that is ours. That server is told in the settings and not by
an account, so no guard stands before it.

The server's word is all that is known: what it took it delivers itself, or tells the sender's address that it couldn't.
"""

from __future__ import annotations

import binascii
import smtplib
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

from gateway.delivery.guard import AddressGuard, HostUnknown
from gateway.delivery.smtp_session import SmtpSession
from gateway.delivery.transport import Means, Parcel, Result
from gateway.delivery.words import as_kept
from mappings.transports import BadTerms, mail_addresses

_PORTS = {"smtp": 587, "smtps": 465}
_WORDS = {
    "order_response": "Order response",
    "despatch_advice": "Despatch advice",
    "inventory_report": "Inventory report",
    "invoice": "Invoice",
    "credit_note": "Credit note",
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where our mail leaves, and from whom. `smtps` is encrypted from the beginning; `smtp` must become so (STARTTLS),
    but to this machine itself."""

    host: str
    port: int
    scheme: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str, sender: str) -> MailServer:
        """From `smtp://user:password@host:587`. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or "@" not in sender:
            raise ValueError("smtp://HOST or smtps://HOST, with USER:PASSWORD@ before it, and a sender's address")
        user, password = (None if one is None else unquote(one) for one in (parts.username, parts.password))
        return cls(parts.hostname, parts.port or _PORTS[parts.scheme], parts.scheme, sender, user, password)

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return self.host in ("localhost", "127.0.0.1", "::1")


class Mail:
    """`transport: {email: edi@acme.example}`, or a list of addresses."""

    name = "email"

    def endpoint(self, terms: Mapping[str, Any]) -> str:
        return f"mailto:{','.join(mail_addresses(terms))}"

    def send(self, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
        addresses = mail_addresses(terms)
        return send_mail(_message(parcel), parcel.document_id, addresses, means)


def send_mail(message: EmailMessage, message_id: str, addresses: list[str], means: Means) -> Result:
    """One attempt at an e-mail that has a subject and its content, within the deadline. `message_id` is the same at
    each attempt, so that whoever gets it twice can tell. Raises BadTerms where no mail server is set."""
    server = means.mail
    if server is None:
        raise BadTerms("no mail server is set: GATEWAY_SMTP_URL and GATEWAY_SMTP_SENDER")
    told = f"{server.user or ''}{server.password or ''}"
    if not (told.isascii() and told.isprintable()):
        raise BadTerms("the user and password in GATEWAY_SMTP_URL must be printable ASCII")
    ends = time.monotonic() + means.seconds
    message["From"] = server.sender
    message["To"] = ", ".join(addresses)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{message_id}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    wire = message.as_bytes(policy=_SEVEN_BIT)
    return as_kept(_sent(wire, addresses, server, means.guard, ends), _told_by(server))


def _told_by(server: MailServer) -> Iterator[str]:
    """What lets us in, in each way that it is told."""
    if server.user is not None and server.password:
        yield server.password
        yield f"\0{server.user}\0{server.password}"


def _sent(message: bytes, addresses: list[str], server: MailServer, guard: AddressGuard, ends: float) -> Result:
    """One attempt, until a moment of the monotonic clock."""
    is_sent = False
    try:
        with _connected(server, guard, ends) as smtp:
            if (refused := _offer(smtp, server.sender, addresses)) is not None:
                return refused
            is_sent = True
            return _judged(*smtp.send_document(message), is_sent=True)
    except (_NotOpened, HostUnknown) as failure:
        return Result(outcome="failed", detail=str(failure), is_outage=True)
    except (smtplib.SMTPException, OSError) as error:
        detail = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        return Result(outcome="unknown" if is_sent else "failed", detail=detail, is_outage=True)


def _offer(smtp: SmtpSession, sender: str, addresses: list[str]) -> Result | None:
    """Name sender and addresses and offer the document; what the server says where it doesn't take one of them. All
    have it, or none."""
    code, said = smtp.mail(sender)
    if code != _DONE:
        return _judged(code, said)
    for address in addresses:
        code, said = smtp.rcpt(address)
        if code not in (_DONE, 251):
            return _judged(code, f"{address}: {_text(said)}")
    code, said = smtp.docmd("DATA")
    return None if code == _GO_ON else _judged(code, said)


class _NotOpened(Exception):
    """The server doesn't talk with us, which says nothing of the document; in its words."""


@contextmanager
def _connected(server: MailServer, guard: AddressGuard, ends: float) -> Iterator[SmtpSession]:
    """A session that ends at this moment. Raises _NotOpened and HostUnknown."""
    found = guard.resolved(server.host, server.port, ends - time.monotonic())
    tls = ssl.create_default_context()
    smtp = SmtpSession(ends, found, tls if server.scheme == "smtps" else None)
    smtp._host = server.host  # type: ignore[attr-defined]  # whose certificate STARTTLS asks for
    try:
        try:
            _open(smtp, server, tls)
        except smtplib.SMTPResponseException as refused:
            raise _NotOpened(f"SMTP {refused.smtp_code}: {_text(refused.smtp_error)}") from None
        except (binascii.Error, UnicodeError):
            raise _NotOpened("the mail server's challenge to our password can't be read") from None
        yield smtp
    finally:
        smtp.close()


def _open(smtp: SmtpSession, server: MailServer, tls: ssl.SSLContext) -> None:
    code, said = smtp.connect(server.host, server.port)
    if code != _READY:
        raise smtplib.SMTPConnectError(code, said)
    smtp.ehlo_or_helo_if_needed()
    if server.scheme == "smtp" and not server.is_here:
        smtp.secure(tls)
    if server.user is not None:
        smtp.login(server.user, server.password or "")


_READY, _DONE, _GO_ON = 220, 250, 354
_SEVEN_BIT = policy.SMTP.clone(cte_type="7bit")
"""Not every server takes another (RFC 6152)."""


def _message(parcel: Parcel) -> EmailMessage:
    """One e-mail a document."""
    message = EmailMessage()
    what = _WORDS.get(parcel.type, parcel.type)
    about = f" for order {parcel.order_number}" if parcel.order_number else ""
    test = "TEST: " if parcel.test else ""
    message["Subject"] = " ".join(f"{test}{what} {parcel.number}{about}".split())
    message.set_content(f"{what} {parcel.number}{about} is attached.\n")
    main, _, sub = parcel.media_type.partition(";")[0].strip().partition("/")
    message.add_attachment(parcel.body, maintype=main, subtype=sub or "octet-stream", filename=parcel.filename)
    return message


def _judged(code: int, said: bytes | str, *, is_sent: bool = False) -> Result:
    """SMTP's own word (RFC 5321, 4.2.1): 2 for what is done, 4 for another time, 5 for never. Whatever else is said of
    what was sent says nothing."""
    detail = f"SMTP {code}: {_text(said)}"
    if is_sent and 200 <= code < 300:
        return Result(outcome="delivered", detail=detail)
    if 500 <= code < 600 and code not in _OURS:
        return Result(outcome="rejected", detail=detail)
    if is_sent and not 400 <= code < 600:
        return Result(outcome="unknown", detail=detail, is_outage=True)
    return Result(outcome="failed", detail=detail, is_outage=code in _OURS or code == _NOT_AVAILABLE)


_OURS = frozenset((530, 534, 535, 538))
"""That we aren't let in says nothing of the document."""
_NOT_AVAILABLE = 421


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
