"""An account's folder ↔ its terms and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mappings.account import Account
from mappings.files.expectations import expectation_faults
from mappings.files.sent_samples import sent_sample_faults
from mappings.files.tables import PlacedRows, read_rows
from mappings.files.terms import TERMS_FILE, terms_faults
from mappings.files.text import FilesRejected, collect, refuse_irregular, text_of
from mappings.files.writing import csv_text, yaml_text
from mappings.files.yaml_model import Lines, read_model
from mappings.own_format import map_faults, map_of, missing_maps
from mappings.revision import ItemRow, PriceRow, SiteRow, UnitRow
from mappings.tables import TABLES, Kind
from schemas.faults import Fault
from schemas.json_schema import DOCUMENTS

_READ = (".csv", ".yaml", ".yml", ".xlsx", ".xlsm")
"""Endings of what may be meant for a table or for terms."""
_NO_PART_OF_IT = (".schema.json",)
"""Endings of what may lie there for editors."""
_KINDS: tuple[Kind, ...] = ("item", "unit", "site", "price")


@dataclass(frozen=True, slots=True)
class AccountFolder:
    """One account's folder as values. `maps` are the texts of its `*_map.yaml`, `samples` the bytes in `samples/`."""

    account: Account
    items: tuple[ItemRow, ...] = ()
    units: tuple[UnitRow, ...] = ()
    sites: tuple[SiteRow, ...] = ()
    prices: tuple[PriceRow, ...] = ()
    maps: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[str, bytes] = field(default_factory=dict)

    def rows(self) -> dict[Kind, tuple[Any, ...]]:
        """The rows by kind, in the order the files stand in the contract."""
        return {"item": self.items, "unit": self.units, "site": self.sites, "price": self.prices}


@dataclass(frozen=True, slots=True)
class FolderRead:
    """An account's folder as far as it can be read, with every fault of every file.

    `judged` is the account for judging alone: where its terms have a fault, those parts of them that have none.
    `rows` are with their places ("items.csv line 12"), also those that have a fault, as far as they can be read.
    `strays` are what lies in the folder and no reader takes.
    """

    account: Account | None
    judged: Account | None
    rows: Mapping[Kind, tuple[tuple[str, Any], ...]]
    maps: Mapping[str, str]
    samples: Mapping[str, bytes]
    faults: tuple[Fault, ...]
    strays: tuple[Fault, ...]
    lines: Lines = field(default_factory=dict)
    unread: frozenset[Kind] = frozenset()
    """Tables that have rows which nobody could read: nothing can be said of what another file has beyond them."""

    def content(self) -> AccountFolder:
        """The folder as a value. Raises FilesRejected where there is a fault."""
        if self.faults or self.account is None:
            raise FilesRejected(self.faults)
        items, units, sites, prices = (tuple(row for _, row in self.rows[kind]) for kind in _KINDS)
        return AccountFolder(self.account, items, units, sites, prices, self.maps, self.samples)

    def placed(self, fault: Fault) -> Fault:
        """A fault about account.yaml at the line of the key that its path names."""
        return at_its_line(fault, self.lines)


def at_its_line(fault: Fault, lines: Lines) -> Fault:
    """A fault about account.yaml at the line of the key that its path names."""
    if fault.location != TERMS_FILE:
        return fault
    place = tuple(int(part) if part.isdigit() else part for part in fault.path.split("/")[1:])
    known = next((place[:size] for size in range(len(place), -1, -1) if place[:size] in lines), None)
    return fault if known is None else replace(fault, location=f"{TERMS_FILE} line {lines[known]}")


def read_account(folder: Path) -> AccountFolder:
    """The account in `folder`. Only account.yaml must be there. Raises FilesRejected with every fault."""
    return read_folder(folder).content()


def read_folder(folder: Path) -> FolderRead:
    """All that can be read of the folder, and every fault; a table by another name than it should have is one."""
    if not folder.is_dir():
        detail = f"{folder.name} is not a folder"
        nowhere = Fault("file_not_readable", detail, "", folder.name, None, "an account's folder")
        return FolderRead(None, None, dict.fromkeys(_KINDS, ()), {}, {}, (nowhere,), ())
    faults, strays = _strange_files(folder)
    kept: dict[tuple[Any, ...], int] = {}
    said: dict[str, Any] = {}

    def judge(name: str, tree: Any, lines: Lines) -> Iterator[Fault]:
        kept.update(lines)
        said.update(tree if isinstance(tree, Mapping) else {})
        return terms_faults(name, tree, lines)

    account = collect(faults, lambda: read_model(folder / TERMS_FILE, Account, judge))
    judged = account or _right_parts(said)
    maps = sorted(folder.glob("*_map.yaml"))
    if judged is not None:
        missing = missing_maps(judged, [path.name for path in maps])
        faults += (at_its_line(fault, kept) for fault in missing)
    samples = _samples(folder / "samples", faults)
    faults += chain(expectation_faults(samples), sent_sample_faults(samples))
    tables = {kind: _table_rows(folder / TABLES[kind].file, kind, faults) for kind in _KINDS}
    return FolderRead(
        account=account,
        judged=judged,
        rows={kind: table.rows for kind, table in tables.items()},
        maps={path.name: _map_text(path, faults) for path in maps},
        samples=samples,
        faults=tuple(faults),
        strays=tuple(strays),
        lines=kept,
        unread=frozenset(kind for kind, table in tables.items() if not table.is_whole),
    )


def _right_parts(said: Mapping[str, Any]) -> Account | None:
    """Terms with a fault as far as they are right, so that the rest of them is judged as well; None where nothing is.
    Parts with a fault are as if nobody had written them."""
    try:
        return Account.model_validate(said)  # what is wrong is beyond the model: a key twice, a calendar
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors() if one["loc"]}
    right = {key: value for key, value in said.items() if key not in wrong}
    try:
        return Account.model_validate({"id": "some", "name": "some", **right}) if right else None
    except ValidationError:
        return None


def _table_rows(path: Path, kind: Kind, faults: list[Fault]) -> PlacedRows:
    if not _is_regular(path, faults):
        return PlacedRows(is_whole=False)
    return read_rows(path, kind, faults) if path.exists() else PlacedRows()


def _is_regular(path: Path, faults: list[Fault]) -> bool:
    try:
        refuse_irregular(path)
    except FilesRejected as rejected:
        faults += rejected.faults
        return False
    return True


def write_account(folder: Path, content: AccountFolder) -> None:
    """Write the folder so that `read_account` gives an equal value. Field maps that it no longer has are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*_map.yaml"):
        if stale.name not in content.maps:
            stale.unlink()
    for name, body in files_of(content).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(body)


def files_of(content: AccountFolder) -> dict[str, bytes]:
    """The folder's files as they are written, by their path in it."""
    terms = content.account.model_dump(mode="json", by_alias=True, exclude_none=True)
    texts = {
        TERMS_FILE: yaml_text(terms),
        **{TABLES[kind].file: csv_text(kind, rows) for kind, rows in content.rows().items()},
        **content.maps,
    }
    samples = {f"samples/{name}": body for name, body in content.samples.items()}
    return {name: text.encode() for name, text in texts.items()} | samples


def _strange_files(folder: Path) -> tuple[list[Fault], list[Fault]]:
    """Faults: a misspelt file name would be a table that silently is not there. And what else nobody reads."""
    faults, strays = [], []
    names = [TERMS_FILE, *(TABLES[kind].file for kind in _KINDS), *map(map_of, DOCUMENTS)]
    expected = ", ".join([*names, "samples/"])
    for path in sorted([*folder.iterdir(), *(folder / "samples").glob("*/")]):
        name = path.relative_to(folder).as_posix()
        is_known = name == "samples" if path.is_dir() else name in names or path.name.endswith("_map.yaml")
        if is_known or path.name.startswith(".") or (not path.is_dir() and path.name.endswith(_NO_PART_OF_IT)):
            continue
        if path.is_file() and path.suffix.lower() in _READ:
            near = get_close_matches(name.lower(), names, 1)
            meant = f"perhaps {near[0]}" if near else expected
            faults.append(Fault("unknown_field", f"{name} is no file of an account", "", name, name, meant))
        else:
            detail = f"{name} is nothing that belongs to an account, and is not imported"
            strays.append(Fault("unknown_field", detail, "", name, name, expected))
    return faults, strays


def _samples(folder: Path, faults: list[Fault]) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    regular = [path for path in sorted(folder.iterdir()) if _is_regular(path, faults)]
    return {path.name: path.read_bytes() for path in regular if path.is_file()}


def _map_text(path: Path, faults: list[Fault]) -> str:
    """A field map's text as it stands, every mistake of it among the faults."""
    text = collect(faults, lambda: text_of(path, encoding="utf-8")) if _is_regular(path, faults) else None
    if text is None:
        return ""
    faults += map_faults(path.name, text)
    return str(text)
