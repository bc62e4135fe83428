"""From when on the despatch advice of what was confirmed is overdue."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trade.notices import Confirmed, first_overdue, notice_due
from mappings.mapped import MappedOrder
from mappings.revision import SiteRow
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from tests.mappings.small_world import account, map_order, order, revision

NEAR = SiteRow("NEAR", transit_days=0)
FAR = SiteRow("FAR", transit_days=2, receiving_days=1)
NEXT_DAY = SiteRow("NEXT", transit_days=1)
TUESDAY = date(2026, 12, 1)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("terms", "site", "day", "due"),
    [
        ({"time_zone": "Europe/Berlin"}, NEAR, TUESDAY, "2026-11-30T20:00:00+01:00"),
        ({"time_zone": "Europe/Berlin"}, None, TUESDAY, "2026-11-30T20:00:00+01:00"),
        ({"time_zone": "Europe/Berlin", "calendar": "DE-HH"}, NEAR, TUESDAY, "2026-12-01T04:00:00+01:00"),
        # it has to leave on the day before, whose end comes first
        ({"time_zone": "Europe/Berlin", "calendar": "DE-HH"}, NEXT_DAY, TUESDAY, "2026-12-01T00:00:00+01:00"),
        # in the shelves on the 1st, at the gate on the 30th, so that it leaves on the 28th
        ({"time_zone": "Europe/Berlin", "calendar": "DE-HH"}, FAR, TUESDAY, "2026-11-29T00:00:00+01:00"),
        ({"time_zone": "Europe/Berlin", "policies": {"despatch_notice_before_arrival": "3d"}}, FAR, TUESDAY,
         "2026-11-27T00:00:00+01:00"),
        ({"time_zone": "America/New_York"}, NEAR, TUESDAY, "2026-11-30T20:00:00-05:00"),
        # promised for a Sunday, taken in on Monday
        ({"time_zone": "Europe/Berlin", "calendar": "DE-HH"}, NEAR, date(2026, 12, 6), "2026-12-07T04:00:00+01:00"),
        # Good Friday and Easter Monday; 4 hours back over the change to summer time is another week
        ({"time_zone": "Europe/Berlin", "calendar": "DE-HH"}, NEAR, date(2026, 4, 3), "2026-04-07T04:00:00+02:00"),
        # clocks go forward in that night: four hours before 00:00 are four hours all the same
        ({"time_zone": "Europe/Berlin"}, NEAR, date(2026, 3, 30), "2026-03-29T20:00:00+02:00"),
        (
            {"time_zone": "Europe/Berlin", "calendar": "DE-HH", "business_hours": {"tuesday": "13:00-15:00"}},
            NEAR,
            TUESDAY,
            "2026-12-01T09:00:00+01:00",
        ),
    ],
)  # fmt: skip
def test_it_is_due_before_it_arrives_and_when_it_has_to_have_left(
    terms: dict[str, Any], site: SiteRow | None, day: date, due: str
) -> None:
    assert notice_due(account(**terms), day, site) == at(due)


@pytest.mark.parametrize("day", [date.min, date.max, date(9999, 12, 30), date(1, 1, 2)])
@pytest.mark.parametrize("site", [NEAR, FAR])
def test_no_day_is_too_early_or_too_late(day: date, site: SiteRow) -> None:
    assert isinstance(notice_due(account(calendar="DE"), day, site), int)


def mapped(*lines: dict[str, Any], **header: Any) -> MappedOrder:
    return map_order(order(*lines, **header), revision())


def told(*lines: list[tuple[str, str, str | None]]) -> OrderResponse:
    """The outcomes of each line: (status, quantity, day)."""
    return OrderResponse(
        number="OR-1",
        order_number="PO-1",
        issue_date=date(2026, 11, 23),
        outcome="changed",
        lines=tuple(
            ResponseLine(
                line_number=str(number),
                outcomes=tuple(
                    LineOutcome(
                        status=status,  # type: ignore[arg-type]
                        quantity=Decimal(quantity),
                        promised_delivery=date.fromisoformat(day) if day else None,
                    )
                    for status, quantity, day in outcomes
                ),
            )
            for number, outcomes in enumerate(lines, 1)
        ),
    )


def due_of(
    response: OrderResponse | None, confirmed: str, shipped: str = "0", *, lines: int = 1, **header: Any
) -> int | None:
    """Of lines that each have so many cartons of twelve confirmed, of which so many pieces of line 1 left."""
    whole = mapped(*({"seller_item": "MUG", "quantity": "100"} for _ in range(lines)), **header)
    known = {str(number): Confirmed(Decimal(confirmed), Decimal(100), Decimal(1200)) for number in range(1, lines + 1)}
    return first_overdue(account(), whole, response, known, {"1": Fraction(shipped)})


DECEMBER_1, DECEMBER_3 = at("2026-11-30T20:00:00+00:00"), at("2026-12-02T20:00:00+00:00")


def test_what_is_due_first_left_first() -> None:
    parts = told([("changed", "2", "2026-12-03"), ("accepted", "3", "2026-12-01"), ("backordered", "4", "2026-11-25")])
    assert due_of(parts, "5") == DECEMBER_1
    assert due_of(parts, "5", "35") == DECEMBER_1
    assert due_of(parts, "5", "36") == DECEMBER_3
    assert due_of(parts, "5", "59") == DECEMBER_3
    assert due_of(parts, "5", "60") is None
    assert due_of(parts, "5", "72") is None  # more than was confirmed, with a reason


def test_the_first_of_any_line_counts() -> None:
    two = told([("accepted", "1", "2026-12-01")], [("accepted", "1", "2026-12-03")])
    assert due_of(two, "1", lines=2) == DECEMBER_1
    assert due_of(two, "1", "12", lines=2) == DECEMBER_3


def test_without_a_promised_day_the_day_asked_for_counts() -> None:
    window = {"start": "2026-11-29", "end": "2026-12-01"}
    assert due_of(told([("accepted", "1", None)]), "1", requested_delivery=window) == DECEMBER_1
    assert due_of(None, "1", requested_delivery=window) == DECEMBER_1  # the order wants no response
    assert due_of(None, "1") is None
    assert due_of(told([("accepted", "1", "2026-12-03")]), "1", requested_delivery=window) == DECEMBER_3


def test_what_isnt_confirmed_is_never_overdue() -> None:
    asked = {"requested_delivery": {"end": "2026-12-01"}}
    assert due_of(told([("backordered", "1", "2026-12-01")]), "0", **asked) is None
    assert due_of(told([("rejected", "1", None)]), "0", **asked) is None
    assert due_of(told([("accepted", "1", "2026-12-01")]), "1", order_type="blanket") is None


@given(
    parts=st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["2026-12-01", "2026-12-03", None])), max_size=5),
    shipped=st.integers(0, 600),
)
def test_it_never_comes_sooner_as_more_leaves(parts: list[tuple[int, str | None]], shipped: int) -> None:
    """And nothing is overdue once all that was confirmed for a day has left."""
    whole = sum(quantity for quantity, _ in parts)
    response = told([("accepted", str(quantity), day) for quantity, day in parts])
    never = at("9000-01-01T00:00:00+00:00")
    before, behind = (due_of(response, str(whole), str(left)) or never for left in (shipped, shipped + 7))
    assert before <= behind
    for_a_day = sum(quantity for quantity, day in parts if day is not None)
    assert (before == never) == (shipped >= 12 * for_a_day)
