"""Redis missing at the start, stopped under load, flushed and deleted: intake answers 202 all the same."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from gateway.drafting import draft_tests
from gateway.embedded_redis import EmbeddedRedis, start
from tests.harness.accounts import SentOrder, orders_of_all
from tests.harness.figures import Figures
from tests.harness.gateway import Processes, answers, ended, environment, free_port
from tests.harness.ledger import Client
from tests.harness.site import Site
from tests.harness.waiting import until
from tests.harness.working import services_on


class OwnRedis:
    """A Redis that only this test starts and stops; the gateway has its address as one from outside."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedRedis(folder)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with the files it has."""
        self._process = start(self.server)

    def kill(self, *, with_files: bool = False) -> None:
        """-9, and its folder deleted where that is asked."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if with_files:
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def flush(self) -> None:
        """FLUSHALL."""
        with contextlib.closing(redis.Redis.from_url(self.server.url, socket_timeout=5)) as client:
            client.flushall()


def orders_survive_without_redis(site: Site, *, away_seconds: float, flushes: int, deletions: int) -> None:
    """At every moment a POST is a 202; the backlog is gone soon after Redis is back."""
    figures = Figures(f"Redis away on {site.kind}")
    own = OwnRedis(site.folder / "r" / "redis")
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(own.kill)
        client = site.client(cleanup.enter_context(_parts(site, own.server.url)))
        sent: list[SentOrder] = []
        with _posts(client, figures, sent):
            until(lambda: len(site.ledger) > 20, 30, "orders are taken without Redis")
            until(lambda: site.books.count("documents") > 10, 30, "and answered")
            figures.note(draft_tried_s=_draft_is_tried(site))
            own.start()
            _more(site, "with Redis")
            own.kill()
            time.sleep(away_seconds)  # the outage itself
            own.start()
            for _ in range(flushes):
                _more(site, "between two flushes")
                own.flush()
            for _ in range(deletions):
                _more(site, "before Redis is deleted")
                own.kill(with_files=True)
                _more(site, "while it is gone")
                own.start()
        figures.note(drained_s=until(lambda: site.books.waiting() == 0, 60, "the backlog drains", pause=0.02))
        figures.note(**site.books.check(sent, site.ledger.all()))
    figures.note(away_s=away_seconds, flushes=flushes, deletions=deletions, slowest_post_s=client.slowest)
    figures.show()
    if set(client.statuses) != {202}:
        raise AssertionError(f"answers to POST: {client.statuses}")


def _draft_is_tried(site: Site) -> float:
    """Somebody asks for a test of a draft, of which nobody is rung; the seconds until a worker has done it."""
    services = services_on(site.store)
    test = draft_tests.begin(services, "garden-world", 200, "user Kim")

    def is_done() -> bool:
        found = draft_tests.found(services, test)
        return found is not None and found.test.status == "done"

    return until(is_done, 30, "a draft is tried out")


@contextlib.contextmanager
def _parts(site: Site, redis_url: str) -> Iterator[str]:
    """Web, worker and scheduler one by one, as on several machines, with a Redis from outside; the web's address."""
    told = {"database_url": site.url, "redis_url": redis_url, "lease_seconds": 3, "sweep_seconds": 0.3}
    with ended(Processes(site.folder, environment(site.folder / "var", **told, log_level="WARNING"))) as parts:
        web = parts.start("web", "--port", str(port := free_port()))
        address = f"http://127.0.0.1:{port}"
        until(lambda: answers(address), 30, "the web process is ready")
        worker, scheduler = parts.start("worker"), parts.start("scheduler")
        yield address
        died = [process.args for process in (web, worker, scheduler) if process.poll() is not None]
        if died or parts.bugs():
            raise AssertionError(f"died: {died}; the log tells of bugs: {parts.bugs()[:10]}")


@contextlib.contextmanager
def _posts(client: Client, figures: Figures, sent: list[SentOrder]) -> Iterator[None]:
    """Four threads that post orders, each about twenty a second, until the end of the block."""
    stop, lock, failures = threading.Event(), threading.Lock(), []
    waiting = iter(orders_of_all(40_000, figures.chance, "R"))

    def post() -> None:
        while not stop.wait(0.05):
            with lock:
                sent.append(order := next(waiting))
            try:
                client.deliver(order)
            except BaseException as failure:
                failures.append(failure)
                return

    threads = [threading.Thread(target=post, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


def _more(site: Site, what: str, orders: int = 10) -> None:
    before = len(site.ledger)
    until(lambda: len(site.ledger) >= before + orders, 30, f"more orders are taken {what}")
