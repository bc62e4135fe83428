"""What was published of an account: every revision, what one of them changed, and going back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import redirect, request, url_for

from gateway.causes import Cause, of_messages
from gateway.console.frame import Denied, Missing, actor, console, needs, own_account, page, services, user
from gateway.drafting.drafts import Unpublishable, draft_of
from gateway.drafting.marked import Marked, first_marked
from gateway.drafting.publishing import WayBack, role_obstacles, roll_back, unusable, way_back
from gateway.store.database import Collision
from gateway.store.revision_log import Entry
from gateway.store.sent_under import MOST_COUNTED

_AT_ONCE = 25
_CHANGES = 50
"""Differences of a file that are shown on one page."""
_DOCUMENTS = 10
"""Documents that are shown beside what goes back; all are on a page of their own."""
_LARGEST = 2_000_000_000
_LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """Some of what is different in a file. `behind`: how many come before the next page; 0 where there is none."""

    file: str
    count: int
    changes: Sequence[Marked]
    behind: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The revisions that one took back, and the documents that went out under them."""

    first: int
    last: int
    documents: int
    is_more: bool
    """There are more documents than were counted."""

    @property
    def since(self) -> int:
        """The revision that counts again: the one before the first of them."""
        return self.first - 1


@console.get("/accounts/<account_id>/revisions")
@needs("viewer", ours_alone=True)
def revision_list(account_id: str) -> Any:
    """All revisions, newest first; none of an account that is only a draft."""
    current = services().store.revisions.current([own_account(account_id)]).get(account_id)
    if current is None and not draft_of(services(), account_id).edits:
        raise Missing
    before = number_in("before")
    found = services().store.revision_log.page(account_id, before=before, limit=_AT_ONCE)
    more = found[-1].number if found and found[-1].number > 1 else None
    is_first = before is None
    return _page("revisions", account_id, revisions=found, current=current, more=more, is_first=is_first)


@console.get("/accounts/<account_id>/revisions/<int:number>")
@needs("viewer", ours_alone=True)
def revision(account_id: str, number: int) -> Any:
    """One revision: who published it, why, and what is different from another."""
    current = _current(account_id)
    entry = _entry(account_id, number)
    against = number_in("against")
    against = number - 1 if against is None else against
    if against:
        _entry(account_id, against)
    only, skipped = request.args.get("file", ""), number_in("from") or 0
    took_back = taken_back(account_id, entry.restores, number - 1) if entry.restores is not None else None
    changes, left_out = _differences(account_id, against, number)
    return _page(
        "revision",
        account_id,
        entry=entry,
        current=current,
        against=against,
        only=only,
        files=changed_files(changes, only, skipped),
        left_out=left_out,
        took_back=took_back,
        waiting=_waiting(account_id) if took_back and number == current else [],
        again=services().store.revision_log.restored_since(account_id, number),
    )


@console.get("/accounts/<account_id>/revisions/<int:number>/roll-back")
@needs("support", ours_alone=True)
def ask_roll_back(account_id: str, number: int) -> Any:
    """What publishing this revision again would change, before anybody does."""
    return _roll_back_page(_way_back(account_id, number))


@console.post("/accounts/<account_id>/revisions/<int:number>/roll-back")
@needs("support", ours_alone=True)
def roll_back_now(account_id: str, number: int) -> Any:
    """Publish this revision again."""
    way, form = _way_back(account_id, number), request.form
    reason = form.get("reason", "").strip()[:_LONGEST_REASON]
    if role_obstacles(way.kinds, user().role):
        raise Denied("integration")
    moved = "Another revision was published since this page was loaded. Nothing was done: this is what changes now."
    if form.get("current") != str(way.current.number):
        return _roll_back_page(way, 409, said=moved, reason=reason)
    if not reason:
        return _roll_back_page(way, 400, said="Say why: whoever looks at it later will ask.")
    seen = way.current.number
    try:
        done = roll_back(services(), account_id, number, author=actor(), reason=reason, seen_current=seen)
    except Collision:
        return _roll_back_page(_way_back(account_id, number), 409, said=moved, reason=reason)
    except Unpublishable:
        return _roll_back_page(way, 409)
    return redirect(url_for("console.revision", account_id=account_id, number=done.number), 303)


# --- what the pages of revisions share ----------------------------------------------------------------------------
def taken_back(account_id: str, since: int, until: int) -> TakenBack:
    """What went out under the revisions after `since`, up to `until`."""
    count = services().store.sent_under.count(account_id, since, until)
    return TakenBack(since + 1, until, min(count, MOST_COUNTED), count > MOST_COUNTED)


def number_in(name: str) -> int | None:
    """A number of the address's query; None where there is none. Raises Missing for what is none of a revision."""
    text = request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_LARGEST)) or int(text) > _LARGEST:
        raise Missing
    return int(text)


def known_entry(account_id: str, number: int) -> Entry:
    """One revision of an account that whoever asks may see. Raises Missing."""
    return _entry(own_account(account_id), number)


def changed_files(changes: Sequence[Marked], only: str = "", skipped: int = 0) -> list[ChangedFile]:
    """Differences by file; of one file alone those behind so many."""
    grouped = [(file, list(some)) for file, some in groupby(changes, key=lambda one: one.file)]
    return [_file(file, some, skipped if only else 0) for file, some in grouped if only in ("", file)]


def _file(file: str, some: list[Marked], skipped: int) -> ChangedFile:
    behind = skipped + _CHANGES
    return ChangedFile(file, len(some), some[skipped:behind], behind if len(some) > behind else 0)


def _page(template: str, account_id: str, status: int = 200, **told: Any) -> Any:
    return page(template, status, account_id=account_id, within="console.account_list", **told)


def _current(account_id: str) -> int:
    current = services().store.revisions.current([own_account(account_id)]).get(account_id)
    if current is None:
        raise Missing
    return current


def _entry(account_id: str, number: int) -> Entry:
    entry = services().store.revision_log.one(account_id, number) if number <= _LARGEST else None
    if entry is None:
        raise Missing
    return entry


def _differences(account_id: str, old: int, new: int) -> tuple[list[Marked], int]:
    store = services().store
    before, after = (store.revisions.terms(account_id, number) for number in (old, new))
    return first_marked(before, after, *store.revision_log.between(account_id, old, new))


def _waiting(account_id: str) -> list[Cause]:
    """Why messages wait that could be judged again now."""
    return [one for one in of_messages(services(), account_id) if one.what == "message"]


def _way_back(account_id: str, number: int) -> WayBack:
    if number > _LARGEST:
        raise Missing
    try:
        return way_back(services(), own_account(account_id), number)
    except LookupError:
        raise Missing from None


def _unusable(way: WayBack) -> list[str]:
    return [f"It can't be used any more: {fault.detail}" for fault in unusable(services(), way)]


def _roll_back_page(way: WayBack, status: int = 200, **told: Any) -> Any:
    account_id, until = way.account_id, way.current.number
    documents = services().store.sent_under.page(account_id, way.old.number, until, limit=_DOCUMENTS)
    only, skipped = request.args.get("file", ""), number_in("from") or 0
    changes, left_out = first_marked(way.current.terms, way.old.terms, way.removed, way.added)
    return _page(
        "roll_back",
        account_id,
        status,
        way=way,
        files=changed_files(changes, only, skipped),
        left_out=left_out,
        only=only,
        took_back=taken_back(account_id, way.old.number, until),
        documents=documents,
        drafted=len(draft_of(services(), account_id).edits),
        obstacles=[one.said for one in role_obstacles(way.kinds, user().role)] or _unusable(way),
        **told,
    )
