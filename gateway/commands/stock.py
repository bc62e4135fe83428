"""Our stock: from files, and as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.catalogue import DRY_RUN, FILE, refuse_lost_zeros
from gateway.commands.differences import difference_lines
from gateway.commands.opening import begun, opened
from gateway.commands.screen import DONE, PARTLY, Failed, Screen, counted, reports

if TYPE_CHECKING:
    from gateway.stock_files import StockPlan
    from gateway.store.stock import OlderRow, Recorded, Standing
    from mappings.revision import StockRow

_QUANTITIES = ("on_hand", "reserved_other", "allocated", "available")
_COLUMNS = ("product", "site", "unit", "as_of", *_QUANTITIES, "next_receipt_date", "next_receipt_quantity")
_NAMED = 20
"""So many rows that were left out are named to people; programs get all of them."""


@click.group()
def stock() -> None:
    """Our stock."""


@stock.command()
@reports
@click.argument("product_numbers", metavar="[PRODUCT ...]", nargs=-1)
@click.option("--site", help="Only at this site.")
def show(screen: Screen, product_numbers: tuple[str, ...], site: str | None) -> int:
    """Show what there is, what is taken and what is left.

    Of these products or of all, at each site, in base units: on_hand is what the last import counted, as_of then;
    allocated is what orders took through the gateway; available is what can still be promised to all accounts together:
    on_hand less reserved_other and allocated, at least 0. What one account may have of it is a matter of its
    allocation_percent.

    Exit code 3: of some of the products no stock was ever told; 1: of all, or of the site.
    """
    with opened() as services:
        found = services.store.stock.standing(product_numbers, site)
        units = {row.product: row.base_unit for row in services.terms.catalogue().products.values()}
    named = {one.counted.product for one in found}
    unknown = [number for number in dict.fromkeys(product_numbers) if number not in named]
    said = f"No stock was ever told of {', '.join(unknown)}{f' at {site}' if site else ''}."
    if unknown and not found:
        raise Failed(said)
    if site is not None and not found:
        raise Failed(f"No stock was ever told of the site {site}.")
    screen.table([_standing(one, units) for one in found], _COLUMNS, "No stock.")
    if unknown:
        screen.note(said)
    return PARTLY if unknown else DONE


def _standing(one: Standing, units: Mapping[str, str]) -> dict[str, Any]:
    from schemas.values import shortest

    row = one.counted
    quantities = {
        "on_hand": row.on_hand,
        "reserved_other": row.reserved_other,
        "allocated": one.allocated,
        "available": one.available,
        "next_receipt_quantity": row.next_receipt_quantity,
    }
    told = {name: None if amount is None else f"{shortest(amount):f}" for name, amount in quantities.items()}
    day = row.next_receipt_date and row.next_receipt_date.isoformat()
    place = {"product": row.product, "site": row.site, "unit": units.get(row.product), "as_of": row.as_of.isoformat()}
    return {**place, **told, "next_receipt_date": day}


@stock.command("import")
@reports
@FILE
@DRY_RUN
def import_stock(screen: Screen, file: Path, dry_run: bool) -> int:
    """Take the stock of its products and sites from FILE (CSV or XLSX).

    What is known as of later stays; rows that are older are named, and the exit code is then 3. Nothing is stored
    where a row is of more than a day from now. Columns: product, site, as_of, on_hand; where they say something
    reserved_other, next_receipt_date, next_receipt_quantity. config/README.md explains them.
    """
    from gateway.stock_files import (
        new_sites,
        plan_stock,
        stock_of_new_sites,
        stock_of_no_day_yet,
        stock_problems,
    )
    from gateway.store.stock import Recorded
    from mappings.files.tables import read_placed
    from mappings.files.text import FilesRejected

    placed, now = read_placed(file, "stock"), datetime.now(UTC).replace(microsecond=0)
    rows = [row for _, row in placed]
    if early := stock_of_no_day_yet(file.name, rows, now):
        raise FilesRejected(early)
    with begun() as services:
        refuse_lost_zeros("stock", placed, services.terms.catalogue())
        new = new_sites(services.store, rows)
        done = plan_stock(services.store, rows) if dry_run else services.store.stock.record(rows)
        catalogue = services.terms.catalogue()
    problems = stock_problems(file.name, rows, catalogue, now)
    problems += stock_of_new_sites(file.name, rows, new)
    if problems and not screen.as_json:
        which = "would be stored" if dry_run else "is stored"
        screen.faults(problems, f"The stock {which}, but something about it looks wrong:")
    warned = {"warnings": [problem.as_json() for problem in problems]}
    if isinstance(done, Recorded):
        return _recorded(screen, rows, done, warned)
    return _planned(screen, rows, done, warned)


def _recorded(screen: Screen, rows: Sequence[StockRow], recorded: Recorded, warned: Mapping[str, Any]) -> int:
    older = [_older(one) for one in recorded.older]
    unchanged = recorded.unchanged
    told = {"rows": len(rows), "stored": recorded.stored, "unchanged": unchanged, "older": older, **warned}
    as_before = f", {counted(unchanged, 'row')} as before" if unchanged else ""
    lines = [f"Stored: {counted(recorded.stored, 'row')} of stock{as_before}.", *_told_of_older("Left out", older)]
    screen.result(told, *lines)
    return PARTLY if older else DONE


def _planned(screen: Screen, rows: Sequence[StockRow], plan: StockPlan, warned: Mapping[str, Any]) -> int:
    """As `_recorded`, of what would be; with what is different at each place."""
    older = [_older(one) for one in plan.older]
    differences = [one.as_json() for one in plan.differences]
    told = {"dry_run": True, "rows": len(rows), "stored": 0, "older": older, "differences": differences, **warned}
    head = f"Would store {counted(len(rows) - len(older), 'row')} of stock. Nothing was stored."
    screen.result(told, head, *difference_lines(plan.differences), *_told_of_older("Would leave out", older))
    return PARTLY if older else DONE


def _older(one: OlderRow) -> dict[str, str]:
    row = one.row
    place = {"product": row.product, "site": row.site}
    return {**place, "as_of": row.as_of.isoformat(), "known_as_of": one.known.isoformat()}


def _told_of_older(said: str, older: Sequence[Mapping[str, str]]) -> list[str]:
    """What was left out and why, the first of many by name."""
    if not older:
        return []
    more = len(older) - _NAMED
    named = [f"    {one['product']} at {one['site']}: {one['as_of']}, known {one['known_as_of']}" for one in older]
    head = f"{said}: {counted(len(older), 'row')}, older than the stock that is known:"
    return [head, *named[:_NAMED], *([f"    and {more} more"] if more > 0 else [])]
