"""When an account usually has sent by now, each case worked out by hand; and that irregular senders never alarm."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.silence import COMPARED, days_like, local_day, span_of, usual_by

BERLIN = "Europe/Berlin"
TUESDAY = date(2026, 11, 24)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def there(day: date, clock: str | None, zone: str = BERLIN) -> int | None:
    if clock is None:
        return None
    shown = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone))
    return int(shown.timestamp()) * 1_000_000


def usual(day: date, clocks: list[str | None], calendar: str | None = "DE-HH", zone: str = BERLIN) -> str | None:
    """The account's clock when it usually has sent by, where its first orders came at these clocks, newest first."""
    days = days_like(day, calendar)
    found = usual_by(day, zone, {one: there(one, clock, zone) for one, clock in zip(days, clocks, strict=False)})
    return None if found is None else datetime.fromtimestamp(found // 1_000_000, ZoneInfo(zone)).isoformat()


def test_days_are_compared_with_the_same_weekday() -> None:
    assert days_like(TUESDAY, "DE-HH") == tuple(TUESDAY - timedelta(weeks=weeks) for weeks in range(1, 9))


def test_public_holidays_are_no_days_to_compare_with() -> None:
    found = days_like(date(2027, 1, 15), "DE-HH")  # Friday; 1 January and 25 December are holidays
    assert found[:3] == (date(2027, 1, 8), date(2026, 12, 18), date(2026, 12, 11))
    assert len(found) == COMPARED
    assert date(2027, 1, 1) in days_like(date(2027, 1, 15), None)


def test_on_a_public_holiday_nothing_is_expected() -> None:
    assert days_like(date(2026, 12, 25), "DE-HH") == ()


def test_a_calendar_that_nobody_knows_has_no_holidays() -> None:
    assert len(days_like(date(2026, 12, 25), "ATLANTIS")) == COMPARED


@pytest.mark.parametrize(
    ("clocks", "expected", "why"),
    [
        (["08:00"] * 8, "2026-11-24T08:30:00+01:00", "always at eight: half an hour after"),
        (["08:00"] * 7 + ["09:10"], "2026-11-24T09:40:00+01:00", "half an hour after the latest first order"),
        (["08:00"] * 7 + [None], "2026-11-24T08:30:00+01:00", "seven of eight are usual"),
        ([None] + ["08:00"] * 7, "2026-11-24T08:30:00+01:00", "whichever of them is missing"),
        (["08:00"] * 6 + [None, None], None, "six of eight are not"),
        (["08:00"] * 3, None, "an account of three weeks"),
        ([], None, "a new account"),
        ([None] * 8, None, "one that never sends on this weekday"),
        (["23:40"] * 8, None, "it may come until midnight"),
    ],
)
def test_what_is_usual(clocks: list[str | None], expected: str | None, why: str) -> None:
    assert usual(TUESDAY, clocks) == expected, why


def test_the_clock_counts_where_the_hour_was_changed_between() -> None:
    """Until 24 October at eight by summer time, since then at eight by winter time: two moments, one habit."""
    assert usual(TUESDAY, ["08:00"] * 8) == "2026-11-24T08:30:00+01:00"
    first = there(TUESDAY - timedelta(weeks=8), "08:00")
    assert first == at("2026-09-29T06:00+00:00")


def test_a_time_that_the_clock_skips_is_an_hour_later() -> None:
    """On 28 March 2027 it goes from two to three."""
    assert usual(date(2027, 3, 28), ["01:45"] * 8) == "2027-03-28T03:15:00+02:00"


def test_a_time_that_the_clock_shows_twice_is_the_first() -> None:
    assert usual(date(2026, 10, 25), ["02:00"] * 8) == "2026-10-25T02:30:00+02:00"


def test_a_day_is_the_accounts_own() -> None:
    assert local_day(at("2026-11-24T23:30+00:00"), BERLIN) == date(2026, 11, 25)
    assert span_of(date(2026, 10, 25), BERLIN) == (at("2026-10-25T00:00+02:00"), at("2026-10-26T00:00+01:00"))


@given(st.lists(st.one_of(st.none(), st.times()), min_size=8, max_size=8))
def test_nobody_is_expected_before_they_ever_came(clocks: list[time | None]) -> None:
    days = days_like(TUESDAY, None)
    firsts = {
        one: there(one, None if clock is None else clock.isoformat()) for one, clock in zip(days, clocks, strict=True)
    }
    found = usual_by(TUESDAY, BERLIN, firsts)
    sent = [clock.replace(microsecond=0) for clock in clocks if clock is not None]
    if found is None:
        assert len(sent) < 7 or max(sent) >= time(23, 30)
    else:
        assert len(sent) >= 7
        assert found == (there(TUESDAY, max(sent).isoformat()) or 0) + 1_800_000_000
