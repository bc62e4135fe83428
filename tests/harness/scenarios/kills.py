"""Orders of three accounts while workers and the web process are killed and Redis is flushed, killed and deleted.

Two leases after the last fault, and the time that a part takes to start on this machine, everything is settled.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from tests.harness.accounts import orders_of_all
from tests.harness.figures import Figures
from tests.harness.gateway import Gateway, running, words
from tests.harness.ledger import Client, Crew
from tests.harness.site import Site
from tests.harness.waiting import until

LEASE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Kills:
    """How many orders, and how often each fault."""

    orders: int
    workers: int
    webs: int
    flushes: int
    deletions: int = 1


def orders_survive_kills(site: Site, kills: Kills) -> None:
    """Every order has its one answer, whatever was killed while it was on its way."""
    figures = Figures(f"kills on {site.kind}")
    orders = orders_of_all(kills.orders, figures.chance)
    # A message whose worker is lost several times is taken for poison. Aimed kills make a chance of that which no real
    # outage has, so the bound is raised; that poison is set apart has a test of its own.
    told = {"lease_seconds": LEASE_SECONDS, "claim_attempts": 12}
    with running(site.gateway(**told)) as gateway:
        client = site.client(gateway.address)
        _deliver_among_faults(site, gateway, client, orders, kills, figures)
        settled = until(lambda: site.books.waiting() == 0, 120, "everything is settled", pause=0.02)
        figures.note(settled_after_s=settled, gateway_started_in_s=gateway.start_seconds)
        figures.note(**site.books.check(orders, site.ledger.all()))
        unanswered = client.statuses[0]
        figures.note(requests=sum(client.statuses.values()), unanswered=unanswered, busy_503=client.statuses[503])
        bugs = gateway.bugs()
    figures.show()
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")
    if settled > 2 * LEASE_SECONDS + gateway.start_seconds:
        raise AssertionError(f"settled {settled:.1f} s after the last order and fault: more than two leases")


def _deliver_among_faults(
    site: Site, gateway: Gateway, client: Client, orders: list, kills: Kills, figures: Figures
) -> None:
    """Give the crew a share of the orders before each fault, and return when all are taken."""
    faults = ["worker"] * kills.workers + ["web"] * kills.webs + ["flush"] * kills.flushes
    faults += ["delete"] * kills.deletions
    figures.chance.shuffle(faults)
    crew = Crew(client)
    share = -(-len(orders) // len(faults))
    for at, fault in enumerate(faults):
        given = orders[: (at + 1) * share]
        crew.give(given[at * share :])
        crew.check()
        _inflict(fault, site, gateway, figures, len(given))
    crew.finish()


def _inflict(fault: str, site: Site, gateway: Gateway, figures: Figures, given: int) -> None:
    if fault == "worker":
        figures.add("worker_kills")
        figures.add("of_them_with_a_lease", int(_kill_a_worker(site, gateway, given)))
        return
    time.sleep(figures.chance.uniform(0, 0.05))  # a fault at some moment of the share's delivery, not after it
    if fault == "web":
        until(lambda: gateway.kill("web"), 30, "a web process to kill")
        figures.add("web_kills")
    elif fault == "flush":
        until(gateway.flush_redis, 30, "a Redis to flush")
        figures.add("redis_flushes")
    else:
        gateway.delete_redis()
        figures.add("redis_deletions")


def _kill_a_worker(site: Site, gateway: Gateway, given: int) -> bool:
    """-9 for a worker that holds a lease; where all that was given is settled, for any. Whether it held one."""
    held_one = []

    def killed_or_nothing_to_do() -> bool:
        if _kill_a_lessee(site):
            held_one.append(True)
        return bool(held_one) or (len(site.ledger) >= given and site.books.waiting() == 0)

    until(killed_or_nothing_to_do, 60, "a worker with a lease", pause=0.001)
    if not held_one:
        until(lambda: gateway.kill("worker"), 30, "a worker to kill")
    return bool(held_one)


_WHO_HOLDS_MESSAGES = (
    "SELECT worker FROM leases WHERE EXISTS (SELECT 1 FROM messages m WHERE m.lease_id = leases.id) ORDER BY until DESC"
)
"""Who sends documents has a lease as well, all the time."""


def _kill_a_lessee(site: Site) -> bool:
    for (worker,) in site.books.rows(_WHO_HOLDS_MESSAGES):
        try:
            process = psutil.Process(int(worker.rpartition("-")[2]))
            if "worker" in words(process):
                process.kill()
                return True
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return False
