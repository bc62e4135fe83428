"""Which places there are to pick orders up from, by the accounts' terms as they are published now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.store.pickups import PickupKey
from gateway.store.store import Store
from mappings.pickups import (
    check,
    endpoint_of,
    folders_of,
    interval,
    is_test,
    may_share,
    place_of,
    secrets_named,
)
from mappings.transports import BadTerms


@dataclass(frozen=True, slots=True)
class PickupPlace:
    """One place of one account. `every` is in seconds; None where nothing is said. `others`: accounts whose terms name
    it as well, or put their files there, so that nobody knows whose orders lie there."""

    account_id: str
    endpoint: str
    place: str
    terms: Mapping[str, Any] = field(repr=False)
    test: bool = False
    every: float | None = None
    others: tuple[str, ...] = ()

    @property
    def key(self) -> PickupKey:
        return self.account_id, self.endpoint


class PickupPlaces:
    """The places of all accounts. Only terms that are others since the last time are read again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of: dict[str, tuple[int, tuple[Mapping[str, Any], ...]]] = {}

    def now(self) -> dict[PickupKey, PickupPlace]:
        """Every place, by account and endpoint. What can't be used is left out: `faults` says it."""
        found = [place for account_id, terms in self._terms() for place in _places(account_id, terms)]
        folders = _Folders(found)
        return {one.key: replace(one, others=folders.others(one)) for one in found}

    def faults(self) -> Iterator[str]:
        """A sentence for each place that the terms name and that can't be used."""
        for account_id, terms in self._terms():
            try:
                check(terms)
            except BadTerms as fault:
                yield f"{account_id}: {fault}"

    def _terms(self) -> list[tuple[str, Mapping[str, Any]]]:
        """(account, terms of one of its places)."""
        accounts = {str(one["id"]): int(one["revision"]) for one in self._store.revisions.accounts()}
        for account_id, revision in accounts.items():
            if self._of.get(account_id, (None,))[0] != revision:
                inbound = self._store.revisions.terms(account_id, revision).get("inbound") or {}
                self._of[account_id] = (revision, tuple(inbound.get("pickup") or ()))
        for account_id in self._of.keys() - accounts.keys():
            del self._of[account_id]
        return [(account_id, terms) for account_id in accounts for terms in self._of[account_id][1]]


def pickup_secrets(store: Store, account_id: str, revision: int) -> Iterator[tuple[str, str]]:
    """(a secret's name, the place that it opens) of one account. Terms that can't be used name none."""
    for terms in (store.revisions.terms(account_id, revision).get("inbound") or {}).get("pickup") or ():
        with suppress(BadTerms):
            check(terms)
            yield from ((name, endpoint_of(terms)) for name in secrets_named(terms))


def _places(account_id: str, terms: Mapping[str, Any]) -> Iterator[PickupPlace]:
    try:
        check(terms)
        every = interval(terms)
        seconds = None if every is None else every.total_seconds()
        yield PickupPlace(account_id, endpoint_of(terms), place_of(terms), terms, is_test(terms), seconds)
    except BadTerms:
        return


class _Folders:
    """Who looks into which folder, and who puts files there that were taken: another's orders must not be found so."""

    def __init__(self, places: Iterable[PickupPlace]) -> None:
        self._looked_at: defaultdict[str, list[PickupPlace]] = defaultdict(list)
        self._put_to: defaultdict[str, set[str]] = defaultdict(set)
        for one in places:
            here, put_to = folders_of(one.terms)
            self._looked_at[here].append(one)
            for folder in put_to:
                self._put_to[folder].add(one.account_id)

    def others(self, one: PickupPlace) -> tuple[str, ...]:
        """The other accounts whose files are among this place's, or that have this one's among theirs."""
        here, put_to = folders_of(one.terms)
        found = {other.account_id for other in self._looked_at[here] if not may_share(one.terms, other.terms)}
        found |= self._put_to.get(here, set())
        found |= {other.account_id for folder in put_to for other in self._looked_at.get(folder, ())}
        return tuple(sorted(found - {one.account_id}))
