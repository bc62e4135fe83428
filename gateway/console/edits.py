"""A draft's edits as its page shows them: by file, each with who made it, and what goes and comes with it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from gateway.differences import TERMS_FILE
from gateway.drafting.drafts import Conflict, Draft
from gateway.drafting.marked import Marked, marked_bodies, marked_edit
from gateway.store.drafts import TERMS_KIND, Edit
from mappings.tables import TABLES

AT_ONCE = 25
"""Edits of a file that are shown on one page."""
_SAMPLES = "samples/"
_ORDER = (TERMS_FILE, *(table.file for table in TABLES.values()))


@dataclass(frozen=True, slots=True)
class ShownEdit:
    """One edit: what changes by it, and by what the form knows it that takes it back."""

    edit: Edit
    marks: Sequence[Marked]
    seen: str


@dataclass(frozen=True, slots=True)
class EditedFile:
    """Some of a file's edits. `behind`: what continues the list; empty where these are the last ones."""

    file: str
    count: int
    edits: Sequence[ShownEdit]
    behind: str


@dataclass(frozen=True, slots=True)
class Batch:
    """An import into the draft: its edits that still stand as they came."""

    id: str
    author: str
    at: int
    note: str
    count: int


@dataclass(frozen=True, slots=True)
class ShownConflict:
    """An edit of what was published otherwise since: what stands published against what was edited, and its edit."""

    edit: Edit
    theirs: Sequence[Marked]
    ours: Sequence[Marked]
    seen: str
    now: str


def edited_files(draft: Draft, only: str = "", after: str = "") -> list[EditedFile]:
    """The draft's edits by file; of one file alone those behind a key."""
    by_file = defaultdict[str, list[Edit]](list)
    for edit in draft.edits:
        by_file[file_of(edit)].append(edit)
    names = [name for name in by_file if not only or name == only]
    names.sort(key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return [_file(name, by_file[name], after if only else "") for name in names]


def _file(name: str, edits: list[Edit], after: str) -> EditedFile:
    behind = sorted((edit for edit in edits if edit.natural_key > after), key=lambda edit: edit.natural_key)
    if not after:
        behind = sorted(edits, key=lambda edit: edit.natural_key)
    page = behind[:AT_ONCE]
    more = page[-1].natural_key if len(behind) > AT_ONCE else ""
    return EditedFile(name, len(edits), [_shown(edit) for edit in page], more)


def _shown(edit: Edit) -> ShownEdit:
    return ShownEdit(edit, marked_edit(edit), fingerprint(edit.body))


def shown_conflict(conflict: Conflict) -> ShownConflict:
    """A conflict for somebody who decides."""
    edit, now = conflict.edit, conflict.now
    theirs, ours = marked_bodies(edit.key, edit.was, now), marked_edit(edit)
    return ShownConflict(edit, theirs, ours, fingerprint(edit.body), fingerprint(now))


def batches(draft: Draft) -> list[Batch]:
    """The imports that the draft has edits of, in the order in which they came."""
    of_imports = sorted((edit for edit in draft.edits if edit.batch), key=lambda edit: (edit.at, edit.batch))
    grouped = [(batch or "", list(edits)) for batch, edits in groupby(of_imports, key=lambda edit: edit.batch)]
    return [Batch(batch, some[0].author, some[0].at, some[0].note, len(some)) for batch, some in grouped]


def file_of(edit: Edit) -> str:
    """The file of the account's folder that an edit is of."""
    if edit.kind == TERMS_KIND:
        return TERMS_FILE
    if edit.kind in TABLES:
        return TABLES[edit.kind].file
    return _SAMPLES if edit.natural_key.startswith(_SAMPLES) else edit.natural_key


def fingerprint(body: str | None) -> str:
    """By what a form says which content whoever sends it saw."""
    return "none" if body is None else hashlib.sha256(body.encode()).hexdigest()[:20]
