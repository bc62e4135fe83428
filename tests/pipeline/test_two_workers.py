"""Two workers on the same products: everything is answered once, and what sells out is sold once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.services import Limits
from gateway.store.store import Store
from tests.harness.accounts import orders_of_all
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.working import services_on, work_once

ORDERS = 120


@pytest.mark.parametrize("on_hand", ["150", "100000"])
def test_two_workers_sell_what_there_is_and_no_more(database_url: str, tmp_path: Path, on_hand: str) -> None:
    """In batches of five, so that the two are at it at the same time."""
    with Site(tmp_path, database_url, on_hand=on_hand) as site:
        sent = orders_of_all(ORDERS, random.Random(7))
        keep(site.store, sent)

        def work(_: int) -> int:
            services = services_on(Store(database_url))
            services = replace(services, limits=Limits(batch_size=5))
            settled = 0
            while site.books.waiting():
                settled += work_once(services)
            services.store.close()
            return settled

        with ThreadPoolExecutor(2) as threads:
            assert sum(threads.map(work, range(2))) == ORDERS
        site.books.check(sent)
        confirmed = sum(Decimal(row[0]) for row in site.books.rows("SELECT confirmed FROM quantity_movements"))
        ordered = sum(Decimal(quantity) for order in sent for quantity in order.ordered)
        assert (confirmed < ordered) == (on_hand == "150")
