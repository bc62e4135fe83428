"""Files imported into an account's table in steps: the file, its columns, what each row would do, the draft."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, cast

from flask import Response, redirect, request, url_for

from gateway.console.frame import Denied, Missing, actor, console, needs, page, services, takes, user
from gateway.console.table_cells import KINDS, in_a_line
from gateway.console.tables import PAGE_SIZE, TABLE, around, known_account, to_table
from gateway.drafting.importing import (
    Outdated,
    apply_import,
    begin_import,
    choices_of,
    choose,
    drop_import,
    dry_run,
    sheet_of,
)
from gateway.drafting.publishing import role_obstacles
from gateway.drafting.row_history import changed_cells
from gateway.store.uploads import Upload
from mappings.files.text import FilesRejected
from mappings.sheets.choices import MANNERS, Choices, choice_faults, decimals_in
from mappings.sheets.decimals import Number, Sign, with_point
from mappings.sheets.plan import OUTCOMES, PlannedRow
from mappings.sheets.reading import ENCODINGS, SEPARATORS, Sheet
from mappings.sheets.words import label
from mappings.sheets.writing import rejects_file
from mappings.tables import TABLES, Kind

_LARGEST_FILE = 20_000_000
_SAMPLE_ROWS = 3


@console.get(f"{TABLE}/import")
@needs("support", ours_alone=True)
def import_start(account_id: str, table: str) -> Any:
    """Which file?"""
    return _start(account_id, table)


def _start(account_id: str, table: str, said: str = "", status: int = 200) -> Any:
    number = known_account(account_id)
    columns = [(column, label(KINDS[table], column.name)) for column in TABLES[KINDS[table]].columns]
    told = around(account_id, table, number)
    return page("import_start", status, **told, wrong=said, columns=columns, most=_LARGEST_FILE // 1_000_000)


@console.post(f"{TABLE}/import")
@needs("support", ours_alone=True)
@takes(_LARGEST_FILE + 10_000)
def import_file(account_id: str, table: str) -> Any:
    """Take the file in."""
    known_account(account_id)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _start(account_id, table, "Choose a file first.", 422)
    try:
        kind: Kind = KINDS[table]
        with file.stream as stream:
            body = stream.read()
        upload = begin_import(services(), account_id, user().id, kind, file.filename, body)
    except FilesRejected as rejected:
        return _start(account_id, table, _sentence(rejected), 422)
    return redirect(url_for("console.import_columns", account_id=account_id, table=table, upload_id=upload.id), 303)


def _sentence(rejected: FilesRejected) -> str:
    fault = rejected.faults[0]
    return f"{fault.detail}. Expected: {fault.expected}." if fault.expected else f"{fault.detail}."


# --- columns -----------------------------------------------------------------------------------------------------
@console.get(f"{TABLE}/import/<upload_id>")
@needs("support", ours_alone=True)
def import_columns(account_id: str, table: str, upload_id: str) -> Any:
    """Which of its columns is which, and how it is written."""
    upload = _upload(account_id, table, upload_id)
    return _columns(upload, table, {})


@console.post(f"{TABLE}/import/<upload_id>")
@needs("support", ours_alone=True)
def import_choices(account_id: str, table: str, upload_id: str) -> Any:
    """Have it read as the form says."""
    upload = _upload(account_id, table, upload_id)
    try:
        wanted = _chosen(upload)
        before = choices_of(upload)
        faults = choose(services(), upload, wanted)
    except FilesRejected as rejected:
        return _columns(upload, table, {"encoding": _sentence(rejected)}, 422)
    upload = _upload(account_id, table, upload_id)
    if faults:
        return _columns(upload, table, faults, 422)
    is_read_anew = (wanted.encoding, wanted.separator) != (before.encoding, before.separator)
    endpoint = "console.import_columns" if is_read_anew else "console.import_rows"
    return redirect(url_for(endpoint, account_id=account_id, table=table, upload_id=upload_id), 303)


def _chosen(upload: Upload) -> Choices:
    """What the form says; what it doesn't, or says as no form of ours does, stays as it is."""
    before, form, names = choices_of(upload), request.form, TABLES[upload.kind].names
    columns = tuple(
        (form[f"column.{index}"] if form[f"column.{index}"] in names else None) if f"column.{index}" in form else column
        for index, column in enumerate(before.columns)
    )
    sign = cast("Sign", form["sign"]) if form.get("sign") in ("point", "comma") else None
    return Choices(
        columns,
        sign,
        next((one for one in MANNERS if one == form.get("manner")), before.manner),
        form["encoding"] if form.get("encoding") in ENCODINGS and before.encoding else before.encoding,
        form["separator"] if form.get("separator") in SEPARATORS and before.separator else before.separator,
    )


def _columns(upload: Upload, table: str, faults: Mapping[str, str], status: int = 200) -> Any:
    sheet, choices = sheet_of(services(), upload), choices_of(upload)
    decimals = decimals_in(upload.kind, sheet, choices.columns)
    return page(
        "import_columns",
        status,
        **around(upload.account_id, table, known_account(upload.account_id)),
        upload=upload,
        sheet=sheet,
        choices=choices,
        columns=[
            (index, said, choices.columns[index], [_shown(sheet, row, index) for row in range(_SAMPLE_ROWS)])
            for index, said in enumerate(sheet.header)
        ],
        ours=[(column.name, label(upload.kind, column.name)) for column in TABLES[upload.kind].columns],
        ignored=[said for said, column in zip(sheet.header, choices.columns, strict=True) if column is None],
        decimals=decimals,
        readings={} if decimals.unclear is None else _readings(decimals.unclear),
        encodings=ENCODINGS,
        separators=SEPARATORS,
        faults=faults,
        current=choice_faults(upload.kind, sheet, choices),
    )


def _readings(number: Number) -> dict[str, str]:
    """What a number would be by either sign."""
    signs: tuple[Sign, ...] = ("point", "comma")
    return {sign: with_point(number.text, sign) or "" for sign in signs}


def _shown(sheet: Sheet, row: int, position: int) -> str:
    if row >= len(sheet.rows):
        return ""
    cells = sheet.rows[row][1]
    cell = cells[position] if position < len(cells) else None
    return "" if cell is None else str(getattr(cell, "text", cell))[:40]


# --- rows --------------------------------------------------------------------------------------------------------
@console.get(f"{TABLE}/import/<upload_id>/rows")
@needs("support", ours_alone=True)
def import_rows(account_id: str, table: str, upload_id: str) -> Any:
    """What each row would do: of one outcome, from a place among the rows on."""
    return _rows(_upload(account_id, table, upload_id), table)


def _rows(upload: Upload, table: str, said: str = "", status: int = 200) -> Any:
    sheet, choices = sheet_of(services(), upload), choices_of(upload)
    if choice_faults(upload.kind, sheet, choices):
        there = url_for("console.import_columns", account_id=upload.account_id, table=table, upload_id=upload.id)
        return redirect(there, 303)
    found = dry_run(services(), upload)
    plan = found.plan
    outcome = request.args.get("outcome", "")
    positions = plan.positions.get(outcome, ())
    after = request.args.get("after", "-1")
    start = bisect_right(positions, int(after) if after.removeprefix("-").isdecimal() and len(after) < 9 else -1)
    chosen = positions[start : start + PAGE_SIZE]
    return page(
        "import_rows",
        status,
        **around(upload.account_id, table, known_account(upload.account_id)),
        upload=upload,
        mark=found.mark,
        choices=choices,
        counts={one: plan.count(one) for one in ("", *OUTCOMES, "warned")},
        outcome=outcome,
        rows=[(position, plan.rows[position], *_told(upload.kind, sheet, plan.rows[position])) for position in chosen],
        more=chosen[-1] if start + PAGE_SIZE < len(positions) else None,
        label=label,
        said=said,
    )


def _told(kind: Any, sheet: Sheet, row: PlannedRow) -> tuple[str, list[tuple[str, str | None, str | None]]]:
    """The row in a line, and what changes in it."""
    body, was = (json.loads(text) if text else {} for text in (row.body, row.was))
    if row.outcome == "reject" and row.index is not None:
        cells = (_shown(sheet, row.index, position) for position in range(len(sheet.rows[row.index][1])))
        return " · ".join(one for one in cells if one), []
    return in_a_line(kind, body or was), changed_cells(was, body) if row.outcome == "change" else []


@console.get(f"{TABLE}/import/<upload_id>/rejects")
@needs("support", ours_alone=True)
def import_rejects(account_id: str, table: str, upload_id: str) -> Any:
    """The rejected rows with their reasons, as CSV."""
    upload = _upload(account_id, table, upload_id)
    plan, sheet = dry_run(services(), upload).plan, sheet_of(services(), upload)
    pieces = rejects_file(sheet, (plan.rows[position] for position in plan.positions["reject"]))
    response = Response((one.encode() for one in pieces), content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"{account_id}-{table}-rejected.csv")
    return response


@console.post(f"{TABLE}/import/<upload_id>/apply")
@needs("support", ours_alone=True)
def import_apply(account_id: str, table: str, upload_id: str) -> Any:
    """Put it into the draft, all or nothing."""
    known_account(account_id)
    upload = services().store.uploads.of(account_id, user().id, KINDS[table], upload_id)
    if upload is None:  # sent twice: it is there already, or gone
        return to_table(account_id, table, batch=upload_id)
    try:
        apply_import(services(), upload, request.form.get("mark", ""), author=actor())
    except Outdated:
        said = "Somebody changed the draft or the catalogue since. Nothing was done: this is what the file does now."
        return _rows(upload, table, said, 409)
    return to_table(account_id, table, batch=upload_id)


@console.post(f"{TABLE}/import/<upload_id>/drop")
@needs("support", ours_alone=True)
def import_drop(account_id: str, table: str, upload_id: str) -> Any:
    """Leave it."""
    drop_import(services(), _upload(account_id, table, upload_id))
    return to_table(account_id, table)


@console.post(f"{TABLE}/take-back")
@needs("support", ours_alone=True)
def take_import_back(account_id: str, table: str) -> Any:
    """Take an import out of the draft again."""
    known_account(account_id)
    batch = request.form.get("batch", "")
    if role_obstacles(
        services().store.drafts.batch_kinds(account_id, batch), user().role
    ):  # a folder's import has rules and terms beside the rows
        raise Denied("integration")
    gone = services().store.drafts.discard_batch(account_id, batch, author=actor())
    return to_table(account_id, table, did="taken-back", rows=str(gone))


def _upload(account_id: str, table: str, upload_id: str) -> Upload:
    """Whoever asks uploaded it for this table. Raises Missing."""
    known_account(account_id)
    found = services().store.uploads.of(account_id, user().id, KINDS[table], upload_id)
    if found is None:
        raise Missing
    return found
