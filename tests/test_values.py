"""Exact values: what is taken, what is refused, and the arithmetic held against fractions and integers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.values import (
    EXACT,
    ExactDecimal,
    exact,
    from_fraction,
    gs1_check_digit,
    half_up,
    is_gs1_number,
    padded_gtin,
    plain,
    shortest,
)

DIGITS = st.text("0123456789", min_size=1, max_size=20)
FRACTIONS = st.text("0123456789", max_size=10)
WRITTEN = st.builds(
    lambda sign, whole, part: f"{sign}{whole}.{part}" if part else f"{sign}{whole}",
    st.sampled_from(["", "-", "+"]),
    DIGITS,
    FRACTIONS,
)


@given(WRITTEN)
def test_exact_reads_every_decimal_within_the_limits_digit_by_digit(text: str) -> None:
    whole, _, part = text.lstrip("+-").partition(".")
    expected = Fraction(int(whole + part), 10 ** len(part)) * (-1 if text[0] == "-" else 1)
    assert Fraction(exact(text)) == expected
    assert exact(f" \n{text}\t") == exact(text)
    assert -exact(text).as_tuple().exponent == len(part)


@pytest.mark.parametrize("text", [".5", "5.", "+1", "-0", "007.50"])
def test_exact_takes_what_xs_decimal_takes(text: str) -> None:
    assert exact(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            ".",
            "-",
            "+.",
            "1e3",
            "1E3",
            "NaN",
            "Infinity",
            "1,5",
            "1 000",
            "1_000",
            "--1",
            "+-1",
            "1-",
            "1..2",
        ),
        *("１２", "²", "٣", "0x1", "1.2.3", "1" * 21, "0." + "0" * 10 + "1", "1" * 100_000, "0" * 101, "1." + "0" * 99),
    ],
    ids=lambda text: text[:12],
)
def test_exact_refuses_everything_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|digits"):
        exact(text)


@given(st.text("0123456789+-.eE _,NaInfity１²", max_size=8))
def test_exact_never_takes_what_the_lexical_form_forbids(text: str) -> None:
    try:
        number = exact(text)
    except ValueError:
        return
    assert set(text.strip()) <= set("0123456789+-.")
    assert number == Decimal(text.strip())


@given(st.integers(-(10**20) + 1, 10**20 - 1), st.integers(-10, 20))
@example(1, 20)
@example(0, 20)
def test_plain_keeps_the_number_and_drops_the_exponent(digits: int, exponent: int) -> None:
    value = Decimal(digits).scaleb(exponent, context=EXACT)
    if len(str(abs(digits))) + exponent > 20:
        with pytest.raises(ValueError, match="before the decimal point"):
            plain(value)
        return
    assert plain(value) == value
    assert plain(value).as_tuple().exponent == min(exponent, 0)


@pytest.mark.parametrize("value", ["NaN", "-NaN", "sNaN", "NaN12", "Infinity", "-Infinity"])
def test_plain_refuses_what_is_no_number(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        plain(Decimal(value))


@pytest.mark.parametrize("value", ["1E-11", "0.00000000001", "1E-999999", "1.000000000010", "-1.5E-11"])
def test_plain_refuses_more_than_ten_digits_after_the_point(value: str) -> None:
    with pytest.raises(ValueError, match="after the decimal point"):
        plain(Decimal(value))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("12.50000000000", "12.5000000000"),
        ("12345678901234567890.012345678900000", "12345678901234567890.0123456789"),
        ("-0.100000000000", "-0.1000000000"),
        ("00000000000000000000000000012.5", "12.5"),
        ("0" * 90 + "1.50", "1.50"),
        ("1." + "0" * 98, "1.0000000000"),
        ("0.00000000000", "0.0000000000"),
    ],
)
def test_zeros_that_say_nothing_are_no_fault(value: str, kept: str) -> None:
    assert f"{exact(value):f}" == kept
    assert plain(Decimal(value)) == Decimal(value)


def test_zeros_beyond_the_tenth_decimal_of_nothing_are_cut_whatever_the_exponent() -> None:
    assert f"{plain(Decimal('0E-999999')):f}" == "0.0000000000"


@pytest.mark.parametrize("value", ["100000000000000000000", "1E+20", "1E+999999999", "0E+999999999"])
def test_plain_refuses_more_than_twenty_digits_before_the_point_without_writing_them(value: str) -> None:
    with pytest.raises(ValueError, match="before the decimal point"):
        plain(Decimal(value))


def test_an_exact_decimal_keeps_its_digits_through_a_model() -> None:
    read = TypeAdapter(ExactDecimal).validate_python
    assert str(read("12.50")) == "12.50"
    assert str(read(Decimal("1E+3"))) == "1000"
    assert str(read("12345678901234567890.0123456789")) == "12345678901234567890.0123456789"
    for wrong in (True, "NaN", "1E-11", "abc", None):
        with pytest.raises(ValidationError):
            read(wrong)


@given(st.fractions(), st.integers(0, 30), st.integers(0, 30))
def test_from_fraction_is_exact_or_none(value: Fraction, twos: int, fives: int) -> None:
    found = from_fraction(value)
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    assert (found is None) == (denominator != 1)
    assert found is None or Fraction(found) == value
    finite = Fraction(value.numerator, 2**twos * 5**fives)
    assert Fraction(from_fraction(finite) or 0) == finite


@given(st.fractions(), st.integers(0, 10))
def test_half_up_is_the_nearest_and_halves_go_away_from_zero(value: Fraction, places: int) -> None:
    found = half_up(value, places)
    step = Fraction(1, 10**places)
    error = abs(Fraction(found)) - abs(value)
    assert -step / 2 < error <= step / 2
    assert found.as_tuple().exponent == -places
    assert half_up(-value, places) == found.copy_negate()


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("1.005", "1.01"), ("-1.005", "-1.01"), ("2.675", "2.68"), ("0.004999", "0.00"), ("1/3", "0.33"), ("7", "7.00")],
)
def test_half_up_by_example(value: str, rounded: str) -> None:
    assert str(half_up(Fraction(value))) == rounded


@given(WRITTEN)
def test_shortest_is_the_same_number_in_the_fewest_characters(text: str) -> None:
    found = shortest(exact(text))
    written = str(found)
    assert found == exact(text)
    assert "E" not in f"{found:f}"
    assert not (("." in written) and written.endswith("0"))
    assert shortest(found) == found
    assert f"{found:f}" != "-0"


@pytest.mark.parametrize(
    ("value", "short"),
    [
        ("10.50", "10.5"),
        ("1200", "1200"),
        ("1E+3", "1000"),
        ("0.00", "0"),
        ("-0.0", "0"),
        ("-0", "0"),
        ("100.00", "100"),
    ],
)
def test_shortest_by_example(value: str, short: str) -> None:
    assert f"{shortest(Decimal(value)):f}" == short


@pytest.mark.parametrize(
    ("body", "digit"),
    # a GTIN-13 and an SSCC as GS1 General Specifications 7.9 computes them, and numbers printed on real goods
    [("629104150021", "3"), ("37610425002123456", "9"), ("400638133393", "1"), ("03600029145", "2"), ("9638507", "4")],
)
def test_gs1_check_digits_of_known_numbers(body: str, digit: str) -> None:
    assert gs1_check_digit(body) == digit
    assert is_gs1_number(body + digit, (len(body) + 1,))


@given(st.text("0123456789", min_size=7, max_size=17), st.integers(0), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(body: str, at: int, by: int) -> None:
    number = body + gs1_check_digit(body)
    at %= len(number)
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert is_gs1_number(number, (len(number),))
    assert not is_gs1_number(wrong, (len(number),))


@given(st.text(max_size=14))
def test_what_is_no_number_is_no_gs1_number(text: str) -> None:
    assert is_gs1_number(text) <= (text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14))


@given(st.text("0123456789", min_size=8, max_size=13))
def test_a_gtin_is_the_same_under_every_padding(body: str) -> None:
    gtin = body + gs1_check_digit(body)
    assert padded_gtin(gtin) == padded_gtin("0" + gtin if len(gtin) < 14 else gtin)
    assert len(padded_gtin(gtin)) == 14
    assert gs1_check_digit(padded_gtin(gtin)[:-1]) == gtin[-1]
