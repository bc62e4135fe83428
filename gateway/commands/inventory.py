"""What an account may still order: its inventory report, as it would get it now."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, PARTLY, USAGE, Failed, Screen, counted, reports

if TYPE_CHECKING:
    from gateway.inventory import Asked
    from gateway.services import Services
    from schemas.documents.inventory_report import InventoryLine

_NUMBERS = ("quantity", "next_receipt_quantity", "order_minimum", "order_multiple")
_COLUMNS = (
    *("buyer_item", "seller_item", "description", "status", "quantity", "unit", "next_receipt_date"),
    *("next_receipt_quantity", "order_minimum", "order_multiple", "as_of"),
)


@click.group()
def inventory() -> None:
    """What accounts may still order."""


@inventory.command()
@reports
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--format", "format_name", help="Write the document in this format, such as csv-1, instead.")
@click.option("--since", help="Only what changed after the report of this number.")
def show(screen: Screen, account_id: str, format_name: str | None, since: str | None) -> int:
    """Show what the account may still order of each of its items.

    In its numbers and units, floored to whole ones, of its allocation share, at the sites that supply it; with what is
    due next. The unit is by the most specific rule: the item's own row, units.csv for its product alone, default_unit,
    our unit of sale. Items that can't be counted so are left out and named; their cause is in items.csv, units.csv or
    our packs.

    Exit code 3: some were left out.
    """
    from gateway.inventory import ask

    with opened() as services:
        cursor = None if since is None else _cursor(services, account_id, since)
        try:
            asked = ask(services, account_id, datetime.now(UTC), since=cursor)
        except LookupError:
            raise Failed(f"There is no account {account_id}.") from None
        if format_name is None:
            _show(screen, services, asked)
        else:
            _write(services, asked, format_name)
    if asked.left_out and (format_name is not None or not screen.as_json):
        screen.faults(asked.left_out, f"Left out: {counted(len(asked.left_out), 'item')}.")
    return PARTLY if asked.left_out else DONE


def _cursor(services: Services, account_id: str, since: str) -> Any:
    from gateway.inventory import Cursor

    try:
        return Cursor.of(services.store.inventory_reports.cursor(account_id, since) or since)
    except ValueError:
        raise Failed(f"{since} is the number of no report of {account_id}.", USAGE) from None


def _show(screen: Screen, services: Services, asked: Asked) -> None:
    from gateway.inventory import lines

    rows = [_row(line) for line in lines(services, asked)]
    if screen.as_json:
        left_out = [fault.as_json() for fault in asked.left_out]
        screen.result({"number": asked.head.number, "is_full": asked.head.is_full, "lines": rows, "left_out": left_out})
    else:
        screen.table(rows, _COLUMNS, "No items." if asked.head.is_full else "Nothing changed.")


def _row(line: InventoryLine) -> dict[str, Any]:
    from schemas.documents.common import fields_of
    from schemas.values import shortest

    said = {name: getattr(line, name) for name in fields_of(type(line))}
    for name in _NUMBERS:
        said[name] = None if said[name] is None else f"{shortest(said[name]):f}"
    for name in ("as_of", "next_receipt_date"):
        said[name] = None if said[name] is None else said[name].isoformat()
    return said


def _write(services: Services, asked: Asked, format_name: str) -> None:
    """The document to standard output, as it is read."""
    from gateway.inventory import formats, report_in
    from schemas.faults import DocumentHeld

    known = formats(services, asked.plan)
    if format_name not in known:
        raise Failed(f"A report is to be had in {', '.join(known)}, not in {format_name}.", USAGE)
    try:
        for piece in report_in(services, asked, known[format_name]):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except DocumentHeld as held:
        raise Failed(held.faults[0].detail) from held
