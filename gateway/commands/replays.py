"""Replays that were begun: how far each is, and what is done with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.commands.opening import opened
from gateway.commands.replay import replay_row, said_of
from gateway.commands.screen import CONFLICT, DONE, Failed, Screen, person, reports

if TYPE_CHECKING:
    from gateway.services import Services
    from gateway.store.replays import Replay

_COLUMNS = ["asked_at", "status", "total", "done", "failed", "skipped", "account", "of", "asked_by", "id"]
_STATES = ("waiting", "asked", "done", "failed", "skipped")


@click.group()
def replays() -> None:
    """Messages that are judged again, as sets."""


@replays.command("list")
@reports
@click.option("--account", metavar="ID", help="Only those of this account's messages alone.")
@click.option("--before", metavar="ID", help="Go on behind this replay.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
def list_replays(screen: Screen, account: str | None, before: str | None, limit: int) -> None:
    """List replays, newest first."""
    with opened() as services:
        found = services.store.replays.page(account_id=account, before=before, limit=limit)
    screen.table([replay_row(one) for one in found], _COLUMNS, "No replays.", limit)


@replays.command()
@reports
@click.argument("replay_id", metavar="ID")
@click.option("--state", type=click.Choice(_STATES), help="Name only the messages that stand so.")
@click.option("--after", type=click.IntRange(0), default=0, help="Go on behind this place of the set.")
@click.option("--limit", type=click.IntRange(0, 10_000), default=50, show_default=True, help="Name at most so many.")
def show(screen: Screen, replay_id: str, state: str | None, after: int, limit: int) -> None:
    """Show how far a replay is, why it was asked for, and its messages."""
    with opened() as services:
        found = _found(services, replay_id)
        messages = services.store.replays.messages(found.id, state=state, after=after, limit=limit)
    listed = [
        {
            "position": one.position,
            "id": one.message_id,
            "order_number": one.order_number,
            "state": one.state,
            "run": one.run,
            "outcome": one.outcome,
            "detail": one.detail,
        }
        for one in messages
    ]
    screen.result(
        replay_row(found) | {"messages": listed},
        *said_of(found),
        f"Of {found.words}; asked for by {found.asked_by}: {found.reason}",
        *(f"Left out of it: {count:,}, {why}." for why, count in found.asked_for.get("excluded", {}).items()),
        *(
            f"    {one.position}. {one.message_id}{f', order {one.order_number}' if one.order_number else ''}: "
            f"{one.outcome or one.state}{f': {one.detail}' if one.detail else ''}"
            for one in messages
        ),
    )


@replays.command()
@reports
@click.argument("replay_id", metavar="ID")
def pause(screen: Screen, replay_id: str) -> int:
    """Ask for no more messages for now. What is being judged just now is judged."""
    from gateway.replaying import pause as pause_replay

    with opened() as services:
        return _told(screen, services, replay_id, pause_replay(services, _found(services, replay_id).id, person()))


@replays.command()
@reports
@click.argument("replay_id", metavar="ID")
@click.option("--anyway", is_flag=True, help="With all that is left, whatever comes of them.")
def resume(screen: Screen, replay_id: str, anyway: bool) -> int:
    """Go on with a replay that was paused, or has stopped."""
    from gateway.replaying import resume as resume_replay

    with opened() as services:
        found = _found(services, replay_id)
        if found.status == "stopped" and not anyway:
            raise Failed(
                f"{found.detail or 'It has stopped.'} --anyway goes on with the other {found.left:,}.", CONFLICT
            )
        return _told(screen, services, replay_id, resume_replay(services, found.id, person(), anyway=anyway))


@replays.command()
@reports
@click.argument("replay_id", metavar="ID")
def cancel(screen: Screen, replay_id: str) -> int:
    """End a replay. What is being judged just now is judged; the others stay as they are."""
    from gateway.replaying import cancel as cancel_replay

    with opened() as services:
        return _told(screen, services, replay_id, cancel_replay(services, _found(services, replay_id).id, person()))


def _found(services: Services, replay_id: str) -> Replay:
    found = services.store.replays.found(replay_id)
    if found is None:
        raise Failed(f"There is no replay {replay_id}.")
    return found


def _told(screen: Screen, services: Services, replay_id: str, moved: bool) -> int:
    found = _found(services, replay_id)
    screen.result(replay_row(found), *said_of(found))
    if not moved:
        screen.note("Nothing was done: it stood so already.")
    return DONE if moved else CONFLICT
