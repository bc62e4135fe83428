"""When an answer is due: business hours, weekends, holidays and changes of the hour, each worked out by hand."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trade.hours import answer_due, tightened
from mappings.account import Account
from mappings.calendars import public_holidays

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000_000


def account(within: str = "4h", calendar: str | None = "DE-HH", zone: str = "Europe/Berlin", **hours: str) -> Account:
    """An account in Hamburg, open from 08:00 to 17:00 on Monday to Friday where `hours` say nothing else."""
    terms: dict[str, Any] = {"id": "acme", "name": "ACME", "calendar": calendar, "time_zone": zone}
    terms["policies"] = {"acknowledge_within": within}
    if hours:
        terms["business_hours"] = hours
    return Account.model_validate(terms)


def at(text: str) -> int:
    """Microseconds since 1970 of a time with its offset."""
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def due(received: str, terms: Account) -> str:
    """When the answer is due, in the account's time zone."""
    seconds, rest = divmod(answer_due(terms, at(received)), 1_000_000)
    assert rest == 0
    return datetime.fromtimestamp(seconds, ZoneInfo(terms.time_zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("received", "expected", "why"),
    [
        ("2026-11-23T09:00+01:00", "2026-11-23T13:00+01:00", "Monday at nine: the same day"),
        ("2026-11-20T16:00+01:00", "2026-11-23T11:00+01:00", "Friday: one hour, and three on Monday"),
        ("2026-11-20T13:00+01:00", "2026-11-20T17:00+01:00", "the fourth hour ends at closing: due then"),
        ("2026-11-20T17:00+01:00", "2026-11-23T12:00+01:00", "received exactly at closing: all of it on Monday"),
        ("2026-11-20T16:59+01:00", "2026-11-23T11:59+01:00", "a minute before: that minute counts"),
        ("2026-11-21T10:00+01:00", "2026-11-23T12:00+01:00", "received on a Saturday"),
        ("2026-11-22T23:59+01:00", "2026-11-23T12:00+01:00", "received on a Sunday"),
        ("2026-11-23T06:30+01:00", "2026-11-23T12:00+01:00", "received before opening"),
        ("2026-11-23T07:30+00:00", "2026-11-23T12:30+01:00", "sent from London: the hours are Hamburg's"),
        ("2026-05-13T16:00+02:00", "2026-05-15T11:00+02:00", "Thursday is Ascension Day"),
        ("2026-05-14T10:00+02:00", "2026-05-15T12:00+02:00", "received on Ascension Day"),
        ("2026-12-24T16:00+01:00", "2026-12-28T11:00+01:00", "Christmas on Friday and Saturday"),
        (
            "2026-12-31T15:00+01:00",
            "2027-01-04T10:00+01:00",
            "two hours this year, two on the first Monday of the next",
        ),
        ("2026-03-27T16:00+01:00", "2026-03-30T11:00+02:00", "the clocks go forward on the Sunday between"),
        ("2026-10-23T16:00+02:00", "2026-10-26T11:00+01:00", "and back"),
    ],
)
def test_four_business_hours(received: str, expected: str, why: str) -> None:
    assert due(received, account()) == expected, why


@pytest.mark.parametrize(
    ("within", "expected", "why"),
    [
        ("0m", "2026-11-23T08:00+01:00", "at once"),
        ("90m", "2026-11-23T09:30+01:00", ""),
        ("9h", "2026-11-23T17:00+01:00", "a whole day"),
        ("1d", "2026-11-25T14:00+01:00", "24 business hours: two days of nine, and six"),
        ("50h", "2026-11-30T13:00+01:00", "more than a week of 45"),
        ("3d", "2026-12-02T17:00+01:00", "72: a week of 45 and three days of nine"),
    ],
)
def test_from_a_monday_at_opening(within: str, expected: str, why: str) -> None:
    assert due("2026-11-23T08:00+01:00", account(within)) == expected, why


@pytest.mark.parametrize(
    ("received", "within", "expected", "why"),
    [
        ("2026-11-20T11:00+01:00", "4h", "2026-11-21T11:00+01:00", "one before lunch, two after, one on Saturday"),
        ("2026-11-20T12:30+01:00", "2h", "2026-11-20T15:00+01:00", "received at lunch"),
        ("2026-11-18T16:00+01:00", "2h", "2026-11-20T09:00+01:00", "closed on Thursdays"),
        ("2026-11-20T16:00+01:00", "2h", "2026-11-21T12:00+01:00", "open on Saturdays from ten"),
    ],
)
def test_an_accounts_own_hours(received: str, within: str, expected: str, why: str) -> None:
    own = account(within, thursday="closed", friday="08:00-12:00, 13:00-15:00", saturday="10:00-14:00")
    assert due(received, own) == expected, why


@pytest.mark.parametrize(
    ("received", "within", "expected", "why"),
    [
        ("2026-03-28T12:00+01:00", "10h", "2026-03-29T11:00+02:00", "at two it is three"),
        ("2026-03-28T12:00+01:00", "23h", "2026-03-30T00:00+02:00", "that Sunday has 23 hours"),
        ("2026-03-28T12:00+01:00", "24h", "2026-03-30T09:00+02:00", "the 24th is Monday's first"),
        ("2026-10-24T12:00+02:00", "10h", "2026-10-25T09:00+01:00", "at three it is two again"),
        ("2026-10-24T12:00+02:00", "25h", "2026-10-26T00:00+01:00", "that Sunday has 25 hours"),
    ],
)
def test_a_sunday_on_which_the_hour_changes(received: str, within: str, expected: str, why: str) -> None:
    assert due(received, account(within, sunday="00:00-24:00")) == expected, why


def test_an_opening_that_the_clocks_skip() -> None:
    """From 02:30 to 03:00 on 29 March 2026 there is no moment; from 02:30 to 06:00 it opens an hour later."""
    before = "2026-03-28T12:00+01:00"
    assert due(before, account("1h", sunday="02:30-03:00")) == "2026-03-30T09:00+02:00"
    assert due(before, account("1h", sunday="02:30-06:00")) == "2026-03-29T04:30+02:00"


def test_other_countries_have_other_holidays() -> None:
    """23 November 2026 is Labour Thanksgiving Day in Japan, 17 May 2027 Norway's Constitution Day and Whit Monday."""
    tokyo = account(calendar="JP", zone="Asia/Tokyo")
    assert due("2026-11-23T01:00+00:00", tokyo) == "2026-11-24T12:00+09:00"
    oslo = account(calendar="NO", zone="Europe/Oslo")
    assert due("2027-05-14T16:00+02:00", oslo) == "2027-05-18T11:00+02:00"
    bavaria = account(calendar="DE-BY")
    assert due("2026-01-05T16:00+01:00", bavaria) == "2026-01-07T11:00+01:00", "Epiphany, in Bavaria only"
    assert due("2026-01-05T16:00+01:00", account()) == "2026-01-06T11:00+01:00"


def test_without_a_calendar_the_clock_runs_day_and_night() -> None:
    assert due("2026-11-20T16:00+01:00", account(calendar=None)) == "2026-11-20T20:00+01:00"
    assert due("2026-12-31T22:00+01:00", account("2d", calendar=None)) == "2027-01-02T22:00+01:00"


def test_a_calendar_that_an_earlier_release_took_and_nobody_keeps(caplog: pytest.LogCaptureFixture) -> None:
    """Day and night: due too early, never too late; and said once."""
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert due("2026-11-20T16:00+01:00", account(calendar="Hanse")) == "2026-11-20T20:00+01:00"
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["no calendar 'Hanse'"]


def test_a_wait_that_business_hours_never_fill() -> None:
    """One hour a week. In the 366 days from 23 November 2026 there are 53 Mondays, two of them holidays (29 March and
    17 May 2027): 51 hours. The other nine count day and night after the last one closed."""
    lazy = dict.fromkeys(("tuesday", "wednesday", "thursday", "friday"), "closed")
    assert due("2026-11-23T07:00+01:00", account("60h", monday="08:00-09:00", **lazy)) == "2027-11-22T18:00+01:00"


def test_a_part_of_a_second_is_not_lost() -> None:
    assert answer_due(account(), at("2026-11-20T16:00+01:00") + 7) == at("2026-11-23T11:00+01:00") + 7


# --- the document's own word -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("respond_by", "expected", "why"),
    [
        (None, "2026-11-25T11:00+01:00", "it says nothing"),
        ("2026-11-24", "2026-11-25T00:00+01:00", "by the end of the day before"),
        ("2026-11-25", "2026-11-25T11:00+01:00", "the policy is earlier than that day's end"),
        ("2026-12-24", "2026-11-25T11:00+01:00", "and than any later day"),
        ("9999-12-31", "2026-11-25T11:00+01:00", "even the last of all"),
        ("2026-11-22", "2026-11-23T09:00+01:00", "over when it came: at once"),
        ("0001-01-01", "2026-11-23T09:00+01:00", "long over"),
    ],
)
def test_the_documents_own_day_tightens_the_clock(respond_by: str | None, expected: str, why: str) -> None:
    day = None if respond_by is None else datetime.fromisoformat(respond_by).date()
    by_policy, received = at("2026-11-25T11:00+01:00"), at("2026-11-23T09:00+01:00")
    assert tightened(by_policy, day, received, "Europe/Berlin") == at(expected), why


# --- against counting minute by minute -------------------------------------------------------------------------------
def is_open(moment: datetime) -> bool:
    """Whether that minute is one of Hamburg's usual business hours, asked of the wall clock alone."""
    local = moment.astimezone(BERLIN)
    is_working_day = local.weekday() < 5 and local.date() not in public_holidays("DE-HH", local.year)
    return is_working_day and 8 <= local.hour < 17


@settings(max_examples=60)
@given(
    received=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    minutes=st.integers(1, 30 * 60),
)
def test_it_is_the_minute_that_counting_finds(received: datetime, minutes: int) -> None:
    moment = received.replace(second=0, microsecond=0)
    found = answer_due(account(f"{minutes}m"), at(moment.isoformat()))
    left = minutes
    while left:
        left -= is_open(moment)
        moment += timedelta(minutes=1)
    assert found == at(moment.isoformat())
