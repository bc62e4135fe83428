"""People who use the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import begun, opened, settings_now
from gateway.commands.screen import CONFLICT, DONE, Failed, Screen, person, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.services import Services
    from gateway.store.users import User

_ROLES = ("viewer", "support", "integration", "admin")
_COLUMNS = ["name", "role", "account", "state", "seen_at", "created_at"]
_REASON = click.option("--reason", required=True, help="Why, for the record.")


@click.group()
def users() -> None:
    """People who use the console.

    Each role may do what those before it may: a viewer looks, an admin also makes and revokes keys and sees who uses
    the console; what support and integration may change comes with its pages. Whoever belongs to an account sees that
    account alone.
    """


@users.command()
@reports
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What they may do.")
@click.option("--account", metavar="ID", help="They belong to this account, and see nothing else.")
def create(screen: Screen, name: str, role: Any, account: str | None) -> None:
    """Make somebody known, and print a link that signs them in once.

    With it they choose their password; it is good for a quarter of an hour (`gateway users link` makes another).
    """
    from gateway.store.users import NameTaken

    with begun() as services:
        if account is not None and account not in services.store.revisions.current([account]):
            raise Failed(f"There is no account {account}.")
        try:
            user = services.store.users.create(name, role, account, actor=person())
        except NameTaken:
            raise Failed(f"There is somebody of the name {name} already.", CONFLICT) from None
        except ValueError as wrong:
            raise click.UsageError(f"A name is {wrong}.") from None
        _print_link(screen, services, user)


@users.command()
@reports
@click.argument("name")
def link(screen: Screen, name: str) -> None:
    """Print a link by which somebody signs in once.

    They choose a new password with it. It is good for a quarter of an hour, and ends the one before it.
    """
    with opened() as services:
        user = _user(services, name)
        if user.disabled_at is not None:
            raise Failed(f"{user.name} is disabled: `gateway users enable` first.", CONFLICT)
        _print_link(screen, services, user)


@users.command("list")
@reports
def list_users(screen: Screen) -> None:
    """List everybody, by name."""
    with opened() as services:
        rows = [_row(one) for one in services.store.users.all()]
    screen.table(rows, _COLUMNS, "Nobody yet: `gateway users create NAME --role admin`.")


@users.command()
@reports
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What they may do from now on.")
def change(screen: Screen, name: str, role: Any) -> None:
    """Give somebody another role."""
    with opened() as services:
        user = _user(services, name)
        services.store.users.change_role(user.id, role, actor=person())
    screen.result({"id": user.id, "name": user.name, "role": role}, f"{user.name} is {role} now.")


@users.command()
@reports
@click.argument("name")
@_REASON
def disable(screen: Screen, name: str, reason: str) -> int:
    """Let somebody in no more, and sign them out at once. Exit code 4: that is so already."""
    with opened() as services:
        user = _user(services, name)
        changed = services.store.users.disable(user.id, actor=person(), reason=reason)
    said = f"{user.name} is signed out and let in no more." if changed else f"{user.name} is disabled already."
    screen.result({"id": user.id, "name": user.name, "disabled": True}, said)
    return DONE if changed else CONFLICT


@users.command()
@reports
@click.argument("name")
@_REASON
def enable(screen: Screen, name: str, reason: str) -> int:
    """Let somebody in again. Exit code 4: they are let in."""
    with opened() as services:
        user = _user(services, name)
        changed = services.store.users.enable(user.id, actor=person(), reason=reason)
    said = f"{user.name} is let in again." if changed else f"{user.name} is not disabled."
    screen.result({"id": user.id, "name": user.name, "disabled": False}, said)
    return DONE if changed else CONFLICT


def _user(services: Services, name: str) -> User:
    found = services.store.users.named(name)
    if found is None:
        raise Failed(f"There is nobody of the name {name}.")
    return found


def _print_link(screen: Screen, services: Services, user: User) -> None:
    from gateway.store.users import LINK_SECONDS

    path = f"/sign-in/{services.store.users.link(user.id, actor=person())}"
    base = _console_address()
    screen.result({"id": user.id, "name": user.name, "role": user.role, "link": path, "url": base + path}, base + path)
    screen.note(
        f"{user.name} opens this within {LINK_SECONDS // 60} minutes, once; where people reach the console at another "
        "address than here, with that before /sign-in."
    )


def _console_address() -> str:
    """Where the gateway of this data folder serves, or would."""
    from gateway.health import address_at, serving_address

    settings = settings_now()
    return (serving_address(settings.data_dir) or address_at(settings.host, settings.port)).rstrip("/")


def _row(one: User) -> dict[str, Any]:
    state = "disabled" if one.disabled_at else "active" if one.has_password else "invited"
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "account": one.account_id,
        "state": state,
        "seen_at": moment(one.seen_at),
        "created_at": moment(one.created_at),
    }
