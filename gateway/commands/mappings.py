"""Per-account mappings: tried out here; drafted, published and taken back by the commands that are added below."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gateway.commands.drafts import draft, publish
from gateway.commands.opening import folder_at, opened
from gateway.commands.revisions import diff, history, rollback
from gateway.commands.screen import DONE, FAILED, Failed, Screen, fault_lines, reports
from schemas.faults import Fault

if TYPE_CHECKING:
    from gateway.judging import Judged
    from gateway.sent_samples import Written
    from gateway.services import Services
    from mappings.revision import MappingRevision


_USUAL_LAST = 200
"""Messages that a mapping is tried on."""


@click.group()
def mappings() -> None:
    """The accounts' mappings."""


for _command in (draft, diff, publish, rollback, history):
    mappings.add_command(_command)


@mappings.command()
@reports
@click.argument("account", metavar="ID|DIR")
@click.option("--last", metavar="N", type=click.IntRange(1, 10_000), help="The last N messages instead of the samples.")
@click.option("--draft", is_flag=True, help="What the account's draft would do to the last N messages (200).")
@click.option("--against-published", is_flag=True, help="The same of the mapping in the folder DIR.")
def test(screen: Screen, account: str, last: int | None, draft: bool, against_published: bool) -> int:
    """Judge an account's samples under its mapping, without effect.

    That is its published mapping, or the one in its folder, which needn't be imported.

    Each order is compared with the *.expected.json beside it, on the stock of the last import. A document that we send
    (07.despatch_advice.json) is written as the account gets it, and compared with the 07.despatch_advice.expected.*
    beside it. Messages are compared with what came of them: status and faults. Of what doesn't come out as expected,
    every fault is said.

    --draft and --against-published compare instead what comes of the last messages with what would come of them under
    what is published: differences by the change they come of, down to the line. Exit code 1: orders would newly fail.
    """
    if draft or against_published:
        return _tried(screen, account, last or _USUAL_LAST, draft=draft, against_published=against_published)
    with opened() as services:
        revision, samples = _mapping(services, account)
        told = _samples(services, revision, samples) if last is None else _messages(services, revision, last)
    screen.result(told, *(line for row in told for line in _lines(row)))
    return DONE if all(row["ok"] for row in told) else FAILED


@mappings.command()
@reports
@click.option(
    "--writes", type=click.Choice(["json", "xml", "csv"]), help="Of a map that writes this, in place of one that reads."
)
def schema(screen: Screen, writes: str | None) -> None:
    """Print the JSON Schema of a field map, for editors.

    Save it beside the map, and tell the editor by a first line in the map: # yaml-language-server: $schema=FILE
    """
    from mappings.fieldmaps import map_schema

    found = map_schema(writes)
    screen.result(found, *json.dumps(found, indent=2, ensure_ascii=False).splitlines())


@mappings.command()
@reports
@click.argument("file", metavar="FILE", type=click.File("rb"))
def suggest(screen: Screen, file: BinaryIO) -> None:
    """Print the order_map.yaml that one sample order suggests.

    FILE may be -. For an account whose JSON or XML nobody knows yet. Fields are found by their names, in ten languages,
    and by how their values look. TODO marks what is to be decided: a required field that was not found, a day or number
    that may mean two things, two places for one field. With --json also where each field was found and how surely, what
    no rule reads, and what names the buyer.
    """
    from mappings.suggesting import suggest as suggested

    found = suggested(file.read())
    screen.result(found.as_json(), *found.text.splitlines())


def _tried(screen: Screen, account: str, last: int, *, draft: bool, against_published: bool) -> int:
    from gateway.commands.trying import try_draft, try_revision

    is_folder = folder_at(account) is not None
    if draft and (against_published or is_folder):
        raise click.UsageError("A draft is an account's: --draft ID, or --against-published DIR.")
    if against_published and not is_folder:
        raise click.UsageError("--against-published is for the mapping in a folder; --draft for an account's draft.")
    with opened() as services:
        if draft:
            return try_draft(services, screen, account, last)
        revision, _ = _mapping(services, account)
        return try_revision(services, screen, revision, last)


def _mapping(services: Services, account: str) -> tuple[MappingRevision, Mapping[str, bytes]]:
    """An account's mapping with its samples: of its folder, or as it is published. Raises FilesRejected with every
    fault of the folder."""
    from gateway.accounts import published_folder, revision_of
    from mappings.files.account_folder import read_account

    if (path := folder_at(account)) is not None:
        folder = read_account(path)
        return revision_of(folder), folder.samples
    published = published_folder(services.store, account)
    if published is None:
        raise Failed(f"There is no account {account}.")
    return services.terms.current([account])[account], published.samples


def _samples(services: Services, revision: MappingRevision, files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    from gateway.samples import differences, judge_samples, samples_in
    from gateway.sent_samples import write_samples
    from mappings.files.sent_samples import sent_samples_in

    try:
        judged = judge_samples(services, revision, samples_in(files))
    except ValueError as wrong:
        raise Failed(str(wrong)) from wrong
    written = write_samples(revision, sent_samples_in(files))
    if not judged and not written:
        raise Failed(f"{revision.account.id} has no samples.")
    orders = [
        _told(sample.name, one, None if sample.expected is None else differences(sample.expected, one))
        for sample, one in judged
    ]
    return orders + [_told_written(one) for one in written]


def _messages(services: Services, revision: MappingRevision, last: int) -> list[dict[str, Any]]:
    from gateway.judging import judge_messages
    from gateway.samples import differences

    told = []
    for stored, one in judge_messages(services, revision, last):
        came = [{"code": fault.code, "path": fault.path} for fault in services.store.messages.faults(stored.id)]
        told.append(_told(stored.id, one, differences({"status": stored.status, "faults": came}, one)))
    return told


def _told(name: str, judged: Judged, found: list[str] | None) -> dict[str, Any]:
    faults = [fault.as_json() for fault in judged.faults]
    faults += [fault.as_json() for one in judged.orders for fault in one.faults]
    orders = [
        {
            "order_number": one.order_number,
            "status": one.status,
            "faults": [fault.as_json() for fault in one.faults],
        }
        for one in judged.orders
    ]
    told = {"name": name, "status": judged.status, "ok": not found, "differences": found, "faults": faults}
    return {**told, "orders": orders}


def _told_written(one: Written) -> dict[str, Any]:
    return {
        "name": one.sample.name,
        "type": one.sample.kind,
        "format": one.format_name,
        "status": "not written" if one.faults else "written",
        "ok": one.is_right,
        "differences": one.differences,
        "faults": [fault.as_json() for fault in one.faults],
        "orders": [],
    }


def _lines(row: dict[str, Any]) -> Iterator[str]:
    state = "no expectation" if row["differences"] is None else "as expected" if row["ok"] else "differs"
    if "format" in row:
        state = f"in {row['format']}" if row["faults"] else f"in {row['format']}, {state}"
    yield f"{row['name']}: {row['status']}, {state}"
    yield from _within(row["differences"] or ())
    if row["differences"] == []:
        return
    for number, one in enumerate(row["orders"], 1):
        named = f" ({one['order_number']})" if one["order_number"] else ""
        yield from _within([f"order {number}{named}: {one['status']}", *_within(_fault_lines(one["faults"]))])
    if not row["orders"]:
        yield from _within(_fault_lines(row["faults"]))


def _fault_lines(faults: Iterable[dict[str, Any]]) -> Iterator[str]:
    return (line for fault in faults for line in fault_lines(Fault(**fault)))


def _within(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
