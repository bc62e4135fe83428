"""A worker, and intake, killed at every commit boundary on purpose: just before and just after each commit.

`python -m tests.harness.scenarios.boundaries URL SEED ORDERS MOST` prints the boundaries it has tried and leaves the
books to be checked. It imports everything once and forks a child for each try; it opens no database itself, since an
open SQLite file must not be carried over a fork.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from gateway import intake
from gateway.services import Services
from gateway.store.store import Store
from tests.harness.accounts import SentOrder, orders_of_all
from tests.harness.driver import at_write
from tests.harness.figures import Figures
from tests.harness.gateway import ROOT
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.working import services_on, work_once

LEASE_SECONDS = 0.4


def every_boundary_is_safe(site: Site, orders_each: int, most: int) -> None:
    """Tries at each process's first `most` commits on this site's database; then each order has its one answer."""
    figures = Figures(f"commit boundaries on {site.kind}")
    command = [sys.executable, "-P", "-m", __name__, site.url, str(figures.seed), str(orders_each), str(most)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"the tries failed: {ran.stdout[-2000:]} {ran.stderr[-4000:]}")
    told = json.loads(ran.stdout.splitlines()[-1])
    counts = told.pop("orders_of_tries")
    figures.note(tries=len(counts), **told)
    orders = [order for number, count in enumerate(counts) for order in _orders_of(figures.seed, number, count)]
    figures.note(**site.books.check(orders))
    figures.show()
    if told["worker_boundaries"] < 4 or told["intake_boundaries"] < 2:
        raise AssertionError(f"fewer boundaries than a claim and a save have: {told}")
    if left := site.books.rows("SELECT count(*) FROM leases")[0][0]:
        raise AssertionError(f"{left} leases are left")


def _orders_of(seed: int, number: int, each: int) -> list[SentOrder]:
    return orders_of_all(each, random.Random(f"{seed}/{number}"), f"B{number}")


def main() -> int:
    """Try every boundary in turn."""
    url, (seed, each, most) = sys.argv[1], map(int, sys.argv[2:])
    made: list[int] = []

    def fresh(count: int) -> list[SentOrder]:
        made.append(count)
        return _orders_of(seed, len(made) - 1, count)

    # Intake commits order by order, and those after the last boundary would only take time.
    intake_boundaries = _intake_boundaries(url, lambda: fresh(min(each, most + 1)), most)
    worker_boundaries = _worker_boundaries(url, lambda: fresh(each), most)
    told = {"orders_of_tries": made, "intake_boundaries": intake_boundaries, "worker_boundaries": worker_boundaries}
    sys.stdout.write(json.dumps(told) + "\n")
    return 0


def _intake_boundaries(url: str, fresh: Callable[[], list[SentOrder]], most: int) -> int:
    """Killed while it keeps orders, at one commit after the other; then the same orders are sent again."""
    number = 0
    while number < most:
        number += 1
        died = False
        for moment in ("commit", "done"):
            orders = fresh()
            died |= child(lambda: _take_in(url, orders), number, moment)  # noqa: B023  runs at once
            must_end(child(lambda: _take_in(url, orders)))  # noqa: B023
        if not died:
            break
    must_end(child(lambda: _work(url)))
    return 2 * number


def _worker_boundaries(url: str, fresh: Callable[[], list[SentOrder]], most: int) -> int:
    """Killed at one commit after the other, first while it works, then while it recovers what another lost."""
    number = 0
    while number < most:
        number += 1
        died = False
        for moment in ("commit", "done"):
            for earlier_death in (False, True):
                orders = fresh()
                must_end(child(lambda: _store(url, orders)))  # noqa: B023  runs at once
                if earlier_death and not child(lambda: _work(url), 1, "done"):
                    raise AssertionError("a worker outlived the kill after its claim")
                died |= child(lambda: _work(url), number, moment)
                must_end(child(lambda: _work(url)))
        if not died:
            break
    return 2 * number


def child(act: Callable[[], None], number: int = 0, moment: str = "") -> bool:
    """Run it in a child that kills itself at the boundary; whether it did. Raises where it failed otherwise."""
    pid = os.fork()
    if pid == 0:
        try:
            at_write(number, moment, lambda: os.kill(os.getpid(), signal.SIGKILL))
            act()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code not in (0, -signal.SIGKILL):
        raise AssertionError(f"a child failed with {code}")
    return code != 0


def must_end(died: bool) -> None:
    """It was not to be killed."""
    if died:
        raise AssertionError("a child that was not to be killed died")


def _services(url: str) -> Services:
    return services_on(Store(url, lease_seconds=LEASE_SECONDS, max_losses=6), lease_seconds=LEASE_SECONDS)


def _take_in(url: str, orders: list[SentOrder]) -> None:
    services = _services(url)
    for order in orders:
        account = services.terms.current([order.account_id])[order.account_id].account
        intake.take_in(services, intake.Arrival(account, False, order.body, "test", order.media_type))


def _store(url: str, orders: list[SentOrder]) -> None:
    store = Store(url)
    keep(store, orders)
    store.close()


def _work(url: str) -> None:
    """A worker's turns until everything is settled."""
    services = _services(url)
    while services.store.queue.waiting():
        if not work_once(services):
            time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
