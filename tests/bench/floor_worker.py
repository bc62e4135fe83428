"""A worker without work: `floor_worker.py DATABASE_URL REDIS_URL`. Its job claims and completes rows, RQ included."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from gateway.lanes import DRAIN
from tests.bench.floors import LeanQueue
from workers.rq_parts import Stop, work


@dataclass
class Desk:
    queue: LeanQueue
    lanes: tuple[str, ...] = ("bulk",)

    def beat(self) -> None: ...


def drain(desk: Desk, lane: str) -> None:
    """Drain, and nothing else."""
    desk.queue.drain()


def main() -> None:
    database_url, redis_url = sys.argv[1:]
    stop = Stop()
    stop.listen()
    desk = Desk(LeanQueue(database_url))
    work(desk, redis_url, stop, jobs={DRAIN: drain}, look=lambda: 0, max_jobs=10**9, max_rss_bytes=10**12)


if __name__ == "__main__":
    main()
