"""Two schedulers, as processes, while an account's clock is put forward or back: each time has one report, each day one
invoice of all that left on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from gateway.store.statements import fetch
from tests.examples.billing import PINE, agree, made, office
from tests.examples.order_lines import line, order
from tests.examples.small_gateway import SmallGateway
from tests.harness.forks import Fork, forks
from tests.pipeline.scheduler_at import schedule

_STEP = timedelta(minutes=15)


@pytest.fixture
def clock(today: time_machine.Traveller) -> time_machine.Traveller:
    """The clock of the examples, to be moved."""
    return today


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


FORWARD = pytest.param(
    ("2027-03-27T22:00", "2027-03-29T22:15"),
    ["2027-03-27T22:30", "2027-03-27T23:30", "2027-03-28T00:30", "2027-03-28T01:30", "2027-03-28T21:30"],
    ["2027-03-28T01:30", "2027-03-29T00:30"],
    [("2027-03-27T23:00", 1), ("2027-03-28T22:00", 4)],
    id="forward",
)
"""At two it is three: half past two comes at half past three, and the day has 23 hours."""
BACK = pytest.param(
    ("2027-10-30T21:00", "2027-11-01T23:15"),
    ["2027-10-30T21:30", "2027-10-30T22:30", "2027-10-31T00:30", "2027-10-31T01:30", "2027-10-31T22:30"],
    ["2027-10-31T00:30", "2027-11-01T01:30"],
    [("2027-10-30T22:00", 1), ("2027-10-31T23:00", 4)],
    id="back",
)
"""At three it is two again: half past two comes once, and the day has 25 hours."""


@pytest.mark.parametrize(("span", "departures", "reports", "invoices"), [FORWARD, BACK])
def test_two_schedulers_miss_no_time_and_give_none_twice(
    on_either: SmallGateway,
    clock: time_machine.Traveller,
    tmp_path: Path,
    span: tuple[str, str],
    departures: Sequence[str],
    reports: Sequence[str],
    invoices: Sequence[tuple[str, int]],
) -> None:
    """Of Amsterdam: a report at half past two each night, an invoice at the end of each day."""
    gateway, first, last = on_either, at(span[0]), at(span[1])
    report = {"format": "csv-1", "transport": "mailbox", "schedule": "30 2 * * *"}
    agree(gateway, "daily", outbound={"inventory_report": report})
    gateway.settle(PINE, order(line("1", "PH-0102", "5", "STUK")))
    leaving, counts = list(map(at, departures)), {}
    with schedulers(gateway, tmp_path) as processes:
        moment = first
        while moment <= last:
            clock.move_to(moment)
            if moment in leaving:
                ship(gateway, f"LS-{leaving.index(moment)}", moment)
            counts[moment] = both(processes, moment)
            moment += _STEP
    assert {moment: sent for moment, (sent, _) in counts.items() if sent} == {at(one): 1 for one in reports}
    assert {moment: count for moment, (_, count) in counts.items() if count} == {at(one): 1 for one, _ in invoices}
    assert slots(gateway) == [at(one) for one in reports]
    assert [(one.issued_at, len(one.lines)) for one in made(gateway)] == [(at(day), lines) for day, lines in invoices]


def ship(gateway: SmallGateway, number: str, moment: datetime) -> None:
    """A hammer leaves."""
    hammer = {"order_number": "PH-4001", "account": PINE, "line_number": "1", "product": "HAMMER-16"}
    cartons = [{"id": "C1", "lines": [{**hammer, "base_quantity": "1"}]}]
    told = {"shipment_number": number, "shipped_at": moment.isoformat(), "packages": cartons}
    answer = office(gateway, "shipments", told)
    assert answer.status_code == 201, answer.text


def slots(gateway: SmallGateway) -> list[datetime]:
    """The times of the reports that were sent."""
    with gateway.store.database.read() as connection:
        rows = fetch(connection, "SELECT slot FROM inventory_reports ORDER BY slot")
    return [datetime.fromtimestamp(row[0] // 1_000_000, UTC) for row in rows]


@contextmanager
def schedulers(gateway: SmallGateway, folder: Path) -> Iterator[list[Fork]]:
    """Two of them, ready."""
    url = gateway.store.database.url.render_as_string(hide_password=False)
    with forks(schedule, [(url, folder / name) for name in ("first", "second")]) as processes:
        assert [one.said() for one in processes] == ["ready", "ready"]
        yield processes


def both(processes: Sequence[Fork], moment: datetime) -> tuple[int, int]:
    """How many reports and invoices the two make at this moment, at the same time."""
    for one in processes:
        one.tell(moment)
    counts = [one.said() for one in processes]
    return sum(sent for sent, _ in counts), sum(count for _, count in counts)
