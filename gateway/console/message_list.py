"""The list of messages: one box and filters, all of them in the address; searches that somebody keeps; files of it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from flask import Response, redirect, request, url_for

from gateway.console.csv_download import csv_download
from gateway.console.frame import console, needs, page, services, user
from gateway.lanes import LANES
from gateway.searching.exporting import Export
from gateway.searching.filters import FILTERS, KINDS, STATUS_CHOICES, UNREAD, Search, read_search
from gateway.searching.rows import COLUMNS, KINDS_SAID, rows_of
from gateway.store.ids import now_us
from gateway.store.message_search import Found, TooBroad
from gateway.store.saved_searches import CantSave
from mappings.sheets.writing import write_xlsx

SHOWN = 50
MOST_IN_CSV = 100_000
MOST_IN_XLSX = 20_000
"""Rows of a file: a workbook is made whole before any of it is sent."""
_TRIED_BACK = 2_000
"""Messages that are looked at for each filter that may leave everything out."""
_BEHIND = re.compile(r"[0-9a-f]{28}")
_LONGEST_QUERY = 2_000
_MOST_FIELDS = 100
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAMES = {
    "q": "text",
    "account": "account",
    "kind": "type",
    "status": "status",
    "lane": "lane",
    "since": "since",
    "until": "until",
    "problem": "problem",
    "test": "tests",
    "late": "response overdue",
}
_TOO_BROAD = "Too much has these words to look through: add a word, an account or a time, or write more of the number."


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, with the search without it."""

    said: str
    without: Search


@console.get("/messages")
@needs("viewer")
def message_list() -> Any:
    """What fits, newest first, a page at a time."""
    return _list()


@console.post("/messages/saved")
@needs("viewer")
def save_search() -> Any:
    """Keep the search that is shown under a name, for whoever keeps it."""
    name, query = request.form.get("name", ""), request.form.get("query", "")[:_LONGEST_QUERY]
    search, wrong = read_search(_of_address(query), now_us())
    if wrong:
        return redirect(url_for("console.message_list") + f"?{search.query()}", 303)
    try:
        services().store.saved_searches.save(user().id, name, search.query())
    except CantSave as refused:
        return _list(search, {"name": str(refused)}, name)
    return redirect(url_for("console.message_list") + f"?{search.query()}", 303)


@console.post("/messages/saved/remove")
@needs("viewer")
def remove_search() -> Any:
    """Forget one of one's own."""
    services().store.saved_searches.remove(user().id, request.form.get("name", ""))
    return redirect(url_for("console.message_list"), 303)


@console.get("/messages/export.csv")
@needs("viewer")
def messages_csv() -> Any:
    """All that fit as CSV, as many as such a file has."""
    search, wrong = read_search(request.args.to_dict(flat=False), now_us())
    if wrong:
        return redirect(url_for("console.message_list") + f"?{search.query()}", 303)
    return csv_download(
        "messages.csv", COLUMNS, Export(services().store, search.of_account(user().account_id), MOST_IN_CSV)
    )


@console.get("/messages/export.xlsx")
@needs("viewer")
def messages_xlsx() -> Any:
    """The same as a workbook."""
    search, wrong = read_search(request.args.to_dict(flat=False), now_us())
    if wrong:
        return redirect(url_for("console.message_list") + f"?{search.query()}", 303)
    out = io.BytesIO()  # some megabytes at most, of so many rows
    write_xlsx(out, "messages", COLUMNS, Export(services().store, search.of_account(user().account_id), MOST_IN_XLSX))
    answer = Response(out.getvalue(), mimetype=_XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="messages.xlsx"'
    return answer


def _of_address(query: str) -> Mapping[str, list[str]]:
    try:
        return parse_qs(query, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}


def _list(search: Search | None = None, wrong: Mapping[str, str] | None = None, name: str = "") -> Any:
    told, faults = read_search(request.args.to_dict(flat=False), now_us()) if search is None else (search, {})
    wrong, own = {**faults, **(wrong or {})}, user().account_id
    if own is not None:
        told = told.without("account")  # it is theirs in any case
    before = request.args.get("before", "") if search is None else ""
    if before and not _BEHIND.fullmatch(before):
        before = ""
    found, trouble = Found([], None), ""
    if not faults:
        try:
            found = services().store.search.page(told.of_account(own), before or None, SHOWN)
        except TooBroad:
            trouble = _TOO_BROAD
    return page(
        "message_list",
        search=told,
        wrong=wrong,
        trouble=trouble,
        rows=rows_of(services().store, found.messages),
        found=found,
        before=before,
        chips=list(_chips(told)),
        excluding=_excluding(told, own) if not (found.messages or faults or trouble or found.following) else [],
        saved=services().store.saved_searches.of(user().id),
        name=name,
        backlog=_backlog() if told.q else None,
        choices={"kind": [(one, _kind_said(one)) for one in KINDS], "lane": [(one, one) for one in LANES]},
        statuses=STATUS_CHOICES,
        most_in_csv=MOST_IN_CSV,
        most_in_xlsx=MOST_IN_XLSX,
        may_replay=own is None and user().may("support"),
    )


def _backlog() -> int | None:
    """Since when all messages are found by their words, in microseconds since 1970; None: since ever."""
    before = services().store.search_backlog.before()
    return None if before is None else int(before[:12], 16) * 1000


def _chips(search: Search) -> Iterator[Chip]:
    for name, value in search.pairs():
        shown = _kind_said(value) if name == "kind" else value
        yield Chip(f"{_NAMES[name]}: {shown}", search.without(name, value))


def _kind_said(kind: str) -> str:
    return KINDS_SAID.get(None if kind == UNREAD else kind, kind)


def _excluding(search: Search, own: str | None) -> list[Chip]:
    """Filters without which something fits, where one alone leaves everything out."""
    found: list[Chip] = []
    for name in FILTERS:
        less = search.without(name)
        if less == search:
            continue
        try:
            fits = services().store.search.page(less.of_account(own), limit=1, most=_TRIED_BACK).messages
        except TooBroad:
            fits = []
        if fits:
            found.append(Chip(_NAMES[name], less))
    return found
