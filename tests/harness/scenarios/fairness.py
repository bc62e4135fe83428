"""One account's two thousand orders wait; then one order of another account comes."""

from __future__ import annotations

from collections.abc import Callable

from tests.harness.accounts import SentOrder, acme_order, garden_order, nordic_order
from tests.harness.figures import Figures
from tests.harness.gateway import Processes, ended, environment, running
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.waiting import until

Order = Callable[[str, list[int]], SentOrder]


def one_is_not_behind_many(site: Site, many: Order, one: Order, count: int = 2_000) -> None:
    """All of them stored before a worker starts: the one is answered before a twentieth of the many are."""
    crowd = [many(f"M-{index:05d}", [1]) for index in range(count)]
    single = one("ONE-1", [1])
    figures = Figures(f"{count} of {crowd[0].account_id} and one of {single.account_id} on {site.kind}")
    keep(site.store, crowd)
    keep(site.store, [single])
    env = environment(site.folder / "var", database_url=site.url, redis_url=f"unix://{site.folder / 'nobody.sock'}")
    with ended(Processes(site.folder, env)) as processes:
        if processes.start("worker", "--burst").wait(timeout=180) != 0:
            raise AssertionError("the worker failed")
    figures.note(answered_before_it=_ahead_of(site, single))
    figures.note(**site.books.check([*crowd, single]))
    figures.show()
    _check_share(figures, count)


def one_comes_while_many_drain(site: Site, many: Order, one: Order, count: int = 2_000) -> None:
    """The one is taken over HTTP while the many are worked on: of them at most a twentieth is answered in between."""
    crowd = [many(f"M-{index:05d}", [1]) for index in range(count)]
    single = one("ONE-1", [1])
    figures = Figures(f"one of {single.account_id} while {count} of {crowd[0].account_id} drain on {site.kind}")
    with running(site.gateway(workers=1)) as gateway:
        client = site.client(gateway.address)
        earlier = one("ONE-0", [1])
        client.deliver(earlier)  # a process's first request takes longer than hundreds of the many
        until(lambda: site.books.count("documents") == 1, 30, "an order before them is answered")
        keep(site.store, crowd)
        until(lambda: site.books.count("documents") > 1, 30, "the first of the many is answered")
        client.deliver(single)
        answered = site.books.count("documents")
        until(lambda: site.books.waiting() == 0, 120, "everything is settled", pause=0.05)
        ahead = max(0, _ahead_of(site, single) - answered)
        figures.note(answered_when_it_was_taken=answered, answered_before_it=ahead)
        figures.note(**site.books.check([*crowd, earlier, single], site.ledger.all()))
    figures.show()
    if answered > count:
        raise AssertionError("the many were answered before the one came: this run tells nothing")
    _check_share(figures, count)


def _check_share(figures: Figures, count: int) -> None:
    ahead = figures.known["answered_before_it"]
    if ahead >= count // 20:
        raise AssertionError(f"{ahead} of {count} were answered before the one")


def _ahead_of(site: Site, single: SentOrder) -> int:
    """Documents of others that were completed before the one's."""
    query = "SELECT count(*) FROM documents WHERE position < (SELECT position FROM documents WHERE order_number = ?)"
    return int(site.books.rows(query, [single.number])[0][0])


PAIRS: tuple[tuple[Order, Order], ...] = ((acme_order, nordic_order), (nordic_order, garden_order))
"""Many of the more urgent lane and one of the least; many of the least and one of a more urgent."""
