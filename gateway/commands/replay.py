"""Replaying: messages that were held, failed or rejected are judged again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import CONFLICT, DONE, FAILED, PARTLY, Failed, Screen, person, reports
from gateway.states import ImpossibleMove, advance

if TYPE_CHECKING:
    from gateway.judging import Judged
    from gateway.services import Services
    from gateway.store.messages import StoredMessage

_FORESEEN = (
    "Judged one after the other on the orders and the stock that are there now, which may change until a real replay. "
    "Nothing was done."
)
_OPEN = ("received", "processing")
_STUCK = ("held", "failed")
_NAMED = 10
"""So many messages of a body's orders are named."""
_WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.1


@click.command()
@reports
@click.argument("message_ids", metavar="[ID ...]", nargs=-1)
@click.option("--problem", metavar="FINGERPRINT", help="Every open message with this cause.")
@click.option(
    "--mapping",
    type=click.Choice(["current"]),
    default="current",
    show_default=True,
    help="The mapping that is published now; replaying under an earlier one is not possible yet.",
)
@click.option("--dry-run", is_flag=True, help="Say what would come of it on present stock; nothing is done.")
@click.option("--reason", help="Why, for the record; needed unless it is a dry run.")
def replay(
    screen: Screen, message_ids: tuple[str, ...], problem: str | None, mapping: str, dry_run: bool, reason: str | None
) -> int:
    """Judge messages again that were held, failed or rejected.

    The original bytes are judged as if they had just been claimed; an order that stands is never made twice. While
    the gateway runs, what became of each is waited for up to five seconds and told.

    Exit code 0: each is answered or refused now, or waits to be judged, and of a dry run: each would be judged; 1: none
    is, they are still held or failed; 3: some are; 4: none could be replayed, as they stand.
    """
    if reason is None and not dry_run:
        raise click.UsageError("Say why: --reason TEXT.")
    with opened() as services:
        wanted = list(dict.fromkeys((*message_ids, *(services.store.problems.messages(problem) if problem else ()))))
        if not wanted:
            raise Failed("No open message has this cause." if problem else "Name messages, or --problem.", 2)
        replayed = _foresee(services, wanted) if dry_run else [_replay(services, one, reason or "") for one in wanted]
        asked = [one for one in replayed if one["ok"] and not dry_run]
        rung = _ring(services, asked)
        if rung:
            _wait(services, asked)
        for one in asked:
            one |= _outcome(services, one["id"])
    lines = [f"{one['id']}: {one['detail']}" for one in replayed]
    told: dict[str, Any] = {"mapping": mapping, "dry_run": dry_run, "messages": replayed}
    code = _exit_code(replayed)
    if dry_run and any(one["ok"] for one in replayed):
        lines.append(_FORESEEN)
        told["note"] = _FORESEEN
    screen.result(told, *lines)
    if not rung:
        screen.note("Redis can't be reached now; the messages wait in the database until the gateway runs.")
    return code


def _replay(services: Services, message_id: str, reason: str) -> dict[str, Any]:
    try:
        stored = services.store.messages.try_again(message_id, person(), reason)
    except ImpossibleMove as failure:
        return _impossible(message_id, failure.status, _why_not(services, message_id, failure), CONFLICT)
    if stored is None:
        return _missing(message_id)
    return {"id": message_id, "ok": True, "run": stored.run, "lane": stored.lane, "code": DONE}


def _wait(services: Services, asked: list[dict[str, Any]]) -> None:
    """Until each is judged, or it takes too long: it is judged later then."""
    deadline = time.monotonic() + _WAIT_SECONDS
    waiting = [one["id"] for one in asked]
    while waiting := [one for one in waiting if services.store.messages.status(one) in _OPEN]:
        if time.monotonic() > deadline:
            return
        time.sleep(_LOOK_SECONDS)


def _outcome(services: Services, message_id: str) -> dict[str, Any]:
    """The message's status now, what was answered, and both in words."""
    status = services.store.messages.status(message_id)
    answers = [one.number for one in services.store.documents.of_messages([message_id])]
    faults = services.store.messages.faults(message_id)
    why = "; ".join(dict.fromkeys(fault.detail for fault in faults))
    if status in _OPEN:
        detail = "waits to be judged"
    elif status == "done":
        detail = f"answered: {', '.join(answers)}" if answers else "done; the account wants no answer"
    else:
        detail = f"{'still held' if status == 'held' else status}: {why}"
    found = [fault.as_json() for fault in faults]
    code = FAILED if status in _STUCK else DONE
    return {"status": status, "answers": answers, "detail": detail, "faults": found, "code": code}


def _foresee(services: Services, wanted: list[str]) -> list[dict[str, Any]]:
    """What replaying these would come to now, in their order; nothing is done."""
    from gateway.judging import foresee

    found = [_to_judge(services, message_id) for message_id in wanted]
    judged = iter(foresee(services, [one for one in found if isinstance(one, tuple)]))
    return [_foreseen(services, one[0], next(judged)) if isinstance(one, tuple) else one for one in found]


def _to_judge(services: Services, message_id: str) -> tuple[StoredMessage, bytes] | dict[str, Any]:
    """The message and its bytes; or what is told of one that can't be replayed."""
    stored = services.store.messages.one(None, message_id)
    if stored is None:
        return _missing(message_id)
    try:
        advance(stored.status, "replay")
    except ImpossibleMove as failure:
        return _impossible(message_id, stored.status, _why_not(services, message_id, failure), CONFLICT)
    body = services.store.messages.body(message_id)
    return _impossible(message_id, stored.status, "its bytes are erased", FAILED) if body is None else (stored, body)


def _why_not(services: Services, message_id: str, failure: ImpossibleMove) -> str:
    """Why it can't be replayed; of a body of several orders, which of their messages should be."""
    children = services.store.messages.children(message_id)
    if not children:
        return str(failure)
    stuck = [one for one in children if one.status in _STUCK]
    if not stuck:
        return f"its {len(children)} orders are messages of their own; none of them is held or failed"
    named = ", ".join(f"{one.message_id} (order {one.part}, {one.status})" for one in stuck[:_NAMED])
    more = f" and {len(stuck) - _NAMED} more" if len(stuck) > _NAMED else ""
    return f"its {len(children)} orders are messages of their own; replay {named}{more}"


def _impossible(message_id: str, status: str | None, detail: str, code: int) -> dict[str, Any]:
    return {"id": message_id, "ok": False, "status": status, "detail": detail, "code": code}


def _foreseen(services: Services, stored: StoredMessage, judged: Judged | None) -> dict[str, Any]:
    from gateway.samples import response_lines

    if judged is None:
        return _impossible(stored.id, stored.status, "no mapping", FAILED)
    before = [fault.code for fault in services.store.messages.faults(stored.id)]
    after = [fault.code for fault in judged.faults]
    outcome = judged.response.outcome if judged.response else None
    would_be = judged.status + (f", answered {outcome}" if outcome else "")
    detail = f"is {stored.status} for {_codes(before)}; judged now: {_codes(after)}; would be {would_be}"
    found = [fault.as_json() for fault in judged.faults]
    foreseen = {"status": judged.status, "outcome": outcome, "lines": response_lines(judged.response)}
    told = {"id": stored.id, "ok": True, "status": stored.status, "detail": detail, "faults": found}
    return {**told, "would_be": foreseen, "code": DONE}


def _missing(message_id: str) -> dict[str, Any]:
    return _impossible(message_id, None, "there is no such message", FAILED)


def _codes(codes: list[str]) -> str:
    return ", ".join(dict.fromkeys(codes)) or "no fault"


def _ring(services: Services, replayed: list[dict[str, Any]]) -> bool:
    rung = [services.lanes.ring(lane) for lane in sorted({one["lane"] for one in replayed})]
    return all(rung)


def _exit_code(replayed: list[dict[str, Any]]) -> int:
    """What became of them together; each one's own code goes with it."""
    codes = {one.pop("code") for one in replayed}
    if codes == {DONE}:
        return DONE
    if DONE in codes:
        return PARTLY
    return CONFLICT if codes == {CONFLICT} else FAILED
