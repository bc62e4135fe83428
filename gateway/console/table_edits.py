"""Rows of an account's tables edited in place: saved to the draft, taken out, put back as they are published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import request

from gateway.catalogue_parts import products_like
from gateway.console.frame import actor, console, needs, page, services
from gateway.console.table_cells import KINDS, in_a_line
from gateway.console.tables import (
    TABLE,
    Form,
    around,
    fields_of,
    known_account,
    table_page,
    to_table,
    where,
)
from gateway.drafting.row_edits import RowRefused, row_of, save_row, set_row, table_rows_now
from gateway.store.drafts import Overtaken
from mappings.sheets.words import label
from mappings.tables import TABLES, Kind

_LONGEST_NOTE = 500


@console.post(TABLE)
@needs("support", ours_alone=True)
def save_table_row(account_id: str, table: str) -> Any:
    """Save the row that the form tells, or find products for it; what was typed is never lost."""
    known_account(account_id)
    kind = KINDS[table]
    key, seen = request.form.get("key", ""), request.form.get("seen", "")
    cells = {name: request.form.get(name, "") for name in TABLES[kind].names}
    if "find" in request.form:
        found = products_like(services().store, cells["product"].strip())
        return table_page(account_id, table, replace(_typed(kind, key, seen, cells, {}), products=found))
    if "take" in request.form:
        return table_page(account_id, table, _typed(kind, key, seen, {**cells, "product": request.form["take"]}, {}))
    try:
        row, note = row_of(kind, cells), request.form.get("note", "").strip()[:_LONGEST_NOTE]
        new = save_row(services(), account_id, kind, key or None, seen or None, row, author=actor(), note=note)
    except RowRefused as refused:
        return table_page(account_id, table, _typed(kind, key, seen, cells, refused.faults), 422)
    except Overtaken:
        return _overtaken(account_id, table, key, seen, cells)
    return to_table(account_id, table, told=new, did="saved")


def _typed(kind: Kind, key: str, seen: str, cells: Mapping[str, str], faults: Mapping[str, Sequence[str]]) -> Form:
    return Form(key, seen, fields_of(kind, cells, faults), is_new=not key, note=request.form.get("note", ""))


@console.post(f"{TABLE}/remove")
@needs("support", ours_alone=True)
def remove_table_row(account_id: str, table: str) -> Any:
    """Have the row go."""
    return _set(account_id, table, "nothing", "removed")


@console.post(f"{TABLE}/undo")
@needs("support", ours_alone=True)
def undo_table_row(account_id: str, table: str) -> Any:
    """Take the edit of the row back."""
    return _set(account_id, table, "published", "undone")


def _set(account_id: str, table: str, becomes: str, did: str) -> Any:
    known_account(account_id)
    key, seen = request.form.get("key", ""), request.form.get("seen", "")
    try:
        set_row(services(), account_id, KINDS[table], key, seen or None, becomes, author=actor())
    except Overtaken:
        return _overtaken(account_id, table, key, seen, None, did)
    return to_table(account_id, table, told=key, did=did)


def _overtaken(
    account_id: str, table: str, key: str, seen: str, cells: Mapping[str, str] | None, did: str = "saved"
) -> Any:
    """Somebody was faster: what it was, what they made of it, what was wanted here, and the choice between the two."""
    kind = KINDS[table]
    number, (row,) = table_rows_now(services(), account_id, kind, [key])
    was, now = _cells_in(seen), json.loads(row.body or "{}")
    mine = {} if cells is None else {name: one.strip() for name, one in cells.items() if one.strip()}
    if did == "undone":
        mine = json.loads(row.published or "{}")
    names = [name for name in TABLES[kind].names if len({was.get(name), now.get(name), mine.get(name)}) > 1]
    return page(
        "table_conflict",
        409,
        **around(account_id, table, number),
        said=in_a_line(kind, was or now or mine),
        columns=[(name, label(kind, name), was.get(name), now.get(name), mine.get(name)) for name in names],
        row=row,
        key=key,
        cells=cells,
        did=did,
        note=request.form.get("note", ""),
        here=where(),
    )


def _cells_in(seen: str) -> Mapping[str, str]:
    """The cells that the form says it saw; none where no form of ours says so."""
    try:
        found = json.loads(seen or "{}")
    except (ValueError, RecursionError):
        return {}
    return {name: text for name, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}
