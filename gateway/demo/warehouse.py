"""The demo warehouse: it ships what was accepted of the samples, over the back office's API as a real one would."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.demo import DemoFailed
from gateway.demo.accounts import DemoAccount, key_in
from gateway.demo.asking import ask
from gateway.services import Services

_LATEST_DAYS = 2
"""Until what leaves now arrives."""


@dataclass(frozen=True, slots=True)
class ShippedNow:
    """What left to one account, and the despatch advices that tell it so."""

    sender: DemoAccount
    number: str
    lines: tuple[str, ...]
    """In words."""
    documents: tuple[Mapping[str, Any], ...]
    """As its mailbox lists them, with their address as `url`."""

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        names = ("type", "number", "format", "url")
        told = [{name: one[name] for name in names} for one in self.documents]
        return {"account": self.sender.account.id, "shipment_number": self.number, "documents": told}


def ship_what_was_accepted(
    services: Services,
    base: str,
    accounts: Sequence[DemoAccount],
    numbers: Mapping[str, Collection[str]],
    key_dir: Path,
) -> Iterator[ShippedNow]:
    """One shipment for each account that has something to be shipped of these orders (account → their numbers); nothing
    where all of it has left. Raises DemoFailed."""
    key = key_in(services.store, None, key_dir / "back-office.key")
    waiting = list(_open_orders(base, key))
    for sender in accounts:
        wanted = numbers.get(sender.account.id, ())
        orders = [one for one in waiting if one["account"] == sender.account.id and one["order_number"] in wanted]
        left = [(order, line) for order in orders for line in order["lines"] if (line["to_ship"] or "0") != "0"]
        if left:
            yield _ship(base, key, sender, left)


def _open_orders(base: str, key: str) -> Iterator[Mapping[str, Any]]:
    after = ""
    while True:
        page = ask(f"{base}/v1/backoffice/orders?limit=200{after}", key).json()
        if "orders" not in page:
            raise DemoFailed(f"The orders to be shipped can't be read: {page.get('detail', '')}")
        yield from page["orders"]
        if not page["next"]:
            return
        after = f"&after={page['next']}"


def _ship(
    base: str, key: str, sender: DemoAccount, left: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> ShippedNow:
    """A pallet with a carton for each order."""
    named = sha256("".join(f"{order['id']}/{order['version']}" for order, _ in left).encode()).hexdigest()
    number = f"LS-{int(named[:12], 16) % 10**8:08d}"
    now = datetime.now(UTC).astimezone()
    cartons: dict[str, dict[str, Any]] = {}
    for order, line in left:
        carton = {"id": f"C{len(cartons) + 1}", "type": "CT", "parent": "P1", "lines": []}
        cartons.setdefault(order["id"], carton)["lines"].append(_line(order, line, now))
    told = {
        "shipment_number": number,
        "shipped_at": now.isoformat(timespec="seconds"),
        "estimated_delivery": (now + timedelta(days=_LATEST_DAYS)).date().isoformat(),
        "carrier": "Nordfracht",
        "tracking": f"NF-{number[3:]}",
        "packages": [{"id": "P1", "type": "PX"}, *cartons.values()],
    }
    answer = ask(f"{base}/v1/backoffice/shipments", key, json.dumps(told).encode(), "application/json")
    if answer.status not in (200, 201):
        raise DemoFailed(
            f"Shipment {number} was not taken: {answer.status} {answer.body[:500].decode(errors='replace')}"
        )
    made = {one["id"] for one in answer.json()["documents"]}
    documents = _listed(base, sender, made)
    words = tuple(f"order {order['order_number']}: {_in_words(line)}" for order, line in left)
    return ShippedNow(sender, number, words, documents)


def _line(order: Mapping[str, Any], line: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "order_number": order["order_number"],
        "account": order["account"],
        "order_id": order["id"],
        "line_number": line["line_number"],
        "product": line["product"],
        "base_quantity": line["to_ship"],
        "lot": f"L{now:%y%m%d}",
    }


def _in_words(line: Mapping[str, Any]) -> str:
    return f"{line['to_ship']} {line['base_unit']} of {line['name'] or line['product']}"


def _listed(base: str, sender: DemoAccount, made: Collection[str]) -> tuple[Mapping[str, Any], ...]:
    """The documents of these ids as the account's mailbox has them."""
    found: list[Mapping[str, Any]] = []
    after = ""
    while True:
        page = ask(f"{base}/v1/documents?type=despatch_advice&limit=1000{after}", sender.key).json()
        found += ({**one, "url": f"{base}{one['href']}"} for one in page["documents"] if one["id"] in made)
        if not page["next"]:
            return tuple(found)
        after = f"&after={page['next']}"
