"""An account whose documents are pushed to a partner on loopback, for the program's tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from gateway.accounts import publish_folder
from gateway.bootstrap import build_services, read_settings
from gateway.delivering import Deliverer
from gateway.services import Services
from mappings.files.account_folder import read_account
from tests.cli.conftest import ACCOUNTS
from tests.delivery.partner import Partner, partner, says
from tests.delivery.test_over_http import OLD

ACME = "acme-retail"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A partner may be on loopback, and its secret is set."""
    monkeypatch.setenv("GATEWAY_DELIVERY_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("GATEWAY_SECRET_OLD", OLD)


@pytest.fixture
def there() -> Iterator[Partner]:
    with partner() as opened:
        yield opened


def agree(
    services: Services,
    transport: Any,
    kind: str = "order_response",
    *,
    account: str = ACME,
    samples: dict[str, bytes] | None = None,
    **policies: Any,
) -> None:
    """The account's documents of this kind leave by this transport from now on, in the format that they have."""
    folder = read_account(ACCOUNTS / account)
    folder = folder if samples is None else replace(folder, samples=samples)
    terms = json.loads(folder.account.model_dump_json(by_alias=True))
    terms["outbound"][kind]["transport"] = transport
    terms["policies"] |= {"delivery_waits": [], **policies}
    changed = replace(folder, account=type(folder.account).model_validate(terms))
    publish_folder(services.store, changed, author="test", reason="delivery")


def webhook(there: Partner, path: str = "/edi") -> dict[str, str]:
    return {"webhook": there.url(path), "secret": "OLD"}


@contextmanager
def sending() -> Iterator[Deliverer]:
    """A process that sends what is due; left when nothing is."""
    opened = build_services(read_settings())
    deliverer = Deliverer(opened)
    deliverer.start()
    try:
        yield deliverer
        deliverer.finish()
    finally:
        deliverer.stop()
        opened.lanes.close()
        opened.store.close()


def send_due() -> None:
    with sending():
        pass


Send = Callable[[str, str], str]


@pytest.fixture
def given_up(services: Services, send: Send, there: Partner) -> dict[str, Any]:
    """An order response of ACME's that its system answered with 404, and that was given up."""
    there.behaviours["/edi"] = says(404, b"no such place\nhere")
    agree(services, webhook(there))
    send(ACME, "01-accepted.xml")
    send_due()
    (document,) = services.store.documents.newest(ACME, kind=None, order_number=None, limit=10)
    return {"id": document.id, "number": document.number}
