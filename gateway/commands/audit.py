"""The audit chain."""

from __future__ import annotations

from itertools import islice

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, FAILED, Screen, counted, reports

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
        streams, events = services.store.audit.size()
    looked_at = f"{counted(events, 'event')} in {counted(streams, 'chain')} checked"
    told = {"ok": not broken, "broken": broken, "streams": streams, "events": events}
    screen.result(told, *(broken or [f"Every chain holds: {looked_at}."]))
    return FAILED if broken else DONE
