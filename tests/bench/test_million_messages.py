"""A million messages in the console: what each page takes, on both databases.

`MILLION` says how many (20,000 where nothing is said, for a look; the promise is for 1,000,000), `MILLION_FILE` keeps
what was filled for another run. To have another page measured, add it to `REQUESTS`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from gateway.store.store import Store
from tests.api.builders import Gateway, services_at
from tests.bench.measuring import Report
from tests.bench.million import Filled, fill
from tests.console.conftest import Browser, signed_in
from tests.store.postgres import fresh_database

pytestmark = pytest.mark.bench

COUNT = int(os.environ.get("MILLION", "20000"))
MOST_MS = 200
_EACH = 25

REQUESTS: tuple[tuple[str, Callable[[Filled], str]], ...] = (
    ("messages", lambda _: "/messages"),
    ("messages of an account", lambda _: "/messages?account=account-000"),
    ("messages of a small account", lambda _: "/messages?account=account-150"),
    ("open messages", lambda _: "/messages?status=open"),
    ("open messages of an account", lambda _: "/messages?status=open&account=account-003"),
    ("rejected messages", lambda _: "/messages?status=rejected"),
    ("dismissed messages of an account", lambda _: "/messages?status=dismissed&account=account-003"),
    ("done and held in a lane", lambda _: "/messages?status=done&status=held&lane=bulk"),
    ("cancellations", lambda _: "/messages?kind=cancel"),
    ("what nobody is", lambda _: "/messages?kind=several&status=failed"),
    ("tests, of which there are none", lambda _: "/messages?test=yes"),
    ("of a week long ago", lambda _: "/messages?since=2026-09-01&until=2026-09-07"),
    ("of a problem", lambda one: f"/messages?problem={one.fingerprint}"),
    ("an order's number", lambda one: f"/messages?q={one.order_number}"),
    ("an item's number", lambda one: f"/messages?q={one.item}"),
    ("an item's number, open", lambda one: f"/messages?q={one.item}&status=open"),
    ("a word in every order", lambda _: "/messages?q=4012345000009"),
    ("two common words", lambda _: "/messages?q=steel+hammer"),
    ("two common words, open, of an account", lambda _: "/messages?q=steel+hammer&status=open&account=account-003"),
    ("a word that isn't there", lambda _: "/messages?q=nonsense"),
    ("a common and a rare word", lambda one: f"/messages?q=steel+{one.item}"),
    ("the beginning of a number", lambda one: f"/messages?q={one.order_number[:-1]}*"),
    ("a message's id", lambda one: f"/messages?q={one.open_id}"),
    ("a document's number", lambda one: f"/messages?q={one.document_number}"),
    ("an older page of words", lambda one: f"/messages?q=steel&before={one.message_id}"),
    ("an older page of all", lambda one: f"/messages?before={one.message_id}"),
    ("the box: an order's number", lambda one: f"/search?q={one.order_number}"),
    ("the box: words", lambda _: "/search?q=steel+hammer"),
    ("the box: nothing", lambda _: "/search?q=nonsense"),
)
"""Name, and the page's address."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Browser, Filled, str]]:
    folder = tmp_path_factory.mktemp("million")
    if request.param == "sqlite":
        yield from _opened(f"sqlite:///{folder / 'gateway.db'}", folder, "SQLite")
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        yield from _opened(url, folder, "PostgreSQL")


def _opened(url: str, folder: Path, name: str) -> Iterator[tuple[Browser, Filled, str]]:
    store = Store(url)
    store.upgrade()
    store.close()
    gateway = Gateway(services_at(url, f"unix://{folder / 'nobody.sock'}"))
    began = time.perf_counter()
    there = fill(gateway.services.store, COUNT)
    print(f"\n{name}: {COUNT:,} messages in {time.perf_counter() - began:.0f} s")
    yield signed_in(gateway, "support"), there, name
    gateway.close()


def test_every_page_is_there_at_once(filled: tuple[Browser, Filled, str], report: Report) -> None:
    """The 95th percentile of each, of pages that were asked for before."""
    browser, there, name = filled
    late: list[str] = []
    for said, address in REQUESTS:
        path = address(there)
        times = [_timed(browser, path) for _ in range(_EACH + 2)][2:]
        answers, ours = [one for one, _ in times], median(one for _, one in times)
        p95 = quantiles(answers, n=20)[-1]
        line = (
            f"{name}, {COUNT:,} messages, {said}: p50 {median(answers):.0f} ms, p95 {p95:.0f} ms, our CPU {ours:.0f} ms"
        )
        report.remarks.append(line)
        if p95 > MOST_MS:
            late.append(line)
    assert not late, "\n".join(late)


def _timed(browser: Browser, path: str) -> tuple[float, float]:
    """Milliseconds until it is there, and of them those that this process computed."""
    began, computed = time.perf_counter(), time.process_time()
    answer: Any = browser.client.get(path)
    taken, ours = (time.perf_counter() - began) * 1_000, (time.process_time() - computed) * 1_000
    assert answer.status_code in (200, 302, 303), (path, answer.status_code)
    return taken, ours
