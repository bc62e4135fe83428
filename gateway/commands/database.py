"""The database's tables."""

from __future__ import annotations

import click

from gateway.commands.opening import begun
from gateway.commands.screen import Screen, reports


@click.group()
def db() -> None:
    """The database."""


@db.command()
@reports
def upgrade(screen: Screen) -> None:
    """Bring the database to this program's version. Safe while others run it too."""
    with begun() as services:
        version = services.store.version()
        screen.result({"version": version}, f"The database is at version {version}.")
