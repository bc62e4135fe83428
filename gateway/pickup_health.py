"""What keeps orders from being picked up: places that fail, secrets that nobody has set here, files that nobody could
take or move, and that nobody looks at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.named_secrets import NamedSecrets
from gateway.pickup_places import PickupPlace, PickupPlaces
from gateway.store.ids import now_us
from gateway.store.pickups import PickupState
from gateway.store.store import Store
from mappings.pickups import secrets_named

_UNSEEN_SECONDS = 900
"""Somebody looks at each place more often than that, but for one that is to be looked at less often."""


def pickup_findings(store: Store, secrets: NamedSecrets) -> Iterator[tuple[bool, str]]:
    """(whether somebody should look, a sentence), the first about all of them."""
    terms = PickupPlaces(store)
    places = terms.now()
    if places:
        yield False, f"{len(places)} place{'s' if len(places) > 1 else ''} to pick orders up from"
    for said in terms.faults():
        yield True, said
    states = {(one.account_id, one.endpoint): one for one in store.pickups.all()}
    for key, place in places.items():
        for said in (*_of_terms(place, secrets), *_of_state(place, states.get(key))):
            yield True, f"{place.account_id}, {place.endpoint}: {said}"


def _of_terms(place: PickupPlace, secrets: NamedSecrets) -> Iterator[str]:
    if place.others:
        yield f"{', '.join(place.others)} is to be picked up from there as well, so nothing is"
    for name in secrets_named(place.terms):
        if secrets.of(name) is None:
            yield f"nothing can be picked up without the secret {name}, which {secrets.remedy(name)}"


def _of_state(place: PickupPlace, state: PickupState | None) -> Iterator[str]:
    if state is None or state.looked_at is None:
        yield "nobody has looked there yet; a worker of the lane `delivery` does, `gateway up` has one"
        return
    if state.failing_since is not None:
        yield f"fails since {_moment(state.failing_since)}, {state.failures} times in a row ({state.detail})"
    elif now_us() - state.looked_at > (_UNSEEN_SECONDS + (place.every or 0.0)) * 1_000_000:
        yield f"nobody has looked there since {_moment(state.looked_at)}"
    if state.unmoved:
        yield f"files that could not be moved: {state.unmoved}"
    if state.refused:
        yield f"files that could not be taken: {state.refused}; `gateway problems list` says why"


def _moment(at: int) -> str:
    """Microseconds since 1970 to the second, in UTC."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
