"""Replaying: messages that were held, failed or rejected are judged again."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import click

from gateway.commands.opening import opened
from gateway.commands.screen import CONFLICT, DONE, FAILED, PARTLY, USAGE, Failed, Screen, person, reports

if TYPE_CHECKING:
    from gateway.replaying.foreseeing import Foreseen
    from gateway.replaying.planning import Excluded, Plan
    from gateway.services import Services
    from gateway.store.replays import Mapped, Replay, ReplayMessage

_FORESEEN = (
    "Judged one after the other on the orders and the stock that are there now, which may change until a real replay. "
    "Nothing was done."
)
_NOT_FORESEEN = "not judged: a dry run takes the first 200, as far as they have 20 MB at most together"
_STUCK = ("held", "failed")
_WAIT_SECONDS = 5.0
"""So long nothing may happen before the command leaves the rest to the gateway."""
_LOOK_SECONDS = 0.1
_SAID = 100
"""Of a larger replay only what didn't go through is said message by message."""


@click.command()
@reports
@click.argument("message_ids", metavar="[ID ...]", nargs=-1)
@click.option("--problem", metavar="FINGERPRINT", help="Every open message with this cause.")
@click.option(
    "--mapping",
    type=click.Choice(["current", "pinned"]),
    default="current",
    show_default=True,
    help="The mapping that is published when each is judged, or the revision that each was last judged under.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come of it on present stock; nothing is done.")
@click.option("--reason", help="Why, for the record; needed unless it is a dry run.")
@click.option("--all-at-once", is_flag=True, help="Don't wait for the first to go through before the rest follows.")
def replay(
    screen: Screen,
    message_ids: tuple[str, ...],
    problem: str | None,
    mapping: Mapped,
    dry_run: bool,
    reason: str | None,
    all_at_once: bool,
) -> int:
    """Judge messages again that were held, failed or rejected.

    The original bytes are judged as if they had just been claimed; an order that stands is never made twice. Of several
    the first is judged alone, and the rest when it went through; it stops where the same cause comes back. While the
    gateway runs this waits and shows how far it is, as long as anything happens; the replay goes on without it
    (`gateway replays show ID`).

    Exit code 0: each is answered or refused now, or waits to be judged, and of a dry run: each would be judged; 1: none
    is, they are still held or failed; 3: some are; 4: none could be replayed, as they stand.
    """
    from gateway.replaying import CantReplay, Wanted, plan

    if reason is None and not dry_run:
        raise click.UsageError("Say why: --reason TEXT.")
    with opened() as services:
        wanted = Wanted(tuple(dict.fromkeys(message_ids)), problem)
        try:
            planned = plan(services, wanted)
        except CantReplay:
            raise Failed("Name messages, or --problem.", USAGE) from None
        if not planned.messages and not planned.excluded:
            raise Failed("No open message has this cause.", USAGE)
        if dry_run:
            return _foresee(screen, services, planned, mapping)
        return _replay(screen, services, planned, mapping, reason or "", all_at_once)


# --- the real one -----------------------------------------------------------------------------------------------------
def _replay(screen: Screen, services: Services, planned: Plan, mapping: Mapped, reason: str, all_at_once: bool) -> int:
    told: dict[str, Any] = {"mapping": mapping, "dry_run": False}
    ran: dict[str, dict[str, Any]] = {}
    if planned.messages:
        done, rung = _run(screen, services, planned, mapping, reason, all_at_once)
        told["replay"] = replay_row(done)
        of_set = services.store.replays.messages(done.id, limit=done.total)
        ran = {one.message_id: _outcome(services, one, done) for one in of_set}
        for line in said_of(done):
            screen.note(line)
        if not rung:
            screen.note("Redis can't be reached now; the messages wait in the database until the gateway runs.")
    messages = _in_order(planned, ran)
    code = _exit_code(messages)
    shown = [one for one in messages if len(messages) <= _SAID or not one["ok"] or one.get("status") in _STUCK]
    screen.result(told | {"messages": messages}, *(f"{one['id']}: {one['detail']}" for one in shown))
    return code


def _run(
    screen: Screen, services: Services, planned: Plan, mapping: Mapped, reason: str, all_at_once: bool
) -> tuple[Replay, bool]:
    """The replay once it is done, has stopped, or nothing happens any more; and whether workers were rung for."""
    from gateway.lanes import REPLAYS
    from gateway.replaying.beginning import begin_planned

    try:
        replay_id = begin_planned(
            services, planned, mapping=mapping, reason=reason, actor=person(), all_at_once=all_at_once
        )
    except ValueError as wrong:
        raise Failed(f"Say why in {wrong}.", USAGE) from None
    rung = services.lanes.ring(REPLAYS)
    return followed(screen, services, replay_id, len(planned.messages), rung=rung), rung


def followed(screen: Screen, services: Services, replay_id: str, total: int, *, rung: bool) -> Replay:
    """The replay once it is done, has stopped, or nothing happens any more, with its progress meanwhile. `rung`:
    whether workers were, who judge its messages."""
    from gateway.replaying import running

    with _progress(screen, total) as bar:
        deadline = time.monotonic() + _WAIT_SECONDS
        while (found := _found(services, replay_id)).is_open:
            bar.show(found)
            if running.step(services):  # as a worker does: alone it would only be asked for
                deadline = time.monotonic() + _WAIT_SECONDS
                continue
            if not rung or time.monotonic() > deadline:
                break
            time.sleep(_LOOK_SECONDS)
        bar.show(found)
    return found


def _found(services: Services, replay_id: str) -> Replay:
    found = services.store.replays.found(replay_id)
    if found is None:
        raise Failed(f"The replay {replay_id} is gone.")
    return found


class _Bar(Protocol):
    def show(self, replay: Replay) -> None: ...


class _NoBar:
    def show(self, replay: Replay) -> None:
        """Nobody looks."""


@contextmanager
def _progress(screen: Screen, total: int) -> Iterator[_Bar]:
    """A bar on a terminal, for more than one message."""
    if screen.as_json or total < 2 or not sys.stderr.isatty():
        yield _NoBar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replaying", total=total)

        class Shown:
            def show(self, replay: Replay) -> None:
                words = f"{replay.done:,} done, {replay.failed:,} failed again, {replay.skipped:,} passed over"
                progress.update(task, completed=replay.through, description=words)

        yield Shown()


def replay_row(one: Replay) -> dict[str, Any]:
    """A replay for programs."""
    from gateway.commands.times import moment

    counts = {name: getattr(one, name) for name in ("total", "done", "failed", "skipped", "asked", "left")}
    return {
        "id": one.id,
        "status": one.status,
        "of": one.words,
        "account": one.account_id,
        "problem": one.fingerprint,
        "mapping": one.mapping,
        "reason": one.reason,
        "asked_by": one.asked_by,
        "asked_at": moment(one.asked_at),
        "ended_at": moment(one.ended_at),
        "detail": one.detail,
        "excluded": dict(one.asked_for.get("excluded", {})),
        **counts,
    }


def said_of(one: Replay) -> Iterator[str]:
    """How it stands, in sentences."""
    standing = {
        "done": "is done",
        "stopped": "has stopped",
        "paused": "is paused",
        "cancelled": "was cancelled",
    }.get(one.status, "goes on by itself while the gateway runs")
    counts = f"{one.done:,} of {one.total:,} done, {one.failed:,} failed again, {one.skipped:,} passed over"
    yield f"Replay {one.id} {standing}: {counts}."
    if one.detail:
        yield one.detail
    if one.status == "stopped":
        yield f"gateway replays resume {one.id} --anyway goes on with the other {one.left:,}; replays cancel ends it."


def _outcome(services: Services, one: ReplayMessage, whole: Replay) -> dict[str, Any]:
    """The message's status now, what was answered, and both in words."""
    if one.state == "skipped":
        return _impossible(one.message_id, one.status, one.detail or "", CONFLICT)
    if one.state == "waiting":
        detail = "waits to be judged" if whole.is_under_way else "was not asked for: the replay has stopped before it"
        code = DONE if whole.is_under_way else FAILED
        return {"id": one.message_id, "ok": whole.is_under_way, "status": one.status, "detail": detail, "code": code}
    answers = [each.number for each in services.store.documents.of_messages([one.message_id])]
    faults = services.store.messages.faults(one.message_id)
    why = "; ".join(dict.fromkeys(fault.detail for fault in faults))
    if one.status in ("received", "processing"):
        detail = "waits to be judged"
    elif one.status == "done":
        detail = f"answered: {', '.join(answers)}" if answers else "done; the account wants no answer"
    else:
        detail = f"{'still held' if one.status == 'held' else one.status}: {why}"
    found = [fault.as_json() for fault in faults]
    code = FAILED if one.status in _STUCK else DONE
    told = {"id": one.message_id, "ok": True, "run": one.run, "status": one.status, "answers": answers}
    return told | {"detail": detail, "faults": found, "code": code}


# --- a dry run --------------------------------------------------------------------------------------------------------
def _foresee(screen: Screen, services: Services, planned: Plan, mapping: Mapped) -> int:
    """What replaying these would come to now, in their order; nothing is done."""
    from gateway.replaying.foreseeing import foreseen

    found = foreseen(services, [one.id for one in planned.messages], mapping)
    came = {one.stored.id: _foreseen(one) for one in found}
    not_judged = [one for one in planned.messages if one.id not in came]
    came |= {one.id: _impossible(one.id, one.status, _NOT_FORESEEN, DONE) for one in not_judged}
    messages = _in_order(planned, came)
    lines = [f"{one['id']}: {one['detail']}" for one in messages]
    told: dict[str, Any] = {"mapping": mapping, "dry_run": True, "messages": messages}
    if any(one["ok"] for one in messages):
        lines.append(_FORESEEN)
        told["note"] = _FORESEEN
    code = _exit_code(messages)
    screen.result(told, *lines)
    return code


def _foreseen(one: Foreseen) -> dict[str, Any]:
    judged = one.judged
    if judged is None:
        return _impossible(one.stored.id, one.stored.status, "no mapping", FAILED)
    outcome = judged.response.outcome if judged.response else None
    would_be = judged.status + (f", answered {outcome}" if outcome else "")
    before, after = (_codes([fault.code for fault in faults]) for faults in (one.before, judged.faults))
    detail = f"is {one.stored.status} for {before}; judged now: {after}; would be {would_be}"
    found = [fault.as_json() for fault in judged.faults]
    ahead = {"status": judged.status, "outcome": outcome, "lines": one.lines}
    told = {"id": one.stored.id, "ok": True, "status": one.stored.status, "detail": detail, "faults": found}
    return {**told, "would_be": ahead, "code": DONE}


# --- both -------------------------------------------------------------------------------------------------------------
def _in_order(planned: Plan, came: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What is told of each, as they were named: of those that were left out why."""
    left_out = {one.message_id: _left_out(one) for one in planned.excluded}
    named = list(planned.wanted.messages)
    order = dict.fromkeys((*named, *came, *left_out))
    return [came.get(one) or left_out[one] for one in order if one in came or one in left_out]


def _left_out(one: Excluded) -> dict[str, Any]:
    is_conflict = one.status is not None and "erased" not in one.detail
    return _impossible(one.message_id, one.status, one.detail, CONFLICT if is_conflict else FAILED)


def _impossible(message_id: str, status: str | None, detail: str, code: int) -> dict[str, Any]:
    return {"id": message_id, "ok": False, "status": status, "detail": detail, "code": code}


def _codes(codes: list[str]) -> str:
    return ", ".join(dict.fromkeys(codes)) or "no fault"


def _exit_code(told: list[dict[str, Any]]) -> int:
    """What became of them together; each one's own code goes with it."""
    codes = {one.pop("code") for one in told}
    if codes == {DONE}:
        return DONE
    if DONE in codes:
        return PARTLY
    return CONFLICT if codes == {CONFLICT} else FAILED
