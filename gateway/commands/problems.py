"""Failures grouped by cause."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import Failed, Screen, counted, fault_lines, remedies, reports
from gateway.commands.times import moment
from schemas.faults import Fault

if TYPE_CHECKING:
    from gateway.store.problems import Problem


_COLUMNS = ["fingerprint", "account", "code", "value", "messages", "last_at", "detail"]


@click.group()
def problems() -> None:
    """What waits for one of us, grouped by cause."""


@problems.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
def list_problems(screen: Screen, account: str | None) -> None:
    """List why messages are held or have failed, most frequent first.

    What else is wrong with them, but would hold none of them, stands at each message (`gateway messages show`).
    """
    from gateway.holding import holding_faults

    with opened() as services:
        holds = holding_faults(services.terms)
        rows = [_row(one) for one in services.store.problems.all(account, holds=holds)]
    screen.table(rows, _COLUMNS, "No problems.")


@problems.command()
@reports
@click.argument("fingerprint")
def show(screen: Screen, fingerprint: str) -> None:
    """Show one cause, what to do about it, and its messages."""
    from gateway.holding import holding_faults

    with opened() as services:
        holds = holding_faults(services.terms)
        found = services.store.problems.all(fingerprint=fingerprint, holds=holds)
        ids = services.store.problems.messages(fingerprint, holds=holds)
        numbers = services.store.messages.order_numbers(ids)
    if not found:
        raise Failed(f"There is no open problem {fingerprint}.")
    one = found[0]
    fault = Fault(one.code, one.detail, one.path, one.location, one.value, one.expected)
    remedy = remedies([one.code]).get(one.code, "")
    screen.result(
        _row(one) | {"remedy": remedy, "message_ids": ids, "order_numbers": [numbers.get(each) for each in ids]},
        *fault_lines(fault),
        f"    what to do: {remedy}",
        f"{counted(len(ids), 'message')} of {one.account_id}:",
        *(f"    {message_id}{f', order {numbers[message_id]}' if message_id in numbers else ''}" for message_id in ids),
        f"to judge all of them again then: gateway replay --problem {one.fingerprint} --reason TEXT",
    )


def _row(one: Problem) -> dict[str, Any]:
    row = asdict(one)
    return row | {"account": row.pop("account_id"), "first_at": moment(one.first_at), "last_at": moment(one.last_at)}
