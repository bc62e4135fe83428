"""The filters of a search, from an address and back."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.searching.filters import FILTERS, Search, read_search

NOW = int(datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()) * 1_000_000
HOUR = 3_600_000_000


def read(**told: str | list[str]) -> tuple[Search, dict[str, str]]:
    return read_search({name: [one] if isinstance(one, str) else one for name, one in told.items()}, NOW)


def test_an_address_says_the_search_and_the_search_the_address() -> None:
    search, wrong = read(
        q=" PO-1 ", account="acme", kind="order", status=["open,rejected", "done"], lane="high", since="7d", test="no"
    )
    assert not wrong
    assert search.statuses == {"held", "failed", "rejected", "done"}
    assert read_search(parse_qs(search.query()), NOW) == (search, {})
    assert search
    assert not Search()


@pytest.mark.parametrize(
    ("since", "hours"),
    [("24h", -24), ("90m", -1.5), ("2 d", -48), ("1w", -168), ("2026-11-23", -12), ("2026-11-23T11:00Z", -1)],
)
def test_times_are_days_times_and_how_long_ago(since: str, hours: float) -> None:
    search, wrong = read(since=since)
    assert not wrong
    assert search.between(NOW) == (NOW + int(hours * HOUR), None)


def test_a_day_lasts_until_its_end_and_an_offset_counts() -> None:
    assert read(until="2026-11-23")[0].between(NOW) == (None, NOW + 12 * HOUR)
    assert read(until="2026-11-23 13:00+01:00")[0].between(NOW) == (None, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("since", one) for one in ("yesterday", "2026-13-01", "99999d", "0001-01-01", "9999-99-99", "٢٠٢٦-١١-٢٣")),
        *(("until", one) for one in ("never", "9999-12-31", "\ud800", "24", "h")),
        *(("kind", one) for one in ("orders", "\0")),
        *(("status", one) for one in ("held;", "OPEN", "\ud800")),
        *(("lane", one) for one in ("fast", "1")),
        ("test", "maybe"),
        *(("late", one) for one in ("no", "YES")),
        *(("q", one) for one in ("%", "a" * 201, "a\0b", "a\ud800", "ab*")),
        *(("account", one) for one in ("a\0", "a" * 300, "a\nb")),
        *(("problem", one) for one in ("\ud800", "a" * 300)),
    ],
)
def test_what_cant_be_understood_is_said_at_its_filter(name: str, value: str) -> None:
    _, wrong = read(**{name: value})
    assert set(wrong) == {name}
    assert wrong[name].endswith(".")
    wrong[name].encode()


def test_two_accounts_are_not_one_and_an_end_before_the_beginning_is_none() -> None:
    assert "account" in read(account=["a", "b"])[1]
    assert "until" in read(since="1h", until="2h")[1]


@given(st.dictionaries(st.sampled_from([*FILTERS, "other"]), st.lists(st.text())))
def test_whatever_is_in_an_address_is_a_search_or_said_to_be_none(told: dict[str, list[str]]) -> None:
    search, wrong = read_search(told, NOW)
    if not wrong:
        assert read_search(parse_qs(search.query()), NOW) == (search, {})
        search.between(NOW)


def test_late_is_what_isnt_answered_yet() -> None:
    assert read(late="yes")[0].statuses == {"received", "processing", "held", "failed"}
    assert read(late="yes", status=["open", "done"])[0].statuses == {"held", "failed"}
    assert read(late="yes", status="done")[0].statuses == frozenset()
    assert read()[0].statuses is None


def test_a_filter_is_taken_off() -> None:
    search = Search(q="x", status=("held", "done"), lane="high")
    assert search.without("status", "held") == Search(q="x", status=("done",), lane="high")
    assert search.without("status") == Search(q="x", lane="high")
    assert search.without("q").without("lane") == Search(status=("held", "done"))
