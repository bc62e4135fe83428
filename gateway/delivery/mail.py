"""Documents as attachments of e-mails, by the mail server that is ours. That server is told in the settings and not by
an account, so no guard stands before it.

The server's word is all that is known: what it took it delivers itself, or tells the sender's address that it couldn't.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote, urlsplit

from gateway.delivery.transport import Means, Parcel, Result
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
        addresses, server = mail_addresses(terms), means.mail
        if server is None:
            raise BadTerms("no mail server is set: GATEWAY_SMTP_URL and GATEWAY_SMTP_SENDER")
        message = _message(parcel, addresses, server.sender)
        is_sent = False
        try:
            with _connected(server, means.seconds) as smtp:
                if (refused := _offer(smtp, server.sender, addresses)) is not None:
                    return refused
                is_sent = True
                code, said = smtp.data(message.as_bytes())
        except smtplib.SMTPResponseException as error:
            return _judged(error.smtp_code, _text(error.smtp_error))
        except (smtplib.SMTPException, OSError) as error:
            detail = str(error) or type(error).__name__
            return Result(outcome="unknown" if is_sent else "failed", detail=detail, is_outage=True)
        return _judged(code, _text(said))


def _offer(smtp: smtplib.SMTP, sender: str, addresses: list[str]) -> Result | None:
    """Name sender and addresses; what the server says where it doesn't take one of them. All have it, or none."""
    code, said = smtp.mail(sender)
    if code != _DONE:
        return _judged(code, _text(said))
    for address in addresses:
        code, said = smtp.rcpt(address)
        if code not in (_DONE, 251):
            return _judged(code, f"{address}: {_text(said)}")
    return None


class _Timed:
    """A session that ends at a moment, whatever its server drips."""

    sock: socket.socket | None = None

    def end_after(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        return timer

    def _end(self) -> None:
        if self.sock is not None:
            with contextlib.suppress(OSError):  # it ended by itself
                self.sock.shutdown(socket.SHUT_RDWR)


class _Smtp(_Timed, smtplib.SMTP):
    pass


class _SmtpOverTls(_Timed, smtplib.SMTP_SSL):
    pass


@contextmanager
def _connected(server: MailServer, seconds: float) -> Iterator[smtplib.SMTP]:
    """A session that ends with these seconds."""
    is_secure = server.scheme == "smtps"
    tls = ssl.create_default_context()
    smtp = _SmtpOverTls(timeout=seconds, context=tls) if is_secure else _Smtp(timeout=seconds)
    smtp._host = server.host  # type: ignore[union-attr]  # whose certificate it is to be; the constructor would connect
    timer = smtp.end_after(seconds)
    try:
        code, said = smtp.connect(server.host, server.port)
        if code != _READY:
            raise smtplib.SMTPConnectError(code, said)
        smtp.ehlo_or_helo_if_needed()
        if not is_secure and not server.is_here:
            smtp.starttls(context=tls)
        if server.user is not None:
            smtp.login(server.user, server.password or "")
        yield smtp
    finally:
        timer.cancel()
        smtp.close()


_READY, _DONE = 220, 250


def _message(parcel: Parcel, addresses: list[str], sender: str) -> EmailMessage:
    """One e-mail a document, with the same Message-ID at each attempt."""
    message = EmailMessage()
    what = _WORDS.get(parcel.type, parcel.type)
    about = f" for order {parcel.order_number}" if parcel.order_number else ""
    test = "TEST: " if parcel.test else ""
    message["Subject"] = " ".join(f"{test}{what} {parcel.number}{about}".split())
    message["From"] = sender
    message["To"] = ", ".join(addresses)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{parcel.document_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{what} {parcel.number}{about} is attached.\n")
    main, _, sub = parcel.media_type.partition(";")[0].strip().partition("/")
    message.add_attachment(parcel.body, maintype=main, subtype=sub or "octet-stream", filename=parcel.filename)
    return message


def _judged(code: int, said: str) -> Result:
    """SMTP's own word (RFC 5321, 4.2.1): 250 is taken, 4 for another time, 5 for never."""
    detail = f"SMTP {code}: {said}"[:500]
    if code == _DONE:
        return Result(outcome="delivered", detail=detail)
    if 500 <= code < 600 and code not in _OURS:
        return Result(outcome="rejected", detail=detail)
    return Result(outcome="failed", detail=detail, is_outage=code in _OURS or code == _NOT_AVAILABLE)


_OURS = frozenset((530, 534, 535, 538))
"""That we aren't let in says nothing of the document."""
_NOT_AVAILABLE = 421


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())
