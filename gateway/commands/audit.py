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
    """Check that nothing recorded was changed or taken out.

    That is the chains of events, and what they say of the rows beside them: messages, their bytes and documents, keys,
    secrets and revisions.
    """
    with opened() as services:
        verification = services.store.audit.verification()
        broken = list(islice(verification.broken(), _SHOWN))
        streams, events = services.store.audit.size()
    looked_at = f"{counted(events, 'event')} in {counted(streams, 'chain')} checked"
    undigested = verification.undigested
    told = {"ok": not broken, "broken": broken, "streams": streams, "events": events, "undigested": undigested}
    screen.result(told, *(broken or [f"Every chain holds: {looked_at}."]))
    if undigested:
        screen.note(f"Not compared: {counted(undigested, 'document')} from before their digests were recorded.")
    return FAILED if broken else DONE
