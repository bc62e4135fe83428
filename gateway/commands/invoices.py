"""Invoices and credit notes: what was made, what waits, and having it made now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, FAILED, PARTLY, Failed, Screen, counted, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.services import Services
    from gateway.store.invoices import Billable, StoredInvoice

_MOST = 10_000


@click.group()
def invoices() -> None:
    """Invoices and credit notes of what shipped."""


@invoices.command("list")
@reports
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--limit", type=click.IntRange(1, _MOST), default=50, show_default=True, help="So many at most.")
def list_(screen: Screen, account_id: str, limit: int) -> None:
    """List an account's invoices and credit notes."""
    with opened() as services:
        if not services.store.revisions.current([account_id]):
            raise Failed(f"There is no account {account_id}.")
        found = [_row(one) for one in services.store.invoices.page(account_id, limit=limit)]
    columns = ["issue_date", "type", "number", "net", "payable", "currency", "request_number", "document_id"]
    screen.table(found, columns, "None yet.")


def _row(one: StoredInvoice) -> dict[str, Any]:
    return {
        "issue_date": one.issue_date,
        "type": one.type,
        "number": one.number,
        "net": f"{one.net:.2f}",
        "payable": f"{one.payable:.2f}",
        "currency": one.currency,
        "request_number": one.request_number,
        "document_id": one.document_id,
        "made_at": moment(one.made_at),
    }


@invoices.command()
@reports
@click.option("--limit", type=click.IntRange(1, _MOST), default=200, show_default=True, help="So many at most.")
def waiting(screen: Screen, limit: int) -> int:
    """Show what is to be invoiced, and what could not be.

    Each despatch advice with the time at which it is tried next, and why it could not be invoiced; behind these, what
    has no time: it waits for its delivery to be told, or for a request. Exit code 3: something could not be invoiced.
    """
    with opened() as services:
        waits = services.store.invoices.waiting(limit)
        shipments = services.store.invoices.shipment_numbers(one.shipment_id for one in waits)
        found = [_waiting(services, one, shipments[one.shipment_id]) for one in waits]
    columns = ["account", "shipment", "despatch_advice", "waits_for", "due_at", "attempts", "why"]
    screen.table(found, columns, "Nothing waits.")
    return PARTLY if any(one["faults"] for one in found) else DONE


def _waiting(services: Services, one: Billable, shipment: str) -> dict[str, Any]:
    document, faults = services.store.documents.one(None, one.document_id), one.told()
    return {
        "account": one.account_id,
        "shipment": shipment,
        "despatch_advice": document.number if document else one.document_id,
        "waits_for": one.waits_for,
        "due_at": None if one.due_at is None else moment(one.due_at),
        "attempts": one.attempts,
        "why": "; ".join(dict.fromkeys(str(fault["detail"]) for fault in faults)),
        "faults": faults,
    }


@invoices.command()
@reports
def make(screen: Screen) -> int:
    """Make what is due, and try again what failed.

    The scheduler does this by itself; it tries again what could not be made after ten minutes at first, and at most
    after six hours. Exit codes: 1 where nothing of what failed before could be made, 3 some of it.
    """
    from gateway.billing_schedule import bill_due
    from gateway.store.ids import now_us

    with opened() as services:
        at = now_us()
        tried = services.store.invoices.bill_now(at)
        made = bill_due(services, at)
        left = services.store.invoices.held()
    said = f"Made {counted(made, 'invoice')}."
    if left:
        said += f" {left} could not be made; `gateway invoices waiting` says why."
    screen.result({"made": made, "tried_again": tried, "held": left}, said)
    if not left:
        return DONE
    return PARTLY if made else FAILED
