"""A small account with a layout of its own: its maps, a sample, and how it is published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.accounts import publish_folder
from gateway.services import Services
from mappings.account import Account
from mappings.files.account_folder import AccountFolder

ORDERS = """\
reads: json
order:
  order_number: nr
  issue_date: day
  currency: {value: EUR}
  lines:
    each: items
    line_number: n
    seller_item: sku     # TODO
    quantity: q
    unit: u
"""
ANSWERS = """\
writes: json
template:
  object:
    answerTo: order_number
    state: outcome
    remark: note
    lines:
      each: lines
      item: {object: {n: line_number, is: {each: outcomes, item: {object: {s: status, q: quantity}}}}}
"""
MAPS = {"order_map.yaml": ORDERS, "order_response_map.yaml": ANSWERS}
SAMPLE: dict[str, Any] = {
    "nr": "PO-1",
    "day": "2026-11-20",
    "odd": "x",
    "items": [{"n": "1", "sku": "OAT-1L", "q": "2", "u": "EA"}],
}


def publish_mapped(services: Services, account_id: str = "acme", samples: Mapping[str, bytes] | None = None) -> None:
    """Publish the account, with the sample where nothing else is said."""
    terms = {
        "id": account_id,
        "name": account_id.title(),
        "inbound": {"formats": ["custom", "json-1"]},
        "outbound": {"order_response": {"format": "custom"}},
        "policies": {"unknown_ship_to": "accept_address"},
    }
    files = {"1.json": json.dumps(SAMPLE).encode()} if samples is None else samples
    folder = AccountFolder(Account.model_validate(terms), maps=MAPS, samples=files)
    publish_folder(services.store, folder, author="test", reason="test")
