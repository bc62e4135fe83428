"""A process that has just started has at hand what its first orders need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from gateway.store.database import StoreUnavailable
from gateway.store.revisions import Revisions, account_scope
from gateway.store.statements import run
from gateway.terms import Terms
from gateway.warm_up import warm_up
from mappings.calendars import public_holidays
from mappings.files.account_folder import read_account
from tests.examples.small_gateway import ACCOUNTS, SmallGateway

BOTH = ("birch-timber", "pine-hardware")


def ready(gateway: SmallGateway, account_ids: Iterable[str] = BOTH) -> set[str]:
    """Those of the accounts whose mapping is at hand: it can be had though no revision can be loaded any more."""
    found = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Revisions, "load", lambda *_: None)
        gateway.services.terms.catalogue()
        for account_id in account_ids:
            try:
                found |= set(gateway.services.terms.current([account_id]))
            except LookupError:
                continue
    return found


def test_mappings_and_catalogue_are_at_hand(gateway: SmallGateway) -> None:
    with pytest.raises(LookupError):
        ready(gateway)
    warm_up(gateway.services, receives=False)
    assert ready(gateway) == set(BOTH)


def test_so_is_the_calendar_where_orders_come_in(gateway: SmallGateway) -> None:
    folder = read_account(ACCOUNTS / BOTH[0])
    gateway.publish(replace(folder, account=folder.account.model_copy(update={"calendar": "DE-HH"})))
    public_holidays.cache_clear()
    warm_up(gateway.services, receives=False)
    assert public_holidays.cache_info().misses == 0
    warm_up(gateway.services, receives=True)
    assert public_holidays.cache_info().misses > 0


def test_a_mapping_that_cannot_be_used_holds_up_no_other(gateway: SmallGateway) -> None:
    with gateway.store.database.write() as connection:
        run(connection, "UPDATE revisions SET terms = '{}' WHERE scope = ?", [(account_scope(BOTH[0]),)])
    warm_up(gateway.services, receives=True)
    assert ready(gateway) == {BOTH[1]}


def test_a_database_that_does_not_answer_is_no_reason_not_to_start(
    gateway: SmallGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise StoreUnavailable("it restarts")

    monkeypatch.setattr(Terms, "catalogue", unavailable)
    warm_up(gateway.services, receives=True)
