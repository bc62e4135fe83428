"""An account's folder ↔ its terms and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mappings.account import Account
from mappings.calendars import UnknownCalendar, known_calendar
from mappings.files.tables import csv_rows, read_rows
from mappings.files.text import FilesRejected, collect, text_of
from mappings.files.writing import csv_text, yaml_text
from mappings.files.yaml_model import Lines, read_model
from mappings.revision import ItemRow, PriceRow, SiteRow, UnitRow
from mappings.tables import TABLES, Kind
from schemas.faults import Fault

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


def read_account(folder: Path) -> AccountFolder:
    """The account in `folder`. Only account.yaml must be there; a file that no account has is a fault."""
    if not folder.is_dir():
        detail = f"{folder.name} is not a folder"
        raise FilesRejected([Fault("file_not_readable", detail, "", folder.name, None, "an account's folder")])
    faults: list[Fault] = _strange_files(folder)
    account = collect(faults, lambda: read_model(folder / "account.yaml", Account, _unknown_calendar))
    rows = {kind: read_rows(folder / TABLES[kind].file, kind, faults) for kind in _KINDS}
    maps = {path.name: _map_text(path, faults) for path in sorted(folder.glob("*_map.yaml"))}
    if faults or account is None:
        raise FilesRejected(faults)
    return AccountFolder(
        account=account,
        items=rows["item"],
        units=rows["unit"],
        sites=rows["site"],
        prices=rows["price"],
        maps=maps,
        samples=_samples(folder / "samples"),
    )


def write_account(folder: Path, content: AccountFolder) -> None:
    """Write the folder so that `read_account` gives an equal value. Field maps that it no longer has are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*_map.yaml"):
        if stale.name not in content.maps:
            stale.unlink()
    terms = content.account.model_dump(mode="json", by_alias=True, exclude_none=True)
    (folder / "account.yaml").write_text(yaml_text(terms), encoding="utf-8", newline="")
    for kind, rows in content.rows().items():
        (folder / TABLES[kind].file).write_text(csv_text(kind, rows), encoding="utf-8", newline="")
    for name, text in content.maps.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    for name, body in content.samples.items():
        (folder / "samples").mkdir(exist_ok=True)
        (folder / "samples" / name).write_bytes(body)


def named_products(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Every product that the account's tables name, each once a table, with file and place ("items.csv line 12"); the
    other cells of its row may be wrong. Tables that can't be read name none."""
    return _named(folder, "product")


def named_supply_sites(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Every site of ours that the account's sites.csv names as supply_site, as `named_products` gives the products."""
    return _named(folder, "supply_site")


def _named(folder: Path, column: str) -> Iterator[tuple[str, str, str]]:
    for kind in _KINDS:
        file = folder / TABLES[kind].file
        if column not in TABLES[kind].names or not file.exists():
            continue
        try:
            rows, places = csv_rows(file, kind)
        except FilesRejected:
            continue
        seen = set()
        for index, cells in enumerate(rows):
            name = cells.get(column)
            if isinstance(name, str) and name.strip() and name.strip() not in seen:
                seen.add(name.strip())
                yield file.name, places(index, column), name.strip()


def _strange_files(folder: Path) -> list[Fault]:
    """A misspelt file name would be a table that silently is not there."""
    known = {"account.yaml"} | {TABLES[kind].file for kind in _KINDS}
    expected = ", ".join(sorted(known)) + ", *_map.yaml, samples/"
    return [
        Fault("unknown_field", f"{path.name} is no file of an account", "", path.name, path.name, expected)
        for path in sorted(folder.iterdir())
        if path.suffix in (".csv", ".yaml", ".yml", ".xlsx")
        and path.name not in known
        and not path.name.endswith("_map.yaml")
    ]


def _unknown_calendar(name: str, tree: Any, lines: Lines) -> Iterator[Fault]:
    """A calendar that nobody keeps. Judged here and not by the model, so that what was published stays readable."""
    calendar = tree.get("calendar") if isinstance(tree, Mapping) else None
    if not isinstance(calendar, str):
        return
    try:
        known_calendar(calendar)
    except UnknownCalendar as unknown:
        location = f"{name} line {lines[('calendar',)]}"
        detail = f"{location}: calendar: there is no calendar {calendar!r}"
        yield Fault("bad_value", detail, "/calendar", location, calendar, unknown.expected)


def _samples(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _map_text(path: Path, faults: list[Fault]) -> str:
    return collect(faults, lambda: text_of(path)) or ""
