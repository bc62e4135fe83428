"""Files on their way: kept for whoever uploaded them, a day at most. On SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from gateway.store.store import Store
from gateway.store.uploads import MOST_OF_ONE


def test_a_file_is_its_uploaders_alone(store: Store) -> None:
    made = store.uploads.put("acme", "kim", "item", "items.csv", b"account_sku\n" * 1000)
    found = store.uploads.of("acme", "kim", "item", made.id)
    assert (found, store.uploads.body(made.id)) == (made, b"account_sku\n" * 1000)
    for other in (("acme", "ada", "item"), ("delta", "kim", "item"), ("acme", "kim", "unit")):
        assert store.uploads.of(*other, made.id) is None
    store.uploads.choose(made.id, "{}")
    again = store.uploads.of("acme", "kim", "item", made.id)
    assert again is not None
    assert again.choices == "{}"
    store.uploads.drop(made.id)
    assert store.uploads.of("acme", "kim", "item", made.id) is None
    with pytest.raises(LookupError):
        store.uploads.body(made.id)


def test_a_day_later_it_is_gone(store: Store) -> None:
    made = store.uploads.put("acme", "kim", "item", "items.csv", b"x")
    assert store.uploads.drop_old() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25), tick=False):
        assert store.uploads.of("acme", "kim", "item", made.id) is None
        assert store.uploads.drop_old() == 1


def test_nobody_has_many_under_way(store: Store) -> None:
    made = [store.uploads.put("acme", "kim", "item", f"{one}.csv", b"x") for one in range(MOST_OF_ONE + 2)]
    there = [one.name for one in made if store.uploads.of("acme", "kim", "item", one.id)]
    assert there == [f"{one}.csv" for one in range(2, MOST_OF_ONE + 2)]
