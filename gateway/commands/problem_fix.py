"""Mending a problem by the row that is missing: what it would do, then publishing it and replaying what waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.replay import followed, replay_row, said_of
from gateway.commands.screen import CONFLICT, DONE, FAILED, PARTLY, USAGE, Failed, Screen, person, reports

if TYPE_CHECKING:
    from gateway.fixing import Fix
    from gateway.fixing.fixes import FixField
    from gateway.fixing.foreseeing import Foreseen
    from gateway.fixing.proposals import Proposal
    from gateway.services import Services

_SHOWN = 10


@click.command()
@reports
@click.argument("fingerprint")
@click.option("--set", "settings", metavar="COLUMN=VALUE", multiple=True, help="A cell of the row; any number of them.")
@click.option("--dry-run", is_flag=True, help="Say what it would do; nothing is done.")
@click.option("--reason", help="Why, for the revision and the replay; needed unless it is a dry run.")
@click.option("--no-replay", is_flag=True, help="Publish the row alone.")
@click.option("--although", is_flag=True, help="Publish it although orders that are answered today would fail.")
def fix(
    screen: Screen,
    fingerprint: str,
    settings: Sequence[str],
    dry_run: bool,
    reason: str | None,
    no_replay: bool,
    although: bool,
) -> int:
    """Publish the row that a problem lacks, and replay.

    It is a row of the account's items, units, sites or prices. What the orders say of it is filled in; without --set
    this says what is asked for. The row is published as one change, whatever the account's draft holds, and what waits
    for it is replayed in the same step, for the same reason.
    `gateway problems show` names the causes.

    Exit code 0: published and replayed, or a dry run; 1: no such problem, no row mends it, or the row is wrong; 2: a
    setting that is none; 3: some are still held; 4: something was published meanwhile, or answered orders would fail.
    """
    from gateway.drafting.row_edits import RowRefused
    from gateway.fixing import cause_of, fix_for
    from gateway.fixing.foreseeing import foresee_fix
    from gateway.fixing.proposals import propose

    if reason is None and not dry_run and settings:
        raise click.UsageError("Say why: --reason TEXT.")
    with opened() as services:
        cause = cause_of(services, fingerprint)
        if cause is None:
            raise Failed(f"No message waits for the problem {fingerprint}.")
        found = fix_for(services, cause)
        if found is None:
            raise Failed(f"No row of the account's tables mends {cause.code}: {cause.detail}")
        typed = {**found.filled.cells, **_cells(found, settings)}
        if not settings:
            return _ask(screen, found)
        try:
            proposal = propose(services, found, typed)
        except RowRefused as refused:
            return _refuse(screen, refused)
        foreseen = foresee_fix(services, proposal)
        if dry_run:
            screen.result(_told(proposal, foreseen), *_lines(proposal, foreseen), "Nothing was done.")
            return DONE
        for line in _lines(proposal, foreseen):
            screen.note(line)
        return _publish(screen, services, proposal, foreseen, reason or "", replays=not no_replay, although=although)


def _cells(found: Fix, settings: Sequence[str]) -> dict[str, str]:
    names = [one.name for one in found.fields()]
    cells = {}
    for one in settings:
        name, equals, value = one.partition("=")
        if not equals or name not in names:
            raise Failed(f"{one} sets nothing: COLUMN=VALUE, with one of {', '.join(names)}.", USAGE)
        cells[name] = value
    return cells


def _ask(screen: Screen, found: Fix) -> int:
    """What is asked for, and what is filled in."""
    fields = {one.name: {"value": one.value, "needed": one.required, "said": one.beside} for one in found.fields()}
    products = {one.product.product: one.product.name for one in found.suggestions}
    told = {"table": found.table, "asks": found.filled.asks, "messages": len(found.message_ids), "fields": fields}
    screen.result(
        told | {"products": products},
        found.filled.asks,
        *(_field(one) for one in found.fields() if one.value or one.beside or one.required or one.is_main),
        *(f"    it may be {number}: {name}" for number, name in products.items()),
    )
    return DONE


def _field(one: FixField) -> str:
    filled = f"{one.name}={one.value}" if one.value else one.name
    return "  ".join(part for part in (f"    {filled}", "needed" if one.required else "", one.beside) if part)


def _refuse(screen: Screen, refused: Any) -> int:
    told = {name: list(several) for name, several in refused.faults.items()}
    if screen.as_json:
        screen.result({"faults": told})
    else:
        screen.failure("\n".join(f"{name}: {' '.join(several)}" for name, several in told.items()))
    return FAILED


def _told(proposal: Proposal, foreseen: Foreseen) -> dict[str, Any]:
    """What it would do, for programs."""
    from mappings.tables import to_fields

    return {
        "table": proposal.fix.table,
        "row": to_fields(proposal.row),
        "replaces": [row.natural_key for row in proposal.removed],
        "revision": proposal.number,
        "waiting": foreseen.waiting,
        "judged": foreseen.judged,
        "answered": foreseen.answered,
        "outcomes": dict(foreseen.outcomes),
        "otherwise": dict(foreseen.otherwise),
        "sums": [one.said for one in foreseen.sums],
        "orders": [
            {
                "message_id": one.message_id,
                "order_number": one.order_number,
                "would_be": one.said,
                "lines": [
                    {"line_number": line.number, "quantity": line.arithmetic, "becomes": line.becomes}
                    for line in one.lines
                ],
            }
            for one in foreseen.orders
        ],
        "others": foreseen.others.as_json(),
    }


def _lines(proposal: Proposal, foreseen: Foreseen) -> list[str]:
    """The same for people."""
    orders = [
        f"    {one.order_number or one.message_id}: {one.said}"
        + "".join(f"; line {line.number}: {line.arithmetic}, {line.becomes}" for line in one.lines if line.has_cause)
        for one in foreseen.orders[:_SHOWN]
    ]
    more = len(foreseen.orders) - _SHOWN
    return [
        foreseen.said,
        *(f"    {one.said}" for one in foreseen.sums),
        *orders,
        *([f"    and {more:,} more"] if more > 0 else []),
        *proposal.told,
        foreseen.others_said,
        *(f"    {group.title}" for group in foreseen.others.groups[:_SHOWN]),
    ]


def _publish(
    screen: Screen,
    services: Services,
    proposal: Proposal,
    foreseen: Foreseen,
    reason: str,
    *,
    replays: bool,
    although: bool,
) -> int:
    from gateway.fixing.publishing import BreaksOthers, publish_fix
    from gateway.lanes import REPLAYS
    from gateway.store.database import Collision

    try:
        done = publish_fix(services, proposal, actor=person(), reason=reason, replays=replays, although=although)
    except ValueError as wrong:
        raise Failed(f"Say why in {wrong}.", USAGE) from None
    except Collision as collision:
        raise Failed(f"Nothing was done: {collision}.", CONFLICT) from None
    except BreaksOthers as broken:
        raise Failed(f"Nothing was done: {broken}. --although publishes it all the same.", CONFLICT) from None
    told = _told(proposal, foreseen) | {"published": done.revision, "replay": None}
    if done.replay_id is None:
        screen.result(told, f"Published as revision {done.revision}; nothing is replayed.")
        return DONE
    replay = followed(screen, services, done.replay_id, done.messages, rung=services.lanes.ring(REPLAYS))
    screen.result(told | {"replay": replay_row(replay)}, f"Published as revision {done.revision}.", *said_of(replay))
    return PARTLY if replay.failed else DONE
