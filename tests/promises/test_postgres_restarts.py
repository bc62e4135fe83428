"""PostgreSQL restarted hard under load: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

from tests.harness.scenarios.postgres_restarts import orders_survive_postgres_restarts
from tests.harness.site import Site
from tests.store.postgres import fresh_database, postgres_server


def test_orders_survive_postgres_restarts(folder: Path) -> None:
    with postgres_server(durable=True) as own, fresh_database(own) as url, Site(folder, url) as site:
        orders_survive_postgres_restarts(site, own, restarts=2, orders_each=60)
