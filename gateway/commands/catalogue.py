"""Our own products, packs and taxes, from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from gateway.commands.differences import plan_lines
from gateway.commands.opening import begun
from gateway.commands.screen import CONFLICT, Failed, Screen, counted, person, reports

if TYPE_CHECKING:
    from gateway.store.revisions import Published
    from mappings.revision import Catalogue
    from mappings.tables import Kind
    from schemas.faults import Fault

FILE = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Check and show what is different only; nothing is stored.")
_REMOVE = click.option("--remove-missing", is_flag=True, help="Take out what is not in FILE any more.")
_SHOWN = 5
"""Names of what would go."""
_REASON = click.option("--reason", default="imported", show_default=True, help="Why, for the record.")


@click.group()
def products() -> None:
    """Our products."""


@click.group()
def packs() -> None:
    """The packs of our products."""


@click.group()
def taxes() -> None:
    """Taxes of our goods."""


@products.command("import")
@reports
@FILE
@DRY_RUN
@_REMOVE
@_REASON
def import_products(screen: Screen, file: Path, dry_run: bool, remove_missing: bool, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of our products.

    A product that isn't in it is sold no more, which --remove-missing must say. Columns: product, name, base_unit;
    where they say something gtin, status, replaced_by, sales_unit, order_minimum, order_multiple, lead_time_days,
    tax_class, net_weight_kg, tracking. config/README.md explains them.
    """
    _publish(screen, "product", file, dry_run, remove_missing, reason)


@packs.command("import")
@reports
@FILE
@DRY_RUN
@_REMOVE
@_REASON
def import_packs(screen: Screen, file: Path, dry_run: bool, remove_missing: bool, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of our products' packs.

    A pack that isn't in it is gone, which --remove-missing must say. Columns: product, unit, quantity; where they
    say something gtin, gross_weight_kg. config/README.md explains them.
    """
    _publish(screen, "pack", file, dry_run, remove_missing, reason)


@taxes.command("import")
@reports
@FILE
@DRY_RUN
@_REMOVE
@_REASON
def import_taxes(screen: Screen, file: Path, dry_run: bool, remove_missing: bool, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of the taxes that our goods bear.

    A row that isn't in it is gone, which --remove-missing must say. Columns: category; where they say something
    tax_class, ship_from_country, ship_to_country, buyer_vat, percent, exemption_code, valid_from, valid_to.
    config/README.md explains them.
    """
    _publish(screen, "tax", file, dry_run, remove_missing, reason)


def refuse_lost_zeros(kind: Kind, placed: Sequence[tuple[str, Any]], catalogue: Catalogue) -> None:
    """Raises FilesRejected for products that lost leading zeros in a spreadsheet, before anything is stored."""
    from mappings.files.text import FilesRejected

    if found := placed_lost_zeros(kind, placed, catalogue):
        raise FilesRejected(found)


def placed_lost_zeros(kind: Kind, placed: Sequence[tuple[str, Any]], catalogue: Catalogue) -> list[Fault]:
    """Products that lost leading zeros, each with the place of its row."""
    from mappings.coherence import lost_zeros

    rows = enumerate(row for _, row in placed)
    found = ((placed[index][0], fault) for index, fault in lost_zeros(rows, kind, catalogue))
    return [replace(fault, location=place, detail=f"{place}: {fault.detail}") for place, fault in found]


def _publish(
    screen: Screen,
    kind: Literal["product", "pack", "tax"],
    file: Path,
    dry_run: bool,
    remove_missing: bool,
    reason: str,
) -> None:
    from gateway.accounts import catalogue_with, missing_rows, plan_catalogue, publish_catalogue
    from mappings.compile import catalogue_faults
    from mappings.files.tables import read_placed

    placed = read_placed(file, kind)
    rows = [row for _, row in placed]
    with begun() as services:
        refuse_lost_zeros(kind, placed, services.terms.catalogue())
        missing = [] if remove_missing else missing_rows(services.store, kind, rows)
        if missing and not dry_run:
            raise Failed(f"{_not_in(file, kind, missing)} Nothing was stored. {_HOW_TO_REMOVE}", CONFLICT)
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
        _told(counted(len(rows), _THINGS[kind]), published, dry_run),
        *plan_lines(plan),
    )
    if missing:
        screen.note(f"{_not_in(file, kind, missing)} {_HOW_TO_REMOVE}")


_THINGS = {"product": "product", "pack": "pack", "tax": "tax rule"}
_HOW_TO_REMOVE = "--remove-missing takes out what is not in the file; --dry-run shows all that is different."


def _not_in(file: Path, kind: str, missing: Sequence[str]) -> str:
    names = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    return f"{counted(len(missing), _THINGS[kind])} of the catalogue would go, not being in {file.name}: {names}."


def _told(rows: str, published: Published, dry_run: bool) -> str:
    if not published.changed:
        return f"Catalogue revision {published.number}: {rows}, as before."
    if not dry_run:
        return f"Catalogue revision {published.number} is published: {rows}."
    which = f"a new revision after {published.number}" if published.number else "the first revision"
    return f"Would be {which} of the catalogue: {rows}. Nothing was stored."
