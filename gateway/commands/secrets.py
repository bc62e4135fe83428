"""Secrets that accounts' terms name: kept in the database, encrypted, and never shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import begun, opened, settings_now
from gateway.commands.screen import (
    CONFLICT,
    DONE,
    FAILED,
    PARTLY,
    USAGE,
    Failed,
    Screen,
    counted,
    person,
    printable,
    reports,
)
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.kept_secrets import KeptSecrets, Standing
    from gateway.services import Services

_COLUMNS = ["name", "source", "state", "number", "created_at", "created_by", "used_by"]
_STATES: Mapping[str, str] = {
    "present": "set",
    "before": "set, under GATEWAY_SECRET_KEY_BEFORE",
    "nothing": "can't be decrypted",
}
_MOST_BYTES = 4_000_000
_NO_ARGUMENT = (
    "A value is no argument: it would stay in the shell's history and in the list of processes. It is read from "
    "--file F or from standard input, and asked for on a terminal."
)


@click.group()
def secrets() -> None:
    """Secrets that accounts' terms name."""


@secrets.command("set")
@reports
@click.argument("name")
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Read the value from this file.",
)
@click.option("--force", is_flag=True, help="Also where other secrets can't be decrypted here.")
def set_secret(screen: Screen, name: str, more: tuple[str, ...], file: Path | None, force: bool) -> None:
    """Set the secret of a name, or change it.

    The value is read from --file or from standard input; on a terminal it is asked for and not shown. It is UTF-8, and
    a line break at its end is left out; those within it, of a key in PEM for instance, stay. It is kept in the
    database, encrypted under GATEWAY_SECRET_KEY. Running processes use it within a second or two, and documents that
    were held for want of it, or wait because a wrong one was refused, go at once.

    A secret in the environment (GATEWAY_SECRET_<NAME>) wins over it, process by process.

    Exit code 4: other secrets can't be decrypted with the GATEWAY_SECRET_KEY that this command sees, so that it is most
    likely another than that of the processes.
    """
    from gateway.kept_secrets import BadSecret, check_name, check_value, spelt
    from gateway.sealing import NotOpened

    if more:
        raise click.UsageError(_NO_ARGUMENT)
    name = spelt(name)
    try:
        check_name(name)
        value = _value(name, file)
        check_value(value)
    except BadSecret as wrong:
        raise Failed(f"The secret can't be set: {wrong}.", USAGE) from None
    with begun() as services:
        kept = _kept(services)
        if not force:
            _must_be_the_key(kept, name)
        try:
            number, is_instead = kept.set(name, value, actor=person())
        except NotOpened as why:
            raise Failed(f"Nothing can be encrypted: {why}.") from None
        in_environment = name in services.secrets.in_environment
    told = {"name": name, "number": number, "replaced": is_instead, "in_environment": in_environment}
    said = "is changed" if is_instead else "is set"
    screen.result(told, f"Secret {name} {said}. Running processes use it within a second or two.")
    if in_environment:
        screen.note(f"GATEWAY_SECRET_{name} is in the environment here, and wins wherever it is.")
    _warn_of_own_key(screen)


@secrets.command("list")
@reports
def list_secrets(screen: Screen) -> None:
    """List secrets by name, never with a value.

    Those that accounts' terms name and nobody has set are among them. `source` says where this command finds each: in
    its own environment, which wins, or in the database.
    """
    from gateway.secret_uses import secret_uses

    with opened() as services:
        uses, found = secret_uses(services.store), {one.secret.name: one for one in _kept(services).all()}
        environment = services.secrets.in_environment
    rows = [_row(name, found.get(name), name in environment, uses) for name in sorted({*found, *environment, *uses})]
    screen.table(rows, _COLUMNS, "No secrets.")


@secrets.command()
@reports
@click.argument("name")
@click.option("--reason", required=True, help="Why, for the record.")
@click.option("--force", is_flag=True, help="Also where an account's terms name it.")
def remove(screen: Screen, name: str, reason: str, force: bool) -> None:
    """Forget the secret of a name.

    Its value is gone at once; that it was there stays on record. One in the environment is taken out there.

    Exit code 4: an account's terms name it.
    """
    from gateway.kept_secrets import spelt
    from gateway.secret_uses import secret_uses

    name = spelt(name)
    with opened() as services:
        used_by = secret_uses(services.store).get(name, [])
        kept = _kept(services)
        if name not in {one.secret.name for one in kept.all()}:
            raise Failed(f"There is no secret {name} in the database.")
        if used_by and not force:
            raise Failed(
                f"Terms name the secret {name} ({'; '.join(used_by)}). --force removes it all the same.", CONFLICT
            )
        if not kept.remove(name, actor=person(), reason=reason):
            raise Failed(f"There is no secret {name} in the database.")
    screen.result({"name": name, "removed": True, "used_by": used_by}, f"Secret {name} is removed.")


@secrets.command()
@reports
def reencrypt(screen: Screen) -> int:
    """Encrypt all of them under the present key.

    That is GATEWAY_SECRET_KEY; the one before is told in GATEWAY_SECRET_KEY_BEFORE, and is needed no more afterwards.
    It may run while everything runs, and more than once.

    Exit code 3: some can't be decrypted, and are left as they are; 1: none can.
    """
    from gateway.sealing import NotOpened

    with opened() as services:
        kept = _kept(services)
        try:
            done, left = kept.reencrypt(actor=person())
        except NotOpened as why:
            raise Failed(f"Nothing can be encrypted: {why}.") from None
        whole = [one.secret.name for one in kept.all() if one.opened_by == "present"]
    told = {"reencrypted": done, "left": left, "under_present_key": len(whole)}
    screen.result(told, *_reencrypted(done, left, whole))
    if left:
        return PARTLY if whole else FAILED
    return DONE


# --- values ------------------------------------------------------------------------------------------------------
def _value(name: str, file: Path | None) -> str:
    """What is to be set. Raises BadSecret, and Failed where the file can't be read."""
    if file is None and sys.stdin.isatty():
        return str(click.prompt(f"Secret {printable(name)}", hide_input=True, confirmation_prompt=True, err=True))
    try:
        if file is None or str(file) == "-":
            said = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with file.open("rb") as opened_file:
                said = opened_file.read(_MOST_BYTES + 1)
    except OSError as failure:
        raise Failed(f"{file} can't be read: {failure.strerror}.") from None
    return _text(said)


def _text(said: bytes) -> str:
    """Without the mark that some editors put first, and without the line break that every editor puts last."""
    from gateway.kept_secrets import BadSecret

    if len(said) > _MOST_BYTES:
        raise BadSecret(f"it has more than {_MOST_BYTES:,} bytes")
    try:
        text = said.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadSecret("it isn't UTF-8; what is binary is set in the text that its transport asks for") from None
    return text.removesuffix("\n").removesuffix("\r")


# --- keys --------------------------------------------------------------------------------------------------------
def _kept(services: Services) -> KeptSecrets:
    kept = services.secrets.kept
    if kept is None:
        raise AssertionError("services are built with the database's secrets")
    return kept


def _must_be_the_key(kept: KeptSecrets, name: str) -> None:
    lost = [one.secret.name for one in kept.all() if one.opened_by == "nothing" and one.secret.name != name]
    if lost:
        raise Failed(
            f"{_these(lost)} can't be decrypted with the GATEWAY_SECRET_KEY here: what is set under it, the gateway's "
            "processes most likely can't read. --force sets it all the same.",
            CONFLICT,
        )


def _warn_of_own_key(screen: Screen) -> None:
    """Machines that share a database have to share the key as well."""
    settings = settings_now()
    if settings.secret_key is None and not settings.database.startswith("sqlite"):
        screen.note(
            f"GATEWAY_SECRET_KEY isn't set: it is encrypted under {settings.secret_file}, which no other machine has."
        )


# --- shown -------------------------------------------------------------------------------------------------------
def _row(name: str, found: Standing | None, in_environment: bool, uses: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        "name": name,
        "source": "environment" if in_environment else None if found is None else "database",
        "state": "set" if in_environment else "not set" if found is None else _STATES[found.opened_by],
        "in_database": found is not None,
        "number": None if found is None else found.secret.number,
        "created_at": None if found is None else moment(found.secret.created_at),
        "created_by": None if found is None else found.secret.created_by,
        "used_by": list(uses.get(name, [])),
    }


def _reencrypted(done: Sequence[str], left: Sequence[str], whole: Sequence[str]) -> Iterator[str]:
    if done:
        yield f"{_these(done)} {'is' if len(done) == 1 else 'are'} encrypted under the present key now."
    if left:
        yield f"{_these(left)} can't be decrypted: GATEWAY_SECRET_KEY_BEFORE is another key; or set them anew."
    elif not done:
        where = "GATEWAY_SECRET_KEY" if settings_now().secret_key else f"the file {settings_now().secret_file}"
        yield f"Nothing is under another key than this shell has, {where} ({counted(len(whole), 'secret')})."
        yield "Where the gateway has another key, run this with its GATEWAY_SECRET_KEY and GATEWAY_SECRET_KEY_BEFORE."
    else:
        yield "GATEWAY_SECRET_KEY_BEFORE is needed no more."


def _these(names: Iterable[str]) -> str:
    """`Secret A`, `Secrets A, B`."""
    listed = list(names)
    return f"Secret{'' if len(listed) == 1 else 's'} {', '.join(listed)}"
