"""One order in a fresh process: `large.py DATA_DIR LINES parse|answer`. Prints seconds of each step and peak memory."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lxml import etree

from config.settings import Settings
from gateway import intake, pipeline
from gateway.bootstrap import build_services
from gateway.lanes import Lanes
from gateway.warm_up import warm_up
from tests.bench.orders import ACCOUNT
from tests.harness.own_memory import own_memory


class Noting(Lanes):
    """The lanes, with the moment at which those who wait for an answer are told that it is stored."""

    announced_at = 0.0

    def announce(self, message_ids: Iterable[str]) -> bool:
        """As ever."""
        reached = super().announce(message_ids)
        self.announced_at = time.perf_counter()
        return reached


def main() -> None:
    folder, order, step = sys.argv[1:]
    body = Path(order).read_bytes()
    steps = answer(Settings(data_dir=Path(folder)), body) if step == "answer" else parse(body)
    print(json.dumps({**steps, "peak_bytes": own_memory("VmHWM")}))


def parse(body: bytes) -> dict[str, float]:
    """The bare parse, memory included."""
    began = time.perf_counter()
    root = etree.fromstring(body)
    ended = time.perf_counter()
    return {"parse": ended - began, "lines": len(root)}


def answer(settings: Settings, body: bytes) -> dict[str, float]:
    """Take it in and answer it, with the gateway's own calls."""
    services = build_services(settings)
    lanes = Noting(services.lanes.url)
    services = replace(services, lanes=lanes)
    warm_up(services, receives=True)
    account = services.terms.current([ACCOUNT])[ACCOUNT].account
    began = time.perf_counter()
    taken = intake.take_in(services, intake.Arrival(account, False, body, "bench"))
    stored = time.perf_counter()
    assert pipeline.drain(services, (0, 1, 2, 3), lambda: None) == 1
    message = services.store.messages.one(ACCOUNT, taken.kept.message_id)
    assert message is not None
    assert message.status == "done", (message.status, services.store.messages.faults(message.id)[:3])
    services.store.close()
    return {"stored": stored - began, "answered": lanes.announced_at - stored}


if __name__ == "__main__":
    main()
