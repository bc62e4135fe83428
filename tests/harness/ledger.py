"""A client that keeps a ledger of every 2xx it got, in its own SQLite file, and sends again whatever got no answer."""

from __future__ import annotations

import hashlib
import queue
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.harness.accounts import SentOrder

_LONGEST_PAUSE = 0.3
"""Seconds; a real client would heed the whole Retry-After, this one wants to meet the fault again."""


@dataclass(frozen=True, slots=True)
class Acked:
    """One 2xx: what was sent, and the message that was named for it."""

    account_id: str
    number: str
    sha256: bytes
    message_id: str
    status: str
    duplicate: bool


class Ledger:
    """The client's own record. Safe between threads."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(
            "CREATE TABLE acked (account TEXT, number TEXT, sha256 BLOB, message_id TEXT, status TEXT, duplicate INT)"
        )

    def note(self, order: SentOrder, answer: dict[str, object]) -> None:
        """Keep what a 2xx said."""
        row = (
            order.account_id,
            order.number,
            hashlib.sha256(order.body).digest(),
            answer["message_id"],
            answer["status"],
            int(bool(answer.get("duplicate"))),
        )
        with self._lock:
            self._connection.execute("INSERT INTO acked VALUES (?, ?, ?, ?, ?, ?)", row)

    def all(self) -> list[Acked]:
        """Every 2xx."""
        with self._lock:
            rows = self._connection.execute("SELECT * FROM acked").fetchall()
        return [Acked(*row[:5], bool(row[5])) for row in rows]

    def __len__(self) -> int:
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM acked").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class Client:
    """Sends orders with the accounts' keys to one address, by several threads."""

    def __init__(self, address: str, keys: dict[str, str], ledger: Ledger, *, timeout: float = 30.0) -> None:
        self.address = address
        self.keys = keys
        self.ledger = ledger
        self.statuses: Counter[int] = Counter()
        """How often each HTTP status came; 0 stands for no answer at all."""
        self.slowest = 0.0
        """Seconds of the slowest request that was answered."""
        self._lock = threading.Lock()
        self._http = httpx.Client(timeout=timeout, limits=httpx.Limits(max_connections=64), trust_env=False)

    def send(self, order: SentOrder) -> httpx.Response | None:
        """One attempt; None where no answer came."""
        headers = {"Authorization": f"Bearer {self.keys[order.account_id]}", "Content-Type": order.media_type}
        began = time.monotonic()
        try:
            response = self._http.post(f"{self.address}/v1/orders", content=order.body, headers=headers)
        except httpx.TransportError:
            self._count(0, 0.0)
            return None
        self._count(response.status_code, time.monotonic() - began)
        if response.is_success:
            self.ledger.note(order, response.json())
        return response

    def deliver(self, order: SentOrder, seconds: float = 120.0) -> None:
        """Send until it is taken. Raises AssertionError for an answer that says neither yes nor 'again'."""
        deadline = time.monotonic() + seconds
        while True:
            response = self.send(order)
            if response is not None and response.is_success:
                return
            if response is not None and response.status_code not in (429, 503):
                raise AssertionError(f"{order.number}: {response.status_code} {response.text}")
            if response is not None and "Retry-After" not in response.headers:
                raise AssertionError(f"{order.number}: {response.status_code} without Retry-After")
            if time.monotonic() > deadline:
                raise AssertionError(f"{order.number} was not taken in {seconds:g} s")
            time.sleep(_LONGEST_PAUSE if response is not None else 0.01)

    def deliver_all(self, orders: Iterable[SentOrder], threads: int = 8) -> None:
        """Deliver all of them; raises the first failure when every thread has ended."""
        crew = Crew(self, threads)
        crew.give(orders)
        crew.finish()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _count(self, status: int, seconds: float) -> None:
        with self._lock:
            self.statuses[status] += 1
            self.slowest = max(self.slowest, seconds)


class Crew:
    """Threads that deliver what they are given, in the background."""

    def __init__(self, client: Client, threads: int = 8) -> None:
        self._client = client
        self._waiting: queue.SimpleQueue[SentOrder | None] = queue.SimpleQueue()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def give(self, orders: Iterable[SentOrder]) -> None:
        """More to deliver."""
        for order in orders:
            self._waiting.put(order)

    def finish(self) -> None:
        """Return when everything that was given is delivered. Raises the first failure."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        self.check()

    def check(self) -> None:
        """Raise the first failure so far."""
        if self._failures:
            raise self._failures[0]

    def _work(self) -> None:
        while (order := self._waiting.get()) is not None:
            try:
                self._client.deliver(order)
            except BaseException as failure:
                self._failures.append(failure)
                return
