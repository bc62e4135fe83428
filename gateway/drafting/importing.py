"""A file on its way into an account's table: uploaded, its columns matched, looked at row by row, put into the draft.

The file and what was chosen lie in the store; what they would do is worked out of them and of the draft as it is, and
remembered by the process as long as neither changes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.drafting.drafts import Draft, draft_of, edit
from gateway.remembered import Remembered
from gateway.store.drafts import Change
from gateway.store.uploads import Upload
from mappings.sheets.choices import Choices, choice_faults, decimals_in, guessed
from mappings.sheets.plan import ImportPlan, Standing, plan_import
from mappings.sheets.reading import Sheet, read_sheet
from mappings.tables import Kind, from_fields

if TYPE_CHECKING:
    from gateway.services import Services

_KEPT = 2
"""Of 100,000 rows each is some 100 MB."""
_LONGEST_NAME = 100
_Made = TypeVar("_Made")


class Outdated(Exception):
    """The draft or the catalogue is another one than the dry run was of: to be looked at again."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an upload would do. `mark` names the draft and the catalogue that this is true of."""

    plan: ImportPlan
    mark: str


class KeptImports:
    """Files that were read and what they would do, for the next page of them. Shared by a process's threads."""

    def __init__(self) -> None:
        self._kept = Remembered(_KEPT * 2)
        self._making = threading.Lock()

    def remembered(self, key: tuple[object, ...], make: Callable[[], _Made]) -> _Made:
        """What `make` made under this key. One is made at a time: each takes a processor and much memory."""
        found: _Made | None = self._kept.found(key)
        if found is not None:
            return found
        with self._making:
            return self._kept.made(key, make)

    def forget(self, upload_id: str) -> None:
        """The upload has come to its end."""
        self._kept.forget(lambda key: upload_id in key)


def begin_import(services: Services, account_id: str, user_id: str, kind: Kind, name: str, body: bytes) -> Upload:
    """Take a file in, with the choices that it speaks for itself. Raises FilesRejected where it is no table."""
    said = PurePath(name.replace("\\", "/")).name
    shown = "".join(letter for letter in said if letter.isprintable())[:_LONGEST_NAME] or "a file"
    sheet = read_sheet(body, shown, kind)
    upload = services.store.uploads.put(account_id, user_id, kind, shown, body)
    choices = guessed(kind, sheet)
    services.store.uploads.choose(upload.id, choices.text())
    services.imports.remembered(_sheet_key(upload, sheet.encoding, sheet.separator), lambda: sheet)
    return replace(upload, choices=choices.text())


def choices_of(upload: Upload) -> Choices:
    """How it is to be read."""
    if upload.choices is None:
        raise AssertionError("an upload has choices from its first moment")
    return Choices.of(upload.choices)


def sheet_of(services: Services, upload: Upload) -> Sheet:
    """The file as it was read. Raises FilesRejected where it can't be read as it was chosen."""
    choices = choices_of(upload)
    return _sheet(services, upload, choices.encoding, choices.separator)


def _sheet(services: Services, upload: Upload, encoding: str | None, separator: str | None) -> Sheet:
    def read() -> Sheet:
        body = services.store.uploads.body(upload.id)
        return read_sheet(body, upload.name, upload.kind, encoding, separator)

    return services.imports.remembered(_sheet_key(upload, encoding, separator), read)


def _sheet_key(upload: Upload, encoding: str | None, separator: str | None) -> tuple[object, ...]:
    return "sheet", upload.id, encoding, separator


def choose(services: Services, upload: Upload, choices: Choices) -> Mapping[str, str]:
    """Have the file read so, and say what is wrong with that. In another encoding, or with another separator, it has
    other columns: they are matched anew. Raises FilesRejected as `sheet_of`."""
    before = choices_of(upload)
    sheet = _sheet(services, upload, choices.encoding, choices.separator)
    if (choices.encoding, choices.separator) != (before.encoding, before.separator):
        choices = replace(guessed(upload.kind, sheet), manner=choices.manner)
    if choices.sign is None:
        choices = replace(choices, sign=decimals_in(upload.kind, sheet, choices.columns).sign)
    services.store.uploads.choose(upload.id, choices.text())
    return choice_faults(upload.kind, sheet, choices)


def dry_run(services: Services, upload: Upload) -> DryRun:
    """What the file would do to the draft as it is now."""
    draft = draft_of(services, upload.account_id)
    mark = _mark(services, draft)
    sheet, choices = sheet_of(services, upload), choices_of(upload)
    key = ("plan", upload.id, upload.choices, mark)
    plan = services.imports.remembered(key, lambda: _plan(services, draft, upload, sheet, choices))
    return DryRun(plan, mark)


def _mark(services: Services, draft: Draft) -> str:
    return f"{draft.number}.{draft.version}.{services.store.revisions.current_catalogue()}"


def _plan(services: Services, draft: Draft, upload: Upload, sheet: Sheet, choices: Choices) -> ImportPlan:
    kind: Kind = upload.kind  # type: ignore[assignment]  # as the page that took it in has it
    rows = {row.natural_key: row.body for row in draft.rows if row.kind == kind}
    sites = services.store.stock.sites() if kind == "site" else frozenset()
    beside = {one: _typed(draft, one) for one in ("item", "unit")} if kind == "price" else None
    return plan_import(kind, sheet, choices, Standing(rows, services.terms.catalogue(), sites, beside))  # type: ignore[arg-type]


def _typed(draft: Draft, kind: str) -> Sequence[tuple[str, Any]]:
    return [("", from_fields(kind, json.loads(row.body))) for row in draft.rows if row.kind == kind]


def apply_import(services: Services, upload: Upload, mark: str, *, author: str) -> None:
    """Put what the dry run of this mark showed into the draft, all or nothing, as one batch that is named as the upload
    is. Raises Outdated where the draft or the catalogue is another one by now."""
    found = dry_run(services, upload)
    if found.mark != mark:
        raise Outdated
    plan = found.plan
    counts = [f"{plan.count(one):,} {said}" for one, said in _SAID.items() if plan.count(one)]
    note = f"import of {upload.name}: {', '.join(counts) or 'nothing new'}"

    def changes(draft: Draft) -> list[Change]:
        if _mark(services, draft) != mark:
            raise Outdated
        return [draft.change(plan.kind, *one) for one in plan.changes]

    edit(services, upload.account_id, changes, author=author, note=note, batch=upload.id)
    drop_import(services, upload)


_SAID = {"add": "added", "change": "changed", "delete": "removed", "reject": "rejected"}


def drop_import(services: Services, upload: Upload) -> None:
    """The file is not needed any more."""
    services.store.uploads.drop(upload.id)
    services.imports.forget(upload.id)
