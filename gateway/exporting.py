"""What an export would overwrite or remove: files that hold what was never published are somebody's work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.accounts import folder_of
from gateway.store.revisions import account_scope
from gateway.store.store import Store
from mappings.files.account_folder import AccountFolder, files_of
from mappings.files.tables import read_table
from mappings.files.text import FilesRejected
from mappings.tables import TABLES, Kind

_KINDS: dict[str, Kind] = {TABLES[kind].file: kind for kind in ("item", "unit", "site", "price")}


def edited_files(store: Store, account_id: str, folder: Path, content: AccountFolder) -> list[str]:
    """The files that writing `content` would change or remove, and that are of no revision of the account.

    A file is a revision's where it is what exporting that revision writes; a table also where its rows are the same in
    another order or spelling. An account.yaml that says the same with comments is not: they would be lost.
    """
    found = _replaced(folder, content)
    for revision in _revisions(store, account_id) if found else ():
        written = files_of(revision)
        found = {
            name: body
            for name, body in found.items()
            if body != written.get(name) and not _has_rows_of(revision, folder / name)
        }
        if not found:
            break
    return sorted(found)


def _replaced(folder: Path, content: AccountFolder) -> dict[str, bytes]:
    """What stands where another text would, or nothing."""
    written = files_of(content)
    paths = [*folder.glob("*_map.yaml"), *folder.glob("samples/*"), *(folder / name for name in written)]
    standing = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    return {name: body for name, body in standing.items() if body != written.get(name)}


def _revisions(store: Store, account_id: str) -> Iterator[AccountFolder]:
    """Every revision of the account, the newest first."""
    scope = account_scope(account_id)
    for one in store.revisions.history(scope):
        stored = store.revisions.load(scope, one["number"])
        if stored is not None:
            yield folder_of(stored)


def _has_rows_of(revision: AccountFolder, path: Path) -> bool:
    kind = _KINDS.get(path.name) if path.parent.name != "samples" else None
    return kind is not None and _rows_in(path, kind) == set(revision.rows()[kind])


def _rows_in(path: Path, kind: Kind) -> set[Any] | None:
    """A table's rows, None where one of them can't be read."""
    try:
        read = read_table(path, kind)
    except FilesRejected:
        return None
    return None if read.faults else {row for _, row in read.good}
