"""Mailboxes that orders come to by e-mail, as `inbound.pickup` in account.yaml says it: where one is, who lets us in,
and whose mails are taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from mappings.transports import BadTerms

ANYBODY = "any"
MOST_SENDERS = 100
_PORTS = {"imaps": 993, "imap": 143}
_EXAMPLE = "imaps://orders%40us.example@mail.us.example/INBOX"
_LONGEST_URL = 2_000
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_INBOX = "INBOX"
_HERE = ("localhost", "127.0.0.1", "::1")
KEYS = frozenset(("imap", "password", "ca", "from", "others", "authenticated_by"))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A folder of a mailbox, and whose mails in it are orders of the account."""

    host: str
    port: int
    user: str
    folder: tuple[str, ...]
    """Its name, level by level: the server says what stands between them."""
    password: str
    """The name of the secret."""
    is_encrypted: bool
    """From the beginning; where not, it becomes so by STARTTLS, but to this machine itself."""
    senders: tuple[str, ...] | None
    """Addresses; None is anybody."""
    leaves_others: bool = False
    """Whether mails of other senders stay for others to take."""
    authenticated_by: str | None = None
    """The name by which our mail server signs what it found out about a sender (RFC 8601)."""
    ca: str | None = None
    """The name of the secret with the authorities that are trusted instead of the system's."""

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return self.host in _HERE

    @property
    def endpoint(self) -> str:
        """As people read it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "imaps" if self.is_encrypted else "imap"
        return f"{scheme}://{quote(self.user, safe='')}@{host}:{self.port}/{'/'.join(self.folder)}"


def mailbox_of(terms: Mapping[str, Any]) -> Mailbox:
    """Where these terms lead, and whom they let order. Raises BadTerms."""
    scheme, host, port, user, folder = _address(terms.get("imap"))
    if not _is_said(terms.get("password")):
        raise BadTerms("imap needs password beside it, a secret's name")
    if "ca" in terms and not _is_said(terms["ca"]):
        raise BadTerms("ca must be a secret's name")
    senders, others, server = _senders(terms), terms.get("others", "refuse"), terms.get("authenticated_by")
    if others not in ("refuse", "leave"):
        raise BadTerms("others must be refuse or leave")
    if senders is None and others == "leave":
        raise BadTerms("there are no others where from is any")
    if server is not None and not (isinstance(server, str) and _HOST.fullmatch(server)):
        raise BadTerms("authenticated_by must be the name that our mail server signs with, such as mail.us.example")
    return Mailbox(
        host,
        port,
        user,
        folder,
        str(terms["password"]),
        scheme == "imaps",
        senders,
        others == "leave",
        server,
        terms.get("ca"),
    )


def are_apart(one: Mailbox, other: Mailbox) -> bool:
    """Whether a mail in a folder that two accounts have together is of one of them at most, and left by the other."""
    return one.leaves_others and other.leaves_others and not set(one.senders or ()) & set(other.senders or ())


def _address(url: Any) -> tuple[str, str, int, str, tuple[str, ...]]:
    """(scheme, host, port, user, folder) of `imaps://user@host/folder` (RFC 5092)."""
    wrong = BadTerms(f"imap must be a URL such as {_EXAMPLE}")
    if not isinstance(url, str) or len(url) > _LONGEST_URL or any(one <= " " for one in url):
        raise wrong
    try:
        parts = urlsplit(url)
        port = _PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username or not port:
        raise wrong
    if parts.password is not None:
        raise BadTerms("imap must not have a password in it: name a secret beside it")
    user, folder = unquote(parts.username), unquote(parts.path).strip("/") or _INBOX
    first, *below = folder.split("/")
    levels = (_INBOX if first.upper() == _INBOX else first, *below)  # it alone is the same in small letters
    if parts.query or parts.fragment or not all(levels) or not (user + folder).isprintable():
        raise wrong
    return parts.scheme, parts.hostname, port, user, levels


def _senders(terms: Mapping[str, Any]) -> tuple[str, ...] | None:
    named = terms.get("from")
    if named == ANYBODY:
        return None
    found = [named] if isinstance(named, str) else named
    if not isinstance(found, list | tuple) or not 1 <= len(found) <= MOST_SENDERS:
        raise BadTerms(f"imap needs from beside it: an address, a list of up to {MOST_SENDERS}, or any")
    if not all(isinstance(one, str) and _ADDRESS.fullmatch(one) for one in found):
        raise BadTerms("from must be addresses such as purchasing@acme.example, or any")
    return tuple(one.lower() for one in found)


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
