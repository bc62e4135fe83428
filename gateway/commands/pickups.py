"""Places that orders are picked up from: how each stands, and looking there now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import CONFLICT, DONE, FAILED, PARTLY, Failed, Screen, counted, person, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.pickup_look import Looked
    from gateway.pickup_places import PickupPlace
    from gateway.services import Services
    from gateway.store.pickups import PickupState

_COLUMNS = [
    "account",
    "endpoint",
    "state",
    "looked_at",
    "succeeded_at",
    "failing_since",
    "unmoved",
    "refused",
    "detail",
]


@click.group()
def pickups() -> None:
    """Where orders are picked up."""


@pickups.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
def list_pickups(screen: Screen, account: str | None) -> None:
    """List where orders are picked up, and how that stands.

    `unmoved` are files that were taken and could not be moved, `refused` those that nobody could take
    (`gateway problems list` says why).
    """
    with opened() as services:
        states = {(one.account_id, one.endpoint): one for one in services.store.pickups.all(account)}
        places = _places(services, account)
    rows = [_row(place, states.get(place.key)) for place in places]
    screen.table(rows, _COLUMNS, "Nothing is picked up: no account's terms name a place (inbound.pickup).")


@pickups.command()
@reports
@click.option("--account", metavar="ID", help="Only at this account's.")
def look(screen: Screen, account: str | None) -> int:
    """Look there now, and take what lies there.

    This process does it, whether or not a gateway runs, with the settings of this shell. Where there are new files it
    takes up to ten seconds longer: they are taken once nobody writes to them any more.

    Exit code 0: all places could be looked at; 3: some; 1: none; 4: others look there just now.
    """
    from gateway.picking import pickup_means
    from gateway.pickup_now import Busy, look_now

    told: list[dict[str, Any]] = []
    busy = 0
    with opened() as services:
        places = _places(services, account)
        if not places:
            raise Failed("Nothing is picked up: no account's terms name a place (inbound.pickup).")
        services.store.pickups.know({one.key: one.place for one in _places(services, None)})
        means = pickup_means(services)
        for place in places:
            try:
                told.append(_looked_row(place, look_now(services, place, means)))
            except Busy:
                busy += 1
                told.append(_looked_row(place, None))
    screen.result(told, *(line for one in told for line in _lines(one)))
    failed = sum(one["detail"] is not None for one in told)
    if busy == len(told):
        return CONFLICT
    return DONE if not failed else FAILED if failed == len(told) else PARTLY


@pickups.command()
@reports
@click.argument("account")
@click.option("--reason", required=True, help="Why, for the record.")
def dismiss(screen: Screen, account: str, reason: str) -> None:
    """Close the problem of files that nobody could take.

    They stay in the folder of what was refused; `gateway problems list` names them no more.
    """
    with opened() as services:
        count = services.store.pickups.dismiss(account, person(), reason)
    if not count:
        raise Failed(f"There is no refused file of {account}.")
    screen.result({"account": account, "dismissed": count}, f"{counted(count, 'file')} of {account} dismissed.")


def _places(services: Services, account: str | None) -> Sequence[PickupPlace]:
    from gateway.pickup_places import PickupPlaces

    found = PickupPlaces(services.store).now().values()
    return [one for one in found if account in (None, one.account_id)]


def _row(place: PickupPlace, state: PickupState | None) -> dict[str, Any]:
    known: dict[str, Any] = {} if state is None else asdict(state)
    times = ("looked_at", "succeeded_at", "failing_since")
    return {
        "account": place.account_id,
        "endpoint": place.endpoint,
        "place": place.place,
        "test": place.test,
        "state": _state(state),
        **{name: moment(known.get(name)) for name in times},
        "failures": known.get("failures", 0),
        "unmoved": known.get("unmoved", 0),
        "refused": known.get("refused", 0),
        "due_in_seconds": known.get("due_in_seconds", 0.0),
        "detail": known.get("detail"),
    }


def _state(state: PickupState | None) -> str:
    if state is None or (state.looked_at is None and not state.is_being_looked_at):
        return "not looked at yet"
    if state.is_being_looked_at:
        return "being looked at"
    return "failing" if state.failing_since is not None else "ok"


def _looked_row(place: PickupPlace, looked: Looked | None) -> dict[str, Any]:
    return {
        "account": place.account_id,
        "endpoint": place.endpoint,
        "detail": "another process looks there just now" if looked is None else looked.detail,
        "files": [] if looked is None else [asdict(one) for one in looked.picked],
        "still_changing": looked is not None and looked.ripens,
    }


def _lines(row: dict[str, Any]) -> Iterator[str]:
    taken = counted(len(row["files"]), "file")
    yield f"{row['account']}, {row['endpoint']}: {taken}" + (f"; {row['detail']}" if row["detail"] else "")
    for one in row["files"]:
        what = f"message {one['message_id']}" if one["message_id"] else f"refused: {one['detail']}"
        yield f"    {one['name']}: {what}, {'moved to ' + one['moved_to'] if one['moved_to'] else 'not moved'}"
    if row["still_changing"]:
        yield "    and files that somebody still writes to"
