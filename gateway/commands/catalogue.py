"""Our own products and packs, from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from gateway.commands.differences import plan_lines
from gateway.commands.opening import begun
from gateway.commands.screen import Screen, counted, person, reports

if TYPE_CHECKING:
    from gateway.store.revisions import Published

FILE = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Check and show what is different only; nothing is stored.")
_REASON = click.option("--reason", default="imported", show_default=True, help="Why, for the record.")


@click.group()
def products() -> None:
    """Our products."""


@click.group()
def packs() -> None:
    """The packs of our products."""


@products.command("import")
@reports
@FILE
@DRY_RUN
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
@FILE
@DRY_RUN
@_REASON
def import_packs(screen: Screen, file: Path, dry_run: bool, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of our products' packs.

    Columns: product, unit, quantity; where they say something gtin, gross_weight_kg. config/README.md explains them.
    """
    _publish(screen, "pack", file, dry_run, reason)


def _publish(screen: Screen, kind: Literal["product", "pack"], file: Path, dry_run: bool, reason: str) -> None:
    from gateway.accounts import catalogue_with, plan_catalogue, publish_catalogue
    from mappings.compile import catalogue_faults
    from mappings.files.tables import read_packs, read_products

    rows = read_products(file) if kind == "product" else read_packs(file)
    with begun() as services:
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
        *plan_lines(plan),
    )


def _told(rows: str, published: Published, dry_run: bool) -> str:
    if not published.changed:
        return f"Catalogue revision {published.number}: {rows}, as before."
    if not dry_run:
        return f"Catalogue revision {published.number} is published: {rows}."
    which = f"a new revision after {published.number}" if published.number else "the first revision"
    return f"Would be {which} of the catalogue: {rows}. Nothing was stored."
