"""A gateway whose account has people, a mail server and a system of our own on loopback, and orders to trip over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller
from gateway.delivery.mail import MailServer
from gateway.delivery.transport import Means
from gateway.named_secrets import NamedSecrets
from gateway.notifying.making import Noticing
from gateway.notifying.sending import Teller
from gateway.services import Calls, NoticePlaces, Services
from gateway.store.ids import now_us
from mappings.files.account_folder import read_account
from tests.delivery.partner import Partner, partner
from tests.delivery.postbox import Postbox, mail_server
from tests.delivery.test_over_http import NEW
from tests.examples.small_gateway import ACCOUNTS, SmallGateway
from tests.pipeline.conftest import (
    database_url,
    empty_database_url,
    filled,
    filled_postgres,
    filled_today,
    gateway,
    on_either,
    postgres,
    postgres_with_tables,
    today,
)

__all__ = [
    "database_url",
    "empty_database_url",
    "filled",
    "filled_postgres",
    "filled_today",
    "gateway",
    "on_either",
    "postgres",
    "postgres_with_tables",
    "today",
]

PINE = "pine-hardware"
DANA, SAM = "dana@halden.example", "sam@halden.example"
PEOPLE = {"manager": {"name": "Dana", "email": DANA}, "team": [{"name": "Sam", "email": SAM}, {"name": "No mail"}]}
SENDER = "gateway@halden.example"
MINUTE, HOUR = 60_000_000, 3_600_000_000
CONSOLE = "https://gateway.example"


def agree(gateway: SmallGateway, people: dict[str, Any] | None = None, **policies: Any) -> None:
    """The account has these people from now on, and these policies."""
    folder = read_account(ACCOUNTS / PINE)
    terms = json.loads(folder.account.model_dump_json(by_alias=True))
    terms |= PEOPLE if people is None else people
    terms["policies"] |= policies
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))


def order(number: str, item: str = "NOBODY-KNOWS") -> dict[str, Any]:
    return {
        "order_number": number,
        "issue_date": "2026-11-23",
        "currency": "EUR",
        "buyer": {"id": "68750110", "scheme": "0106"},
        "ship_to": {"id": "YARD-1"},
        "requested_delivery": {"start": "2026-12-01", "end": "2026-12-03"},
        "lines": [{"line_number": "1", "buyer_item": item, "quantity": "2", "price": {"amount": "11.50"}}],
    }


class Desk:
    """What looks and what sends, with the moment counted on from when it was made."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.looks = Noticing(services)
        self.teller: Teller | None = None
        self.at = now_us()

    def look(self, after: int = 0) -> int:
        """So much later; how many notices were made."""
        self.at += after
        return self.looks.look(self.at)

    def told(self) -> list[tuple[str, str, str]]:
        """(kind, channel, recipient) of every notice, in the order in which they were made."""
        page = self.services.store.notices.page(limit=1000)
        return sorted((one.kind, one.channel, one.recipient) for one in page)


def with_places(services: Services, *, mail: MailServer | None = None, webhook: str = "") -> Services:
    """The same services with a mail server and a system of ours."""
    calls = Calls(networks=("127.0.0.0/8",), seconds=5.0, mail=mail)
    return replace(services, calls=calls, notices=NoticePlaces(webhook, "NOTICES", CONSOLE))


@pytest.fixture
def desk(on_either: SmallGateway) -> Desk:
    """A gateway with a mail server that nobody calls."""
    agree(on_either)
    return Desk(with_places(on_either.services, mail=MailServer.of("smtp://127.0.0.1:9", SENDER)))


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def our_system() -> Iterator[Partner]:
    with partner() as opened:
        yield opened


Open = Callable[..., Any]


@pytest.fixture
def sending(on_either: SmallGateway, postbox: Postbox, our_system: Partner) -> Iterator[Desk]:
    """A gateway that sends to a mail server and a system on loopback."""
    agree(on_either)
    with (
        mail_server(postbox, "us", "secret") as port,
        _sending(on_either.services, port, our_system.url("/n")) as found,
    ):
        yield found


@contextmanager
def _sending(services: Services, port: int, webhook: str) -> Iterator[Desk]:
    mail = MailServer.of(f"smtp://us:secret@127.0.0.1:{port}", SENDER)
    desk = Desk(with_places(services, mail=mail, webhook=webhook))
    desk.teller = teller(desk.services)
    yield desk
    desk.teller.close()


def teller(services: Services, seconds: float = 5.0) -> Teller:
    guard = AddressGuard(services.calls.networks)
    secrets = NamedSecrets({"NOTICES": NEW})
    return Teller(services, Means(guard, HttpCaller(guard), secrets, seconds, services.calls.mail))
