"""What every part of the program is handed: built once by `gateway.bootstrap`, never looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.delivery.mail import MailServer
from gateway.drafting.importing import KeptImports
from gateway.lanes import Lanes
from gateway.named_secrets import NO_SECRETS, NamedSecrets
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import Supplier

if TYPE_CHECKING:
    from gateway.health import Check


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document or a request may cost."""

    max_body_bytes: int = 20_000_000
    max_gzip_ratio: int = 100
    max_lines: int = 20_000
    batch_size: int = 50
    lease_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Calls:
    """How partners are called: how many at once, of them to one endpoint, for how many seconds, and into which networks
    besides public ones."""

    threads: int = 64
    per_endpoint: int = 8
    seconds: float = 30.0
    networks: tuple[str, ...] = ()
    mail: MailServer | None = None
    """Where our e-mails leave; None where none do."""


@dataclass(frozen=True, slots=True)
class NoticePlaces:
    """Where our people are told of what waits for them, beside e-mail (`Calls.mail`)."""

    webhook: str = field(default="", repr=False)
    """Our own system's URL; empty where none is told."""
    webhook_secret: str = "NOTICES"  # noqa: S105 its name
    """The name of the secret that signs."""
    console: str = ""
    """What links begin with; empty: a link is its path alone."""


@dataclass(frozen=True, slots=True)
class Pickup:
    """How orders are picked up: below which folder of this machine, how often, how long one look may take, and how many
    files it takes at most."""

    folder: Path = Path("var") / "pickup"
    every_seconds: float = 30.0
    look_seconds: float = 60.0
    most_files: int = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as people may see it: secrets are masked."""

    variable: str
    default: str
    value: str
    description: str
    secret: bool


@dataclass(frozen=True, slots=True)
class Installation:
    """How this process was set up, and a look at whether that holds: quick, and it calls no partner."""

    settings: Sequence[Setting] = ()
    look: Callable[[], Iterable[Check]] = tuple


@dataclass(frozen=True, slots=True)
class Services:
    """The store, the lanes, the accounts' terms and who we are."""

    store: Store
    lanes: Lanes
    terms: Terms
    supplier: Supplier
    limits: Limits
    worker_name: str = "worker"
    secrets: NamedSecrets = NO_SECRETS
    """Those that the accounts' terms name."""
    calls: Calls = Calls()
    pickup: Pickup = Pickup()
    notices: NoticePlaces = NoticePlaces()
    imports: KeptImports = field(default_factory=KeptImports)
    """Files that somebody is importing, as this process has read them."""
    installation: Installation = Installation()
    """For the page that shows it."""
