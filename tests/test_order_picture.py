"""An order's thread drawn over time: nothing before what was earlier, nothing on top of another, and no room for days
on which nothing happened."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.amounts import amount
from gateway.order_page.entries import LANES, Due, Entry, Lane
from gateway.order_page.picture import MOST_DRAWN, picture
from gateway.order_page.words import lasting, quantity, until

_DAY = 86_400_000_000
_START = 1_795_000_000_000_000


def entry(number: int, at: int, lane: Lane = "order") -> Entry:
    return Entry(number, _START + at, lane, f"entry {number}", ("message", str(number)))


def due(letter: str, at: int, lane: Lane = "response") -> Due:
    return Due(letter, _START + at, lane, "respond by")


def test_what_came_later_stands_further_right() -> None:
    drawn = picture(
        [entry(1, 0), entry(2, 1_000, "response"), entry(3, 2 * _DAY, "despatch")],
        [due("a", _DAY)],
        _START + 3 * _DAY,
        "Europe/Berlin",
    )
    assert drawn is not None
    places = [(one.entry.at, one.x) for one in drawn.dots] + [(one.due.at, one.x) for one in drawn.marks]
    assert [x for _, x in sorted(places)] == sorted(x for _, x in places)
    assert [one.text for one in drawn.gaps] == ["1 day", "1 day"]
    assert drawn.now is not None
    assert drawn.now > drawn.dots[-1].x


def test_a_year_of_nothing_has_little_room() -> None:
    day = picture([entry(1, 0), entry(2, _DAY, "response")], [], _START, "UTC")
    year = picture([entry(1, 0), entry(2, 365 * _DAY, "response")], [], _START, "UTC")
    assert day is not None
    assert year is not None
    assert day.width < year.width < 2 * day.width
    assert [one.text for one in year.gaps] == ["365 days"]


def test_of_many_the_newest_are_drawn() -> None:
    drawn = picture([entry(number, number) for number in range(1, 100)], [due("a", 3)], _START, "UTC")
    assert drawn is not None
    assert [one.entry.number for one in drawn.dots] == list(range(100 - MOST_DRAWN, 100))
    assert (drawn.left_out, drawn.marks) == (99 - MOST_DRAWN, ()), "what was due before the first one isn't drawn"
    assert picture([], [], _START, "UTC") is None


@given(st.lists(st.tuples(st.integers(0, 400 * _DAY), st.sampled_from(list(LANES))), min_size=1, max_size=80))
def test_nothing_stands_on_another(things: list[tuple[int, Lane]]) -> None:
    entries = [entry(number, at, lane) for number, (at, lane) in enumerate(sorted(things), 1)]
    drawn = picture(entries, [], _START, "America/New_York")
    assert drawn is not None
    for lane in LANES:
        row = [one.x for one in drawn.dots if one.entry.lane == lane]
        assert all(after - before >= 26 for before, after in pairwise(row))
    assert all(drawn.left <= one.x < drawn.width and 0 < one.y < drawn.bottom for one in drawn.dots)
    assert [one.x for one in drawn.dots] == sorted(one.x for one in drawn.dots)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (amount(Decimal("1200"), "EUR"), "1,200.00 EUR"),
        (amount(Decimal("0.125"), None), "0.125"),
        (amount(Decimal("-3.5"), "SEK"), "-3.50 SEK"),
        (quantity(Decimal("1200.500"), "EA"), "1,200.5 EA"),
        (quantity(Decimal(0)), "0"),
        (lasting(3 * 3_600_000_000), "3 hours"),
        (lasting(-5), "0 seconds"),
        (until(5 * 60_000_000, 0), "due in 5 minutes"),
        (until(0, 2 * _DAY), "2 days overdue"),
    ],
)
def test_how_figures_read(said: str, wanted: str) -> None:
    assert said == wanted
