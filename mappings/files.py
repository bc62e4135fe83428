"""Account folders, catalogue files and supplier.yaml ↔ typed values. The only file of this package that touches a disk.

Reading collects every fault of every file and raises `FilesRejected` with all of them, each with file and line.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args
from xml.etree.ElementTree import ParseError

from lxml.etree import XMLSyntaxError
from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mappings.account import Account
from mappings.calendars import UnknownCalendar, known_calendar
from mappings.revision import (
    ItemRow,
    Pack,
    PriceRow,
    Product,
    SiteRow,
    StockRow,
    Supplier,
    TaxRow,
    UnitRow,
)
from mappings.tables import TABLES, Cell, Kind, RefusedCell, Row, RowsRead, rows_of, table_of, to_fields
from schemas.faults import DocumentFailure, Fault

MAX_TABLE_BYTES = 200_000_000
"""Of a CSV file, or of what an XLSX file unpacks to: 100,000 rows are about 10 MB."""
MAX_YAML_BYTES = 1_000_000
_ACCOUNT_KINDS: tuple[Kind, ...] = ("item", "unit", "site", "price")


class FilesRejected(DocumentFailure):
    """Files that can't be imported, with every fault of every one of them."""


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


# --- account folders -----------------------------------------------------------------------------------------------
def read_account(folder: Path) -> AccountFolder:
    """The account in `folder`. Only account.yaml must be there; a file that no account has is a fault."""
    if not folder.is_dir():
        detail = f"{folder.name} is not a folder"
        raise FilesRejected([Fault("file_not_readable", detail, "", folder.name, None, "an account's folder")])
    faults: list[Fault] = _strange_files(folder)
    account = _collect(faults, lambda: _read_model(folder / "account.yaml", Account, _unknown_calendar))
    rows = {kind: _read_rows(folder / TABLES[kind].file, kind, faults) for kind in _ACCOUNT_KINDS}
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


def csv_text(kind: Kind, rows: Iterable[Row]) -> str:
    """The rows as the CSV file of their kind, header first."""
    out = io.StringIO()
    table = TABLES[kind]
    writer = csv.DictWriter(out, table.names, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        if table_of(row) is not table:
            raise TypeError(f"a {type(row).__name__} is no row of {table.file}")
        writer.writerow(to_fields(row))
    return out.getvalue()


def named_products(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Every product that the account's tables name, each once a table, with file and place ("items.csv line 12"); the
    other cells of its row may be wrong. Tables that can't be read name none."""
    for kind in _ACCOUNT_KINDS:
        file = folder / TABLES[kind].file
        if "product" not in TABLES[kind].names or not file.exists():
            continue
        try:
            rows, places = _csv_rows(file, kind)
        except FilesRejected:
            continue
        seen = set()
        for index, cells in enumerate(rows):
            product = cells.get("product")
            if isinstance(product, str) and product.strip() and product.strip() not in seen:
                seen.add(product.strip())
                yield file.name, places(index, "product"), product.strip()


def _strange_files(folder: Path) -> list[Fault]:
    """A misspelt file name would be a table that silently is not there."""
    known = {"account.yaml"} | {TABLES[kind].file for kind in _ACCOUNT_KINDS}
    expected = ", ".join(sorted(known)) + ", *_map.yaml, samples/"
    return [
        Fault("unknown_field", f"{path.name} is no file of an account", "", path.name, path.name, expected)
        for path in sorted(folder.iterdir())
        if path.suffix in (".csv", ".yaml", ".yml", ".xlsx")
        and path.name not in known
        and not path.name.endswith("_map.yaml")
    ]


def _samples(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _map_text(path: Path, faults: list[Fault]) -> str:
    return _collect(faults, lambda: _text_of(path)) or ""


def _collect(faults: list[Fault], read: Callable[[], Any]) -> Any:
    """What `read` gives, or None with its faults added to the others'."""
    try:
        return read()
    except FilesRejected as rejected:
        faults.extend(rejected.faults)
        return None


# --- catalogue and stock files ---------------------------------------------------------------------------------------
def read_products(path: Path) -> tuple[Product, ...]:
    """products.csv or .xlsx."""
    return _catalogue_file(path, "product")


def read_packs(path: Path) -> tuple[Pack, ...]:
    """packs.csv or .xlsx."""
    return _catalogue_file(path, "pack")


def read_stock(path: Path) -> tuple[StockRow, ...]:
    """stock.csv or .xlsx."""
    return _catalogue_file(path, "stock")


def read_taxes(path: Path) -> tuple[TaxRow, ...]:
    """taxes.csv or .xlsx."""
    return _catalogue_file(path, "tax")


def read_table(path: Path, kind: Kind) -> RowsRead:
    """The good rows of one CSV or XLSX file and the faults of the others, indexed by data row.

    Raises FilesRejected where no row can be read at all: not UTF-8, no header, a column nobody knows.
    """
    spread = path.suffix.lower() in (".xlsx", ".xlsm")
    rows, places = (_xlsx_rows if spread else _csv_rows)(path, kind)
    return rows_of(kind, rows, lambda index, column: places(index, column))


def _catalogue_file(path: Path, kind: Kind) -> tuple[Any, ...]:
    faults: list[Fault] = []
    rows = _read_rows(path, kind, faults, required=True)
    if faults:
        raise FilesRejected(faults)
    return rows


def _read_rows(path: Path, kind: Kind, faults: list[Fault], required: bool = False) -> tuple[Any, ...]:
    if not required and not path.exists():
        return ()
    read = _collect(faults, lambda: read_table(path, kind))
    if read is None:
        return ()
    faults.extend(fault for _, fault in read.faults)
    return tuple(row for _, row in read.good)


Places = Callable[[int, str | None], str]
Rows = list[dict[str, Cell]]


def _csv_rows(path: Path, kind: Kind) -> tuple[Rows, Places]:
    """The cells by column name, and where each row starts: "items.csv line 12"."""
    name = path.name
    lines = csv.reader(io.StringIO(_text_of(path, MAX_TABLE_BYTES), newline=""), strict=True)
    rows: Rows = []
    starts: list[int] = []
    try:
        first = next(lines, [])
        header = _header(first, kind, f"{name} line 1")
        start = lines.line_num + 1
        for cells in lines:
            if any(cell.strip() for cell in cells):
                rows.append(_named(header, cells, len(first)))
                starts.append(start)
            start = lines.line_num + 1
    except csv.Error as error:
        location = f"{name} line {lines.line_num}"
        raise _unreadable(location, f"can't be read as CSV: {error}", "comma-separated values (RFC 4180)") from error
    return rows, lambda index, _column: f"{name} line {starts[index]}"


def _named(header: Sequence[str], cells: Sequence[Any], width: int) -> dict[str, Cell]:
    """Cells under their column's name. Absent cells at the end are empty. One beyond the header's `width`, the sign of
    a comma without quotes around it (`1,000`), keeps a name of its own, which no table has."""
    named: dict[str, Cell] = dict(zip(header, cells, strict=False))
    for position, cell in enumerate(cells[len(header) :], len(header) + 1):
        if cell not in (None, "") or position > width:
            named[f"cell {position}, beyond the header"] = cell or ""
    return named


def _header(cells: Sequence[Any], kind: Kind, location: str) -> tuple[str, ...]:
    """The column names of the first row, every one of them known, none twice, none required missing."""
    table = TABLES[kind]
    names = tuple(cell.strip() if isinstance(cell, str) else "" if cell is None else str(cell) for cell in cells)
    while names and not names[-1]:
        names = names[:-1]
    expected = ",".join(table.names)
    faults = []
    if not names:
        faults.append(Fault("file_not_readable", f"{location}: the header is missing", "", location, None, expected))
    for position, column in enumerate(names):
        if column not in table.names:
            detail = f"{location}: {table.file} has no column {column!r}"
            faults.append(Fault("unknown_field", detail, "", location, column, expected))
        elif column in names[:position]:
            detail = f"{location}: the column {column} is there twice"
            faults.append(Fault("unknown_field", detail, "", location, column, expected))
    for required in (column.name for column in table.columns if column.required):
        if names and required not in names:
            detail = f"{location}: the column {required} is missing"
            faults.append(Fault("missing_field", detail, "", location, None, expected))
    if faults:
        raise FilesRejected(faults)
    return names


def _xlsx_rows(path: Path, kind: Kind) -> tuple[Rows, Places]:
    """The first sheet's cells by column name, and where they stand: "products.xlsx row 12, cell C12"."""
    from openpyxl import load_workbook  # imported here: every process that starts would pay for it
    from openpyxl.utils import get_column_letter
    from openpyxl.utils.exceptions import InvalidFileException

    name = path.name
    try:
        _refuse_bomb(path)
        book = load_workbook(path, read_only=True, data_only=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            lines = [(number, [_spread_cell(cell) for cell in cells]) for number, cells in enumerate(sheet.rows, 1)]
        finally:
            book.close()
    except (OSError, zipfile.BadZipFile, InvalidFileException) as error:
        raise _unreadable(name, f"can't be read as a spreadsheet: {error}", "an XLSX file") from error
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, ParseError, XMLSyntaxError) as error:
        raise _unreadable(name, f"is a broken spreadsheet: {error}", "an XLSX file") from error
    filled = [(number, cells) for number, cells in lines if any(cell not in (None, "") for cell in cells)]
    first, names = filled[0] if filled else (1, [])
    header = _header([cell.text if isinstance(cell, RefusedCell) else cell for cell in names], kind, f"{name} row 1")
    letters = {column: get_column_letter(position) for position, column in enumerate(header, 1)}
    numbers = [number for number, _ in filled if number > first]
    rows = [_named(header, cells, len(cells)) for number, cells in filled if number > first]

    def place(index: int, column: str | None) -> str:
        row = numbers[index]
        return f"{name} row {row}, cell {letters[column]}{row}" if column in letters else f"{name} row {row}"

    return rows, place


def _refuse_bomb(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_TABLE_BYTES:
        raise _unreadable(path.name, f"unpacks to {unpacked} bytes", f"at most {MAX_TABLE_BYTES} bytes")


def _spread_cell(cell: Any) -> Cell:
    """A spreadsheet's cell as the table reader takes it. Numbers there are binary doubles; `repr` gives back the
    shortest decimal that stands for the same double, which is what was typed up to 15 digits."""
    value = cell.value
    if cell.data_type == "f":
        return RefusedCell(str(value), "is a formula; paste its value instead")
    if cell.data_type == "e":
        return RefusedCell(str(value), "is a spreadsheet error")
    if isinstance(value, bool):
        return RefusedCell(str(value), "is a tick box, neither text nor a number")
    if isinstance(value, float):
        return Decimal(repr(value))
    if value is None or isinstance(value, str | int | date):
        return value
    return RefusedCell(str(value), "is neither text, number nor date")


# --- YAML ------------------------------------------------------------------------------------------------------------
class _Name(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _SupplierEndpoint(_Name):
    scheme: str
    id: str


class _SupplierAddress(_Name):
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None


class _SupplierCredential(_Name):
    domain: str
    identity: str


class _SupplierFile(_Name):
    """config/supplier.yaml, as the contract names its keys."""

    legal_name: str
    address: _SupplierAddress = _SupplierAddress()
    vat_id: str | None = None
    registration: str | None = None
    gln: str | None = None
    endpoint: _SupplierEndpoint | None = None
    iban: str | None = None
    bic: str | None = None
    gs1_company_prefix: str | None = None
    cxml: tuple[_SupplierCredential, ...] = ()
    time_zone: str = "UTC"


def read_supplier(path: Path) -> Supplier:
    """Who we are, from supplier.yaml. Raises FilesRejected with every fault."""
    said = _read_model(path, _SupplierFile)
    return Supplier(
        legal_name=said.legal_name,
        vat_id=said.vat_id,
        registration=said.registration,
        gln=said.gln,
        endpoint_scheme=said.endpoint.scheme if said.endpoint else None,
        endpoint_id=said.endpoint.id if said.endpoint else None,
        address=said.address.model_dump(exclude_none=True),
        iban=said.iban,
        bic=said.bic,
        gs1_company_prefix=said.gs1_company_prefix,
        cxml=tuple((credential.domain, credential.identity) for credential in said.cxml),
        time_zone=said.time_zone,
    )


Lines = Mapping[tuple[Any, ...], int]
"""Place in the YAML → the line where it stands."""


def _read_model(
    path: Path, model: type[Any], judge: Callable[[str, Any, Lines], Iterable[Fault]] = lambda *_: ()
) -> Any:
    """The file as the model has it. `judge` finds what is wrong beyond the model."""
    tree, lines = _yaml_tree(_text_of(path, MAX_YAML_BYTES), path.name)
    faults = list(judge(path.name, tree, lines))
    try:
        read = model.model_validate(tree)
    except ValidationError as error:
        wrong = [_model_fault(path.name, lines, one, model) for one in error.errors(include_url=False)]
        raise FilesRejected([*wrong, *faults]) from error
    if faults:
        raise FilesRejected(faults)
    return read


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


def _model_fault(name: str, lines: Lines, wrong: Any, model: type[BaseModel]) -> Fault:
    """A fault of the model, at the line of the key it is about or of the nearest key above that."""
    place = tuple(wrong["loc"])
    known = next(place[:size] for size in range(len(place), -1, -1) if place[:size] in lines)
    location = f"{name} line {lines[known]}"
    code = {"missing": "missing_field", "extra_forbidden": "unknown_field"}.get(wrong["type"], "bad_value")
    dotted = ".".join(str(part) for part in place) or "the file"
    value = wrong["input"] if isinstance(wrong["input"], str) else None
    message = {"missing": "is missing", "extra_forbidden": "is no key here"}.get(wrong["type"], wrong["msg"])
    expected = wrong["msg"] if code != "unknown_field" else _known_key(model, place)
    return Fault(code, f"{location}: {dotted}: {message}", "/" + "/".join(map(str, place)), location, value, expected)


def _known_key(model: type[BaseModel], place: Sequence[Any]) -> str:
    """The key that was meant, or all that could be."""
    keys = _keys_at(model, place[:-1])
    near = get_close_matches(str(place[-1]), keys, 1)
    said = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys)}"
    return f"no key of this name; {said}"


def _keys_at(model: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """The keys that the mapping at this place of the YAML can have."""
    models = [model]
    for part in place:
        found = [field for one in models for name, field in one.model_fields.items() if part in (name, field.alias)]
        models = [inner for field in found for inner in _models_in(field.annotation)] or models
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in `X | None`, `tuple[X, ...]`, `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _yaml_tree(text: str, name: str) -> tuple[Any, dict[tuple[Any, ...], int]]:
    """The YAML as texts, dicts and lists, with the line of each key; the model says what is a number or a switch.

    So `NO`, `0042` and `1.10` stay what was written. Nothing, `~` and `null` unquoted are None. Keys twice and aliases
    are faults: the first would lose a value silently, the second can expand without end.
    """
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        lines: dict[tuple[Any, ...], int] = {(): 1}
        faults: list[Fault] = []
        tree = _yaml_value(root, (), name, lines, faults, set()) if root is not None else {}
    except (YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        location = f"{name} line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or "is nested too deeply or not text"
        raise _unreadable(location, f"can't be read as YAML: {problem}", "YAML 1.2") from error
    if faults:
        raise FilesRejected(faults)
    return tree, lines


def _yaml_value(
    node: Node,
    place: tuple[Any, ...],
    name: str,
    lines: dict[tuple[Any, ...], int],
    faults: list[Fault],
    seen: set[int],
) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if id(node) in seen:
        location = f"{name} line {line}"
        faults.append(Fault("bad_value", f"{location}: aliases aren't taken", "", location, None, "the value itself"))
        return None
    seen.add(id(node))
    if isinstance(node, ScalarNode):
        is_null = node.style is None and node.value in ("", "~", "null", "Null", "NULL")
        return None if is_null else node.value
    if isinstance(node, SequenceNode):
        return [_yaml_value(item, (*place, index), name, lines, faults, seen) for index, item in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return dict(_yaml_members(node, place, name, lines, faults, seen))
    return None


def _yaml_members(
    node: MappingNode,
    place: tuple[Any, ...],
    name: str,
    lines: dict[tuple[Any, ...], int],
    faults: list[Fault],
    seen: set[int],
) -> Iterator[tuple[str, Any]]:
    keys = set()
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        if key in keys:
            location = f"{name} line {line}"
            faults.append(Fault("bad_value", f"{location}: {key} is there twice", "", location, key, "each key once"))
            continue
        keys.add(key)
        lines[*place, key] = line
        value = _yaml_value(value_node, (*place, key), name, lines, faults, seen)
        if value is not None:
            yield key, value


_PLAIN = re.compile(r"[A-Za-z]([A-Za-z0-9 _./@-]*[A-Za-z0-9])?")
_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def yaml_text(tree: Mapping[str, Any]) -> str:
    """The tree as YAML that every YAML reader takes alike: texts that look like something else stand in quotes."""
    return "\n".join(_yaml_lines(tree)) + "\n"


def _yaml_lines(value: Any) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, member in value.items() for line in _under(f"{_scalar(str(key))}:", member)]
    if isinstance(value, list) and value:
        return [line for member in value for line in _item(_yaml_lines(member))]
    return ["{}" if isinstance(value, Mapping) else "[]" if isinstance(value, list) else _scalar(value)]


def _under(key: str, member: Any) -> list[str]:
    """`key: value` on one line; what is nested below, two spaces in."""
    lines = _yaml_lines(member)
    nested = isinstance(member, Mapping | list) and member
    return [key, *(f"  {line}" for line in lines)] if nested else [f"{key} {lines[0]}"]


def _item(lines: list[str]) -> list[str]:
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    """YAML 1.2, 5.7: what a double-quoted scalar can't have as it is."""
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _text_of(path: Path, limit: int = MAX_YAML_BYTES) -> str:
    """A text file's content; UTF-8, with or without a byte order mark."""
    name = path.name
    try:
        if path.stat().st_size > limit:
            raise _unreadable(name, f"is larger than {limit} bytes", "a smaller file")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(name, f"can't be read: {error.strerror or error}", "a readable file") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _unreadable(f"{name} line {line}", "is not UTF-8 text", "UTF-8, with or without BOM") from error


def _unreadable(location: str, wrong: str, expected: str) -> FilesRejected:
    return FilesRejected([Fault("file_not_readable", f"{location}: {wrong}", "", location, None, expected)])
