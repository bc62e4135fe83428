"""Accounts whose documents are sent to a partner, and documents that wait to be sent, written as the outbox does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.accounts import publish_folder
from gateway.store.ids import now_us
from gateway.store.outbox import Outbound
from gateway.store.statements import insert
from gateway.store.store import Store
from gateway.store.tables import deliveries, documents
from tests.harness.accounts import garden_world

SECRET = f"whsec_{base64.b64encode(b'partner' * 5).decode()}"
SENDING = {"secret_partner": SECRET, "delivery_networks": "127.0.0.0/8", "lanes": "delivery"}
"""Settings of a worker that sends what these accounts get."""
_WRITTEN_TOGETHER = 1_000


def publish_receiver(store: Store, folder: Path, account_id: str, url: str, **policies: Any) -> None:
    """An account that gets its order responses by webhook there."""
    content = garden_world(folder)
    terms = json.loads(content.account.model_dump_json(by_alias=True))
    terms["outbound"] = {"order_response": {"format": "json-1", "transport": {"webhook": url, "secret": "PARTNER"}}}
    terms |= {"id": account_id, "name": account_id}
    terms["policies"] |= policies
    account = type(content.account).model_validate(terms)
    publish_folder(store, replace(content, account=account), author="test", reason="test")


def waiting_documents(store: Store, account_id: str, numbers: range, *, size: int = 500) -> None:
    """Order responses of `size` bytes, numbered so, each different, that wait for whoever sends."""
    for start in range(numbers.start, numbers.stop, _WRITTEN_TOGETHER):
        some = range(start, min(numbers.stop, start + _WRITTEN_TOGETHER))
        rows = [one.rows(now_us()) for one in _documents(account_id, some, size)]
        with store.database.write() as connection:
            insert(connection, documents, [row[1] for row in rows])
            insert(connection, deliveries, [row[2] for row in rows])


def _documents(account_id: str, numbers: range, size: int) -> Iterator[Outbound]:
    for number in numbers:
        told = f"{account_id}-{number:07d}"
        yield Outbound(
            account_id=account_id,
            kind="order_response",
            number=told,
            source="test",
            order_id=None,
            order_number=f"PO-{number}",
            test=False,
            revision=1,
            format_name="json-1",
            media_type="application/json",
            body=json.dumps({"number": told}).encode().ljust(size),
            canonical="{}",
            transport="webhook",
        )
