"""Our own products, packs and stock, from files."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.opening import opened
from gateway.commands.screen import Screen, counted, person, reports

_FILE = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
_REASON = click.option("--reason", default="imported", show_default=True, help="Why, for the record.")


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
@_REASON
def import_products(screen: Screen, file: Path, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of our products.

    A product that isn't in it is sold no more.
    """
    _publish(screen, "product", file, reason)


@packs.command("import")
@reports
@_FILE
@_REASON
def import_packs(screen: Screen, file: Path, reason: str) -> None:
    """Make FILE (CSV or XLSX) the list of our products' packs."""
    _publish(screen, "pack", file, reason)


@stock.command("import")
@reports
@_FILE
def import_stock(screen: Screen, file: Path) -> None:
    """Take the stock of its products and sites from FILE (CSV or XLSX)."""
    from mappings.files.tables import read_stock

    rows = read_stock(file)
    with opened() as services:
        services.store.stock.record(rows)
    screen.result({"rows": len(rows)}, f"Stored: {counted(len(rows), 'row')} of stock.")


def _publish(screen: Screen, kind: str, file: Path, reason: str) -> None:
    from gateway.accounts import publish_catalogue
    from mappings.compile import catalogue_faults
    from mappings.files.tables import read_packs, read_products

    rows = read_products(file) if kind == "product" else read_packs(file)
    with opened() as services:
        published = publish_catalogue(services.store, {kind: rows}, author=person(), reason=reason)
        problems = catalogue_faults(services.terms.catalogue())
    if problems and not screen.as_json:
        screen.faults(problems, "The catalogue is stored, but it does not hold together yet:")
    told = {"revision": published.number, "changed": published.changed, "rows": len(rows)}
    told |= {"added": published.added, "removed": published.removed}
    change = (
        f"{published.added} new or changed, {published.removed} gone or changed" if published.changed else "as before"
    )
    screen.result(
        {**told, "warnings": [problem.as_json() for problem in problems]},
        f"Catalogue revision {published.number}: {counted(len(rows), kind)}, {change}.",
    )
