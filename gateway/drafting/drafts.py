"""An account's draft: its published mapping with what was edited, to be looked at, tried out and published.

An account has one draft, which everybody edits. It keeps the edits alone, so that rows which nobody touched follow what
others publish; a row that was edited here and published otherwise meanwhile is a conflict, which somebody resolves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from gateway.accounts import folder_of, folder_problems, kept_terms, revision_of
from gateway.differences import Difference, row_differences, term_differences
from gateway.remembered import Remembered
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.drafts import TERMS_KEY, TERMS_KIND, Change, Edit, Key, StoredDraft, clear
from gateway.store.revisions import Published, Row, StoredRevision, account_scope
from gateway.store.store import Store
from mappings.account import Account
from mappings.own_format import map_faults, map_warnings, missing_maps
from mappings.revision import Catalogue, MappingRevision
from schemas.faults import Fault

if TYPE_CHECKING:
    from gateway.services import Services

_KEPT = 4
"""Accounts, of each its draft as it is now: of 100,000 items some 100 MB."""
_OF_ONE = 4
"""What is kept of each: what is published, the draft, the same compiled, its faults."""
_TRIES = 5
_TERMS_ROW = (TERMS_KIND, TERMS_KEY)
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit of a row that was published otherwise since: `now` is what is published (None: no such row)."""

    edit: Edit
    now: str | None


class Conflicting(Exception):
    """The draft can't be published before these conflicts are resolved."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__(f"{len(conflicts)} edits of what was published otherwise meanwhile")
        self.conflicts = conflicts


class Unpublishable(Exception):
    """The draft has faults with which it could not be used."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Draft:
    """An account's mapping as it would be: the revision that is published (number 0: none yet) and the edits."""

    published: StoredRevision
    stored: StoredDraft

    @property
    def account_id(self) -> str:
        """Whose it is."""
        return self.stored.account_id

    @property
    def number(self) -> int:
        """The published revision that it would follow; 0 where there is none."""
        return self.published.number

    @property
    def version(self) -> int:
        """One more at each edit."""
        return self.stored.version

    @property
    def edits(self) -> tuple[Edit, ...]:
        """In the order in which they were made."""
        return self.stored.edits

    @cached_property
    def published_rows(self) -> dict[Key, Row]:
        """The published rows by their keys."""
        return {(row.kind, row.natural_key): row for row in self.published.rows}

    @cached_property
    def edited(self) -> dict[Key, Edit]:
        """The edits by what they are about."""
        return {edit.key: edit for edit in self.edits}

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows as they would be: those that stay, then those that come."""
        stay = [row for row in self.published.rows if (row.kind, row.natural_key) not in self.edited]
        return (*stay, *(Row(*edit.key, edit.body) for edit in self._of_rows if edit.body is not None))

    @cached_property
    def files(self) -> tuple[Row, ...]:
        """The field maps and samples among them: few, where the tables may have 100,000 rows."""
        return tuple(row for row in self.rows if row.kind == "file")

    @property
    def _of_rows(self) -> list[Edit]:
        return [edit for edit in self.edits if edit.kind != TERMS_KIND]

    @cached_property
    def terms(self) -> Mapping[str, Any]:
        """account.yaml's content as it would be."""
        edit = self.edited.get(_TERMS_ROW)
        terms: Mapping[str, Any] = json.loads(edit.body) if edit and edit.body else self.published.terms
        return terms

    @cached_property
    def as_stored(self) -> StoredRevision:
        """The draft as a revision that nobody published: number 0."""
        return StoredRevision(self.published.scope, 0, 0, "", "", self.terms, self.rows)

    def body(self, kind: str, natural_key: str) -> str | None:
        """A row as it would be; None where there would be none."""
        key = (kind, natural_key)
        return self.edited[key].body if key in self.edited else self.published_body(kind, natural_key)

    def published_body(self, kind: str, natural_key: str) -> str | None:
        """The same as it is published."""
        if (kind, natural_key) == _TERMS_ROW:
            return terms_text(self.published.terms) if self.number else None
        row = self.published_rows.get((kind, natural_key))
        return None if row is None else row.body

    @cached_property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Edits of rows that were published otherwise since. One that says what is published now is none."""
        found = ((edit, self.published_body(*edit.key)) for edit in self.edits)
        return tuple(Conflict(edit, now) for edit, now in found if now not in (edit.was, edit.body))

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """What would be different from what is published."""
        touched = [edit.key for edit in self._of_rows]
        old = [self.published_rows[key] for key in touched if key in self.published_rows]
        new = [Row(*edit.key, edit.body) for edit in self._of_rows if edit.body is not None]
        return (*term_differences(self.published.terms, self.terms), *row_differences(old, new))

    def change(self, kind: str, natural_key: str, seen: str | None, body: str | None) -> Change:
        """That this row, where somebody saw `seen`, is to become `body` (None: it goes)."""
        return Change(kind, natural_key, seen, self.published_body(kind, natural_key), body)


def terms_text(terms: Mapping[str, Any]) -> str:
    """account.yaml's content as an edit keeps it."""
    return json.dumps(terms, sort_keys=True, ensure_ascii=False)


def revision_of_draft(draft: Draft) -> MappingRevision:
    """The draft compiled, as revision 0. Raises ValidationError where its terms can't be used."""
    return revision_of(folder_of(draft.as_stored))


class DraftTerms:
    """Accounts' drafts, loaded and compiled once a version. Shared by a process's threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept = Remembered(_KEPT * _OF_ONE)

    def of(self, account_id: str) -> Draft:
        """The account's draft as it is now; of revision 0 and without terms where nobody published or edited any."""
        for _ in range(_TRIES):
            number, version = self._number(account_id), self._store.drafts.version(account_id)
            known: Draft | None = self._kept.found(("draft", account_id, number, version))
            if known is not None:
                return known
            stored = self._store.drafts.of(account_id)
            if self._number(account_id) == number:  # publishing it ends it: the two belong together
                break
        self._kept.forget(lambda key: key[1] == account_id and key[2:4] not in ((number,), (number, stored.version)))
        key = ("draft", account_id, number, stored.version)
        return self._kept.made(key, lambda: Draft(self._published(account_id, number), stored))

    def _number(self, account_id: str) -> int:
        return self._store.revisions.current([account_id]).get(account_id, 0)

    def _published(self, account_id: str, number: int) -> StoredRevision:
        scope = account_scope(account_id)
        key = ("published", account_id, number)
        found = self._kept.made(key, partial(self._store.revisions.load, scope, number)) if number else None
        return found or StoredRevision(scope, 0, 0, "", "", {}, ())

    def revision(self, draft: Draft) -> MappingRevision:
        """The draft compiled, as revision 0. Raises ValidationError where its terms can't be used."""
        key = ("revision", draft.account_id, draft.number, draft.version)
        return self._kept.made(key, partial(revision_of_draft, draft))

    def faults(self, draft: Draft, of_what: tuple[object, ...], find: Callable[[], _Found]) -> _Found:
        """What was found wrong with the draft beside `of_what`, looked for once."""
        return self._kept.made(("faults", draft.account_id, draft.number, draft.version, *of_what), find)


# --- what people do with it --------------------------------------------------------------------------------------
def draft_of(services: Services, account_id: str) -> Draft:
    """The account's draft as it is now."""
    return services.terms.drafts.of(account_id)


def draft_revision(services: Services, draft: Draft) -> MappingRevision:
    """The draft compiled, as revision 0. Raises ValidationError where its terms can't be used."""
    return services.terms.drafts.revision(draft)


def edit(
    services: Services,
    account_id: str,
    changes: Callable[[Draft], Sequence[Change]],
    *,
    author: str,
    note: str = "",
    batch: str | None = None,
) -> int:
    """Put what `changes` makes of the draft as it is now into it, all or nothing; the draft's version then. It is asked
    again where something was published meanwhile. Raises Overtaken where a row isn't any more what somebody saw."""
    for _ in range(_TRIES):
        draft = draft_of(services, account_id)
        wanted = changes(draft)
        if not wanted:
            return draft.version
        try:
            return services.store.drafts.put(account_id, draft.number, wanted, author=author, note=note, batch=batch)
        except Collision:
            continue
    raise StoreUnavailable(f"{account_id} is published by others all the time")


def draft_faults(services: Services, draft: Draft) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
    """What keeps the draft from being published; and what will keep some of the account's orders from being
    answered."""
    catalogue, sites = services.terms.catalogue(), services.store.stock.sites()
    of_what = (catalogue.number, frozenset(sites))
    return services.terms.drafts.faults(draft, of_what, lambda: revision_faults(draft.as_stored, catalogue, sites))


def revision_faults(
    stored: StoredRevision, catalogue: Catalogue, sites: Collection[str]
) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
    """The same of any content."""
    try:
        folder = folder_of(stored)
    except ValidationError as error:
        return tuple(_of_terms(error)), ()
    wrong = [fault for name, text in folder.maps.items() for fault in map_faults(name, text)]
    missing = list(missing_maps(folder.account, folder.maps))
    said = folder_problems(folder, catalogue, sites)
    of_maps = [fault for name, text in folder.maps.items() for fault in map_warnings(name, text)]
    return (*missing, *wrong), (*(fault for fault in said if fault not in missing), *of_maps)


def _of_terms(error: ValidationError) -> Sequence[Fault]:
    return [
        Fault(
            "bad_value",
            f"account.yaml: {'.'.join(map(str, one['loc'])) or 'the terms'}: {one['msg']}",
            "".join(f"/{part}" for part in one["loc"]),
            "account.yaml",
            None,
            None,
        )
        for one in error.errors(include_url=False)
    ]


def publish_draft(services: Services, draft: Draft, *, author: str, reason: str) -> Published:
    """Make the draft the account's mapping; it has no edits then.

    Raises Conflicting and Unpublishable, and Collision where it was edited or something was published since it was
    loaded.
    """
    if draft.conflicts:
        raise Conflicting(draft.conflicts)
    faults, _ = draft_faults(services, draft)
    if faults:
        raise Unpublishable(faults)
    edits = [edit for edit in draft.edits if edit.kind != TERMS_KIND]
    removed = [draft.published_rows[edit.key] for edit in edits if edit.key in draft.published_rows]
    added = [Row(*edit.key, edit.body) for edit in edits if edit.body is not None]
    return services.store.revisions.publish_changes(
        draft.published,
        _terms(draft),
        removed,
        added,
        author=author,
        reason=reason,
        also=lambda connection: clear(connection, draft.account_id, draft.version),
    )


def _terms(draft: Draft) -> Mapping[str, Any]:
    """As every door keeps them, where they were edited."""
    if _TERMS_ROW not in draft.edited:
        return draft.published.terms
    return kept_terms(Account.model_validate(draft.terms))
