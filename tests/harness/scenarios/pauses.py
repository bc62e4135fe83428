"""A worker that is stopped (SIGSTOP) while it holds messages commits nothing late, and blocks nobody for long."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import psutil

from tests.harness.accounts import SentOrder, orders_of_all
from tests.harness.figures import Figures
from tests.harness.gateway import DRIVER, Gateway, Processes, ended, environment, running
from tests.harness.ledger import Client, Crew
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.waiting import until
from tests.harness.working import services_on, work_once

HEARTBEAT_SECONDS = 3.0


def stale_worker_commits_nothing(site: Site, pauses: int, point: str = "save:enter") -> None:
    """Stopped before its save until this process, a worker meanwhile, has settled its messages; then continued: it
    writes nothing.

    Without a supervisor, which would have replaced it; Redis is away, so that it looks by itself. At `save:commit` it
    is stopped inside its transaction, as a machine that froze: only the database can end that.
    """
    figures = Figures(f"workers stopped at {point} on {site.kind}")
    tokens = _folder(site.folder / "tokens")
    told = {"database_url": site.url, "redis_url": f"unix://{site.folder / 'nobody.sock'}", "lease_seconds": 1}
    env = environment(site.folder / "var", **told) | {"HARNESS_FAULTS": f"{point}=stop{tokens}"}
    here = services_on(site.store)
    sent: list[SentOrder] = []

    def settled_here() -> bool:
        work_once(here)
        return site.books.waiting() == 0

    with ended(Processes(_folder(site.folder / "a"), env, module=DRIVER)) as stopping:
        stale = stopping.start("worker")
        for round_ in range(pauses):
            orders = orders_of_all(10, figures.chance, f"P{round_}")
            (tokens / "once").touch()
            keep(site.store, orders)
            until(lambda: _is_stopped(stale.pid), 60, "the worker has stopped itself")
            sent += orders
            took = until(settled_here, 60, "another worker settled them", pause=0.02)
            figures.note(slowest_takeover_s=max(took, figures.known.get("slowest_takeover_s", 0.0)))
            _continue(stale.pid, stopping, round_ + 1)
            figures.add("pauses")
        figures.note(**site.books.check(sent))
        stale.terminate()
        if stale.wait(timeout=60) != 0:
            raise AssertionError(f"the stale worker ended with {stale.returncode}")
        bugs = stopping.bugs()
    figures.show()
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")


def stopped_worker_blocks_nobody(site: Site, pauses: int) -> None:
    """Stopped inside its write transaction: the supervisor replaces it, and intake waits a heartbeat at most."""
    figures = Figures(f"workers stopped inside a write transaction on {site.kind}")
    tokens = _folder(site.folder / "tokens")
    # What was lost is claimed next and alone, so one message may well meet every pause: it must not pass for poison.
    told = {"heartbeat_seconds": HEARTBEAT_SECONDS, "lease_seconds": 2, "claim_attempts": pauses + 3}
    orders = orders_of_all(12 * pauses, figures.chance, "T")
    extra = orders_of_all(4000, figures.chance, "U")
    posted: list[SentOrder] = []
    with running(site.gateway(faults=f"save:commit=stop{tokens}", **told)) as gateway:
        client = site.client(gateway.address)
        usual = _usual_answer(client, orders_of_all(30, figures.chance, "O"), posted)
        crew = Crew(client, threads=2)
        with _steady_posts(client, extra, posted):
            for round_ in range(pauses):
                (tokens / "once").touch()
                crew.give(orders[12 * round_ : 12 * round_ + 12])  # in the background: their posts wait for the lock
                took = _stopped_for(gateway)
                figures.note(slowest_replacement_s=max(took, figures.known.get("slowest_replacement_s", 0.0)))
                figures.add("pauses")
                taken = len(site.ledger)
                until(lambda taken=taken: len(site.ledger) > taken + 3, 60, "posts are answered between two pauses")  # type: ignore[misc]
        crew.finish()
        until(lambda: site.books.waiting() == 0, 60, "everything is settled", pause=0.02)
        figures.note(**site.books.check([*orders, *posted], site.ledger.all()))
        bugs = gateway.bugs()
    figures.note(
        slowest_post_s=client.slowest, usual_post_s=usual, heartbeat_s=HEARTBEAT_SECONDS, posts_503=client.statuses[503]
    )
    figures.show()
    if client.slowest > HEARTBEAT_SECONDS + 10 * usual:  # it waited for the lock, and then for its turn among others
        raise AssertionError(f"a POST took {client.slowest:.1f} s")
    if client.statuses[503] or client.statuses[0]:
        raise AssertionError(f"answers to POST: {client.statuses}")
    if bugs:
        raise AssertionError(f"the log tells of bugs: {bugs[:10]}")


def _usual_answer(client: Client, orders: list[SentOrder], posted: list[SentOrder]) -> float:
    """Seconds of the slowest answer while nobody is stopped: what this machine takes at this hour."""
    for order in orders:
        client.deliver(order)
    posted += orders
    return client.slowest


def _stopped_for(gateway: Gateway) -> float:
    """Wait until a worker has stopped itself and is replaced; how long it was stopped."""

    def stopped() -> list[int]:
        return [process.pid for process in gateway.parts("worker") if _is_stopped(process.pid)]

    until(stopped, 60, "a worker has stopped itself", pause=0.02)
    return until(lambda: not stopped(), 60, "it is replaced", pause=0.02)


class _steady_posts:  # noqa: N801 reads as a word in `with _steady_posts(...)`
    """Post the orders one by one in the background, about fifty a second, until the end of the block."""

    def __init__(self, client: Client, orders: list[SentOrder], posted: list[SentOrder]) -> None:
        self._client, self._orders, self._posted = client, orders, posted
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        try:
            for order in self._orders:
                if self._stop.is_set():
                    return
                self._posted.append(order)
                self._client.deliver(order)
                self._stop.wait(0.02)
        except BaseException as failure:
            self._failures.append(failure)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failures:
            raise self._failures[0]


def _continue(pid: int, processes: Processes, times: int) -> None:
    """SIGCONT, and wait until the process has said that its lease was over."""
    psutil.Process(pid).send_signal(signal.SIGCONT)
    until(lambda: processes.said().count("is over") >= times, 60, "the stale worker noticed that its lease is over")
    until(lambda: not _is_stopped(pid), 60, "it runs again")


def _is_stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
