"""SQLite locked by another process, and no room left on the disk: 503 with Retry-After, and never a false 202."""

from __future__ import annotations

import contextlib
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pysqlite3.dbapi2 as sqlite
from sqlalchemy import event

from gateway.store.database import StoreUnavailable
from tests.harness.accounts import SentOrder, nordic_order, orders_of_all
from tests.harness.figures import Figures
from tests.harness.gateway import Processes, answers, ended, environment, free_port
from tests.harness.ledger import Client
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.waiting import until

_CHECKPOINTS = 5


class Taken(AssertionError):
    """Orders were taken, and are stored: there was room."""


def locked_database_is_a_503(site: Site) -> None:
    """Another process holds SQLite's write lock: orders are refused meanwhile, the same requests succeed after it."""
    figures = Figures("SQLite locked by another")
    orders = [nordic_order(f"L-{number}", [1, 2]) for number in range(8)]
    with _web_and_worker(site) as (client, _):
        with contextlib.closing(sqlite.connect(_file_of(site), isolation_level=None, timeout=5)) as other:
            other.execute("BEGIN IMMEDIATE")
            _all_refused(site, client, orders, figures)
            other.execute("ROLLBACK")
        client.deliver_all(orders)
        until(lambda: site.books.waiting() == 0, 60, "everything is settled", pause=0.02)
        figures.note(**site.books.check(orders, site.ledger.all()))
        site.books.file_is_whole()
    figures.note(slowest_answer_s=client.slowest)
    figures.show()


def full_disk_is_a_503(site: Site) -> None:
    """The web process may write no file larger than it is (RLIMIT_FSIZE): refused, and taken once there is room."""
    figures = Figures("no room for SQLite's files")
    orders = orders_of_all(120, figures.chance, "D")
    with _web_and_worker(site) as (client, web):
        client.deliver(orders[0])
        until(lambda: site.books.waiting() == 0, 30, "the first order is settled", pause=0.02)
        largest = max(Path(f"{_file_of(site)}{suffix}").stat().st_size for suffix in ("", "-wal"))
        web.rlimit(psutil.RLIMIT_FSIZE, (largest + 30_000, resource.RLIM_INFINITY))
        for last in (*[False] * _CHECKPOINTS, True):
            refused = _until_refused(client, orders, figures)
            try:
                _all_refused(site, client, refused[:4], figures)
                break
            except Taken:  # another process wrote the log back into the database: there was room again
                if last:
                    raise
        web.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        client.deliver_all(orders)
        until(lambda: site.books.waiting() == 0, 60, "everything is settled", pause=0.02)
        figures.note(**site.books.check(orders, site.ledger.all()))
        site.books.file_is_whole()
    figures.show()


def full_database_is_no_bug(site: Site) -> None:
    """SQLite's own bound (max_page_count) in this process's store: StoreUnavailable, and room again makes it work."""
    figures = Figures("SQLite at its largest size")
    orders = orders_of_all(500, figures.chance, "F")
    pages = int(site.books.rows("PRAGMA page_count")[0][0])
    bounds = [pages + 20]

    def bound(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={bounds[0]}")  # type: ignore[attr-defined]

    event.listen(site.store.database.engine, "checkout", bound)
    stored = 0
    with contextlib.suppress(StoreUnavailable):
        for order in orders:
            keep(site.store, [order])
            stored += 1
    if stored == len(orders) or site.books.count("messages") != stored:
        raise AssertionError(f"{stored} were said to be stored, {site.books.count('messages')} are")
    bounds[0] = 4_000_000
    for start in range(stored, len(orders), 50):
        keep(site.store, orders[start : start + 50])
    if site.books.count("messages") != len(orders):
        raise AssertionError("not everything is stored once there is room")
    site.books.audit_holds()
    site.books.file_is_whole()
    figures.note(stored_before_it_was_full=stored)
    figures.show()


@contextlib.contextmanager
def _web_and_worker(site: Site) -> Iterator[tuple[Client, psutil.Process]]:
    """A web process and a worker without Redis; a client, and the web process."""
    nobody = f"unix://{site.folder / 'nobody.sock'}"
    told = {"database_url": site.url, "redis_url": nobody, "lease_seconds": 3, "log_level": "WARNING"}
    with ended(Processes(site.folder, environment(site.folder / "var", **told))) as parts:
        web = parts.start("web", "--port", str(port := free_port()))
        address = f"http://127.0.0.1:{port}"
        until(lambda: answers(address), 30, "the web process is ready")
        parts.start("worker")
        parts.start("scheduler")
        yield site.client(address, timeout=60), psutil.Process(web.pid)
        if parts.bugs():
            raise AssertionError(f"the log tells of bugs: {parts.bugs()[:10]}")


def _all_refused(site: Site, client: Client, orders: list[SentOrder], figures: Figures) -> None:
    """Sent at once, each is answered 503 with Retry-After, as problem+json, and nothing of it is stored."""
    before = site.books.count("messages")
    wrong: list[object] = []

    def send(order: SentOrder) -> None:
        response = client.send(order)
        if response is None or response.status_code != 503 or not response.headers.get("Retry-After", "").isdigit():
            wrong.append(None if response is None else (response.status_code, response.text))
        elif response.json()["code"] != "cannot_store":
            wrong.append(response.text)

    threads = [threading.Thread(target=send, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = site.books.count("messages") - before
    if wrong and stored == len(wrong) and all(isinstance(one, tuple) and one[0] == 202 for one in wrong):
        raise Taken(f"taken and stored: {wrong}")
    if wrong or stored:
        raise AssertionError(f"not refused as it should be: {wrong}")
    figures.add("refused", len(orders))


def _until_refused(client: Client, orders: list[SentOrder], figures: Figures) -> list[SentOrder]:
    """Send one by one until there is no room; those that were not taken."""
    for at, order in enumerate(orders):
        response = client.send(order)
        if response is None or response.status_code not in (202, 503):
            raise AssertionError(f"{response and response.text}")
        if response.status_code == 503:
            figures.note(taken_before_it_was_full=at)
            return orders[at:]
    raise AssertionError("the bound was never met")


def _file_of(site: Site) -> str:
    return str(site.store.database.url.database)
