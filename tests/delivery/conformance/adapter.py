"""What the suite needs to know of one transport: how its partner is opened on loopback, what the partner then has, and
what doesn't apply to its protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from gateway.delivery import TRANSPORTS
from gateway.delivery.guard import AddressGuard, Resolve, resolve
from gateway.delivery.http import HttpCaller
from gateway.delivery.mail import MailServer
from gateway.delivery.transport import Means, Parcel, Result
from gateway.named_secrets import NamedSecrets
from tests.delivery.conformance.days import OUTCOMES, Day

LOOPBACK = ("127.0.0.0/8",)


@dataclass(frozen=True, slots=True)
class Taken:
    """A document as the partner has it. `identity` is what it tells a second one by."""

    identity: str
    body: bytes


@dataclass(slots=True)
class Opened:
    """A partner that listens."""

    terms: dict[str, Any]
    taken: Callable[[], Sequence[Taken]] = list
    """What it has, or may have."""
    connections: Callable[[], int] = lambda: 0
    """How often somebody connected."""
    flooded: Callable[[], int] = lambda: 0
    """Bytes that it has said."""
    mail_url: str = ""
    """Of the mail server that is ours."""
    callers: list[HttpCaller] = field(default_factory=list)
    """What was used to call it, closed at its end."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A secret's value that can't be used, and what of it mustn't show."""

    value: str = field(repr=False)
    canary: str


class Adapter(ABC):
    """One transport with one way of being let in. Names in `inapplicable` are days and the cases of the test files."""

    name: ClassVar[str]
    way: ClassVar[str]
    inapplicable: ClassVar[Mapping[str, str]] = {}
    """Day or case → why there is no such thing in this protocol."""
    outcomes: ClassVar[Mapping[Day, str]] = {}
    """Where it isn't `OUTCOMES`'; alternatives are separated by a bar."""
    seconds: ClassVar[float] = 0.7
    """A deadline that is soon reached and yet long enough to get as far as the answer."""
    more_than_is_buffered: ClassVar[int] = 12_000_000
    """Bytes of a document that the buffers of two systems don't hold."""
    secret_name: ClassVar[str] = "KEY"
    """What BadTerms names where there is no secret."""

    @property
    @abstractmethod
    def secrets(self) -> Mapping[str, str]:
        """Name → value of what lets us in."""

    @property
    @abstractmethod
    def wrong_secrets(self) -> Mapping[str, str]:
        """The same names, with values that are well formed and let nobody in."""

    @property
    @abstractmethod
    def unusable(self) -> Sequence[Unusable]:
        """Values for `secret_name` that can't be used."""

    @contextmanager
    def open(self, day: Day, folder: Path) -> Iterator[Opened]:
        """The partner on this day. `folder` is its own."""
        with self.listening(day, folder) as opened:
            try:
                yield opened
            finally:
                for one in opened.callers:
                    one.close()

    @abstractmethod
    def listening(self, day: Day, folder: Path) -> AbstractContextManager[Opened]:
        """The same without an end for what calls it."""

    @abstractmethod
    def identity(self, parcel: Parcel) -> str:
        """By what the partner knows this document again."""

    def terms_at(self, host: str, port: int, opened: Opened) -> dict[str, Any]:
        """The same terms for a partner at another host."""
        url = opened.terms[self.way]
        before, _, rest = url.partition("127.0.0.1:")
        path = rest.partition("/")[2]
        return {**opened.terms, self.way: f"{before}{host}:{port}/{path}"}

    def body(self, parcel: Parcel) -> bytes:
        """The document's bytes as the partner is to have them."""
        return parcel.body

    def parcel(self, **changed: Any) -> Parcel:
        known = {
            "document_id": "019abc",
            "account_id": "acme-retail",
            "type": "order_response",
            "number": "OR-00000001",
            "order_number": "PO-1é",
            "media_type": "application/xml",
            "body": "<a>é</a>".encode(),
        }
        return Parcel(**{**known, **changed})

    def large(self, size: int) -> Parcel:
        """A document of about so many bytes."""
        return self.parcel(body=b"<a>%s</a>" % (b"x" * size))

    def canaries(self) -> Iterable[str]:
        """What of the secrets must show nowhere."""
        return self.secrets.values()

    def outcome_of(self, day: Day) -> set[str]:
        return set(self.outcomes.get(day, OUTCOMES[day]).split("|"))

    def means(
        self,
        opened: Opened,
        seconds: float = 20.0,
        *,
        secrets: Mapping[str, str] | None = None,
        networks: Iterable[str] = LOOPBACK,
        resolve: Resolve = resolve,
    ) -> Means:
        """What calls a partner on loopback."""
        guard = AddressGuard(networks, resolve)
        known = NamedSecrets(self.secrets if secrets is None else secrets)
        mail = MailServer.of(opened.mail_url, "edi@halden.example") if opened.mail_url else None
        opened.callers.append(HttpCaller(guard))
        return Means(guard, opened.callers[-1], known, seconds, mail)

    def send(self, opened: Opened, parcel: Parcel, means: Means, **terms: Any) -> Result:
        return TRANSPORTS[self.way].send(parcel, {**opened.terms, **terms}, means)

    def sent_on(self, day: Day, opened: Opened, means: Means) -> Result:
        """One attempt as it is made on such a day."""
        return self.send(opened, self.large(self.more_than_is_buffered) if day is Day.DEAF else self.parcel(), means)

    def secrets_on(self, day: Day) -> Mapping[str, str]:
        return self.wrong_secrets if day is Day.SHUT else self.secrets
