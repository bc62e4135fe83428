"""Whatever a partner does: an outcome within the deadline, which says no more than is known, in words that can be
kept."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from gateway.delivery.transport import Means, Result
from tests.delivery.conformance.adapter import Adapter, Opened
from tests.delivery.conformance.cases import case, on
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


@case("a partner that hangs")
def test_each_call_ends_with_its_deadline(adapter: Adapter, tmp_path: Path) -> None:
    """On all such days at once: each has a partner of its own, and nobody does anything but wait."""
    days = [day for day in HANGING if day not in adapter.inapplicable]
    with ExitStack() as open_ones, ThreadPoolExecutor(len(days)) as threads:
        partners = {day: open_ones.enter_context(adapter.open(day, _made(tmp_path / day.name))) for day in days}
        allowed = {day: _seconds(adapter, day) for day in days}
        means = {day: adapter.means(partners[day], allowed[day]) for day in days}
        calls = {day: threads.submit(_called, adapter, day, partners[day], means[day]) for day in days}
        ended = {day: call.result() for day, call in calls.items()}
    for day, (result, took, taken) in ended.items():
        assert result.outcome in adapter.outcome_of(day), (day, result)
        assert_it_can_be_kept(adapter, day, result, means[day])
        assert took < allowed[day] + MARGIN, day
        assert result.is_outage == (result.outcome != "delivered"), day
        assert taken == (1 if day in TAKEN else 0), day


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _seconds(adapter: Adapter, day: Day) -> float:
    return adapter.seconds + (2 if day is Day.DEAF else 0)  # a large document takes its time to be written


def _called(adapter: Adapter, day: Day, there: Opened, means: Means) -> tuple[Result, float, int]:
    """What came of it, the seconds that it took, and how many documents the partner has then."""
    started = time.monotonic()
    result = adapter.sent_on(day, there, means)
    return result, time.monotonic() - started, len(there.taken())


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
