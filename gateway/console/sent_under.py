"""The documents that went out under revisions that were taken back, or would be: a list, and a file of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask import request

from gateway.console.csv_download import csv_download
from gateway.console.frame import Missing, console, needs, page, services
from gateway.console.revisions import known_entry, number_in, taken_back
from gateway.store.sent_under import SentDocument

_AT_ONCE = 50
_CURSOR = re.compile(r"([0-9]{1,9})-([0-9]{1,18})")
_COLUMNS = (
    "document",
    "type",
    "number",
    "order_number",
    "made_at",
    "revision",
    "test",
    "transport",
    "endpoint",
    "status",
)


@console.get("/accounts/<account_id>/revisions/<int:number>/documents")
@needs("viewer", ours_alone=True)
def documents_since(account_id: str, number: int) -> Any:
    """What went out under the revisions after this one, up to and with `until`."""
    until = _until(account_id, number)
    after = _after(request.args.get("after", ""))
    found = services().store.sent_under.page(account_id, number, until, after=after, limit=_AT_ONCE + 1)
    shown = found[:_AT_ONCE]
    return page(
        "documents_since",
        account_id=account_id,
        within="console.account_list",
        number=number,
        until=until,
        took_back=taken_back(account_id, number, until),
        documents=shown,
        behind="-".join(map(str, shown[-1].cursor)) if len(found) > _AT_ONCE else "",
    )


@console.get("/accounts/<account_id>/revisions/<int:number>/documents.csv")
@needs("viewer", ours_alone=True)
def documents_since_csv(account_id: str, number: int) -> Any:
    """All of them as CSV."""
    until = _until(account_id, number)
    rows = map(_cells, services().store.sent_under.all(account_id, number, until))
    return csv_download(f"{account_id}-revisions-{number + 1}-{until}.csv", _COLUMNS, rows)


def _until(account_id: str, number: int) -> int:
    """The last revision that is asked for. Raises Missing where it or the first one isn't there."""
    known_entry(account_id, number)
    until = number_in("until")
    if until is None:
        return services().store.revisions.current([account_id])[account_id]
    return known_entry(account_id, until).number


def _after(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Missing
    return int(found[1]), int(found[2])


def _exact(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).isoformat()


def _cells(one: SentDocument) -> tuple[object, ...]:
    made = (one.id, one.type, one.number, one.order_number, _exact(one.created_at), one.mapping_revision)
    return (*made, "yes" if one.test else "no", one.transport, one.endpoint, one.status)
