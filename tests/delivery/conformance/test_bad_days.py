"""Whatever a partner does: an outcome within the deadline, which says no more than is known, in words that can be
kept."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.delivery.transport import Means, Result
from tests.delivery.conformance.adapter import Adapter
from tests.delivery.conformance.cases import on
from tests.delivery.conformance.days import MOST_OF_A_FLOOD, WORDS, Day

MARGIN = 1.5
"""Seconds that a call may take longer than its deadline, on a machine that is busy."""
HANGING = (Day.SILENT, Day.DRIPS, Day.DEAF, Day.HANGS, Day.DRIPS_ANSWER, Day.HANGS_AFTER)
TAKEN = (
    Day.HANGS,
    Day.DRIPS_ANSWER,
    Day.RESETS,
    Day.CLOSES,
    Day.HALF_ANSWER,
    Day.FLOODS_ANSWER,
    Day.HANGS_AFTER,
)
"""On which the partner has it, whatever it says."""
OUTAGES = (Day.AWAY, Day.RESETS_AT_ONCE, Day.CLOSES_BEFORE, Day.RESETS, Day.CLOSES)
"""On which another document would fare no better."""
QUICK = tuple(day for day in Day if day not in HANGING)


@on(*QUICK)
def test_what_comes_of_a_day(adapter: Adapter, day: Day, tmp_path: Path) -> None:
    with adapter.open(day, tmp_path) as there:
        means = adapter.means(there, secrets=adapter.secrets_on(day))
        result = adapter.sent_on(day, there, means)
        taken, flooded = there.taken(), there.flooded()
    assert result.outcome in adapter.outcome_of(day), result
    assert_it_can_be_kept(adapter, day, result, means)
    assert flooded < MOST_OF_A_FLOOD
    if result.outcome in ("failed", "rejected"):
        assert taken == []
    if day in TAKEN:
        assert len(taken) == 1, "or the partner wasn't as it was to be"
    if day in OUTAGES:
        assert result.is_outage
    if day in (Day.REJECTS, Day.BUSY):
        assert WORDS in f"{result.detail} {result.answer}"


@on(*HANGING)
def test_a_call_ends_with_its_deadline(adapter: Adapter, day: Day, tmp_path: Path) -> None:
    seconds = adapter.seconds + (2 if day is Day.DEAF else 0)  # a large document takes its time to be written
    with adapter.open(day, tmp_path) as there:
        means = adapter.means(there, seconds)
        started = time.monotonic()
        result = adapter.sent_on(day, there, means)
        took = time.monotonic() - started
        taken = there.taken()
    assert result.outcome in adapter.outcome_of(day), result
    assert_it_can_be_kept(adapter, day, result, means)
    assert took < seconds + MARGIN
    assert result.is_outage == (result.outcome != "delivered")
    assert len(taken) == (1 if day in TAKEN else 0)


def assert_it_can_be_kept(adapter: Adapter, day: Day, result: Result, means: Means) -> None:
    """In words, as text, and without what lets us in."""
    assert (result.is_terms, result.is_ours) == (False, False)
    assert 0 < len(result.detail) <= 500
    assert len(result.answer or "") <= 2_000
    said = f"{result.detail}{result.answer}"
    assert said.encode().decode() == said
    assert "\0" not in said
    kept, parcel = f"{said} {result!r} {means!r}", adapter.parcel()
    secrets = (*adapter.canaries(), *adapter.secrets_on(day).values())
    assert not [one for one in secrets if one in kept or one in repr(parcel)]
    assert parcel.body.decode() not in repr(parcel)
