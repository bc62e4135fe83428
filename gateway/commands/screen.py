"""Where a command says what it did (JSON for programs, a table on a terminal, plain lines elsewhere), how it ends."""

from __future__ import annotations

import functools
import getpass
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec

import click

from gateway.states import ImpossibleMove
from schemas.faults import DocumentFailure, Fault, TryAgain

DONE, FAILED, USAGE, PARTLY, CONFLICT = 0, 1, 2, 3, 4
"""The exit codes of every command."""

_P = ParamSpec("_P")


class Failed(Exception):
    """The command can't do what it was asked: said to standard error, ends with `code`."""

    def __init__(self, detail: str, code: int = FAILED) -> None:
        super().__init__(detail)
        self.code = code


class Screen:
    """One command's output. Results go to standard output; notes and faults go to standard error."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, value: object, *lines: str) -> None:
        """`value` for programs, `lines` for people."""
        if self.as_json:
            click.echo(_json(value))
            return
        for line in lines:
            click.echo(printable(line))

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], nothing: str) -> None:
        """All of every row for programs; for people these columns, or `nothing` where there is no row."""
        if self.as_json:
            click.echo(_json(rows))
        elif not rows:
            self.note(nothing)
        elif sys.stdout.isatty():
            _print_table(rows, columns)
        else:
            for row in rows:
                click.echo("\t".join(printable(_cell(row.get(column))) for column in columns))

    def note(self, text: str) -> None:
        """Something worth knowing beside the result; programs read the result."""
        if not self.as_json:
            click.echo(printable(text), err=True)

    def faults(self, faults: Iterable[Fault], heading: str = "") -> None:
        """Every fault to standard error; for programs in one object."""
        found = list(faults)
        if self.as_json:
            click.echo(_json({"detail": heading, "faults": [fault.as_json() for fault in found]}), err=True)
            return
        for line in ([heading] if heading else []) + [line for fault in found for line in fault_lines(fault)]:
            click.echo(printable(line), err=True)

    def failure(self, detail: str) -> None:
        """Why nothing was done, to standard error."""
        if self.as_json:
            click.echo(_json({"detail": detail}), err=True)
        else:
            click.echo(printable(detail), err=True)


def reports(act: Callable[Concatenate[Screen, _P], int | None]) -> Callable[_P, None]:
    """A command that is handed a Screen, takes `--json`, and whose return value or failure is its exit code."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
    @functools.wraps(act)
    def run(*arguments: _P.args, **options: _P.kwargs) -> None:
        screen = Screen(bool(options.pop("as_json")))
        click.get_current_context().exit(_ending(screen, lambda: act(screen, *arguments, **options)))

    return run


def _ending(screen: Screen, act: Callable[[], int | None]) -> int:
    try:
        return act() or DONE
    except Failed as failure:
        screen.failure(str(failure))
        return failure.code
    except ImpossibleMove as failure:
        screen.failure(str(failure))
        return CONFLICT
    except TryAgain as failure:
        cause = "; ".join(fault.value or fault.detail for fault in failure.faults)
        screen.failure(f"The database can't be used now: {cause}")
        return FAILED
    except DocumentFailure as failure:
        screen.faults(failure.faults)
        return FAILED


def fault_lines(fault: Fault) -> list[str]:
    """A fault as people read it: code and places, what is wrong, what stood there, what would have been right."""
    place = "" if fault.location in ("", fault.path) else f"({fault.location})"
    head = "  ".join(part for part in (fault.code, fault.path, place) if part)
    lines = [head, f"    {fault.detail}"]
    if fault.value is not None:
        lines.append(f"    value: {fault.value}")
    if fault.expected is not None:
        lines.append(f"    expected: {fault.expected}")
    return lines


def printable(text: str) -> str:
    """Without control characters: what accounts send must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join("�" if unicodedata.category(letter) in ("Cc", "Cf", "Cs") else letter for letter in text)


def person() -> str:
    """Who does this, for the audit chain: the user at the command line."""
    try:
        return f"cli/{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, default=str)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*(column.replace("_", " ") for column in columns), box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(printable(_cell(row.get(column)))) for column in columns))
    Console(highlight=False).print(table)
