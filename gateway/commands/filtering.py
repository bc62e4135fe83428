"""The filters of a search as options of a command, the same as the console's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gateway.searching import Search

_OPTIONS = (
    click.option("--query", "q", metavar="TEXT", help="Words, a number or an id; PO-10* finds what begins so."),
    click.option("--account", metavar="ID", help="Only this account's."),
    click.option("--kind", help="order, change, cancel, answer, several or unread."),
    click.option("--status", multiple=True, help="Of this status, or of one of several; open: held and failed."),
    click.option("--lane", help="critical, high, standard or bulk."),
    click.option("--since", metavar="TIME", help="24h, 7d, 2026-11-23 or 2026-11-23T14:30 (UTC)."),
    click.option("--until", metavar="TIME", help="The same; a day's whole day."),
    click.option("--problem", metavar="FINGERPRINT", help="Only those with this cause."),
    click.option("--test", metavar="yes|no", help="Only tests, or none."),
    click.option("--late", flag_value="yes", help="Only what isn't answered yet, past the time of its response."),
)


def filtering(act: Callable[..., Any]) -> Callable[..., Any]:
    """A command that is handed the `search` of these options; whatever is wrong with them ends it, all at once."""

    @functools.wraps(act)
    def run(*arguments: Any, **options: Any) -> Any:
        names = ("q", "account", "kind", "status", "lane", "since", "until", "problem", "test", "late")
        return act(*arguments, search=_search({one: options.pop(one) for one in names}), **options)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


def _search(told: dict[str, Any]) -> Search:
    from gateway.searching.filters import read_search
    from gateway.store.ids import now_us

    given = {name: value if isinstance(value, tuple) else (value,) for name, value in told.items() if value}
    search, wrong = read_search(given, now_us())
    if wrong:
        options = {"q": "query"}
        raise click.UsageError("\n".join(f"--{options.get(name, name)}: {said}" for name, said in wrong.items()))
    return search
