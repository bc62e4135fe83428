"""Our own SSCCs once all of a company prefix were given: each goes to another package a year later, and none before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from gateway.sscc_numbers import sscc_count, sscc_of
from gateway.store.shipments import SSCC_REUSE_US
from gateway.store.statements import fetch, run
from schemas.values import is_gs1_number
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import TODAY, SmallGateway
from tests.harness.forks import Fork, forks
from tests.pipeline.sscc_taker import take
from tests.pipeline.test_shipments import PINE, faults, part, send, told_ssccs

_LONG = "952123400000"
"""The longest company prefix that GS1 gives: 100,000 SSCCs."""
_HUNDRED = "952123400000123"
"""Longer than any; it has 100."""
_NONE_LEFT = "no_sscc_left"
_PROCESSES = 4


def counted(gateway: SmallGateway, prefix: str) -> int:
    """The last SSCC number of the prefix that a process has reserved."""
    with gateway.store.database.read() as connection:
        rows = fetch(connection, "SELECT value FROM counters WHERE kind = 'sscc' AND series = ?", [prefix])
    return int(rows[0][0])


def give(gateway: SmallGateway, prefix: str, numbers: Sequence[int], at: datetime) -> None:
    """SSCCs that packages of an earlier shipment have since then."""
    since = int(at.timestamp()) * 1_000_000
    with gateway.store.database.write() as connection:
        shipment = ("earlier", "LS-EARLIER", since, since, "test", b"", '{"packages":[]}')
        run(
            connection,
            "INSERT INTO shipments (id, number, shipped_at, received_at, key_id, content_sha256, canonical) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [shipment],
        )
        rows = [(sscc_of(prefix, number), "earlier", f"C{number}", since) for number in numbers]
        run(connection, "INSERT INTO ssccs (sscc, shipment_id, package, at) VALUES (?, ?, ?, ?)", rows)


def cartons(*ids: str, number: str = "LS-1", left_at: datetime = TODAY) -> dict[str, Any]:
    """A shipment of such cartons, one bolt in each."""
    packages = [{"id": one, "lines": [part("1")]} for one in ids]
    return {"shipment_number": number, "shipped_at": left_at.isoformat(), "packages": packages}


def test_the_last_sscc_of_a_prefix_is_followed_by_the_first(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.become(gs1_company_prefix=_LONG)
    gateway.settle(PINE, order(BOLTS))
    with gateway.store.database.write() as connection:
        run(connection, "INSERT INTO counters (kind, series, value) VALUES ('sscc', ?, 99998)", [(_LONG,)])
    told = told_ssccs(send(gateway, cartons("A", "B", "C")))
    assert list(told.values()) == [sscc_of(_LONG, number) for number in (99_999, 0, 1)]
    assert told["A"].startswith(f"9{_LONG}9999")
    assert told["B"].startswith(f"0{_LONG}0000")
    assert all(is_gs1_number(one, (18,)) for one in told.values())


@pytest.mark.parametrize(
    ("prefix", "count"), [("9521", 10**13), ("9521234", 10**10), (_LONG, 100_000), (_HUNDRED, 100)]
)
def test_each_number_of_a_round_is_an_sscc_of_its_own(prefix: str, count: int) -> None:
    assert sscc_count(prefix) == count
    some = [*range(50), *range(count - 50, count)]
    assert len({sscc_of(prefix, number) for number in some}) == 100
    assert [sscc_of(prefix, number + 3 * count) for number in some] == [sscc_of(prefix, number) for number in some]


@pytest.mark.parametrize(("days", "first"), [(365, 51), (366, 1)])
def test_what_was_given_within_a_year_is_passed_over(on_either: SmallGateway, days: int, first: int) -> None:
    """Whichever of a full number space are free; the year is counted from when it left."""
    gateway = on_either
    gateway.become(gs1_company_prefix=_HUNDRED)
    gateway.settle(PINE, order(BOLTS))
    give(gateway, _HUNDRED, range(1, 51), TODAY - timedelta(days=days))
    told = told_ssccs(send(gateway, cartons("A", "B")))
    assert list(told.values()) == [sscc_of(_HUNDRED, first), sscc_of(_HUNDRED, first + 1)]


def test_a_year_is_counted_from_the_day_on_which_it_left(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    """Told of the day before, by a clock that is ahead."""
    gateway = on_either
    gateway.become(gs1_company_prefix=_HUNDRED)
    gateway.settle(PINE, order(BOLTS))
    give(gateway, _HUNDRED, range(1, 99), TODAY + timedelta(days=3))
    left_at = TODAY + timedelta(hours=23)
    first = told_ssccs(send(gateway, cartons("A", "B", left_at=left_at)))
    assert set(first.values()) == {sscc_of(_HUNDRED, 0), sscc_of(_HUNDRED, 99)}
    today.move_to(left_at + timedelta(microseconds=SSCC_REUSE_US) - timedelta(seconds=5))
    now = left_at + timedelta(days=365)
    assert faults(send(gateway, cartons("A", number="LS-2", left_at=now))) == [("no_sscc_left", "/packages/0/sscc")]
    today.shift(10)
    again = told_ssccs(send(gateway, cartons("A", "B", number="LS-2", left_at=now)))
    assert set(again.values()) == set(first.values())


def test_a_shipment_that_is_sent_again_is_told_the_ssccs_it_had(
    on_either: SmallGateway, today: time_machine.Traveller
) -> None:
    """Also those that another package has got since."""
    gateway = on_either
    gateway.settle(PINE, order(BOLTS))
    told = cartons("A", "B")
    first = send(gateway, told)
    later = TODAY + timedelta(days=367)
    today.move_to(later)
    another = cartons("C", number="LS-2", left_at=later)
    another["packages"][0]["sscc"] = told_ssccs(first)["A"]
    assert told_ssccs(send(gateway, another)) == {"C": told_ssccs(first)["A"]}
    again = send(gateway, told)
    assert again.status_code == 200, again.text
    assert again.json == {**first.json, "duplicate": True}


def test_where_all_were_given_within_a_year_the_shipment_is_refused(on_either: SmallGateway) -> None:
    """Nothing of it is kept, and it is taken with an SSCC of the warehouse's own."""
    gateway = on_either
    gateway.become(gs1_company_prefix=_HUNDRED)
    gateway.settle(PINE, order(BOLTS))
    give(gateway, _HUNDRED, [number for number in range(100) if number != 37], TODAY - timedelta(days=364))
    told = cartons("P", "A", "B")
    told["packages"][0]["sscc"] = "106141411234567897"
    refused = send(gateway, told)
    assert faults(refused) == [("no_sscc_left", "/packages/1/sscc")]
    (fault,) = refused.json["faults"]
    assert (fault["location"], fault["value"]) == ("/packages/1/sscc", None)
    assert "1 of 2" in fault["detail"]
    assert _HUNDRED in fault["detail"]
    assert gateway.store.shipments.one("LS-1") is None
    told["packages"][2]["sscc"] = "106141411234567903"
    assert told_ssccs(send(gateway, told))["A"] == sscc_of(_HUNDRED, 37)


def test_a_run_of_used_numbers_is_passed_over_at_once(on_either: SmallGateway) -> None:
    """And by the next shipment without looking at them again."""
    gateway = on_either
    gateway.become(gs1_company_prefix=_LONG)
    gateway.settle(PINE, order(BOLTS))
    give(gateway, _LONG, range(60_000), TODAY - timedelta(days=30))
    (first,) = told_ssccs(send(gateway, cartons("A"))).values()
    assert first == sscc_of(_LONG, 60_000)
    before = counted(gateway, _LONG)
    (second,) = told_ssccs(send(gateway, cartons("A", number="LS-2"))).values()
    assert second not in {sscc_of(_LONG, number) for number in range(60_001)}
    assert counted(gateway, _LONG) <= before + 500


def test_processes_that_use_up_a_prefix_give_none_twice_within_a_year(on_either: SmallGateway, tmp_path: Path) -> None:
    """Four of them on one hundred numbers: all are given, none a year later to the day, and all again after that."""
    gateway = on_either
    numbers = [f"PH-{index}" for index in range(_PROCESSES)]
    for number in numbers:
        gateway.settle(PINE, order(BOLTS, number=number))
    every = sorted(sscc_of(_HUNDRED, number) for number in range(100))
    with takers(gateway, tmp_path, numbers) as processes:
        for days in (0, 365, 367):
            told = shipped_at(processes, TODAY + timedelta(days=days))
            given = sorted(sscc for shipments, _ in told for ssccs in shipments for sscc in ssccs)
            assert [refusal for _, refusal in told] == [[f"{_NONE_LEFT} /packages/0/sscc"]] * _PROCESSES
            assert given == ([] if days == 365 else every), f"after {days} days"
            assert days == 365 or sum(shipments != [] for shipments, _ in told) > 1, "one process alone was at work"


@contextmanager
def takers(gateway: SmallGateway, folder: Path, orders: Sequence[str]) -> Iterator[list[Fork]]:
    """A process for each of the orders, ready to ship it."""
    url = gateway.store.database.url.render_as_string(hide_password=False)
    with forks(take, [(url, folder / number, _HUNDRED, number) for number in orders]) as processes:
        assert [one.said() for one in processes] == ["ready"] * len(processes)
        yield processes


def shipped_at(processes: Sequence[Fork], moment: datetime) -> list[tuple[list[list[str]], list[str]]]:
    """What each of them was told, shipment by shipment, and what refused it, when they all ship at this moment."""
    for process in processes:
        process.tell(moment)
    return [process.said() for process in processes]
