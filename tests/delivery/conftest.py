"""A gateway whose account gets its documents at a partner on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.delivering import Deliverer
from gateway.delivery.guard import AddressGuard
from gateway.delivery.http import HttpCaller
from gateway.delivery.transport import Means
from gateway.named_secrets import NamedSecrets
from gateway.store.sending import Sending
from mappings.files.account_folder import read_account
from tests.delivery.test_over_http import SECRETS
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


def agree(gateway: SmallGateway, transport: Any, **policies: Any) -> None:
    """The account's order responses leave by this transport from now on."""
    folder = read_account(ACCOUNTS / PINE)
    terms = json.loads(folder.account.model_dump_json(by_alias=True))
    terms["outbound"] = {"order_response": {"format": "json-1", "transport": transport}}
    terms["policies"] |= policies
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))


Begin = Callable[..., Deliverer]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start a process's sending on a gateway; it ends with the test."""
    begun: list[Deliverer] = []

    def start(gateway: SmallGateway, *, seconds: float = 5.0) -> Deliverer:
        gateway.store.sending = Sending(gateway.store.database, rests=(0.2, 0.4))
        guard = AddressGuard(["127.0.0.0/8"])
        means = Means(guard, HttpCaller(guard), NamedSecrets(SECRETS), seconds)
        deliverer = Deliverer(gateway.services, means)
        deliverer.start()
        begun.append(deliverer)
        return deliverer

    yield start
    for deliverer in begun:
        deliverer.stop()
