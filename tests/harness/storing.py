"""Storing orders as intake does, without a web process."""

from __future__ import annotations

import hashlib

from gateway.lanes import lane_of
from gateway.store.arrivals import NewMessage
from gateway.store.ids import now_us
from gateway.store.store import Store
from tests.harness.accounts import SentOrder

_TIERS = {"acme-retail": "platinum", "nordic-office": "standard", "garden-world": "gold"}


def keep(store: Store, orders: list[SentOrder]) -> None:
    """Store orders as intake does, group by group, without a web process."""
    for start in range(0, len(orders), 50):
        group = [
            NewMessage(
                account_id=order.account_id,
                test=False,
                lane=lane_of(_TIERS[order.account_id]),
                due_at=now_us() + 4 * 3_600_000_000,
                source="test",
                format="ubl-2.1" if order.body.startswith(b"<") else "json-1",
                media_type=order.media_type,
                body=order.body,
                sha256=hashlib.sha256(order.body).digest(),
            )
            for order in orders[start : start + 50]
        ]
        store.intake.keep_all(group)
