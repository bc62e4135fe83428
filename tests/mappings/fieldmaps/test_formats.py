"""Numbers and dates as accounts write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.fieldmaps.dates import moment_reader, moment_writer, time_zone
from mappings.fieldmaps.numbers import number_reader, number_writer

BERLIN = ZoneInfo("Europe/Berlin")
DECIMALS = st.decimals(-(10**15), 10**15, allow_nan=False, places=4)


@pytest.mark.parametrize(
    ("signs", "text", "value"),
    [
        ((",", ".", None), "1.234.567,80", "1234567.80"), ((",", ".", None), "-1.234", "-1234"),
        ((",", None, None), "0,5", "0.5"), ((".", ",", None), "1,234.5", "1234.5"), ((".", " ", None), "1 234", "1234"),
        ((".", " ", None), "1\u00a0234\u202f567.5", "1234567.5"), ((".", "'", None), "1'000", "1000"),
        ((".", None, 2), "1250", "12.50"), ((".", None, 2), "-5", "-0.05"), ((",", ".", 3), "1.000", "1.000"),
        ((".", None, 2), "1250.0", "12.50"), ((",", None, 2), "1250,0", "12.50"), ((".", None, 0), "7.0", "7"),
        ((".", None, None), "+7", "7"),
        ((".", None, None), "123456789012345678.1234567891", "123456789012345678.1234567891"),
    ],
)  # fmt: skip
def test_numbers_are_read_exactly(signs: Any, text: str, value: str) -> None:
    assert str(number_reader(*signs)(text)) == value


@pytest.mark.parametrize(
    ("signs", "text"),
    [((",", ".", None), "1.23"), ((",", None, None), "1.5"), ((".", ",", None), "1,23"), ((".", ",", None), "1,2345"),
     ((".", None, None), "1e3"), ((".", None, None), "NaN"), ((".", None, None), "１"), ((".", None, 2), "1" * 300),
     ((",", ".", None), "1.234.56,7"), ((".", None, 10), "1.1"), ((",", ".", None), ""),
     ((".", None, 2), "12.00"), ((".", None, 2), "12."), ((".", None, 2), ".0"), ((".", None, 2), "-.0"),
     ((".", None, 2), "1.0.0")],
)  # fmt: skip
def test_what_is_written_otherwise_is_no_number(signs: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        number_reader(*signs)(text)


@given(DECIMALS, st.sampled_from([(",", "."), (".", ","), (".", None), (",", " ")]))
def test_numbers_come_back(value: Decimal, signs: tuple[str, str | None]) -> None:
    assert number_reader(*signs, None)(number_writer(*signs, None, None)(value)) == value


def test_numbers_are_written_with_their_decimals() -> None:
    assert number_writer(",", ".", None, 2)(Decimal("1234567.5")) == "1.234.567,50"
    assert number_writer(".", None, None, 0)(Decimal("3.00")) == "3"
    assert number_writer(".", None, None, 2)(Decimal("0.125")) == "0.125", "nothing is rounded away"
    assert number_writer(".", None, 2, None)(Decimal("12.5")) == "1250"
    assert number_writer(",", ".", None, None)(Decimal("-0.5")) == "-0,5"
    with pytest.raises(ValueError, match="more decimals"):
        number_writer(".", None, 2, None)(Decimal("0.125"))


@pytest.mark.parametrize(
    ("kind", "form", "text", "value"),
    [
        ("date", "YYYYMMDD", "20261124", date(2026, 11, 24)), ("date", "DD.MM.YYYY", "24.11.2026", date(2026, 11, 24)),
        ("date", "D.M.YY", "4.1.26", date(2026, 1, 4)), ("date", "DD-MMM-YYYY", "24-Nov-2026", date(2026, 11, 24)),
        ("date", "iso", "2026-11-24T23:30:00Z", date(2026, 11, 25)), ("date", "iso", "2026-11-24", date(2026, 11, 24)),
        ("date", "iso", "2026-11-24T23:30:00", date(2026, 11, 24)),
        ("date", "epoch_seconds", "1795600800", date(2026, 11, 25)), ("date", "epoch_millis", "0", date(1970, 1, 1)),
        ("time", "iso", "2026-11-24T23:30:00Z", time(0, 30, tzinfo=timezone(timedelta(hours=1)))),
        ("time", "iso", "23:30:00Z", time(23, 30, tzinfo=UTC)),
        ("time", "hh:mm", "08:30", time(8, 30)), ("time", "hhmmss", "083000", time(8, 30)),
        ("moment", "YYYYMMDDhhmm", "202611240830", datetime(2026, 11, 24, 8, 30, tzinfo=timezone(timedelta(hours=1)))),
        ("moment", "iso", "2026-11-24T08:30:00.1234567Z", datetime(2026, 11, 24, 8, 30, 0, 123456, UTC)),
        ("moment", "iso", "2026-11-24 08:30:00+0530",
         datetime(2026, 11, 24, 8, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
        ("moment", "DD/MM/YYYY 'at' hh:mm", "24/11/2026 at 08:30",
         datetime(2026, 11, 24, 8, 30, tzinfo=timezone(timedelta(hours=1)))),
    ],
)  # fmt: skip
def test_dates_are_read(kind: Any, form: str, text: str, value: Any) -> None:
    found = moment_reader(kind, [form], BERLIN)(text)
    assert found == value
    assert type(found) is type(value)


def test_formats_are_tried_in_turn() -> None:
    read = moment_reader("date", ["YYYYMMDD", "DD.MM.YYYY"], None)
    assert read("24.11.2026") == read("20261124") == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("kind", "form", "text"),
    [("date", "iso", "24.11.2026"), ("date", "YYYYMMDD", "20261131"), ("date", "YYYYMMDD", "0"),
     ("time", "iso", "25:00"),
     ("date", "epoch_millis", "9" * 15), ("date", "epoch_seconds", "1e9"), ("date", "hh:mm", "08:00"),
     ("moment", "hh:mm", "08:00"), ("time", "YYYYMMDD", "20261124"), ("date", "DD-MMM-YYYY", "24-Foo-2026"),
     ("date", "iso", "0001-01-01T00:00:00+14:00"), ("moment", "iso", "2026-11-24T00:00:00+99:00"),
     ("date", "iso", "x" * 101)],
)  # fmt: skip
def test_what_is_written_otherwise_is_no_date(kind: Any, form: str, text: str) -> None:
    read = moment_reader(kind, [form], ZoneInfo("America/New_York"))
    with pytest.raises((ValueError, OverflowError)):
        read(text)


@pytest.mark.parametrize("form", ["YYYY", "YYYY-MM", "DD.DD.YYYY", "", "--", "YYYYMMDDQ", "Y" * 101])
def test_a_format_that_says_nothing_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        moment_reader("date", [form], None)
    with pytest.raises(ValueError, match=r".+"):
        moment_writer("date", form, None)


def test_dates_are_written() -> None:
    day, moment = date(2026, 11, 4), datetime(2026, 11, 4, 22, 5, 9, tzinfo=UTC)
    assert moment_writer("date", "D.M.YY", None)(day) == "4.11.26"
    assert moment_writer("date", "DD-MMM-YYYY", None)(day) == "04-Nov-2026"
    assert moment_writer("moment", "YYYY-MM-DD'T'hh:mm:ssZ", BERLIN)(moment) == "2026-11-04T23:05:09+01:00"
    assert moment_writer("moment", "epoch_millis", None)(moment) == "1793829909000"
    assert moment_writer("date", "epoch_seconds", BERLIN)(day) == str(
        int(datetime(2026, 11, 4, tzinfo=BERLIN).timestamp())
    )
    assert moment_writer("time", "hhmm", None)(time(8, 5)) == "0805"


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_moments_come_back(moment: datetime) -> None:
    form = "YYYYMMDD'T'hhmmssZ"
    whole = moment.replace(microsecond=0)
    assert moment_reader("moment", [form], None)(moment_writer("moment", form, BERLIN)(whole)) == whole


def test_an_unknown_time_zone_is_refused() -> None:
    for name in ("Europe/Nowhere", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="time zone"):
            time_zone(name)
