"""The demo warehouse: it ships what was accepted of the samples, over the back office's API as a real one would."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from math import floor
from pathlib import Path
from typing import Any

from gateway.demo import DemoFailed
from gateway.demo.accounts import DemoAccount, key_in
from gateway.demo.asking import ask
from gateway.demo.mailboxes import listed
from gateway.services import Services
from schemas.values import shortest

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


@dataclass(frozen=True, slots=True)
class Leaving:
    """So many base units of an order's line, as the back office's list has both, and how many follow."""

    order: Mapping[str, Any]
    line: Mapping[str, Any]
    quantity: Decimal
    rest: Decimal = Decimal(0)

    @property
    def name(self) -> str:
        """What tells it from any other part that leaves."""
        return f"{self.order['id']}/{self.order['version']}/{self.line['line_number']}/{self.rest:f}/{self.quantity:f};"

    def half(self) -> Decimal:
        """About half of it, in whole units of the account; nothing where that would be all or none of it."""
        per_unit = Fraction(self.line["ordered"] or 0) / (Fraction(self.line["quantity"]) or 1)
        units = floor(Fraction(self.quantity) / per_unit / 2) if per_unit else 0
        base = units * per_unit
        return Decimal(base.numerator) if base.denominator == 1 else Decimal(0)

    def halved(self) -> tuple[Leaving, Leaving | None]:
        """What leaves first and what follows; all of it at once where it can't be halved."""
        half = self.half()
        if not half:
            return self, None
        return replace(self, quantity=half, rest=self.quantity - half), replace(self, quantity=self.quantity - half)


def ship_what_was_accepted(
    services: Services,
    base: str,
    accounts: Sequence[DemoAccount],
    numbers: Mapping[str, Collection[str]],
    key_dir: Path,
) -> Iterator[ShippedNow]:
    """Two shipments for each account that has something to be shipped of these orders (account → their numbers): one
    order leaves in two parts, all others with the first. Nothing where all of it has left. Raises DemoFailed."""
    key = key_in(services.store, None, key_dir / "back-office.key")
    waiting = list(_open_orders(base, key))
    for sender in accounts:
        wanted = numbers.get(sender.account.id, ())
        orders = [one for one in waiting if one["account"] == sender.account.id and one["order_number"] in wanted]
        for left in in_two([Leaving(order, line, Decimal(line["to_ship"] or 0)) for order, line in _lines(orders)]):
            yield _ship(base, key, sender, left)


def _lines(orders: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return ((order, line) for order in orders for line in order["lines"])


def in_two(waiting: Sequence[Leaving]) -> list[list[Leaving]]:
    """What leaves now, and what leaves with another shipment: the second half of the first order that can be halved in
    whole units of its account. Nothing of which nothing waits."""
    left = [one for one in waiting if one.quantity]
    chosen = next((one.order["id"] for one in left if one.half()), None)
    parts = [one.halved() if one.order["id"] == chosen else (one, None) for one in left]
    first, second = [now for now, _ in parts], [later for _, later in parts if later is not None]
    return [leaving for leaving in (first, second) if leaving]


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


def _ship(base: str, key: str, sender: DemoAccount, left: Sequence[Leaving]) -> ShippedNow:
    """A pallet with a carton for each order."""
    named = sha256("".join(one.name for one in left).encode()).hexdigest()
    number = f"LS-{int(named[:12], 16) % 10**8:08d}"
    now = datetime.now(UTC).astimezone()
    cartons: dict[str, dict[str, Any]] = {}
    for one in left:
        carton = {"id": f"C{len(cartons) + 1}", "type": "CT", "parent": "P1", "lines": []}
        cartons.setdefault(one.order["id"], carton)["lines"].append(_line(one, now))
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
    documents = tuple(one for one in listed(base, sender, "despatch_advice") if one["id"] in made)
    words = tuple(f"order {one.order['order_number']}: {_in_words(one)}" for one in left)
    return ShippedNow(sender, number, words, documents)


def _line(leaving: Leaving, now: datetime) -> dict[str, Any]:
    order, line = leaving.order, leaving.line
    return {
        "order_number": order["order_number"],
        "account": order["account"],
        "order_id": order["id"],
        "line_number": line["line_number"],
        "product": line["product"],
        "base_quantity": f"{leaving.quantity:f}",
        "lot": f"L{now:%y%m%d}",
    }


def _in_words(leaving: Leaving) -> str:
    line, rest = leaving.line, leaving.rest
    said = f"{shortest(leaving.quantity):f} {line['base_unit']} of {line['name'] or line['product']}"
    return f"{said}; {shortest(rest):f} follow" if rest else said
