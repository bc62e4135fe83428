"""The list of fault codes."""

from __future__ import annotations

from dataclasses import asdict

import click

from gateway.commands.screen import Screen, reports
from schemas.fault_codes import FAULTS


@click.command()
@reports
def faults(screen: Screen) -> None:
    """List every fault code: who must act, what it means, what to do."""
    screen.table([asdict(code) for code in FAULTS.values()], ["code", "actor", "meaning", "remedy"], "No codes.")
