"""A scheduler as a process (`tests.harness.forks`) whose clock is handed in."""

from __future__ import annotations

from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

import time_machine

from gateway.billing_schedule import bill_due
from gateway.inventory_schedule import Schedules
from gateway.store.ids import now_us
from tests.examples.small_gateway import SmallGateway
from tests.harness.forks import heard


def schedule(connection: Connection, url: str, folder: Path) -> None:
    """Say that it is ready; then do what the scheduler does, once for each moment that it is told, and say how many
    inventory reports it sent and how many invoices it made."""
    folder.mkdir()
    gateway = SmallGateway.at(url, folder)
    schedules = Schedules(gateway.services)
    connection.send("ready")
    for moment in heard(connection):
        assert isinstance(moment, datetime)
        with time_machine.travel(moment, tick=False):
            connection.send((schedules.send_due(moment), bill_due(gateway.services, now_us())))
