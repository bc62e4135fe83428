"""Who, when and why of every rule: each line of a map, or each key of account.yaml, with what last changed it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from gateway.console.frame import Missing, console, needs, own_account, page, services
from gateway.differences import TERMS_FILE
from gateway.drafting.blame import blame, blame_terms
from gateway.drafting.drafts import Draft, draft_of
from gateway.drafting.marked import text_of
from gateway.store.drafts import TERMS_KIND, Edit
from gateway.store.revision_log import Entry
from gateway.store.revisions import Row

_MOST_LINES = 3_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came with: a published revision, or an edit of the draft (number 0)."""

    number: int
    author: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """One line, or one key with its value."""

    name: str
    text: str
    origin: Origin
    is_first: bool
    """The one before it came with something else."""


@console.get("/accounts/<account_id>/revisions/lines")
@needs("viewer", ours_alone=True)
def rule_history(account_id: str) -> Any:
    """One file's lines."""
    draft = draft_of(services(), own_account(account_id))
    if not draft.number:
        raise Missing
    names = _names(draft)
    file = request.args.get("file") or next((name for name in names if name.endswith(".yaml")), TERMS_FILE)
    if file not in names:
        raise Missing
    told = list(_terms(draft) if file == TERMS_FILE else _lines(draft, file))
    return page(
        "rule_history",
        account_id=account_id,
        within="console.account_list",
        file=file,
        names=names,
        is_terms=file == TERMS_FILE,
        lines=told[:_MOST_LINES],
        more=max(0, len(told) - _MOST_LINES),
    )


def _names(draft: Draft) -> list[str]:
    """The account's files that are text, as the draft has them."""
    maps = sorted(row.natural_key for row in draft.files if text_of(row) is not None)
    return [*(name for name in maps if "/" not in name), TERMS_FILE, *(name for name in maps if "/" in name)]


def _lines(draft: Draft, file: str) -> Iterator[Told]:
    published = services().store.revision_log.file_versions(draft.account_id, file)
    versions = [(_origin(entry), _text(file, body)) for entry, body in published]
    if edit := draft.edited.get(("file", file)):
        versions.append((_drafted(edit), _text(file, edit.body)))
    before: Origin | None = None
    for number, (origin, text) in enumerate(blame(versions), 1):
        yield Told(str(number), text, origin, origin != before)
        before = origin


def _terms(draft: Draft) -> Iterator[Told]:
    published = services().store.revision_log.terms_versions(draft.account_id)
    versions: list[tuple[Origin, Mapping[str, Any]]] = [(_origin(entry), terms) for entry, terms in published]
    if edit := draft.edited.get((TERMS_KIND, "")):
        versions.append((_drafted(edit), json.loads(edit.body or "{}")))
    return (Told(key, value, origin, True) for origin, key, value in _sorted(blame_terms(versions)))


def _sorted(found: Sequence[tuple[Origin, str, str]]) -> list[tuple[Origin, str, str]]:
    return sorted(found, key=lambda one: one[1])


def _text(file: str, body: str | None) -> str:
    return "" if body is None else text_of(Row("file", file, body)) or ""


def _origin(entry: Entry) -> Origin:
    return Origin(entry.number, entry.author, entry.published_at, entry.reason)


def _drafted(edit: Edit) -> Origin:
    return Origin(0, edit.author, edit.at, edit.note)
