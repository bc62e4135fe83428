"""What every way out has in common: a document to be sent, what became of it, and the one call between them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller
from gateway.named_secrets import NamedSecrets
from mappings.transports import BadTerms

if TYPE_CHECKING:
    from gateway.delivery.mail import MailServer

Outcome = Literal["delivered", "rejected", "failed", "unknown", "gone"]
"""delivered: the partner said that it has it. rejected: it said that it will not have this document. failed: it hasn't
got it, and may yet. unknown: something was sent, and no answer came; sent again it carries the same id. gone: nothing
is to be sent there any more (HTTP 410)."""


_SUFFIXES = {"application/xml": ".xml", "text/xml": ".xml", "application/json": ".json", "text/csv": ".csv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A document as it is sent. `document_id` is the same at each attempt, so that a partner can tell one that it has
    already."""

    document_id: str
    account_id: str
    type: str
    number: str
    order_number: str | None
    media_type: str
    body: bytes = field(repr=False)
    test: bool = False

    @property
    def filename(self) -> str:
        """A name for it among files: its type and number, and its id against a mix-up."""
        number = "".join(one if one.isalnum() or one in "-_." else "_" for one in self.number)
        suffix = _SUFFIXES.get(self.media_type.partition(";")[0].strip(), "")
        return f"{self.type}_{number}_{self.document_id}{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one attempt, in words for people, and what the partner answered."""

    outcome: Outcome
    detail: str
    answer: str | None = None
    """The beginning of the partner's answer, as text."""
    retry_after: float | None = None
    """Seconds that the partner asked for."""
    is_terms: bool = False
    """Whether it is the account's terms that can't be used: mended, it goes at once."""
    is_ours: bool = False
    """Whether the gateway itself failed."""
    is_outage: bool = False
    """Whether the endpoint itself doesn't work, so that another document wouldn't fare better just now."""


@dataclass(frozen=True, slots=True)
class Means:
    """What transports work with."""

    guard: AddressGuard
    http: HttpCaller
    secrets: NamedSecrets
    seconds: float = 30.0
    """The deadline of one whole call."""
    mail: MailServer | None = None

    def secret(self, name: str) -> str:
        """As `secret_of`."""
        return secret_of(self.secrets, name)


def secret_of(secrets: NamedSecrets, name: str) -> str:
    """The secret of this name. Raises BadTerms where it can't be had, or has characters that no text has (XML 1.0,
    2.2): bytes that weren't UTF-8, or a NUL. Raises StoreUnavailable where nobody can tell yet."""
    found = secrets.of(name)
    if found is None:
        raise BadTerms(f"the secret {name} {secrets.remedy(name)}")
    if _NO_TEXT.search(found.reveal()):
        raise BadTerms(f"the secret {name} has characters that are no text")
    return found.reveal()


_NO_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Transport(Protocol):
    """One way out. The same object serves all accounts, from many threads."""

    @property
    def name(self) -> str:
        """As account.yaml names it."""

    def endpoint(self, terms: Mapping[str, Any]) -> str:
        """Where these terms lead, as people read it and as breakers tell endpoints apart; never with a secret. Raises
        BadTerms."""

    def send(self, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
        """One attempt, within the deadline. Raises BadTerms; whatever the partner or the network does is a Result."""
