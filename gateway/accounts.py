"""Account folders and catalogue files ↔ the store's revisions."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.differences import TERMS_FILE, Difference, row_differences, term_differences
from gateway.store.revisions import CATALOGUE, Published, Row, StoredRevision, account_scope
from gateway.store.store import Store
from mappings.account import Account
from mappings.coherence import mapping_problems
from mappings.compile import compile_catalogue, compile_revision
from mappings.files.account_folder import AccountFolder
from mappings.own_format import missing_maps
from mappings.revision import Catalogue, MappingRevision
from mappings.tables import TABLES, from_fields, natural_key, row_text, table_of
from schemas.faults import Fault

SAMPLES = "samples/"
"""What the names of samples begin with among a mapping's files."""


def publish_folder(store: Store, folder: AccountFolder, *, author: str, reason: str) -> Published:
    """Make the folder's content the account's mapping: rows, field maps and samples, versioned together."""
    return store.revisions.publish_account(folder_terms(folder), folder_rows(folder), author=author, reason=reason)


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing would do to what stands now: revision `number`, 0 where there is none yet."""

    number: int
    differences: tuple[Difference, ...]

    @property
    def as_published(self) -> Published:
        """As publishing tells it: a row that changed goes and comes; nothing is published yet, so the number stays."""
        rows = [one for one in self.differences if one.file != TERMS_FILE]
        added = sum(one.new is not None for one in rows)
        return Published(
            self.number, bool(self.differences) or not self.number, added, sum(one.old is not None for one in rows)
        )


def plan_folder(store: Store, folder: AccountFolder) -> Plan:
    """What publishing the folder would do now; nothing is done."""
    account_id = folder.account.id
    number = store.revisions.current([account_id]).get(account_id, 0)
    stored = store.revisions.load(account_scope(account_id), number) if number else None
    terms, rows = (stored.terms, stored.rows) if stored else ({}, ())
    return Plan(number, (*term_differences(terms, folder_terms(folder)), *row_differences(rows, folder_rows(folder))))


def plan_catalogue(store: Store, kind: str, rows: Sequence[Any]) -> Plan:
    """What making these the catalogue's rows of their kind would do now; nothing is done."""
    number = store.revisions.current_catalogue()
    stored = store.revisions.load(CATALOGUE, number) if number else None
    standing = [row for row in stored.rows if row.kind == kind] if stored else []
    return Plan(number, tuple(row_differences(standing, table_rows(rows))))


def kept_terms(account: Account) -> dict[str, Any]:
    """An account.yaml as revisions keep it."""
    return account.model_dump(mode="json", by_alias=True, exclude_none=True)


def folder_terms(folder: AccountFolder) -> dict[str, Any]:
    """The folder's account.yaml as revisions keep it."""
    return kept_terms(folder.account)


def folder_rows(folder: AccountFolder) -> list[Row]:
    """Its tables' rows, field maps and samples as revisions keep them."""
    return [row for rows in folder.rows().values() for row in table_rows(rows)] + list(_file_rows(folder))


def published_folder(store: Store, account_id: str) -> AccountFolder | None:
    """The account's published mapping as a folder's content; None where there is no such account."""
    number = store.revisions.current([account_id]).get(account_id)
    stored = store.revisions.load(account_scope(account_id), number) if number else None
    return None if stored is None else folder_of(stored)


def folder_of(stored: StoredRevision) -> AccountFolder:
    """A stored revision as a folder's content."""
    return AccountFolder(
        account=Account.model_validate(stored.terms),
        items=_typed("item", stored.rows),
        units=_typed("unit", stored.rows),
        sites=_typed("site", stored.rows),
        prices=_typed("price", stored.rows),
        maps=maps_in(stored.rows),
        samples=samples_of(stored.rows),
    )


def revision_of(folder: AccountFolder) -> MappingRevision:
    """The folder's content as a mapping to judge with, which nobody published: revision 0."""
    tables = (folder.items, folder.units, folder.sites, folder.prices)
    return compile_revision(folder.account, 0, *tables, folder.maps)


def maps_in(rows: Iterable[Row]) -> dict[str, str]:
    """The field maps among a revision's rows: name → text, as it was imported."""
    files = (row for row in rows if row.kind == "file" and not row.natural_key.startswith(SAMPLES))
    return {row.natural_key: file_bytes(row).decode() for row in files}


def samples_of(rows: Iterable[Row]) -> dict[str, bytes]:
    """The files of `samples/` among a revision's rows: name → content."""
    files = (row for row in rows if row.kind == "file" and row.natural_key.startswith(SAMPLES))
    return {row.natural_key.removeprefix(SAMPLES): file_bytes(row) for row in files}


def file_text(body: str) -> str:
    """The text of a file as a revision keeps it."""
    return file_bytes(Row("file", "", body)).decode()


def kept_file(text: str) -> str:
    """A file's text as a revision keeps it."""
    return file_row("", text.encode()).body


def missing_rows(store: Store, kind: str, rows: Sequence[Any]) -> list[str]:
    """The catalogue's rows of this kind that are not among these, as people name them: `OIL-5L XPX`."""
    named = {natural_key(row) for row in rows}
    standing = map(natural_key, catalogue_rows(store, kind))
    return [key.replace("|", " ") for key in standing if key not in named]


def publish_catalogue(store: Store, rows: Mapping[str, Sequence[Any]], *, author: str, reason: str) -> Published:
    """Make these the catalogue's rows of their kinds (product, pack, tax); other kinds stay."""
    written = [row for of_kind in rows.values() for row in table_rows(of_kind)]
    return store.revisions.publish_catalogue_kinds(written, list(rows), author=author, reason=reason)


def catalogue_with(catalogue: Catalogue, kind: str, rows: Sequence[Any]) -> Catalogue:
    """The catalogue as it is with these rows in place of those of their kind; tells what would not hold together."""
    products = rows if kind == "product" else catalogue.products.values()
    packs = rows if kind == "pack" else catalogue.packs.values()
    return compile_catalogue(catalogue.number, products, packs, rows if kind == "tax" else catalogue.taxes)


def table_rows(rows: Iterable[Any]) -> Iterator[Row]:
    """Typed rows as the store keeps them."""
    for row in rows:
        yield Row(table_of(row).kind, natural_key(row), row_text(row))


def catalogue_rows(store: Store, kind: str) -> tuple[Any, ...]:
    """The published catalogue's rows of one kind."""
    stored = store.revisions.load(CATALOGUE, store.revisions.current_catalogue())
    return () if stored is None else _typed(kind, stored.rows)


def _typed(kind: str, rows: Sequence[Row]) -> tuple[Any, ...]:
    return tuple(from_fields(kind, json.loads(row.body)) for row in rows if row.kind == kind)


def _file_rows(folder: AccountFolder) -> Iterator[Row]:
    for name, text in folder.maps.items():
        yield file_row(name, text.encode())
    for name, body in folder.samples.items():
        yield file_row(SAMPLES + name, body)


def file_row(name: str, body: bytes) -> Row:
    """A file as the store keeps it: text as text, so that a difference between revisions can be read; anything else in
    base 64."""
    try:
        content = {"text": body.decode()}
    except UnicodeDecodeError:
        content = {"base64": base64.b64encode(body).decode()}
    return Row("file", name, json.dumps(content, ensure_ascii=False))


def file_bytes(row: Row) -> bytes:
    """The bytes of a file's row."""
    content = json.loads(row.body)
    return base64.b64decode(content["base64"]) if "base64" in content else str(content["text"]).encode()


# --- what no single row shows ------------------------------------------------------------------------------------
def folder_problems(folder: AccountFolder, catalogue: Catalogue, sites: Collection[str]) -> tuple[Fault, ...]:
    """What will keep the account's orders from being answered, in the file where it stands. A wrong check digit does
    not: an account may number its goods so, and is asked once, at the import."""
    rows = {kind: [(TABLES[kind].file, row) for row in rows] for kind, rows in folder.rows().items()}
    found = mapping_problems(folder.account.id, folder.account, rows, catalogue, sites, maps=folder.maps)
    return (*missing_maps(folder.account, folder.maps), *(fault for fault in found if fault.code != "check_digit"))
