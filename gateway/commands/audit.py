"""The audit chain."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened, settings_now
from gateway.commands.screen import DONE, FAILED, Failed, Screen, counted, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.store.audit_log import Entry
    from gateway.store.seal_check import Expected, SealCheck

_SHOWN = 1000
_NO_KEY = "GATEWAY_SECRET_KEY isn't at hand: nobody can tell here whether the seals are the gateway's own."


@click.group()
def audit() -> None:
    """The audit chain."""


@audit.command()
@reports
@click.option("--expect", "kept", metavar="NUMBER:HASH", help="A seal that was kept elsewhere: it has to be there.")
def verify(screen: Screen, kept: str | None) -> int:
    """Check that nothing recorded was changed or taken out.

    That is the chains of events, what they say of the rows beside them (messages, their bytes and documents, keys,
    secrets and revisions), and the seals that the scheduler puts over them every minute.

    Seals are made under GATEWAY_SECRET_KEY: whoever has the database alone can't make one. What happened since the
    newest seal isn't sealed. That the whole database was put back, or its end cut off with its seals, shows where a
    seal is known from elsewhere: by --expect, or from the file audit.seal, which the scheduler keeps in the data
    folder.
    """
    from gateway.bootstrap import keyring_at_hand

    settings = settings_now()
    with opened() as services, _shown_progress(screen) as progress:
        keys = keyring_at_hand(settings).mark_keys
        verification = services.store.audit.verification(keys, _expected(settings.data_dir, kept), progress)
        broken = list(islice(verification.broken(), _SHOWN))
        unsealed = services.store.seals.unsealed(_SHOWN)
    seals, streams, events = verification.seals, verification.streams, verification.events
    told = {"ok": not broken, "broken": broken, "streams": streams, "events": events}
    told |= {"undigested": verification.undigested, **_sealed(seals, unsealed)}
    looked_at = f"{counted(events, 'event')} in {counted(streams, 'chain')} checked"
    screen.result(told, *(broken or [f"Every chain holds: {looked_at}."]))
    for line in _notes(verification.undigested, seals, unsealed):
        screen.note(line)
    return FAILED if broken else DONE


def _sealed(seals: SealCheck, unsealed: int) -> dict[str, Any]:
    newest = seals.newest
    found = None if newest is None else {"seal": newest.name, "at": moment(newest.at)}
    return {"newest_seal": found, "unsealed": unsealed, "seals_checked": not seals.unmarked}


def _notes(undigested: int, seals: SealCheck, unsealed: int) -> Iterator[str]:
    if undigested:
        yield f"Not compared: {counted(undigested, 'document')} from before their digests were recorded."
    if seals.newest is None:
        yield "Nothing is sealed yet: the scheduler does it every minute."
        return
    since = f"{unsealed}{' or more' if unsealed >= _SHOWN else ''}"
    yield f"Sealed until {moment(seals.newest.at)}, {since} events since. The newest seal, to be kept elsewhere:"
    yield seals.newest.name
    if seals.unmarked:
        yield _NO_KEY


def _expected(data_dir: Any, kept: str | None) -> list[Expected]:
    from gateway.auditing.sealing import expectation, expectation_at, kept_at

    try:
        found = [expectation(kept, "whoever kept it")] if kept else []
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    try:
        in_file = expectation_at(kept_at(data_dir))
    except (ValueError, OSError) as wrong:
        raise Failed(f"The file {kept_at(data_dir)} can't be read: {wrong}") from None
    if in_file is not None and all(one.number != in_file.number for one in found):
        found.append(in_file)
    return found


class _shown_progress:  # noqa: N801 reads as a word in `with _shown_progress(...)`
    """On a terminal, how far a look through everything is; elsewhere nothing."""

    def __init__(self, screen: Screen) -> None:
        self._is_shown = not screen.as_json and sys.stderr.isatty()
        self._live: Any = None

    def __enter__(self) -> Callable[[str, int], None] | None:
        if not self._is_shown:
            return None
        from rich.console import Console

        self._live = Console(stderr=True).status("Reading…")
        self._live.start()
        return lambda what, count: self._live.update(f"{count:,} {what} checked…")

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()


@audit.command()
@reports
def seal(screen: Screen) -> None:
    """Seal what is new in the audit chain now, and print the newest seal.

    The scheduler does it every minute. NUMBER:HASH is what `gateway audit verify --expect` takes: kept outside of
    this machine, it shows later that nothing before it was cut off or put back.
    """
    from gateway.auditing.sealing import Sealer
    from gateway.bootstrap import keyring_of

    settings = settings_now()
    with opened() as services:
        made = Sealer(services.store, keyring_of(settings), settings.data_dir).seal()
        newest = services.store.seals.newest()
    if newest is None:
        raise Failed("There is no event yet.")
    told = {"seal": newest.name, "at": moment(newest.at), "made": made}
    screen.result(told, newest.name)


_ABOUT = "Only about this: message, account, key, user, draft, delivery, problem, replay, secret, retention …"


@audit.command("list")
@reports
@click.option("--actor", metavar="NAME", help="Only what they did: a person's name, or as the chain has it.")
@click.option("--account", metavar="ID", help="Only about this account.")
@click.option("--about", metavar="KIND", help=_ABOUT)
@click.option("--since", metavar="T", help="From this day or moment on: 2026-11-27 or 2026-11-27T14:30, UTC.")
@click.option("--until", metavar="T", help="Until this moment, or the end of this day.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many.")
def list_events(
    screen: Screen,
    actor: str | None,
    account: str | None,
    about: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """List what people and systems did, newest first.

    What the pipeline does with orders is not among it: `gateway messages show ID` tells that.
    """
    from gateway.auditing.filters import asked_of

    fields = {"who": actor, "account": account, "about": about, "since": since, "until": until}
    with opened() as services:
        asked = asked_of(services.store, {name: value for name, value in fields.items() if value})
        if asked.wrong:
            raise click.UsageError("\n".join(f"--{name}: {why}" for name, why in asked.wrong.items()))
        names = {one.id: one.name for one in services.store.users.all()}
        rows = [_event(one, names) for one in islice(services.store.audit_log.all(asked.wanted), limit)]
    screen.table(rows, ["at", "actor", "what", "account", "reason"], "Nothing that fits.", limit)


@audit.command("show")
@reports
@click.argument("stream")
def show(screen: Screen, stream: str) -> None:
    """Show every event of one stream, oldest first.

    STREAM is a message's id, or what `gateway audit list --json` names: key/ID, account/ID, user/ID, problem/…
    """
    with opened() as services:
        found = services.store.audit_log.stream(stream) if "\0" not in stream else []
        names = {one.id: one.name for one in services.store.users.all()}
    if not found:
        raise Failed(f"There is no stream {stream}.")
    rows = [_event(one, names) for one in found]
    screen.table(rows, ["number", "at", "actor", "what", "reason"], "")


def _event(one: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    from gateway.auditing.sentences import changes_of, reason_of, said

    changes = [{"what": what or None, "before": before, "after": after} for what, before, after in changes_of(one)]
    told = {"stream": one.stream, "number": one.number, "at": moment(one.at), "actor": one.actor, "kind": one.kind}
    what = {"what": said(one, names), "account": one.account_id, "reason": reason_of(one) or None}
    return {**told, **what, "changes": changes, "body": one.body}
