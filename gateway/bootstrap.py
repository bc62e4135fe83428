"""Putting the program together, once, for web, workers, scheduler, CLI and tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy.engine import make_url

from config.settings import PREFIX, SettingRow, Settings, named_secrets, settings_table, unknown_variables
from gateway.allocator import return_large_blocks
from gateway.delivery.mail import MailServer
from gateway.embedded_redis import redis_url
from gateway.kept_secrets import KeptSecrets
from gateway.lanes import Lanes
from gateway.named_secrets import NamedSecrets
from gateway.sealing import Keyring
from gateway.services import Calls, Installation, Limits, NoticePlaces, Pickup, Services, Setting
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.files.supplier import read_supplier

if TYPE_CHECKING:
    from gateway.health import Check, Place


class BadSettings(Exception):
    """Settings that can't be used: a sentence for each that is wrong, beginning with its variable."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def read_settings(**told: Any) -> Settings:
    """What the environment says, with what is told instead where it isn't None. Raises BadSettings with all faults."""
    try:
        return Settings(**{name: value for name, value in told.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors(include_url=False)
        raise BadSettings([f"{PREFIX}{str(one['loc'][0]).upper()}: {one['msg']}" for one in wrong]) from None


def described_settings(settings: Settings) -> list[SettingRow]:
    """Every setting with its value, secrets masked, and what it is."""
    return settings_table(settings)


def misspelt_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none."""
    return unknown_variables(environment)


def usual_data_folder() -> Path:
    """The data folder where none is set."""
    return Path(Settings.model_fields["data_dir"].get_default(call_default_factory=True)).absolute()


def demo_folder() -> Path:
    """Where the demo's products, packs, stock and taxes are."""
    return Path(str(resources.files("config"))) / "demo"


def holds_data(settings: Settings) -> bool:
    """Whether a gateway has begun here: its database is there, with tables of any version. Makes nothing.

    Raises what SQLAlchemy does where a database can't be asked.
    """
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return False
    store = Store(settings.database)
    try:
        return store.version() is not None
    finally:
        store.close()


def read_named_secrets() -> NamedSecrets:
    """The secrets that accounts' terms name, as the environment has them."""
    return NamedSecrets(named_secrets(os.environ))


def keyring_of(settings: Settings) -> Keyring:
    """What secrets in the database are encrypted under. A key that isn't there yet is made when it is needed."""
    return Keyring(lambda: (settings.secret(), settings.secret_before()))


def keyring_at_hand(settings: Settings) -> Keyring:
    """The same for a look that makes nothing; a key that can't be read is none."""

    def read() -> tuple[str | None, str | None]:
        try:
            return settings.secret_at_hand(), settings.secret_before()
        except (OSError, ValueError):
            return None, settings.secret_before()

    return Keyring(read)


def notice_places(settings: Settings) -> NoticePlaces:
    """Where our people are told of what waits for them, beside e-mail."""
    return NoticePlaces(settings.notice_webhook, settings.notice_webhook_secret, settings.console_url)


def build_services(settings: Settings, *, worker_name: str = "worker", upgrade: bool = False) -> Services:
    """Everything a process needs, with the database opened; `upgrade` first brings it to this program's version.

    Raises `gateway.store.database.StoreUnavailable` where the database can't be reached.
    """
    return_large_blocks()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = Store(settings.database, lease_seconds=settings.lease_seconds, max_losses=settings.claim_attempts)
    if upgrade:
        store.upgrade()
    return Services(
        store=store,
        lanes=Lanes(redis_url(settings.redis_url, settings.data_dir)),
        terms=Terms(store),
        supplier=read_supplier(settings.supplier_file),
        limits=Limits(
            max_body_bytes=settings.max_body_bytes,
            max_lines=settings.max_lines,
            batch_size=settings.batch_size,
            lease_seconds=settings.lease_seconds,
        ),
        worker_name=worker_name,
        secrets=read_named_secrets().beside(KeptSecrets(store.secrets, keyring_of(settings))),
        calls=Calls(
            settings.delivery_threads,
            settings.delivery_per_endpoint,
            settings.delivery_seconds,
            settings.delivery_networks,
            MailServer.of(settings.smtp_url, settings.smtp_sender) if settings.smtp_url else None,
        ),
        pickup=Pickup(settings.pickups, settings.pickup_seconds),
        notices=notice_places(settings),
        installation=_installation(settings, store),
    )


def place_of(settings: Settings) -> Place:
    """Where this gateway keeps what it has, for a look that makes nothing."""
    from gateway.health import Place, address_at

    return Place(
        *(settings.database, settings.redis_url, settings.data_dir, settings.supplier_file),
        address_at(settings.host, settings.port),
        read_named_secrets(),
        keyring_at_hand(settings),
        settings.secret_file if settings.secret_key is None else None,
        has_mail=bool(settings.smtp_url),
        notices=notice_places(settings),
        lanes=settings.lanes,
    )


def _installation(settings: Settings, store: Store) -> Installation:
    def look() -> Iterator[Check]:
        from gateway.health import quick_checks

        return quick_checks(place_of(settings), store)

    rows = [
        Setting(one.variable, one.default, one.value, one.description, one.secret) for one in settings_table(settings)
    ]
    return Installation(rows, look)
