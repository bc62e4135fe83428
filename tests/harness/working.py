"""A worker's turns in the process that asks for them, without Redis."""

from __future__ import annotations

from pathlib import Path

from gateway import pipeline
from gateway.lanes import LANES, Lanes
from gateway.services import Limits, Services
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import Supplier

_NOBODY = f"unix://{Path('/nonexistent/redis.sock')}"
_ALL_LANES = tuple(range(len(LANES)))


def services_on(store: Store, *, lease_seconds: float = 30.0) -> Services:
    """What a worker works with, on this store; who rings reaches nobody."""
    supplier = Supplier(legal_name="Halden Provisions AS")
    return Services(store, Lanes(_NOBODY), Terms(store), supplier, Limits(lease_seconds=lease_seconds))


def work_once(services: Services) -> int:
    """Sweep, which finds leases that are over, and drain; how many messages were settled."""
    services.store.queue.sweep()
    return pipeline.drain(services, _ALL_LANES, lambda: None)
