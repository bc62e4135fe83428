"""Documents that a person corrects: asked for, agreed to by somebody else, judged in the original's place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import CONFLICT, DONE, FAILED, Failed, Screen, person, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.resubmitting.comparing import Looked
    from gateway.services import Services
    from gateway.store.resubmissions import Resubmission

_COLUMNS = ["id", "message_id", "account", "status", "touches", "asked_by", "asked_at", "reason"]
_REASON = click.option("--reason", required=True, metavar="TEXT", help="Why, for the record.")


@click.group()
def corrections() -> None:
    """Held and refused documents that a person corrects."""


@corrections.command()
@reports
@click.argument("message_id")
@click.option(
    "--file",
    "path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The document as it should have come.",
)
@click.option("--dry-run", is_flag=True, help="Say what it changes and what would come of it; nothing is done.")
@click.option("--reason", metavar="TEXT", help="Why, for the record; needed unless it is a dry run.")
def ask(screen: Screen, message_id: str, path: Path, dry_run: bool, reason: str | None) -> int:
    """Have a corrected document judged in the original's place.

    The message is held, has failed or was refused, and stays as it came. Where the correction changes what the
    account's policy second_person names, it waits until somebody else agrees to it.
    """
    if reason is None and not dry_run:
        raise click.UsageError("Say why: --reason TEXT.")
    from gateway.resubmitting.comparing import look
    from gateway.resubmitting.correcting import Erased, Unfit, correct, original_of
    from gateway.store.database import Collision
    from gateway.store.resubmissions import SameBytes

    edited = path.read_bytes()
    with opened() as services:
        try:
            original = original_of(services, None, message_id)
        except Erased:
            raise Failed("Its bytes were erased.") from None
        if original is None:
            raise Failed(f"There is no message {message_id}.")
        looked = look(services, original.stored, original.body, edited)
        if looked.faults:
            screen.faults(looked.faults, "It can't be taken so.")
            return FAILED
        if dry_run:
            screen.result(_told(looked), *_lines(looked))
            return DONE
        try:
            kept = correct(services, original, edited, reason or "", person())
        except Unfit as unfit:
            screen.faults(unfit.faults, "It can't be taken so.")
            return FAILED
        except SameBytes:
            raise Failed("These bytes came before, to the letter: nothing was edited.") from None
        except Collision as collision:
            raise Failed(str(collision), CONFLICT) from None
    lines = [*_lines(looked), _became(kept)]
    screen.result({**_row(kept), **_told(looked), "child_id": kept.child_id}, *lines)
    return DONE


@corrections.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
def list_corrections(screen: Screen, account: str | None) -> None:
    """List what waits for a second person, oldest first."""
    with opened() as services:
        rows = [_row(one) for one in services.store.resubmissions.waiting(account)]
    screen.table(rows, _COLUMNS, "None waits for a second person.")


@corrections.command()
@reports
@click.argument("correction_id")
def show(screen: Screen, correction_id: str) -> None:
    """Show what one changes, and what became of it."""
    from gateway.resubmitting.correcting import looked_at
    from gateway.resubmitting.words import difference_words

    with opened() as services:
        found = _correction(services, correction_id)
        looked = looked_at(services, found) if found.status == "waiting" else None
    told = {**_row(found), "child_id": found.child_id, "decided_by": found.decided_by, "decided_why": found.decided_why}
    lines = _lines(looked) if looked else [f"    {difference_words(one)}" for one in found.differences]
    told |= _told(looked) if looked else {"differences": [difference_words(one) for one in found.differences]}
    screen.result(
        told, f"{found.reason} (asked for by {found.asked_by}, {moment(found.asked_at)})", *lines, _became(found)
    )


@corrections.command()
@reports
@click.argument("correction_id")
@click.option("--reason", default="", metavar="TEXT", help="What you checked.")
def agree(screen: Screen, correction_id: str, reason: str) -> int:
    """Agree to a correction that somebody else asked for."""
    from gateway.resubmitting import correcting
    from gateway.store.database import Collision
    from gateway.store.resubmissions import NotWaiting, SameBytes

    with opened() as services:
        found = _correction(services, correction_id)
        try:
            correcting.agree(services, found, person(), reason)
        except correcting.OwnEdit:
            raise Failed("You asked for it: somebody else has to agree.", CONFLICT) from None
        except NotWaiting as decided:
            raise Failed(f"It is {decided.resubmission.status} already.", CONFLICT) from None
        except correcting.Unfit as unfit:
            screen.faults(unfit.faults, "It can't be taken any more.")
            return FAILED
        except SameBytes:
            raise Failed("The same bytes came meanwhile.", CONFLICT) from None
        except Collision as collision:
            raise Failed(str(collision), CONFLICT) from None
        kept = _correction(services, correction_id)
    screen.result({**_row(kept), "child_id": kept.child_id}, _became(kept))
    return DONE


@corrections.command()
@reports
@click.argument("correction_id")
@_REASON
def close(screen: Screen, correction_id: str, reason: str) -> int:
    """Decline a correction, or take your own back."""
    from gateway.store.resubmissions import NotWaiting

    with opened() as services:
        found = _correction(services, correction_id)
        is_own = found.asked_by == person()
        try:
            services.store.resubmissions.close(found, "withdrawn" if is_own else "declined", person(), reason)
        except NotWaiting as decided:
            raise Failed(f"It is {decided.resubmission.status} already.", CONFLICT) from None
        kept = _correction(services, correction_id)
    screen.result(_row(kept), _became(kept))
    return DONE


def _correction(services: Services, correction_id: str) -> Resubmission:
    found = services.store.resubmissions.one(correction_id)
    if found is None:
        raise Failed(f"There is no correction {correction_id}.")
    return found


def _row(one: Resubmission) -> dict[str, Any]:
    return {
        "id": one.id,
        "message_id": one.message_id,
        "account": one.account_id,
        "status": one.status,
        "touches": ", ".join(one.touches),
        "asked_by": one.asked_by,
        "asked_at": moment(one.asked_at),
        "reason": one.reason,
    }


def _told(looked: Looked) -> dict[str, Any]:
    from gateway.resubmitting.words import difference_words, outcome_words

    return {
        "differences": [difference_words(one) for one in looked.differences],
        "second_person": list(looked.touches),
        "before": outcome_words(looked.before),
        "after": outcome_words(looked.after),
        "faults": [] if looked.after is None else [fault.as_json() for fault in looked.after.faults],
    }


def _lines(looked: Looked) -> list[str]:
    from gateway.resubmitting.words import difference_words, outcome_words, touched_words

    lines = [f"    {difference_words(one)}" for one in looked.differences]
    if not looked.is_read:
        lines.append("    The two can't be compared field by field.")
    lines.append(f"as it came: {outcome_words(looked.before)}")
    lines.append(f"corrected:  {outcome_words(looked.after)}")
    lines += [f"    {fault.detail}" for fault in (looked.after.faults if looked.after else ())]
    if looked.touches:
        lines.append(f"Somebody else has to agree: {touched_words(looked.touches)}.")
    return lines


def _became(one: Resubmission) -> str:
    if one.status == "waiting":
        return f"It waits for a second person: gateway corrections agree {one.id}"
    if one.status == "resubmitted":
        return f"Message {one.child_id} took the original's place."
    return f"{one.status}: {one.decided_why}"
