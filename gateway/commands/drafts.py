"""What was edited of a mapping and isn't published yet: shown, published, or taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import click

from gateway.commands.marks import marked_json, marked_lines
from gateway.commands.opening import opened
from gateway.commands.screen import CONFLICT, FAILED, Failed, Screen, counted, person, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.drafting.drafts import Draft
    from gateway.drafting.publishing import Obstacle
    from gateway.services import Services
    from gateway.store.drafts import Edit

_MOVED = "The draft was edited, or another revision published, meanwhile. Nothing was done: look at it again."


@click.command()
@reports
@click.argument("account_id", metavar="ID")
@click.option("--discard", is_flag=True, help="Take everything back that was edited.")
@click.option("--reason", metavar="TEXT", help="Why it is taken back, for the audit trail; needed with --discard.")
def draft(screen: Screen, account_id: str, discard: bool, reason: str | None) -> None:
    """Show an account's draft: what was edited and isn't published yet.

    Each edit with who made it, and what keeps the draft from being published.
    """
    if discard and not reason:
        raise click.UsageError("Say why: --reason TEXT.")
    with opened() as services:
        found = known_draft(services, account_id)
        if discard:
            _discard(screen, services, found, reason or "")
            return
        told = _told(services, found)
    screen.result(told, *_lines(told))


@click.command()
@reports
@click.argument("account_id", metavar="ID")
@click.option("--reason", metavar="TEXT", required=True, help="Why, for the record.")
@click.option("--override", metavar="TEXT", help="Why although its test isn't there, or says otherwise.")
def publish(screen: Screen, account_id: str, reason: str, override: str | None) -> int:
    """Make an account's draft its mapping.

    Orders that come in from then on are read by it. A test of exactly what it is now (`gateway mappings test ID
    --draft`, or the console's) must have gone through, and the one of most messages have found no order that newly
    fails, unless --override says why not.

    Exit code 1: it has faults, or its test says no; 4: something in it was published otherwise meanwhile, or it was
    edited while it was published.
    """
    from gateway.drafting.drafts import Conflicting, Unpublishable
    from gateway.drafting.publishing import Blocked
    from gateway.drafting.publishing import publish as publish_draft
    from gateway.store.database import Collision

    with opened() as services:
        found = known_draft(services, account_id)
        try:
            done = publish_draft(services, found, author=person(), reason=reason, override=override)
        except Conflicting as conflicting:
            _refuse_conflicts(account_id, [one.edit for one in conflicting.conflicts])
        except Unpublishable as unusable:
            screen.faults(unusable.faults, f"The draft of {account_id} can't be published:")
            return FAILED
        except Blocked as blocked:
            raise Failed(f"{blocked}{_way_on(account_id, blocked.obstacles[0])}") from None
        except Collision:
            raise Failed(_MOVED, CONFLICT) from None
    told = {"id": account_id, "revision": done.number, "changed": done.changed}
    told |= {"added": done.added, "removed": done.removed, "edits": len(found.edits)}
    screen.result(told, f"{account_id}: revision {done.number} is published, of {counted(len(found.edits), 'edit')}.")
    return 0


def _way_on(account_id: str, obstacle: Obstacle) -> str:
    test = f" gateway mappings test {account_id} --draft tries it." if obstacle.kind == "untested" else ""
    return f"{test} --override TEXT publishes it all the same." if obstacle.is_overridable else ""


def known_draft(services: Services, account_id: str) -> Draft:
    """The account's draft. Raises Failed where there is neither such an account nor an edit of one."""
    from gateway.drafting.drafts import draft_of

    found = draft_of(services, account_id)
    if not found.number and not found.edits:
        raise Failed(f"There is no account {account_id}.")
    return found


def _discard(screen: Screen, services: Services, found: Draft, reason: str) -> None:
    from gateway.store.database import Collision

    try:
        gone = services.store.drafts.discard_all(found.account_id, found.version, author=person(), reason=reason)
    except Collision:
        if found.version:
            raise Failed(_MOVED, CONFLICT) from None
        gone = 0  # nobody ever edited anything
    screen.result({"id": found.account_id, "discarded": gone}, f"{counted(gone, 'edit')} taken back.")


def _refuse_conflicts(account_id: str, edits: list[Edit]) -> NoReturn:
    named = ", ".join(f"{edit.kind} {edit.natural_key}".strip() for edit in edits[:5])
    more = f" and {len(edits) - 5} more" if len(edits) > 5 else ""
    raise Failed(
        f"{counted(len(edits), 'edit')} of what was published otherwise meanwhile: {named}{more}. "
        f"Decide in the console which counts: /accounts/{account_id}/draft.",
        CONFLICT,
    )


def _told(services: Services, found: Draft) -> dict[str, Any]:
    from gateway.drafting.drafts import draft_faults

    faults, warnings = draft_faults(services, found)
    conflicts = {one.edit.key for one in found.conflicts}
    return {
        "id": found.account_id,
        "revision": found.number,
        "version": found.version,
        "edits": [{**_edit(edit), "conflict": edit.key in conflicts} for edit in found.edits],
        "faults": [fault.as_json() for fault in faults],
        "warnings": [fault.as_json() for fault in warnings],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    from gateway.drafting.marked import marked_edit

    known = {"kind": edit.kind, "key": edit.natural_key, "author": edit.author, "at": moment(edit.at)}
    return {**known, "note": edit.note, "batch": edit.batch, "differences": marked_json(marked_edit(edit))}


def _lines(told: dict[str, Any]) -> list[str]:
    from gateway.drafting.line_differences import Line
    from gateway.drafting.marked import Marked

    number = told["revision"]
    after = f"after revision {number}" if number else "of a new account"
    lines = [f"{told['id']}: {counted(len(told['edits']), 'edit')} {after}."]
    for one in told["edits"]:
        conflict = "; published otherwise meanwhile" if one["conflict"] else ""
        note = f": {one['note']}" if one["note"] else ""
        lines.append(f"by {one['author']} at {one['at']}{note}{conflict}")
        found = [
            Marked(**{**each, "lines": tuple(Line(*line) for line in each["lines"])}) for each in one["differences"]
        ]
        lines += [f"  {line}" for line in marked_lines(found)]
    for kind in ("faults", "warnings"):
        lines += [f"{kind[:-1]}: {one['detail']} ({one['location']})" for one in told[kind]]
    return lines
