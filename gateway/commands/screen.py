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
from schemas.fault_codes import FAULTS
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

    def table(
        self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], nothing: str, limit: int | None = None
    ) -> None:
        """All of every row for programs; for people these columns, or `nothing` where there is no row. Where as many
        as `limit` are there, that there may be more.

        On a terminal as a table; elsewhere a line of names, then a line a row, with tabs between.
        """
        if self.as_json:
            click.echo(_json(rows))
        elif not rows:
            self.note(nothing)
        elif sys.stdout.isatty():
            _print_table(rows, columns)
        else:
            click.echo("\t".join(columns))
            for row in rows:
                click.echo("\t".join(printable(_cell(row.get(column))) for column in columns))
        if limit is not None and len(rows) >= limit:
            self.note(f"These are the first {limit:,}: --limit takes more.")

    def note(self, text: str) -> None:
        """Something worth knowing beside the result; programs read the result."""
        if not self.as_json:
            click.echo(printable(text), err=True)

    def faults(self, faults: Iterable[Fault], heading: str = "", warnings: Iterable[Fault] | None = None) -> None:
        """Every fault to standard error, and behind them the warnings, marked as such; for programs in one object."""
        found, warned = list(faults), list(warnings or ())
        if self.as_json:
            told: dict[str, Any] = {"detail": heading, "faults": [fault.as_json() for fault in found]}
            if warnings is not None:
                told["warnings"] = [fault.as_json() for fault in warned]
            click.echo(_json(told), err=True)
            return
        lines = [line for fault in found for line in fault_lines(fault)]
        for warning in warned:
            head, *rest = fault_lines(warning)
            lines += [f"warning: {head}", *rest]
        for line in ([heading] if heading else []) + lines:
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
    """A fault as people read it: code and places, what is wrong, what stood there, what would have been right. What
    the sentence says already, its place in front or the value in quotes, is not said once more."""
    is_said = fault.location in ("", fault.path) or fault.detail.startswith(f"{fault.location}: ")
    place = "" if is_said else f"({fault.location})"
    head = "  ".join(part for part in (fault.code, fault.path, place) if part)
    lines = [head, f"    {fault.detail}"]
    if fault.value is not None and repr(fault.value) not in fault.detail:
        lines.append(f"    value: {fault.value}")
    if fault.expected is not None:
        lines.append(f"    expected: {fault.expected}")
    return lines


def remedies(codes: Iterable[str]) -> dict[str, str]:
    """Fault code → what our people do about it, each code once."""
    return {code: FAULTS[code].remedy for code in dict.fromkeys(codes) if code in FAULTS}


def printable(text: str) -> str:
    """Without control characters: what accounts send must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join("�" if unicodedata.category(letter) in ("Cc", "Cf", "Cs") else letter for letter in text)


def counted(number: int, thing: str) -> str:
    """`1 site`, `2 sites`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


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


_GAP = 2
_NARROWEST_SENTENCE = 24


def _print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Side by side where every column has room, else one row below the other: nothing is left out or cut."""
    from rich.console import Console

    console = Console(highlight=False)
    texts = [[printable(_brief(column, _cell(row.get(column)))) for column in columns] for row in rows]
    names = [column.replace("_", " ") for column in columns]
    widths = _widths(names, texts, console.width)
    if widths is not None:
        _side_by_side(console, names, texts, widths)
        return
    broadest = max(map(len, names))
    for number, cells in enumerate(texts):
        lines = [f"{name:<{broadest}}  {cell}" for name, cell in zip(names, cells, strict=True) if cell]
        click.echo("\n".join([*([""] if number else []), *lines]))


def _side_by_side(console: Any, names: Sequence[str], texts: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _GAP, 0, 0))
    for name, width in zip(names, widths, strict=True):
        table.add_column(name, width=width, overflow="fold")
    for cells in texts:
        table.add_row(*map(Text, cells))
    console.print(table)


def _widths(names: Sequence[str], texts: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """A width for each column: only sentences are broken, at words, ids and numbers never. None: there is no room."""
    from rich.cells import cell_len

    columns = [list(cells) for cells in zip(*texts, strict=True)]
    widths = [max(map(cell_len, [name, *cells])) for name, cells in zip(names, columns, strict=True)]
    least = [
        min(width, _NARROWEST_SENTENCE) if any(" " in cell for cell in cells) else width
        for width, cells in zip(widths, columns, strict=True)
    ]
    room -= _GAP * (len(widths) - 1)
    if sum(least) > room:
        return None
    while (over := sum(widths) - room) > 0:
        spare = [width - smallest for width, smallest in zip(widths, least, strict=True)]
        widest = spare.index(max(spare))
        widths[widest] -= min(over, max(1, spare[widest] // 2))
    return widths


def _brief(column: str, cell: str) -> str:
    """A moment to the second is enough for eyes; programs get all of it."""
    return f"{cell[:19]}Z" if column.endswith("_at") and cell.endswith("+00:00") else cell
