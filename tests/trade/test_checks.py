"""Each check finds its fault at its place, with the sender's value and what was expected; else nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.trade.checks import check
from mappings.mapped import words_of
from mappings.revision import Product
from schemas.documents.common import Extension, Period
from schemas.documents.order import ScheduleLine
from schemas.faults import Fault
from schemas.values import from_fraction
from tests.trade.builders import DAY, OAT, RECEIVED, line, mapped

PAST = RECEIVED - DAY


def found(order: object) -> list[tuple[str, str]]:
    return [(fault.code, fault.path) for fault in check(order, RECEIVED)]  # type: ignore[arg-type]


def test_a_good_order_has_no_fault() -> None:
    limited = replace(OAT, order_minimum=Decimal(5), order_multiple=Decimal(5))
    window = Period(start=RECEIVED, end=RECEIVED)
    order = mapped(line("10", product=limited), requested_delivery=window, cancel_after=RECEIVED)
    assert check(order, RECEIVED) == ()


def test_kinds_not_handled() -> None:
    (fault,) = check(mapped(line("1"), order_type="other"), RECEIVED)
    assert (fault.code, fault.path, fault.value) == ("unsupported_document", "/order_type", "other")


def test_another_kind_is_named_as_its_sender_did() -> None:
    kept = (Extension(name="cbc:OrderTypeCode", value="228"),)
    (fault,) = check(mapped(line("1"), order_type="other", extensions=kept), RECEIVED)
    assert (fault.code, fault.value) == ("unsupported_document", "228")


def test_a_release_names_its_contract() -> None:
    assert found(mapped(line("1"), order_type="release")) == [("release_without_contract", "/contract")]
    assert found(mapped(line("1"), order_type="release", contract="C-7")) == []


@pytest.mark.parametrize(
    ("ordered", "parts", "said"),
    [
        ("24", ["12", "6"], "18"),
        ("24", ["12"], "12"),
        ("24", ["12", "12", "0.5"], "24.5"),
        ("24.0000000001", ["12.00", "12.0"], "24"),
        ("99999999999999999999.9999999999", ["99999999999999999999.9999999999", "1E-10"], "100000000000000000000"),
    ],
)
def test_a_schedule_that_does_not_add_up(ordered: str, parts: list[str], said: str) -> None:
    schedule = tuple(ScheduleLine(quantity=Decimal(part)) for part in parts)
    (fault,) = check(mapped(line("1"), line(ordered, index=1, schedule=schedule)), RECEIVED)
    assert (fault.code, fault.path) == ("schedule_mismatch", "/lines/1/schedule")
    assert (fault.value, fault.expected) == (said, ordered)
    assert fault.detail == f"The deliveries of the line sum to {said} EA, and {ordered} are ordered."


@pytest.mark.parametrize("parts", [["24"], ["12", "12.0"], ["0.5", "23.50"], ["23.9999999999", "0.0000000001"]])
def test_a_schedule_that_adds_up(parts: list[str]) -> None:
    schedule = tuple(ScheduleLine(quantity=Decimal(part)) for part in parts)
    assert check(mapped(line("24.0", schedule=schedule)), RECEIVED) == ()


def test_a_replaced_product() -> None:
    gone = replace(OAT, status="discontinued", replaced_by="OAT-1L-B")
    (fault,) = check(mapped(line("1", product=gone, buyer_item="PL-0042")), RECEIVED)
    assert (fault.code, fault.path, fault.value) == ("inactive_product", "/lines/0/buyer_item", "PL-0042")
    assert fault.expected is not None
    assert "OAT-1L-B" in fault.expected


def test_minimum_and_multiple_are_counted_in_the_unit_of_sale_and_told_in_the_senders() -> None:
    """3 CS of 24 are 6 cartons of twelve; at least 10 cartons are 5 CS, and a multiple of 4 cartons is one of 2 CS."""
    limited = Product("OAT-1L", "Oat", "EA", sales_unit="XCT", order_minimum=Decimal(10), order_multiple=Decimal(4))
    order = mapped(line("3", unit="CS", per_unit=24, per_sales=12, product=limited))
    below, uneven = check(order, RECEIVED)
    assert (below.code, below.path, below.value, below.expected) == (
        "below_minimum",
        "/lines/0/quantity",
        "3",
        "at least 5 CS, such as 6 CS",
    )
    assert (uneven.code, uneven.value, uneven.expected) == ("not_a_multiple", "3", "a multiple of 2 CS, such as 6 CS")
    assert below.detail == "3 CS is below the product's minimum of 5 CS."
    assert uneven.detail == "3 CS isn't a multiple of 2 CS, as the product is sold."


def test_a_minimum_that_has_no_exact_number_in_the_senders_unit_is_told_in_ours() -> None:
    limited = Product("OAT-1L", "Oat", "EA", sales_unit="XBX", order_minimum=Decimal(1))
    order = mapped(line("0.5", unit="DZN", per_unit=12, per_sales=10, product=limited))
    assert check(order, RECEIVED)[0].expected == "at least 1 XBX (10 EA)"


@pytest.mark.parametrize(
    ("quantity", "minimum", "said"),
    [
        ("6", None, "a multiple of 4 CS, such as 4 or 8 CS"),
        ("1", None, "a multiple of 4 CS"),
        ("9", "9", "a multiple of 4 CS, such as 12 CS"),
        ("14", "9", "a multiple of 4 CS, such as 12 or 16 CS"),
    ],
)
def test_the_nearest_quantities_that_can_be_ordered_are_named(quantity: str, minimum: str | None, said: str) -> None:
    """In the unit that is ordered in: 1 CS is a carton of twelve, which is what we sell."""
    least = Decimal(minimum) if minimum else None
    limited = Product("OAT-1L", "Oat", "EA", sales_unit="XCT", order_minimum=least, order_multiple=Decimal(4))
    order = mapped(line(quantity, unit="CS", per_unit=12, per_sales=12, product=limited))
    (fault,) = check(order, RECEIVED)
    assert (fault.code, fault.expected) == ("not_a_multiple", said)


def test_what_will_be_rounded_up_is_held_against_the_minimum_rounded_up() -> None:
    fractional = Fault("fractional_unit", "7 are no carton.", "/lines/0/quantity")
    limited = replace(OAT, order_minimum=Decimal(1), order_multiple=Decimal(1), sales_unit="XCT")
    assert check(mapped(line("7", per_sales=12, product=limited, faults=(fractional,))), RECEIVED) == ()


def test_half_kilograms_may_be_below_a_minimum() -> None:
    rice = Product("RICE", "Rice", "KGM", sales_unit="KGM", order_minimum=Decimal(1), order_multiple=Decimal("0.5"))
    assert found(mapped(line("0.5", unit="KGM", product=rice))) == [("below_minimum", "/lines/0/quantity")]
    assert found(mapped(line("1.5", unit="KGM", product=rice))) == []
    assert found(mapped(line("1.75", unit="KGM", product=rice))) == [("not_a_multiple", "/lines/0/quantity")]


@pytest.mark.parametrize(
    ("window", "path"),
    [
        (Period(start=date(2026, 11, 1), end=PAST), "/requested_delivery/end"),
        (Period(end=PAST), "/requested_delivery/end"),
        (Period(start=PAST), "/requested_delivery/start"),
    ],
)
def test_a_window_that_was_over_at_receipt(window: Period, path: str) -> None:
    assert found(mapped(line("1"), requested_delivery=window)) == [("past_date", path)]
    assert found(mapped(line("1", requested_delivery=window))) == [("past_date", "/lines/0" + path)]
    part = ScheduleLine(quantity=Decimal(1), requested_delivery=window)
    assert found(mapped(line("1", schedule=(part,)))) == [("past_date", "/lines/0/schedule/0" + path)]


def test_a_window_that_is_open_today_is_not_past() -> None:
    assert found(mapped(line("1"), requested_delivery=Period(start=PAST, end=RECEIVED))) == []


def test_a_window_that_ends_before_it_starts() -> None:
    window = Period(start=RECEIVED + 2 * DAY, end=RECEIVED + DAY)
    (fault,) = check(mapped(line("1"), requested_delivery=window), RECEIVED)
    assert (fault.code, fault.path) == ("dates_contradict", "/requested_delivery/end")
    assert (fault.value, fault.expected) == ("2026-11-24", "2026-11-25 or later")


@pytest.mark.parametrize(
    ("end", "wrong"),
    [
        (time(8), True),
        (time(10), False),
        (time(8, tzinfo=timezone(timedelta(hours=1))), False),
    ],
)
def test_times_of_one_day(end: time, wrong: bool) -> None:
    window = Period(start=RECEIVED, end=RECEIVED, start_time=time(9), end_time=end)
    assert bool(found(mapped(line("1"), requested_delivery=window))) is wrong


def test_cancelled_before_requested() -> None:
    window = Period(start=RECEIVED + 5 * DAY)
    order = mapped(line("1", requested_delivery=window), line("1", index=1), cancel_after=RECEIVED + DAY)
    assert found(order) == [("dates_contradict", "/lines/0/requested_delivery/start")]


def test_line_numbers_twice_unless_the_mapping_said_so() -> None:
    lines = [line("1", index=index, line_number="1") for index in range(3)]
    assert found(mapped(*lines)) == [
        ("duplicate_line", "/lines/1/line_number"),
        ("duplicate_line", "/lines/2/line_number"),
    ]
    said = Fault("duplicate_line", "Twice.", "/lines/1/line_number")
    assert found(mapped(*lines, faults=(said,))) == []


def test_every_fault_at_once() -> None:
    gone = replace(OAT, status="planned", order_minimum=Decimal(100))
    window = Period(start=PAST, end=PAST - DAY)
    order = mapped(
        line("1", product=gone), line("2", index=1, product=gone), order_type="other", requested_delivery=window
    )
    codes = [fault.code for fault in check(order, RECEIVED)]
    assert codes == [
        "unsupported_document",
        "dates_contradict",
        "past_date",
        "inactive_product",
        "below_minimum",
        "inactive_product",
        "below_minimum",
    ]


def test_a_line_that_is_not_ours_is_left_to_its_own_faults() -> None:
    assert check(mapped(line("1", product=None, per_unit=None)), RECEIVED) == ()


sizes = st.sampled_from([Decimal(text) for text in ("1", "3", "5", "7", "12", "0.5", "1.50", "0.0000000001", "1E+3")])


@given(
    st.decimals("0.0000000001", "99999999999999999999", places=10) | sizes,
    st.none() | sizes,
    st.none() | sizes | st.just(Decimal(0)),
    st.sampled_from([1, 3, 7, 12, Fraction(1, 3), Fraction(3, 10)]),
    st.booleans(),
)
@settings(max_examples=500, deadline=None)
def test_what_is_plainly_right_is_right_in_fractions(
    quantity: Decimal, minimum: Decimal | None, multiple: Decimal | None, per_unit: Fraction | int, torn: bool
) -> None:
    product = replace(OAT, order_minimum=minimum, order_multiple=multiple)
    base = Fraction(quantity) * per_unit
    faults = (Fault("fractional_unit", "Not whole.", "/lines/0/quantity"),) if torn else ()
    one = line("1", product=product, faults=faults)
    asked = one.line.model_copy(update={"quantity": quantity})
    found = replace(
        one.meaning, words=words_of(asked), base_per_unit=Fraction(per_unit), sales_quantity=from_fraction(base)
    )
    one = replace(one, meaning=found, line=asked)
    assert [fault.code for fault in check(mapped(one), RECEIVED)] == _broken(product, base, torn)


def _broken(product: Product, sales: Fraction, torn: bool) -> list[str]:
    """The rules that so many units of sale break, where what isn't whole is counted as the next whole number."""
    counted = Fraction(ceil(sales)) if torn else sales
    broken = []
    if product.order_minimum is not None and counted < Fraction(product.order_minimum):
        broken.append("below_minimum")
    if product.order_multiple and counted % Fraction(product.order_multiple):
        broken.append("not_a_multiple")
    return broken
