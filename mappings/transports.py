"""How documents leave, as `outbound.<document>.transport` in account.yaml says it: what each way needs, and whether it
can be used. Where it leads is told here as well, so that a mistake shows before a document waits for it."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

_LONGEST_URL = 2_000
_EXAMPLE = "https://acme.example/edi"
ADMISSIONS = ("basic", "bearer", "client_certificate")
"""What lets us in over `https`: one of them."""


class BadTerms(Exception):
    """Terms that can't be used: what is missing or wrong, for our people; never with a secret."""


def url_of(terms: Mapping[str, Any], way: str) -> str:
    """The URL that the way leads to. Raises BadTerms for one that isn't http(s), that has a name and password in it, or
    that isn't encrypted on its way through the internet."""
    url = terms.get(way)
    if not isinstance(url, str) or len(url) > _LONGEST_URL or not url.isascii() or any(one <= " " for one in url):
        raise BadTerms(f"{way} must be a URL such as {_EXAMPLE}")
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_web = False
    if not is_web:
        raise BadTerms(f"{way} must be a URL such as {_EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise BadTerms(f"{way} must not have a user name or password in it: name a secret beside it")
    if parts.scheme == "http" and not _is_within(parts):
        raise BadTerms(f"{way} must begin with https: http is for addresses of our own network")
    return url


def _is_within(parts: SplitResult) -> bool:
    """Whether the host is one that the internet doesn't have: a number, or a name without a dot."""
    host = parts.hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host


def endpoint_of(url: str) -> str:
    """The URL, its query by a digest alone: it may be a token, and it may be what tells two accounts of one hub
    apart."""
    parts = urlsplit(url)
    query = f"?#{hashlib.sha256(parts.query.encode()).hexdigest()[:8]}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{query}"


def webhook_secrets(terms: Mapping[str, Any]) -> list[str]:
    """The names of one secret, or of two during a rotation. Raises BadTerms."""
    named = terms.get("secret")
    names = [named] if isinstance(named, str) else named
    if not isinstance(names, list | tuple) or not 1 <= len(names) <= 2 or not all(map(_is_name, names)):
        raise BadTerms("webhook needs a secret's name beside it, or a list of two during a rotation")
    return list(names)


def cxml_secret(terms: Mapping[str, Any]) -> str | None:
    """The name of our Sender's SharedSecret; None where it needs none. Raises BadTerms."""
    named = terms.get("secret")
    if named is not None and not _is_name(named):
        raise BadTerms("secret must be a secret's name")
    return named


def admission_of(terms: Mapping[str, Any]) -> str:
    """Which of ADMISSIONS lets us in. Raises BadTerms."""
    found = [one for one in ADMISSIONS if one in terms]
    if len(found) != 1:
        raise BadTerms(f"https needs one of {', '.join(ADMISSIONS)} beside it")
    (admission,) = found
    basic = terms.get("basic")
    if admission == "basic":
        if not (isinstance(basic, Mapping) and isinstance(basic.get("user"), str) and _is_name(basic.get("password"))):
            raise BadTerms("basic needs a user and a password's name: {user: us, password: NAME}")
    elif not _is_name(terms[admission]):
        raise BadTerms(f"{admission} must be a secret's name")
    if "ca" in terms and not _is_name(terms["ca"]):
        raise BadTerms("ca must be a secret's name")
    return admission


@dataclass(frozen=True, slots=True)
class SftpPlace:
    """A folder of a server, and the server's key by its SHA-256."""

    host: str
    port: int
    user: str
    folder: str
    host_key: str

    @property
    def endpoint(self) -> str:
        """As people read it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"sftp://{self.user}@{host}:{self.port}/{self.folder.lstrip('/')}"


def sftp_place(terms: Mapping[str, Any]) -> SftpPlace:
    """Where SFTP puts documents. `/in` in the URL is a folder where we arrive, `//in` one from the server's root.
    Raises BadTerms."""
    url, host_key = terms.get("sftp"), terms.get("host_key")
    if not isinstance(url, str) or len(url) > _LONGEST_URL or any(one <= " " for one in url):
        raise BadTerms(f"sftp must be a URL such as {_SFTP_EXAMPLE}")
    try:
        parts = urlsplit(url)
        port = _SSH_PORT if parts.port is None else parts.port
    except ValueError:
        raise BadTerms(f"sftp must be a URL such as {_SFTP_EXAMPLE}") from None
    if parts.scheme != "sftp" or not parts.hostname or not parts.username or not port or parts.query or parts.fragment:
        raise BadTerms(f"sftp must be a URL such as {_SFTP_EXAMPLE}")
    if parts.password is not None:
        raise BadTerms("sftp must not have a password in it: name a secret beside it")
    if not isinstance(host_key, str) or not _FINGERPRINT.fullmatch(host_key):
        raise BadTerms("host_key must be the server's key as ssh-keygen -l tells it: SHA256:, and 43 characters")
    if sum(one in terms for one in _LOGINS) != 1 or not _is_name(terms.get("key") or terms.get("password")):
        raise BadTerms("sftp needs one of key and password beside it, a secret's name")
    return SftpPlace(parts.hostname, port, unquote(parts.username), unquote(parts.path[1:]) or ".", host_key)


def mail_addresses(terms: Mapping[str, Any]) -> list[str]:
    """The addresses that get an e-mail, at most MOST_ADDRESSES. Raises BadTerms."""
    named = terms.get("email")
    found = [named] if isinstance(named, str) else named
    if not isinstance(found, list | tuple) or not 1 <= len(found) <= MOST_ADDRESSES:
        raise BadTerms(f"email must be an address such as edi@acme.example, or a list of up to {MOST_ADDRESSES}")
    for one in found:
        if not isinstance(one, str) or not _ADDRESS.fullmatch(one):
            raise BadTerms("email must be an address such as edi@acme.example")
    return list(found)


MOST_ADDRESSES = 20
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SFTP_EXAMPLE = "sftp://us@files.acme.example/in"
_SSH_PORT = 22
_LOGINS = ("key", "password")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_NEEDS: Mapping[str, tuple[Callable[[Mapping[str, Any]], object], frozenset[str]]] = {
    "webhook": (webhook_secrets, frozenset(("webhook", "secret"))),
    "cxml_post": (cxml_secret, frozenset(("cxml_post", "secret"))),
    "https": (admission_of, frozenset(("https", "ca", *ADMISSIONS))),
    "sftp": (sftp_place, frozenset(("sftp", "host_key", *_LOGINS))),
    "email": (mail_addresses, frozenset(("email",))),
}
_OVER_HTTP = ("webhook", "cxml_post", "https")
WAYS = tuple(_NEEDS)
"""The ways that push a document to the account's system."""


def check(way: str, terms: Mapping[str, Any]) -> None:
    """Raises BadTerms where documents can't be sent by these terms."""
    if way not in _NEEDS:
        raise BadTerms(f"{way} is no way out of this version: mailbox, {', '.join(WAYS)}")
    needs, known = _NEEDS[way]
    if way in _OVER_HTTP:
        url_of(terms, way)
    needs(terms)
    strange = [str(one) for one in terms if one not in known]
    if strange:
        raise BadTerms(f"{', '.join(strange)} is nothing that {way} knows: {', '.join(sorted(known))}")


def secrets_named(way: str, terms: Mapping[str, Any]) -> Iterator[str]:
    """The secrets that terms which can be used name."""
    if way == "webhook":
        yield from webhook_secrets(terms)
    elif way == "cxml_post":
        if (named := cxml_secret(terms)) is not None:
            yield named
    elif way == "https":
        admission = admission_of(terms)
        yield terms["basic"]["password"] if admission == "basic" else terms[admission]
        if "ca" in terms:
            yield terms["ca"]
    elif way == "sftp":
        yield terms.get("key") or terms["password"]
