"""How a problem reads, and what is most at risk."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.amounts import amount
from gateway.causes import Cause
from gateway.causes.acting import CantChange, until_of
from gateway.causes.words import amounts, due, span
from gateway.store.ids import now_us

SECOND = 1_000_000
HOUR = 3_600 * SECOND
NOW = 1_795_000_000 * SECOND


def cause(**known: Any) -> Cause:
    usual: dict[str, Any] = {
        "fingerprint": "1-abc",
        "account_id": "acme-retail",
        "account_name": "ACME Retail",
        "code": "unknown_item",
        "what": "message",
        "count": 37,
        "first_at": NOW - 2 * HOUR - 5,
        "last_at": NOW,
        "value": "12345",
        "path": "/lines/3/buyer_item",
        "due_at": NOW + 2 * HOUR,
        "worth": (("EUR", Decimal(18_400)),),
    }
    return Cause(**{**usual, **known})


def test_a_problem_is_a_sentence() -> None:
    said = "Unknown item 12345 from ACME Retail: 37 orders, 18,400.00 EUR, oldest 2 h, response due in 2 h"
    assert cause().sentence(NOW) == said


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"count": 1, "worth": ()}, "1 order, 2 h old, response due in 2 h"),
        ({"due_at": NOW - 90 * 60 * SECOND}, "37 orders, 18,400.00 EUR, oldest 2 h, response overdue by 1 h"),
        ({"tests": 2}, "37 orders, 2 of them tests, 18,400.00 EUR, oldest 2 h, response due in 2 h"),
        ({"tests": 37, "worth": (), "due_at": None}, "37 test orders, oldest 2 h"),
        ({"count": 1_204}, "1,204 orders, 18,400.00 EUR, oldest 2 h, response due in 2 h"),
        ({"what": "document", "due_at": None, "worth": ()}, "37 documents, oldest 2 h"),
        ({"what": "file", "count": 0, "due_at": None, "worth": ()}, "for 2 h"),
    ],
)
def test_its_facts_are_what_there_is(known: dict[str, Any], said: str) -> None:
    assert ", ".join(cause(**known).facts(NOW)) == said


@pytest.mark.parametrize(
    ("worth", "currency", "said"),
    [
        ("18400", "EUR", "18,400.00 EUR"),
        ("1E+3", "EUR", "1,000.00 EUR"),
        ("0.125", "EUR", "0.125 EUR"),
        ("12345678901234567890.1000000001", "EUR", "12,345,678,901,234,567,890.1000000001 EUR"),
        ("1800", "JPY", "1,800 JPY"),
        ("-3.5", "", "-3.50"),
    ],
)
def test_amounts_lose_no_digit(worth: str, currency: str, said: str) -> None:
    assert amount(Decimal(worth), currency) == said


def test_several_currencies_stand_side_by_side() -> None:
    found = (("CHF", Decimal(5)), ("EUR", Decimal(20)), ("USD", Decimal("7.5")))
    assert amounts(found) == "20.00 EUR, 7.50 USD and 5.00 CHF"
    assert amounts(found[:2]) == "20.00 EUR and 5.00 CHF"
    assert amounts(()) == ""


def test_spans_are_short() -> None:
    assert [span(seconds * SECOND) for seconds in (-1, 59, 60, 7_199, 90_000)] == ["0 s", "59 s", "1 min", "1 h", "1 d"]
    assert due(None, NOW) == ""


def test_what_is_most_at_risk_comes_first() -> None:
    ranked = [
        cause(due_at=NOW - 5, worth=(("EUR", Decimal(9)),)),
        cause(due_at=NOW - 99 * HOUR, worth=()),
        cause(due_at=NOW + HOUR // 2, worth=()),
        cause(due_at=NOW + 3 * HOUR, worth=(("USD", Decimal(8)), ("EUR", Decimal(1)))),
        cause(due_at=NOW + 3 * HOUR + 5, worth=(("EUR", Decimal(7)),)),
        cause(due_at=NOW + 3 * HOUR, worth=(), count=3),
        cause(due_at=NOW + 3 * HOUR, worth=(), count=2),
        cause(what="document", due_at=None, worth=()),
        cause(due_at=NOW + 99 * HOUR),
        cause(tests=37, due_at=None, worth=()),
    ]
    mixed = [*ranked[1::2], *ranked[::2]]
    assert sorted(mixed, key=lambda one: one.risk(NOW)) == ranked


def test_why_they_are_one_problem_is_said() -> None:
    told = dict(cause().why())
    assert told["Place"] == "/lines/*/buyer_item, on whatever line"
    assert told["Value"] == "12345"
    assert told["Rule"].startswith("version 1: ")
    assert dict(cause(what="document", endpoint="https://a.example", value=None).why())["Endpoint"]


def test_long_values_are_cut_in_sentences() -> None:
    assert len(cause(value="x" * 5_000).sentence(NOW)) < 250
    assert "\n" not in cause(value="a\nb").sentence(NOW)


@pytest.mark.parametrize("text", ["8h", "3d", "2 w", "30min"])
def test_a_time_to_come_is_a_span(text: str) -> None:
    assert until_of(text) > now_us()


def test_or_a_moment_with_its_offset() -> None:
    assert until_of("2026-12-01T08:00+01:00") == 1_796_108_400 * SECOND
    assert until_of("2026-12-01") > 0


@pytest.mark.parametrize("text", ["", "soon", "8", "-3d", "2026-12-01T08:00", "99999h", "0001-01-01T00:00+23:59"])
def test_other_times_are_refused_in_words(text: str) -> None:
    with pytest.raises(CantChange):
        until_of(text)
