"""Schedules on an account's own clock: each time once, in summer and winter and on the days between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mappings.account import Outbound
from mappings.schedules import checked, last_slot, next_slot

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "slot"),
    [
        ("0 6 * * *", BERLIN, "2026-11-25T05:59:59+01:00", "2026-11-25T06:00:00+01:00"),
        ("0 6 * * *", BERLIN, "2026-11-25T06:00:00+01:00", "2026-11-26T06:00:00+01:00"),
        ("0 6 * * *", "America/New_York", "2026-11-25T06:00:00+01:00", "2026-11-25T06:00:00-05:00"),
        ("30 5 * * mon-fri", BERLIN, "2026-11-27T12:00:00+01:00", "2026-11-30T05:30:00+01:00"),
        ("0 6 1 * mon", BERLIN, "2026-11-25T12:00:00+01:00", "2026-11-30T06:00:00+01:00"),
        # the clock is set forward on 29 March 2026 at 2:00, back on 25 October at 3:00
        ("0 6 * * *", BERLIN, "2026-03-28T12:00:00+01:00", "2026-03-29T06:00:00+02:00"),
        ("30 2 * * *", BERLIN, "2026-03-28T12:00:00+01:00", "2026-03-29T03:30:00+02:00"),
        ("30 2 * * *", BERLIN, "2026-03-29T03:15:00+02:00", "2026-03-29T03:30:00+02:00"),
        ("30 2 * * *", BERLIN, "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"),
        ("30 2 * * *", BERLIN, "2026-10-24T12:00:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("30 2 * * *", BERLIN, "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"),
        ("30 2 * * *", BERLIN, "2026-10-25T02:15:00+01:00", "2026-10-26T02:30:00+01:00"),
        ("30 * * * *", BERLIN, "2026-10-25T02:30:00+02:00", "2026-10-25T03:30:00+01:00"),
    ],
)
def test_the_next_slot(schedule: str, zone: str, after: str, slot: str) -> None:
    found = next_slot(schedule, zone, utc(after))
    assert found == utc(slot)
    assert last_slot(schedule, zone, found) == found


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
SCHEDULES = ("0 6 * * *", "30 2 * * *", "15 1,2,3 * * *", "0 */4 * * *", "30 5 * * 1-5", "59 23 28-31 * *")


@settings(max_examples=60, deadline=None)
@given(
    schedule=st.sampled_from(SCHEDULES),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 10), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_each_time_of_a_day_is_one_slot(schedule: str, zone: str, start: datetime) -> None:
    """From slot to slot, the clock shows each time that the schedule names, and none twice."""
    clock, slot, shown = ZoneInfo(zone), start, []
    for _ in range(12):
        following = next_slot(schedule, zone, slot)
        assert following > slot
        assert last_slot(schedule, zone, following) == following
        assert last_slot(schedule, zone, following - timedelta(seconds=1)) <= slot or slot is start
        slot = following
        shown.append(slot.astimezone(clock).replace(tzinfo=None))
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    "wrong",
    ["", "6", "0 6 * *", "0 6 * * * *", "60 6 * * *", "0 6 30 2 *", "every day", "0 25 * * *", "@daily", "0 6 * * xyz"],
)
def test_what_is_no_schedule_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"such as 0 6 \* \* \*"):
        checked(wrong)
    with pytest.raises(ValidationError, match="five fields"):
        Outbound(format="csv-1", schedule=wrong)


def test_a_schedule_stays_as_it_is_written() -> None:
    assert Outbound(format="csv-1", schedule="0  6 * * MON").schedule == "0  6 * * MON"
