"""A gateway whose account's orders are picked up: from folders of this machine, and from a real SFTP server on
loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.delivery.guard import AddressGuard
from gateway.named_secrets import NamedSecrets
from gateway.picking import Picker, end_look, look_at
from gateway.pickup import SOURCES
from gateway.pickup.source import PickupMeans, Source
from gateway.pickup_look import Looked, Seen
from gateway.pickup_places import PickupPlace, PickupPlaces
from gateway.services import Pickup, Services
from gateway.store.statements import fetch
from mappings.files.account_folder import read_account
from tests.delivery.conftest import (
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
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway
from tests.pickup.server import SECRETS, Server

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
FOLDER = {"folder": "pine/in"}


def an_order(number: str = "PH-4001", **header: Any) -> bytes:
    """An order of the account, as it would send it."""
    return json.dumps(order(BOLTS, number=number, **header)).encode()


class Yard:
    """The gateway, the folder that watched folders lie in, and what a test does with them."""

    def __init__(self, gateway: SmallGateway, root: Path) -> None:
        self.gateway, self.root = gateway, root
        root.mkdir(parents=True, exist_ok=True)
        self.services = replace(gateway.services, pickup=Pickup(root, every_seconds=0.2, look_seconds=5.0))
        self.networks = ["127.0.0.0/8"]
        self.known_secrets = self.secrets = dict(SECRETS)
        self.pickers: list[Picker] = []

    @property
    def means(self) -> PickupMeans:
        return PickupMeans(AddressGuard(self.networks), NamedSecrets(self.secrets), self.root)

    def limit(self, **limits: Any) -> None:
        self.services = replace(self.services, limits=replace(self.services.limits, **limits))

    def pick(self, **settings: Any) -> None:
        self.services = replace(self.services, pickup=replace(self.services.pickup, **settings))

    def agree(self, *places: Mapping[str, Any], account: str = PINE) -> None:
        """The account's orders are picked up from these places from now on."""
        folder = read_account(ACCOUNTS / account)
        terms = folder.account.model_dump(mode="json", by_alias=True)
        terms["inbound"]["pickup"] = list(places)
        self.gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))

    def places(self) -> list[PickupPlace]:
        known = PickupPlaces(self.gateway.store).now()
        self.gateway.store.pickups.know({key: one.place for key, one in known.items()})
        return list(known.values())

    def look(
        self,
        seen: Seen | None = None,
        sources: Mapping[str, Source] = SOURCES,
        services: Services | None = None,
        number: int = 0,
    ) -> Looked:
        """One look at the account's place, as a process makes it; files are believed at once unless `seen` says how
        they stood."""
        services = services or self.services
        place, seen = self.places()[number], seen or Seen(0.0)
        lease = services.store.pickups.claim_now(place.key, 60.0)
        assert lease is not None, "somebody looks at it"
        looked = look_at(services, sources, place, self.means, seen, threading.Event())
        end_look(services, lease, place, seen, looked)
        return looked

    def begin(self, sources: Mapping[str, Source] = SOURCES, services: Services | None = None) -> Picker:
        """A process that picks up."""
        picker = Picker(services or self.services, self.means, sources)
        picker.start()
        self.pickers.append(picker)
        return picker

    def put(self, name: str | bytes, body: bytes, folder: str = "pine/in") -> Path:
        """A whole file, under its name at once."""
        where = self.root / folder
        where.mkdir(parents=True, exist_ok=True)
        file = where / (name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
        file.write_bytes(body)
        return file

    def names(self, folder: str) -> list[str]:
        """The files there."""
        where = self.root / folder
        return sorted(one.name for one in where.iterdir() if one.is_file()) if where.is_dir() else []

    def rows(self, query: str) -> list[Any]:
        with self.gateway.store.database.read() as connection:
            return [tuple(row) for row in fetch(connection, query)]

    def messages(self) -> list[tuple[str, str]]:
        """(source, status), the oldest first."""
        return self.rows("SELECT source, status FROM messages ORDER BY id")

    def state(self) -> Any:
        (state,) = self.gateway.store.pickups.all()
        return state


@pytest.fixture
def yard(gateway: SmallGateway, tmp_path: Path) -> Iterator[Yard]:
    opened = Yard(gateway, tmp_path / "pickup")
    opened.agree(FOLDER)
    yield opened
    for picker in opened.pickers:
        picker.stop()


@pytest.fixture
def yard_on_either(on_either: SmallGateway, tmp_path: Path) -> Iterator[Yard]:
    opened = Yard(on_either, tmp_path / "pickup")
    opened.agree(FOLDER)
    yield opened
    for picker in opened.pickers:
        picker.stop()


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """SFTP servers whose root has the folder `out`."""
    opened: list[Server] = []

    def start(name: str = "server", **behaves: Any) -> Server:
        root = tmp_path / name
        (root / "out").mkdir(parents=True)
        opened.append(Server(root, **behaves))
        return opened[-1]

    yield start
    for server in opened:
        server.close()
