"""Our own products, packs and stock, from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from gateway.commands.differences import difference_lines
from gateway.commands.opening import opened
from gateway.commands.screen import DONE, PARTLY, Screen, counted, person, reports

if TYPE_CHECKING:
    from gateway.store.revisions import Published
    from gateway.store.stock import OlderRow

_FILE = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Check and show what is different only; nothing is stored.")
_REASON = click.option("--reason", default="imported", show_default=True, help="Why, for the record.")
_NAMED = 20
"""So many rows that were left out are named to people; programs get all of them."""


@click.group()
def products() -> None:
    """Our products."""


@click.group()
def packs() -> None:
    """The packs of our products."""


@click.group()
def stock() -> None:
    """Our stock."""


@products.command("import")
@reports
@_FILE
@_DRY_RUN
@_REASON
def import_products(screen: Screen, file: Path, dry_run: bool, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of our products.

    A product that isn't in it is sold no more. Columns: product, name, base_unit; where they say something gtin,
    status, replaced_by, sales_unit, order_minimum, order_multiple, lead_time_days, tax_class, net_weight_kg,
    tracking. config/README.md explains them.
    """
    _publish(screen, "product", file, dry_run, reason)


@packs.command("import")
@reports
@_FILE
@_DRY_RUN
@_REASON
def import_packs(screen: Screen, file: Path, dry_run: bool, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of our products' packs.

    Columns: product, unit, quantity; where they say something gtin, gross_weight_kg. config/README.md explains them.
    """
    _publish(screen, "pack", file, dry_run, reason)


@stock.command("import")
@reports
@_FILE
def import_stock(screen: Screen, file: Path) -> int:
    """Take the stock of its products and sites from FILE (CSV or XLSX).

    What is known as of later stays; rows that are older are named, and the exit code is then 3. Nothing is stored
    where a row is of more than a day from now. Columns: product, site, as_of, on_hand; where they say something
    reserved_other, next_receipt_date, next_receipt_quantity. config/README.md explains them.
    """
    from gateway.accounts import stock_of_no_day_yet, stock_problems
    from mappings.files.tables import read_stock
    from mappings.files.text import FilesRejected

    rows, now = read_stock(file), datetime.now(UTC).replace(microsecond=0)
    if early := stock_of_no_day_yet(file.name, rows, now):
        raise FilesRejected(early)
    with opened() as services:
        recorded = services.store.stock.record(rows)
        catalogue = services.terms.catalogue()
    problems = stock_problems(file.name, rows, catalogue, now)
    if problems and not screen.as_json:
        screen.faults(problems, "The stock is stored, but something about it looks wrong:")
    older = [_older(one) for one in recorded.older]
    lines = [f"Stored: {counted(recorded.stored, 'row')} of stock.", *_told_of_older(older)]
    told = {"rows": len(rows), "stored": recorded.stored, "older": older}
    screen.result({**told, "warnings": [problem.as_json() for problem in problems]}, *lines)
    return PARTLY if older else DONE


def _older(one: OlderRow) -> dict[str, str]:
    row = one.row
    place = {"product": row.product, "site": row.site}
    return {**place, "as_of": row.as_of.isoformat(), "known_as_of": one.known.isoformat()}


def _told_of_older(older: Sequence[Mapping[str, str]]) -> list[str]:
    """What was left out and why, the first of many by name."""
    if not older:
        return []
    more = len(older) - _NAMED
    named = [f"    {one['product']} at {one['site']}: {one['as_of']}, known {one['known_as_of']}" for one in older]
    head = f"Left out: {counted(len(older), 'row')}, older than the stock that is known:"
    return [head, *named[:_NAMED], *([f"    and {more} more"] if more > 0 else [])]


def _publish(screen: Screen, kind: Literal["product", "pack"], file: Path, dry_run: bool, reason: str) -> None:
    from gateway.accounts import catalogue_with, plan_catalogue, publish_catalogue
    from mappings.compile import catalogue_faults
    from mappings.files.tables import read_packs, read_products

    rows = read_products(file) if kind == "product" else read_packs(file)
    with opened() as services:
        plan = plan_catalogue(services.store, kind, rows)
        problems = catalogue_faults(catalogue_with(services.terms.catalogue(), kind, rows))
        published = (
            plan.as_published
            if dry_run
            else publish_catalogue(services.store, {kind: rows}, author=person(), reason=reason)
        )
    if problems and not screen.as_json:
        which = "would be stored, but would" if dry_run else "is stored, but does"
        screen.faults(problems, f"The catalogue {which} not hold together yet:")
    told: dict[str, Any] = {
        "dry_run": dry_run,
        "revision": published.number,
        "against": plan.number,
        "changed": published.changed,
    }
    told |= {"rows": len(rows), "added": published.added, "removed": published.removed}
    told |= {"differences": [one.as_json() for one in plan.differences]}
    screen.result(
        {**told, "warnings": [problem.as_json() for problem in problems]},
        _told(counted(len(rows), kind), published, dry_run),
        *difference_lines(plan),
    )


def _told(rows: str, published: Published, dry_run: bool) -> str:
    if not published.changed:
        return f"Catalogue revision {published.number}: {rows}, as before."
    if not dry_run:
        return f"Catalogue revision {published.number} is published: {rows}."
    which = f"a new revision after {published.number}" if published.number else "the first revision"
    return f"Would be {which} of the catalogue: {rows}. Nothing was stored."
