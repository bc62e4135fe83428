"""Picking orders up where accounts leave them: which place is due, one look at it beside the others, and what it came
to.

One object a process, with one thread that claims and some that look. Nothing of it is needed for an order that comes
over HTTP, nor for a document that is sent: a server that hangs holds one of these threads and nobody else.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping
from functools import partial

from gateway.delivery.guard import AddressGuard
from gateway.delivery.threads import CallingThreads
from gateway.pickup import SOURCES
from gateway.pickup.source import PickupMeans, Source
from gateway.pickup_look import Look, Looked, Seen
from gateway.pickup_places import PickupPlace, PickupPlaces
from gateway.services import Services
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.leases import LeaseLost
from gateway.store.pickups import PickupKey, PickupLease

_THREADS = 16
"""Places that are looked at at once."""
_IDLE_SECONDS = 1.0
_TERMS_SECONDS = 5.0
"""Between two looks at whether an account's terms are others now."""
SPARE_SECONDS = 30.0
"""So much longer than a look may take a place is its own: what it came to has to be kept as well."""
_LONGEST_REST_SECONDS = 600.0
"""A place that goes on failing is looked at so often all the same."""
_HANGS_SECONDS = 120.0

logger = logging.getLogger(__name__)


class Picker:
    """Picks up until it is stopped."""

    def __init__(
        self, services: Services, means: PickupMeans | None = None, sources: Mapping[str, Source] = SOURCES
    ) -> None:
        self._services, self._store = services, services.store.pickups
        self._means = means or pickup_means(services)
        self._sources = sources
        self._terms = PickupPlaces(services.store)
        self._places: dict[PickupKey, PickupPlace] = {}
        self._seen: dict[PickupKey, Seen] = {}
        self._looking: set[PickupKey] = set()
        """Places that this process looks at just now; also those whose look hangs beyond its lease."""
        self._untold: queue.SimpleQueue[PickupLease] = queue.SimpleQueue()
        """Looks whose end the database didn't take."""
        self._look_at_terms_at = 0.0
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="picker", daemon=True)
        self._callers = CallingThreads(_THREADS, "pickup")
        self._round_began = time.monotonic()

    def start(self) -> None:
        """Begin beside whoever calls."""
        self._round_began = time.monotonic()
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Look nowhere any more, and wait so long for the looks that are being made. What they don't live to tell is
        found by whoever looks next."""
        self._stopping.set()
        self._news.set()
        ends = time.monotonic() + seconds
        self._thread.join(timeout=seconds)
        while self._looking and time.monotonic() < ends:
            self._news.wait(timeout=max(0.0, ends - time.monotonic()))
            self._news.clear()

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive() and time.monotonic() - self._round_began < _HANGS_SECONDS

    # --- the loop -----------------------------------------------------------------------------------------------
    def _run(self) -> None:
        is_away = False
        while not self._stopping.is_set():
            self._round_began = time.monotonic()
            try:
                self._round()
                is_away = False
            except (StoreUnavailable, Collision) as failure:
                if not is_away:
                    logger.warning("The database is away (%s); orders are picked up later", failure)
                is_away = True
            except Exception:  # a bug must be loud, and must not end what picks up
                logger.exception("Picking up failed; it goes on")
            self._news.wait(timeout=_IDLE_SECONDS)
            self._news.clear()

    def _round(self) -> None:
        if time.monotonic() >= self._look_at_terms_at:
            self._places = self._terms.now()
            self._store.know({key: one.place for key, one in self._places.items()})
            self._seen = {key: seen for key, seen in self._seen.items() if key in self._places}
            self._look_at_terms_at = time.monotonic() + _TERMS_SECONDS
        self._give_back()
        free = self._places.keys() - self._looking
        seconds = self._services.pickup.look_seconds + SPARE_SECONDS
        for lease in self._store.claim(free, _THREADS - len(self._looking), seconds):
            place = self._places[lease.key]
            seen = self._seen.setdefault(lease.key, Seen(every_seconds(self._services, place)))
            self._looking.add(lease.key)
            self._callers.submit(partial(self._look_at, lease, place, seen))

    def _give_back(self) -> None:
        """Once the database is back: what was being looked at when it went is looked at again."""
        while not self._untold.empty():
            lease = self._untold.get()
            try:
                self._store.release([lease])
            except (StoreUnavailable, Collision):
                self._untold.put(lease)
                raise

    def _look_at(self, lease: PickupLease, place: PickupPlace, seen: Seen) -> None:
        """One look, in a thread of its own; whatever happens, the place is looked at again."""
        try:
            looked = look_at(self._services, self._sources, place, self._means, seen, self._stopping)
            end_look(self._services, lease, place, seen, looked)
        except LeaseLost:
            logger.warning("A look at %s took longer than it may; others look there", place.endpoint)
        except (StoreUnavailable, Collision) as failure:
            self._untold.put(lease)
            logger.warning(
                "What was picked up from %s can't be told of (%s); it is found again", place.endpoint, failure
            )
        except Exception:  # the place is looked at again when its lease is over
            logger.exception("A look at %s of %s failed", place.endpoint, place.account_id)
        finally:
            self._looking.discard(place.key)
            self._news.set()


def pickup_means(services: Services) -> PickupMeans:
    """What places are looked at with. The folder of watched folders is made where it isn't there yet."""
    try:
        services.pickup.folder.mkdir(parents=True, exist_ok=True, mode=0o770)
    except OSError as failure:  # said of each folder below it, at each look
        logger.warning("%s can't be made: %s", services.pickup.folder, failure.strerror)
    return PickupMeans(AddressGuard(services.calls.networks), services.secrets, services.pickup.folder)


def look_at(
    services: Services,
    sources: Mapping[str, Source],
    place: PickupPlace,
    means: PickupMeans,
    seen: Seen,
    stopping: threading.Event,
) -> Looked:
    """What a look at the place came to; a bug of ours is told as what is wrong with it. Raises StoreUnavailable."""
    look = Look(services, sources[place.place], place, means, seen, stopping.is_set)
    try:
        return look.make()
    except (StoreUnavailable, Collision):
        raise
    except Exception as error:
        logger.exception("A look at %s of %s failed", place.endpoint, place.account_id)
        look.looked.detail, look.looked.is_out = f"the gateway itself failed ({type(error).__name__})", True
        return look.looked


def end_look(services: Services, lease: PickupLease, place: PickupPlace, seen: Seen, looked: Looked) -> None:
    """Keep what it came to, and say when the next look is due. Raises LeaseLost and StoreUnavailable."""
    every = every_seconds(services, place)
    if looked.is_out:
        wait = min(every * 2 ** min(lease.failures, 10), max(every, _LONGEST_REST_SECONDS))
    elif looked.has_more:
        wait = 0.0
    else:
        wait = min(every, seen.still_seconds) if looked.ripens else every
    if looked.detail is not None and lease.failures == 0:
        logger.warning("%s of %s: %s", place.endpoint, place.account_id, looked.detail)
    services.store.pickups.end(lease, list(looked.told.values()), looked.gone, looked.detail, wait)


def every_seconds(services: Services, place: PickupPlace) -> float:
    """How long after one look at the place the next is made."""
    return services.pickup.every_seconds if place.every is None else place.every
