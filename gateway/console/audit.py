"""Who did what, when and why: the audit chain for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from gateway.auditing.filters import asked_of, moment_text, place_of, place_text
from gateway.auditing.sentences import SUBJECTS, changes_of, details_of, reason_of, said, who
from gateway.console.csv_download import csv_download
from gateway.console.frame import console, needs, page, services
from gateway.console.words import upper_first
from gateway.store.audit_log import Entry, Wanted

_SHOWN = 50
_LONGEST = 200
_FIELDS = ("who", "account", "about", "since", "until")


@dataclass(frozen=True, slots=True)
class Row:
    """One event as the page shows it."""

    entry: Entry
    who: str
    said: str
    address: str | None
    """Of what it is about; None where there is no page of that."""
    reason: str
    changes: list[tuple[str, str, str]]
    details: list[tuple[str, str]]


@console.get("/audit")
@needs("support", ours_alone=True)
def audit() -> Any:
    """What people and systems did, newest first, filtered by the address."""
    told = _told()
    asked = asked_of(services().store, told)
    before = place_of(request.args.get("before", ""))
    found = services().store.audit_log.page(asked.wanted, before=before, limit=_SHOWN)
    names = _names()
    return page(
        "audit",
        rows=[_row(one, names) for one in found.entries],
        filters={name: value for name, value in told.items() if value},
        wrong=asked.wrong,
        subjects=SUBJECTS,
        actors=services().store.audit_log.actors(),
        is_later=before is not None,
        following=None if found.following is None else place_text(found.following),
        is_partial=found.is_partial,
        newest=services().store.seals.newest(),
    )


@console.get("/audit.csv")
@needs("support", ours_alone=True)
def audit_file() -> Any:
    """The same as a file, all of it."""
    wanted = asked_of(services().store, _told()).wanted
    columns = ["at", "who", "what", "account", "before", "after", "why", "stream", "number", "kind"]
    return csv_download("audit.csv", columns, _cells(wanted))


def _told() -> Mapping[str, str]:
    return {name: request.args.get(name, "")[:_LONGEST].strip() for name in _FIELDS}


def _names() -> Mapping[str, str]:
    return {one.id: one.name for one in services().store.users.all()}


def _cells(wanted: Wanted) -> Iterator[Sequence[object]]:
    log, names = services().store.audit_log, _names()
    return (_line(one, names) for one in log.all(wanted))


def _line(one: Entry, names: Mapping[str, str]) -> Sequence[object]:
    changes = changes_of(one)
    before, after = ("; ".join(_pair(change[0], change[at]) for change in changes) for at in (1, 2))
    what = (said(one, names), one.account_id, before, after, reason_of(one))
    return (moment_text(one.at), one.actor, *what, one.stream, one.number, one.kind)


def _pair(name: str, value: str) -> str:
    return f"{name}: {value}" if name else value


def _row(entry: Entry, names: Mapping[str, str]) -> Row:
    return Row(
        *(entry, upper_first(who(entry.actor)), said(entry, names), address_of(entry)),
        *(reason_of(entry), changes_of(entry), details_of(entry)),
    )


def address_of(entry: Entry) -> str | None:
    """The page of what an event is about; None where there is none."""
    about, number = entry.about, entry.body.get("number")
    match entry.subject:
        case "message":
            return url_for("console.message", message_id=about)
        case "account" if isinstance(number, int) and number > 0:
            return url_for("console.revision", account_id=about, number=number)
        case "account" | "pickup" | "retention":
            return url_for("console.account", account_id=about)
        case "draft":
            return url_for("console.draft", account_id=about)
        case "delivery":
            return url_for("console.document", document_id=about)
        case "problem":
            return url_for("console.problem", fingerprint=about)
        case "replay":
            return url_for("console.replay", replay_id=about)
        case "user":
            return url_for("console.people")
        case "key" if entry.account_id is not None:
            return url_for("console.account", account_id=entry.account_id)
    return None
