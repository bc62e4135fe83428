"""An account's tables: items, units, sites and prices as its draft has them, found, edited and exported row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request, url_for

from gateway.catalogue_parts import part_of_catalogue
from gateway.console.frame import Missing, console, needs, own_account, page, services
from gateway.console.table_cells import EXAMPLES, KINDS, NOUNS, SHOWN, Said, in_a_line
from gateway.drafting.drafts import draft_of
from gateway.drafting.row_edits import row_warnings, table_rows_now
from gateway.drafting.row_history import changed_cells, history_of
from gateway.store.account_tables import MOST_COUNTED, Look, TableRow
from gateway.store.revisions import account_scope
from mappings.sheets.words import label
from mappings.sheets.writing import csv_file, xlsx_file
from mappings.tables import TABLES, Kind, from_fields, key_part

TABLE = "/accounts/<account_id>/<any(items, units, sites, prices):table>"
PAGE_SIZE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a row's form."""

    name: str
    label: str
    value: str
    required: bool
    hint: str
    faults: Sequence[str] = ()

    @property
    def id(self) -> str:
        """Of the page's element."""
        return f"field-{self.name}"


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page shows it."""

    row: TableRow
    anchor: str
    cells: Sequence[Said]
    told: Sequence[str]


@dataclass(frozen=True, slots=True)
class Form:
    """A row's form: of the row with this key, empty for a new one; `seen` is what stood there as it was opened."""

    key: str
    seen: str
    fields: Sequence[Field]
    is_new: bool
    note: str = ""
    row: TableRow | None = None
    products: Sequence[Any] | None = None
    """Those found for what stands in the product's field; None: nobody asked."""


@console.get(TABLE)
@needs("viewer", ours_alone=True)
def table(account_id: str, table: str) -> Any:
    """The table as the draft has it: found by `q`, from `after` on, with the row of the key `edit` as a form."""
    form = None
    if "edit" in request.args or "add" in request.args:
        form = opened_form(account_id, KINDS[table], request.args.get("edit", ""), request.args)
    return table_page(account_id, table, form)


def table_page(account_id: str, table: str, form: Form | None, status: int = 200) -> Any:
    """The page with a row's form in it, if any."""
    kind = KINDS[table]
    number = known_account(account_id)
    found, more = _found(account_id, number, kind)
    lines = _lines(account_id, kind, found)
    told = request.args.get("told")
    _, just = table_rows_now(services(), account_id, kind, [told] if told else [])
    return page(
        "table",
        status,
        **around(account_id, table, number),
        lines=lines,
        form=form,
        product=None if form is None else _product_of(form),
        form_is_below=form is not None and not form.is_new and form.key not in {one.natural_key for one in found},
        more=more,
        shown=SHOWN[kind],
        example=EXAMPLES[kind],
        just=_lines(account_id, kind, just)[0] if just and _is_there(just[0]) else None,
        did=request.args.get("did", ""),
        batches=services().store.account_tables.batches(account_id, kind),
        batch=request.args.get("batch", ""),
        here=where(),
    )


def _product_of(form: Form) -> Said | None:
    """What the number in the product's field stands for; None where there is none."""
    number = next((one.value.strip() for one in form.fields if one.name == "product"), "")
    known = part_of_catalogue(services().store, [number]).products.get(number) if number else None
    if known is not None:
        return Said(known.name)
    return Said(wrong=f"{number} is not in our catalogue") if number else None


def _is_there(row: TableRow) -> bool:
    """Not so of a row that was in the draft alone, and isn't any more."""
    return row.edit is not None or row.published is not None


def known_account(account_id: str) -> int:
    """The account's published revision, 0 where it is a draft alone. Raises Missing where there is no such account."""
    if any("\0" in told for told in (*request.values.values(), *(request.view_args or {}).values())):
        raise Missing  # no text of ours has it, and PostgreSQL takes none
    number = services().store.revisions.current([own_account(account_id)]).get(account_id, 0)
    if not number and not services().store.account_tables.edits(account_id):
        raise Missing
    return number


def around(account_id: str, table: str, number: int) -> dict[str, Any]:
    """What every page of a table says."""
    return {
        "account_id": account_id,
        "within": "console.account_list",
        "table": table,
        "tables": list(KINDS),
        "noun": NOUNS[table],
        "kind": KINDS[table],
        "revision": number,
        "edits": services().store.account_tables.edits(account_id),
        "most_counted": MOST_COUNTED,
    }


def where() -> dict[str, str]:
    """Which part of the table is looked at, for the way back to it."""
    told = request.args if request.method == "GET" else request.form
    return {name: told[name] for name in ("q", "after", "in", "edited") if told.get(name)}


# --- which rows --------------------------------------------------------------------------------------------------
def _found(account_id: str, number: int, kind: Kind) -> tuple[list[TableRow], dict[str, str] | None]:
    """The page's rows, and where the next page begins. What is sought is looked for as the beginning of a key first,
    and then anywhere."""
    asked = where()
    q, after, edited = asked.get("q", "").strip(), asked.get("after", ""), bool(asked.get("edited"))
    prefix = key_part("q", q) if q else ""
    if not q:
        return _page(account_id, number, kind, Look(edited_only=edited), after, {})
    anywhere = Look(prefix=prefix, text=q, edited_only=edited)
    if asked.get("in"):
        return _page(account_id, number, kind, anywhere, after, {"in": "text"})
    rows, more = _page(account_id, number, kind, Look(prefix=prefix, edited_only=edited), after, {})
    if more is None and len(rows) < PAGE_SIZE:
        others, more = _page(account_id, number, kind, anywhere, "", {"in": "text"}, PAGE_SIZE - len(rows))
        rows += others
    elif more is None:
        more = {"in": "text"}
    return rows, more


def _page(
    account_id: str, number: int, kind: Kind, look: Look, after: str, beside: dict[str, str], size: int = PAGE_SIZE
) -> tuple[list[TableRow], dict[str, str] | None]:
    rows = services().store.account_tables.page(account_id, number, kind, look, after, size + 1)
    more = {**beside, "after": rows[size - 1].natural_key} if len(rows) > size else None
    return rows[:size], more


def _lines(account_id: str, kind: Kind, rows: Sequence[TableRow]) -> list[Line]:
    bodies = [row.body or row.published or (row.edit.was if row.edit else None) or "{}" for row in rows]
    cells = [json.loads(body) for body in bodies]
    products = part_of_catalogue(services().store, (one.get("product") for one in cells)).products
    said = [[shown.say(one, products) for shown in SHOWN[kind]] for one in cells]
    staying = [index for index, row in enumerate(rows) if row.body is not None]
    told = dict(
        zip(staying, row_warnings(services(), account_id, kind, [bodies[index] for index in staying]), strict=True)
    )
    return [
        Line(row, anchor(row.natural_key), said[index], () if _is_unknown(said[index], row) else told.get(index, ()))
        for index, row in enumerate(rows)
    ]


def _is_unknown(said: Sequence[Said], row: TableRow) -> bool:
    """Its product's cell says what is wrong with it."""
    return row.body is not None and any(one.wrong for one in said)


def anchor(key: str) -> str:
    """Of the row's element."""
    return "row-" + hashlib.sha256(key.encode()).hexdigest()[:12]


# --- a row's form ------------------------------------------------------------------------------------------------
def opened_form(account_id: str, kind: Kind, key: str, begun: Mapping[str, str]) -> Form:
    """The form of this row as it stands; where `key` is empty that of a new one, with what is `begun` of it. Raises
    Missing where there is no such row."""
    if not key:
        return Form("", "", fields_of(kind, begun), is_new=True)
    _, (row,) = table_rows_now(services(), account_id, kind, [key])
    if not _is_there(row):
        raise Missing
    text = row.body or row.published or (row.edit.was if row.edit else None) or "{}"
    return Form(key, row.body or "", fields_of(kind, json.loads(text)), is_new=False, row=row)


def fields_of(kind: Kind, values: Mapping[str, str], faults: Mapping[str, Sequence[str]] | None = None) -> list[Field]:
    """The fields with these values, and with what is wrong with them."""
    found = faults or {}
    return [
        Field(
            column.name,
            label(kind, column.name),
            values.get(column.name, ""),
            column.required,
            "" if column.type.expected == "text" else column.type.expected,
            found.get(column.name, ()),
        )
        for column in TABLES[kind].columns
    ]


# --- history and files -------------------------------------------------------------------------------------------
@console.get(f"{TABLE}/history")
@needs("viewer", ours_alone=True)
def row_history(account_id: str, table: str) -> Any:
    """Who changed what of the row with the key `key`, when and why."""
    kind, number = KINDS[table], known_account(account_id)
    key = request.args.get("key", "")
    _, (row,) = table_rows_now(services(), account_id, kind, [key])
    found = history_of(services(), account_id, kind, row)
    if row.edit is None and not found.events:
        raise Missing
    newest = row.body or row.published or json.dumps(found.events[0].before if found.events else {})
    said = in_a_line(kind, json.loads(newest))
    was, body = (json.loads(text) if text else {} for text in (row.published, row.body))
    told = {"history": found, "said": said, "label": label, "draft_changes": changed_cells(was, body)}
    return page("row_history", **around(account_id, table, number), **told)


@console.get(f"{TABLE}/file")
@needs("viewer", ours_alone=True)
def table_file(account_id: str, table: str) -> Any:
    """The table as CSV or XLSX (`as`): the draft's, the published one, or its columns alone (`of`)."""
    kind = KINDS[table]
    number = known_account(account_id)
    of, wanted = request.args.get("of", "draft"), request.args.get("as", "xlsx")
    rows = (from_fields(kind, json.loads(body)) for body in _bodies(account_id, number, kind, of))
    name = f"{account_id}-{table}" + {"published": f"-revision-{number}", "nothing": "-template"}.get(of, "-draft")
    if wanted == "csv":
        return _download((one.encode() for one in csv_file(kind, rows)), "text/csv; charset=utf-8", f"{name}.csv")
    return _download(xlsx_file(kind, rows), _XLSX, f"{name}.xlsx")


def _bodies(account_id: str, number: int, kind: Kind, of: str) -> Sequence[str]:
    if of == "nothing":
        return ()
    if of == "published":
        return [row.body for row in services().store.revisions.of_kinds(account_scope(account_id), number, [kind])]
    return [row.body for row in draft_of(services(), account_id).rows if row.kind == kind]


def _download(body: bytes | Iterator[bytes], media_type: str, name: str) -> Response:
    response = Response(body, content_type=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def to_table(account_id: str, table: str, **told: str) -> Any:
    """Back to the table, where it was left."""
    query: dict[str, Any] = {**where(), **told}
    return redirect(url_for("console.table", account_id=account_id, table=table, **query), 303)
