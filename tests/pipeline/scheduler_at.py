"""A scheduler whose clock is handed in: `python -m tests.pipeline.scheduler_at`.

Its arguments are the database and a folder of its own. It prints a line once it is ready; then, for each moment that it
is sent, how many inventory reports it sent and how many invoices it made.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import time_machine

from gateway.billing_schedule import bill_due
from gateway.inventory_schedule import Schedules
from gateway.store.ids import now_us
from tests.examples.small_gateway import SmallGateway


def main() -> None:
    """Do what the scheduler does, once for each moment."""
    url, folder = sys.argv[1:]
    gateway = SmallGateway.at(url, Path(folder))
    schedules = Schedules(gateway.services)
    print("ready", flush=True)
    for line in sys.stdin:
        moment = datetime.fromisoformat(line.strip())
        with time_machine.travel(moment, tick=False):
            print(schedules.send_due(moment), bill_due(gateway.services, now_us()), flush=True)


if __name__ == "__main__":
    main()
