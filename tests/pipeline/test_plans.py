"""What a worker asks PostgreSQL again and again is planned once: planning takes longer than most of its statements."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.services import Limits
from gateway.store.statements import fetch
from gateway.store.tables import metadata
from tests.harness.accounts import orders_of_all
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.working import services_on, work_once
from tests.store.postgres import fresh_database

BATCHES = 40
_MOST = 5
"""PostgreSQL plans a prepared statement for the values at hand so often, then sees whether a plan for any will do."""


def test_no_statement_of_a_batch_is_planned_anew_each_time(postgres: Any, tmp_path: Path) -> None:
    with fresh_database(postgres) as url, Site(tmp_path, url) as site:
        with site.store.database.write() as connection:
            for table in metadata.tables:  # statistics that come in meanwhile would make it plan anew
                connection.exec_driver_sql(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        keep(site.store, orders_of_all(3 * BATCHES, random.Random(1)))
        services = replace(services_on(site.store), limits=Limits(batch_size=3))
        while site.books.waiting():
            work_once(services)
        with site.store.database.read() as connection:
            plans = fetch(connection, "SELECT statement, custom_plans, generic_plans FROM pg_prepared_statements")
    often = [(text, custom) for text, custom, generic in plans if custom + generic > 3 * _MOST]
    assert len(often) > 10, "the batches went over one connection"
    assert [text for text, custom in often if custom > _MOST] == []
