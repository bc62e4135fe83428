"""E-mails as procurement systems and people send them."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

ACME = "purchasing@acme.example"
XML = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<Order>\xe9</Order>\n'


def mail(*attached: tuple[str, str, bytes], text: str = "Please find our order.\n", **headers: Any) -> EmailMessage:
    """A mail with these attachments: (media type, file name, bytes)."""
    made = EmailMessage()
    known = {"From": ACME, "To": "orders@us.example", "Subject": "Our order", "Message-ID": "<1@acme.example>"}
    for name, value in (known | {key.replace("_", "-"): value for key, value in headers.items()}).items():
        if value is not None:
            made[name] = value
    made.set_content(text)
    for media_type, name, body in attached:
        main, _, sub = media_type.partition("/")
        made.add_attachment(body, maintype=main, subtype=sub, filename=name)
    return made


def raw(made: EmailMessage) -> bytes:
    """As it comes from a server: lines end with CRLF."""
    return made.as_bytes(policy=made.policy.clone(linesep="\r\n"))
