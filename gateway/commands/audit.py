"""The audit chain."""

from __future__ import annotations

from itertools import islice

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, FAILED, Screen, reports

_SHOWN = 1000


@click.group()
def audit() -> None:
    """The audit chain."""


@audit.command()
@reports
def verify(screen: Screen) -> int:
    """Check that no recorded event was changed or taken out."""
    with opened() as services:
        broken = list(islice(services.store.audit.broken(), _SHOWN))
    screen.result({"ok": not broken, "broken": broken}, *(broken or ["Every chain holds."]))
    return FAILED if broken else DONE
