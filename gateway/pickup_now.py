"""Looking at a place now, in the process that asks, as often as there is something to be taken."""

from __future__ import annotations

import threading
import time

from gateway.picking import SPARE_SECONDS, end_look, every_seconds, look_at
from gateway.pickup import SOURCES
from gateway.pickup.source import PickupMeans
from gateway.pickup_look import Looked, Picked, Seen
from gateway.pickup_places import PickupPlace
from gateway.services import Services
from gateway.store.leases import LeaseLost

_MOST_LOOKS = 1_000


class Busy(Exception):
    """Another process looks at it just now."""


def look_now(services: Services, place: PickupPlace, means: PickupMeans) -> Looked:
    """What came of it, of all looks together: where there are new files a second one is made as soon as they would have
    changed if somebody still wrote them. Raises Busy and StoreUnavailable."""
    seen, whole = Seen(every_seconds(services, place)), Looked()
    picked: dict[tuple[str, str | None], Picked] = {}
    has_waited = False
    for _ in range(_MOST_LOOKS):
        looked = _look(services, place, means, seen)
        picked |= {(one.name, one.message_id): one for one in looked.picked}  # what can't be moved, each look tries
        whole.detail, whole.is_out, whole.ripens = looked.detail, looked.is_out, looked.ripens
        if looked.is_out or not (looked.has_more or (looked.ripens and not has_waited)):
            break
        if not looked.has_more:
            has_waited = True
            time.sleep(seen.still_seconds)  # nothing tells that nobody writes any more
    whole.picked = list(picked.values())
    return whole


def _look(services: Services, place: PickupPlace, means: PickupMeans, seen: Seen) -> Looked:
    pickups = services.store.pickups
    lease = pickups.claim_now(place.key, services.pickup.look_seconds + SPARE_SECONDS)
    if lease is None:
        raise Busy
    looked = look_at(services, SOURCES, place, means, seen, threading.Event())
    try:
        end_look(services, lease, place, seen, looked)
    except LeaseLost:
        raise Busy from None
    return looked
