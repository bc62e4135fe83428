"""API keys."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import begun, opened
from gateway.commands.screen import Failed, Screen, person, reports
from gateway.commands.times import moment, seen

if TYPE_CHECKING:
    from gateway.store.keys import ApiKey


class _Expiry(click.ParamType[int]):
    """`2027-01-31` (to the end of that day, UTC) or `90d`: microseconds since 1970."""

    name = "date or days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        days = re.fullmatch(r"(\d{1,4})d", value)
        try:
            last = datetime.now(UTC).date() + timedelta(int(days[1])) if days else date.fromisoformat(value)
            end = datetime.combine(last + timedelta(1), time.min, UTC)
        except OverflowError:
            self.fail(f"{value} is too late to be kept; a key without --expires has no end", param, ctx)
        except ValueError:
            self.fail("a date such as 2027-01-31, or days such as 90d", param, ctx)
        if end <= datetime.now(UTC):
            self.fail("that day is over", param, ctx)
        return int(end.timestamp()) * 1_000_000


@click.group()
def keys() -> None:
    """Keys of the accounts' and of our own systems."""


@keys.command()
@reports
@click.option("--account", metavar="ID", help="The account it belongs to.")
@click.option("--backoffice", is_flag=True, help="For our own systems.")
@click.option("--test", is_flag=True, help="Its orders are answered in full and have no effect.")
@click.option("--expires", metavar="D", type=_Expiry(), help="Last day, such as 2027-01-31, or 90d.")
def create(screen: Screen, account: str | None, backoffice: bool, test: bool, expires: int | None) -> None:
    """Make a key and print it, this once."""
    if (account is None) != backoffice:
        raise click.UsageError("Name one: --account ID or --backoffice.")
    if backoffice and test:
        raise click.UsageError("Test keys are accounts'.")
    with begun() as services:
        if account is not None and account not in services.store.revisions.current([account]):
            raise Failed(f"There is no account {account}.")
        key, text = services.store.keys.create(account, actor=person(), test=test, expires_at=expires)
    end = moment(key.expires_at)
    screen.result({"id": key.id, "key": text, "expires_at": end}, text)
    until = f"It expires at {end}" if end else "It does not expire"
    screen.note(f"Key {key.id} of {account or 'the back office'}. {until}, and is not shown again.")


@keys.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
def list_keys(screen: Screen, account: str | None) -> None:
    """List the keys, without their secrets."""
    with opened() as services:
        rows = [_row(key) for key in services.store.keys.all(account)]
    columns = ["id", "account", "backoffice", "test", "state", "created_at", "expires_at", "last_used_at"]
    screen.table(rows, columns, "No keys yet.")


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "account": key.account_id,
        "backoffice": key.account_id is None,
        "test": key.test,
        "state": "revoked" if key.revoked_at else "live" if key.is_live(seen()) else "expired",
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
        "last_used_at": moment(key.last_used_at),
    }


@keys.command()
@reports
@click.argument("key_id", metavar="ID")
def revoke(screen: Screen, key_id: str) -> None:
    """End a key. It is refused within seconds."""
    with opened() as services:
        if not services.store.keys.revoke(key_id, actor=person()):
            raise Failed(f"There is no key {key_id}.")
    screen.result({"id": key_id, "revoked": True}, f"Key {key_id} is revoked.")
