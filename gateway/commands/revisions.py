"""What was published of a mapping: its revisions, what is different between two, and going back to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.drafts import known_draft
from gateway.commands.marks import marked_json, marked_lines
from gateway.commands.opening import folder_at, opened
from gateway.commands.screen import CONFLICT, FAILED, Failed, Screen, counted, person, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.drafting.marked import Marked
    from gateway.drafting.publishing import WayBack
    from gateway.services import Services
    from gateway.store.revision_log import Entry
    from gateway.store.revisions import Row
    from gateway.store.sent_under import SentDocument

_LARGEST = 2_000_000_000
_SHOWN = 20
"""Documents that people are shown; programs get up to as many as are counted."""


@click.command()
@reports
@click.argument("account_id", metavar="ID")
@click.option("--limit", type=click.IntRange(1, 1_000), default=25, show_default=True, help="So many at most.")
@click.option("--before", metavar="REVISION", type=click.IntRange(1, _LARGEST), help="Those before this one.")
def history(screen: Screen, account_id: str, limit: int, before: int | None) -> None:
    """List an account's revisions: when, who, why, newest first."""
    with opened() as services:
        known_draft(services, account_id)
        found = services.store.revision_log.page(account_id, before=before, limit=limit)
    columns = ["revision", "published_at", "author", "reason", "added", "removed", "restores"]
    screen.table([_entry(one) for one in found], columns, "Nothing was published yet.")


@click.command()
@reports
@click.argument("account_id", metavar="ID")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
def diff(screen: Screen, account_id: str, old: str, new: str) -> None:
    """Show what is different between two states of a mapping.

    A and B are numbers of revisions, `published`, `draft`, or the account's folder on this machine. Field maps and
    samples are compared line by line.
    """
    from gateway.drafting.marked import marked

    with opened() as services:
        before, after = (_side(services, account_id, named) for named in (old, new))
    found = marked(before.terms, after.terms, before.rows, after.rows)
    told = {"id": account_id, "old": before.name, "new": after.name, "differences": marked_json(found)}
    screen.result(told, *(marked_lines(found) if found else ["Nothing is different."]))


@click.command()
@reports
@click.argument("account_id", metavar="ID")
@click.argument("number", metavar="REVISION", type=click.IntRange(1, _LARGEST))
@click.option("--reason", metavar="TEXT", help="Why, for the record; needed unless it is a dry run.")
@click.option("--dry-run", is_flag=True, help="Only show what would change, and what went out meanwhile.")
def rollback(screen: Screen, account_id: str, number: int, reason: str | None, dry_run: bool) -> int:
    """Publish an earlier revision of a mapping again.

    It becomes a new revision. What changes by that is shown, and the documents that went out under the revisions that
    are taken back: they stay as they are. A draft stays.

    Exit code 1: it can't be used any more; 4: another revision was published meanwhile.
    """
    from gateway.drafting.drafts import Unpublishable
    from gateway.drafting.publishing import roll_back, way_back
    from gateway.store.database import Collision

    if reason is None and not dry_run:
        raise click.UsageError("Say why: --reason TEXT.")
    with opened() as services:
        try:
            way = way_back(services, account_id, number)
        except LookupError:
            raise Failed(f"{account_id} has no revision {number} before the one that counts now.") from None
        told, changes = _way(services, way)
        if not dry_run:
            known = {"author": person(), "reason": reason or "", "seen_current": way.current.number}
            try:
                told["revision"] = roll_back(services, account_id, number, **known).number  # type: ignore[arg-type]
            except Unpublishable as unusable:
                screen.faults(unusable.faults, f"Revision {number} can't be used any more:")
                return FAILED
            except Collision:
                raise Failed("Another revision was published meanwhile. Nothing was done.", CONFLICT) from None
    screen.result(told, *_way_lines(told, changes))
    return 0


@dataclass(frozen=True, slots=True)
class _Side:
    """One state of a mapping to compare."""

    name: str
    terms: Mapping[str, Any]
    rows: Sequence[Row]


def _side(services: Services, account_id: str, named: str) -> _Side:
    """Raises Failed where there is no such state, FilesRejected where a folder can't be read."""
    from gateway.accounts import folder_rows, folder_terms
    from gateway.store.revisions import account_scope
    from mappings.files.account_folder import read_account

    if named in ("draft", "published"):
        found = known_draft(services, account_id)
        terms, rows = (found.terms, found.rows) if named == "draft" else (found.published.terms, found.published.rows)
        return _Side(named, terms, rows)
    if named.isascii() and named.isdigit():
        number = int(named)
        stored = services.store.revisions.load(account_scope(account_id), number) if number <= _LARGEST else None
        if stored is None:
            raise Failed(f"{account_id} has no revision {named}.")
        return _Side(f"revision {number}", stored.terms, stored.rows)
    if (path := folder_at(named)) is None:
        raise Failed(f"{named} is no revision's number, not `published` or `draft`, and no account's folder.")
    folder = read_account(path)
    return _Side(str(path), folder_terms(folder), folder_rows(folder))


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "revision": one.number,
        "published_at": moment(one.published_at),
        "author": one.author,
        "reason": one.reason,
        "added": one.came,
        "removed": one.went,
        "terms_changed": one.terms_changed,
        "restores": one.restores,
    }


def _way(services: Services, way: WayBack) -> tuple[dict[str, Any], list[Marked]]:
    from gateway.drafting.marked import marked
    from gateway.store.sent_under import MOST_COUNTED

    changes = marked(way.current.terms, way.old.terms, way.removed, way.added)
    since, until = way.old.number, way.current.number
    documents = services.store.sent_under.page(way.account_id, since, until, limit=MOST_COUNTED + 1)
    told = {
        "id": way.account_id,
        "restores": since,
        "revision": None,
        "taken_back": list(range(since + 1, until + 1)),
        "differences": marked_json(changes),
        "documents": [_document(one) for one in documents[:MOST_COUNTED]],
        "more_documents": len(documents) > MOST_COUNTED,
    }
    return told, changes


def _document(one: SentDocument) -> dict[str, Any]:
    made = {"id": one.id, "type": one.type, "number": one.number, "order_number": one.order_number}
    sent = {"transport": one.transport, "endpoint": one.endpoint, "status": one.status}
    return {**made, "created_at": moment(one.created_at), "revision": one.mapping_revision, "test": one.test, **sent}


def _way_lines(told: dict[str, Any], changes: Sequence[Marked]) -> Iterator[str]:
    yield from marked_lines(changes)
    documents, more = told["documents"], told["more_documents"]
    many = f"more than {len(documents)} documents" if more else counted(len(documents), "document")
    yield f"{many} went out under what is taken back{':' if documents else '.'}"
    for one in documents[:_SHOWN]:
        where = one["endpoint"] or one["transport"] or "nowhere"
        yield f"  {one['created_at']}  {one['type']} {one['number']}  order {one['order_number'] or 'none'}  {where}"
    if len(documents) > _SHOWN or more:
        page = f"/accounts/{told['id']}/revisions/{told['restores']}/documents?until={told['taken_back'][-1]}"
        yield f"  all of them: {page} in the console, or --json"
    if told["revision"] is None:
        yield f"{told['id']}: revision {told['restores']} would be published again. Nothing was done."
        return
    yield f"{told['id']}: revision {told['restores']} is published again, as revision {told['revision']}."
    yield "What waits can be judged again: gateway problems list, then gateway replay --problem FINGERPRINT."
