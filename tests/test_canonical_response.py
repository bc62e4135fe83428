"""The order response as it is kept: to the byte what pydantic writes, and read back as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas.documents.common import Party, Price
from schemas.documents.known_parties import PartyTexts
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine, canonical_response
from tests.kept import as_pydantic_writes, judged_anew
from tests.strategies import order_responses, parties

EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
DAY = date(2026, 11, 23)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)
"""All that JSON can carry, control characters and quotes included; not blanks alone, which no code is."""


def response(**said: object) -> OrderResponse:
    return OrderResponse(number="OR-1", order_number="PO-1", issue_date=DAY, outcome="accepted", **said)


@given(st.one_of(order_responses(), order_responses(ANY_TEXT, ANY_TEXT)))
@EXAMPLES
@example(response(note="".join(map(chr, range(0x20))) + '\x7f\x85\u2028\ud7ff"\\/'))
def test_it_is_written_as_pydantic_writes_it(found: OrderResponse) -> None:
    assert canonical_response(found) == as_pydantic_writes(found)


@given(order_responses())
@EXAMPLES
def test_it_is_read_back_as_it_was(found: OrderResponse) -> None:
    assert judged_anew(found) == found


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("UTC")),
        datetime(2026, 7, 1, 9, 30, 0, 120_000, tzinfo=ZoneInfo("Europe/London")),
        datetime(2026, 1, 1, 9, 30, tzinfo=ZoneInfo("Europe/London")),
        datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Kathmandu")),
        datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
        datetime(2026, 11, 23, 9, 30),  # noqa: DTZ001
    ],
)
def test_the_moment_is_written_as_pydantic_writes_it(moment: datetime) -> None:
    found = response(issued_at=moment)
    assert canonical_response(found) == as_pydantic_writes(found)


@pytest.mark.parametrize("number", ["0E-10", "1E-10", "5E-7", "0.000001", "10.0", "99999999999999999999.9999999999"])
def test_numbers_have_no_exponents(number: str) -> None:
    price = Price(amount=Decimal(number), base_quantity=Decimal(number) or Decimal(1), gross=Decimal(number))
    outcome = LineOutcome(status="accepted", quantity=Decimal(number), price=price)
    found = response(lines=(ResponseLine(line_number="1E-7", outcomes=(outcome,)),))
    assert canonical_response(found) == as_pydantic_writes(found)
    assert f'"quantity":"{Decimal(number):f}"' in canonical_response(found)


@given(parties(), parties())
@EXAMPLES
def test_a_partys_text_is_remembered_by_all_that_it_says(one: Party, other: Party) -> None:
    texts = PartyTexts(lambda party: party.model_dump_json())
    for party in (one, other, one, *_each_with_a_field_of(one, other)):
        assert texts.of(party) == party.model_dump_json()


def _each_with_a_field_of(one: Party, other: Party) -> list[Party]:
    """The first party with one field of the other, for every field, and for every field inside a field."""
    found = [one.model_copy(update={name: value}) for name, value in vars(other).items()]
    for name in ("endpoint", "registration", "address", "contact"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine is not None and theirs is not None:
            parts = [mine.model_copy(update={inner: value}) for inner, value in vars(theirs).items()]
            found += [one.model_copy(update={name: part}) for part in parts]
    return found
