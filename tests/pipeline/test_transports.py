"""By which way a document leaves: what the account agreed to is what its delivery says, whatever stands beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.store.statements import fetch
from mappings.account import TRANSPORTS
from mappings.files.account_folder import read_account
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import ACCOUNTS, SmallGateway

PINE = "pine-hardware"


@pytest.mark.parametrize(
    ("transport", "way", "status"),
    [
        ({"webhook": "https://acme.example/edi", "secret": "NAME"}, "webhook", "waiting"),
        ({"host": "files.example", "password": "NAME", "sftp": "in"}, "sftp", "waiting"),
        ({"as2": "https://acme.example/as2", "as2_from": "US"}, "as2", "waiting"),
        ({"cxml_post": "https://acme.example/cxml", "a": "first of all"}, "cxml_post", "waiting"),
        ({"mailbox": {}}, "mailbox", "available"),
        ("mailbox", "mailbox", "available"),
    ],
)
def test_a_delivery_says_the_way_that_was_agreed(
    on_either: SmallGateway, transport: Any, way: str, status: str
) -> None:
    folder = read_account(ACCOUNTS / PINE)
    terms = json.loads(folder.account.model_dump_json(by_alias=True))
    terms["outbound"] = {"order_response": {"format": "json-1", "transport": transport}}
    on_either.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    on_either.settle(PINE, order(BOLTS))
    with on_either.store.database.read() as connection:
        assert fetch(connection, "SELECT transport, status FROM deliveries") == [(way, status)]
    assert way in TRANSPORTS
