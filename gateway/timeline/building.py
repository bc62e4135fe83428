"""All that is told of a message, put in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.timeline.ahead import not_reached
from gateway.timeline.events import BEGINS_RUN, step_of
from gateway.timeline.sending import sending
from gateway.timeline.steps import Run, Stage, Step, Timeline, Told

_RANKS: Mapping[str, int] = {"received": 0, "decoded": 1, "mapped": 2, "decided": 3, "delivered": 7, "receipted": 8}
_SETTLED = 5
_OF_STAGES: tuple[Stage, ...] = ("decoded", "mapped", "decided")
"""Those that the message tells of itself; the others are events and deliveries."""


def timeline(told: Told) -> Timeline:
    """Run by run what happened, and what hasn't yet. Of runs before the last the chain alone is known: how long their
    steps took isn't kept."""
    runs = [list(events) for events in _by_run(told.events)]
    steps = [[step_of(event, told) for event in events] for events in runs]
    if steps:
        steps[-1] = _in_order([*steps[-1], *_stages(told, runs[-1])])
    for step in (step for one in told.sent for step in sending(one, for_account=told.for_account)):
        at = max((index for index, run in enumerate(steps) if run and run[0].at <= step.at), default=0)
        if steps:
            steps[at].append(step)
    ordered = tuple(Run(number, tuple(_in_order(run))) for number, run in enumerate(steps, 1))
    return Timeline(ordered, tuple(not_reached(told, [step for run in ordered for step in run.steps])))


def _in_order(steps: Iterable[Step]) -> list[Step]:
    """By their times; what is saved at once in the order of the stages, and a settlement behind what led to it."""
    return sorted(steps, key=lambda step: (step.at, _RANKS.get(step.stage, _SETTLED)))


def _by_run(events: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    run: list[Mapping[str, Any]] = []
    for event in events:
        if event["kind"] in BEGINS_RUN and run:
            yield run
            run = []
        run.append(event)
    if run:
        yield run


def _stages(told: Told, events: list[Mapping[str, Any]]) -> Iterator[Step]:
    """What the worker did in the last run, each with the time since the one before, the first since the run began."""
    begun = events[0]["at"]
    times = {stage: at for stage, at in told.message.stages.items() if at >= begun}
    settled = next((one for one in reversed(events) if "mapping_revision" in one["body"]), None)
    before = begun
    for stage in _OF_STAGES:
        at = times.get(stage)
        if at is None:
            continue
        # a settlement has the time at which its whole batch was saved, or a moment before the last of these
        at_most = min(at, settled["at"]) if settled else at
        is_well = stage != "decided" or settled is None or settled["kind"] == "answered"
        step = Step(at_most, _said(stage, told, settled), "good" if is_well else "", stage, at - before)
        if stage == "mapped" and settled is not None:
            revisions = {name: settled["body"].get(name) for name in ("mapping_revision", "catalogue_revision")}
            step = replace(step, **revisions)
        yield step
        before = at


def _said(stage: Stage, told: Told, settled: Mapping[str, Any] | None) -> str:
    message = told.message
    if stage == "decoded":
        number = f": order {message.order_number}" if message.order_number else ""
        return f"Read as {message.format or 'an order'}{number}."
    if stage == "mapped":
        return "Put into our products, units, prices and places."
    if settled is not None and settled["kind"] != "answered":
        return "Judged: something is in the way of what was ordered."
    return "Decided, line by line."
