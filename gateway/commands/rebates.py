"""Rebates: what accounts get back of what they bought, and its settlement by credit note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, PARTLY, Failed, Screen, person, reports

if TYPE_CHECKING:
    from gateway.rebating import Accrued, Rebates, Settled
    from gateway.services import Services
    from gateway.trade.rebate_periods import CalendarPeriod

_PERIOD = "A month (2026-11), quarter (2026-Q4) or year (2026) of the calendar."


@click.group()
def rebates() -> None:
    """What accounts get back of what they bought."""


@rebates.command()
@reports
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--period", metavar="PERIOD", help=f"{_PERIOD}  [default: each rebate's present one]")
def show(screen: Screen, account_id: str, period: str | None) -> int:
    """Show an account's rebates, figure by figure.

    The documents that count, what of them falls in each tier, what was settled and what is open. Rebates are those of
    the account's present terms. Exit code 3: some of them can't be worked out.
    """
    from gateway.store.ids import now_us

    asked = None if period is None else _named(period)
    with opened() as services:
        found = _rebates(services, account_id, asked, now_us())
    told = [_told(account_id, one) for one in found.accrued]
    _note_left_out(screen, found)
    if screen.as_json:
        screen.result(told)
    elif not told:
        screen.note("Nothing was invoiced.")
    else:
        for number, one in enumerate(told):
            _show(screen, one, is_first=number == 0)
    return PARTLY if found.left_out else DONE


@rebates.command()
@reports
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--period", metavar="PERIOD", required=True, help=_PERIOD)
@click.option("--reason", metavar="TEXT", required=True, help="Why, for the audit trail.")
@click.option("--dry-run", is_flag=True, help="Only show the credit notes that would be made.")
def settle(screen: Screen, account_id: str, period: str, reason: str, dry_run: bool) -> int:
    """Settle what is open of an account's rebates.

    By credit note, into the account's mailbox. What is settled is settled once; before a period has ended it is an
    interim settlement, which the next one deducts. Exit code 3: some rebates can't be worked out.
    """
    from gateway.rebating import settle_rebates, settlement_notes
    from gateway.store.ids import now_us

    asked = _named(period)
    if not reason.strip():
        raise click.UsageError("--reason is empty.")
    with opened() as services:
        at = now_us()
        found = _rebates(services, account_id, asked, at)
        if dry_run:
            made = settlement_notes(services, found, at)
        else:
            made = settle_rebates(services, account_id, asked, reason, person())
    _note_left_out(screen, found)
    columns = ["rebate", "period", "credit_note", "net", "tax", "payable", "currency"]
    screen.table([_row(one, is_made=not dry_run) for one in made], columns, "Nothing is open.")
    return PARTLY if found.left_out else DONE


def _named(period: str) -> CalendarPeriod:
    """The period as it is typed. Raises click's BadParameter where it is none."""
    from gateway.trade.rebate_periods import period_named

    try:
        return period_named(period)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--period") from None


def _rebates(services: Services, account_id: str, asked: CalendarPeriod | None, at: int) -> Rebates:
    """Raises Failed where there is no such account, or it has no rebate of this kind."""
    from gateway.rebating import rebates_of

    if not services.store.revisions.current([account_id]):
        raise Failed(f"There is no account {account_id}.")
    found = rebates_of(services, account_id, asked, at)
    agreed = found.revision.account.terms.rebates
    if not any(asked is None or one.period == asked.kind for one in agreed):
        kind = "" if asked is None else f" by {asked.kind}"
        raise Failed(f"No rebate{kind} is agreed with {account_id}.")
    return found


def _note_left_out(screen: Screen, found: Rebates) -> None:
    for sentence in found.left_out:
        screen.note(sentence)


def _told(account_id: str, one: Accrued) -> dict[str, Any]:
    """Every figure, as texts."""
    from schemas.values import shortest

    statement = one.statement
    rebate, period = statement.rebate, statement.period
    is_quantity = rebate.basis == "quantity"
    return {
        "account": account_id,
        "rebate": rebate.name,
        "period": one.period.name,
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
        "basis": rebate.basis,
        "method": rebate.method,
        "products": list(rebate.products),
        "currency": statement.currency,
        "documents": [
            {
                "type": share.type,
                "number": share.number,
                "issue_date": share.issue_date.isoformat(),
                "net": f"{share.net:f}",
                "base_quantity": f"{shortest(share.base_quantity):f}",
            }
            for share in statement.documents
        ],
        "net": f"{statement.net:f}",
        "reached": f"{shortest(statement.basis) if is_quantity else statement.basis:f}",
        "tiers": [
            {
                "from": f"{tier.start:f}",
                "below": None if tier.end is None else f"{tier.end:f}",
                "percent": f"{tier.percent:f}",
                "part": f"{shortest(tier.part) if is_quantity else tier.part:f}",
                "net": f"{tier.net:f}",
                "rebate": f"{tier.rebate:f}",
            }
            for tier in statement.tiers
        ],
        "total": f"{statement.total:f}",
        "settlements": [{"sequence": known.sequence, "net": f"{known.net:.2f}"} for known in one.before],
        "settled": f"{statement.settled:f}",
        "open": f"{statement.open:f}",
    }


def _show(screen: Screen, told: dict[str, Any], *, is_first: bool) -> None:
    products = f", {', '.join(told['products'])} only" if told["products"] else ""
    head = (
        f"{told['rebate']} of {told['account']}, {told['period']} ({told['from']} to {told['to']}), in "
        f"{told['currency']}: {told['method']}, by {told['basis'].replace('_', ' ')}{products}"
    )
    screen.result(None, *([] if is_first else [""]), head)
    columns = ["issue_date", "type", "number", "net"]
    if told["basis"] == "quantity":  # else a sum of pieces and kilograms, which says nothing
        columns.append("base_quantity")
    screen.table(told["documents"], columns, "Nothing counts.")
    screen.table(told["tiers"], ["from", "below", "percent", "part", "net", "rebate"], "")
    screen.result(
        None,
        f"Net {told['net']}, reached {told['reached']}: rebate {told['total']}, settled {told['settled']}, "
        f"open {told['open']}",
    )


def _row(one: Settled, *, is_made: bool) -> dict[str, Any]:
    statement, note = one.accrued.statement, one.note
    return {
        "rebate": statement.rebate.name,
        "period": one.accrued.period.name,
        "credit_note": note.number if is_made else None,
        "net": f"{note.totals.without_tax:f}",
        "tax": f"{note.totals.tax:f}",
        "payable": f"{note.totals.payable:f}",
        "currency": note.currency,
        "lines": [
            {
                "net": f"{line.net_amount:f}",
                "tax_category": line.tax.category,
                "tax_percent": None if line.tax.percent is None else f"{line.tax.percent:f}",
            }
            for line in note.lines
        ],
        "invoices": [reference.number for reference in note.credits],
    }
