"""Accounts and their mappings as folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.catalogue import placed_lost_zeros
from gateway.commands.differences import plan_lines
from gateway.commands.draft_import import take_into_draft
from gateway.commands.opening import begun, opened
from gateway.commands.screen import CONFLICT, DONE, FAILED, PARTLY, Failed, Screen, counted, person, reports

if TYPE_CHECKING:
    from gateway.accounts import Plan
    from gateway.services import Services
    from mappings.files.account_folder import AccountFolder, FolderRead
    from mappings.revision import Catalogue
    from schemas.faults import Fault

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def accounts() -> None:
    """Accounts and their mappings."""


@accounts.command("list")
@reports
def list_accounts(screen: Screen) -> None:
    """List the accounts with their published revision."""
    with opened() as services:
        screen.table(services.store.revisions.accounts(), ["id", "name", "tier", "revision"], "No accounts yet.")


@accounts.command("import")
@reports
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--dry-run", is_flag=True, help="Check only; nothing is stored.")
@click.option("--draft", "into_draft", is_flag=True, help="Into the account's draft; nothing is published.")
@click.option("--reason", default="imported", show_default=True, help="Why, for the record.")
def import_accounts(screen: Screen, folder: Path, dry_run: bool, into_draft: bool, reason: str) -> int:
    """Publish an account's folder, or every account's folder in DIR.

    Every fault of every file is shown, and what is different from the published revision: each row that is removed,
    changed (old → new) or added, at most ten of a kind in a file; with --json all of them. A folder that is equal to
    what is published changes nothing.

    With --draft what is different from the account's draft becomes edits of it, to be looked at, tested and published
    in the console or by `gateway mappings publish`. Exit code 4: somebody edited the draft meanwhile.
    """
    from mappings.files.account_folder import read_folder

    done, failed = [], 0
    with begun() as services:
        taken: dict[str, str] = {}
        for one in _account_folders(folder.resolve()):
            catalogue = services.terms.catalogue()
            read = _without_lost_zeros(_alone(read_folder(one), one, taken), catalogue)
            read = _without_mixed_units(read, catalogue)
            problems = [fault for fault in _problems(services, one, read) if fault not in read.faults]
            if read.faults:
                failed += 1
                screen.faults(read.faults, f"{one.name} can't be imported:", problems)
            else:
                _warn(screen, read.content(), problems)
                take = take_into_draft if into_draft else _import
                done.append(take(services, read.content(), problems, dry_run, reason))
    told = [one for one, _ in done]
    screen.result(told if failed or len(told) != 1 else told[0], *(line for _, lines in done for line in lines))
    return DONE if not failed else PARTLY if done else FAILED


def _account_folders(folder: Path) -> list[Path]:
    if (folder / "account.yaml").exists() or not folder.is_dir():
        return [folder]
    return [path.parent for path in sorted(folder.glob("*/account.yaml"))] or [folder]


def _alone(read: FolderRead, folder: Path, taken: dict[str, str]) -> FolderRead:
    """The folder, with a fault where another before it is the same account's: one would be published over the other.
    `taken` is account → its folder."""
    from schemas.faults import Fault

    if read.account is None:
        return read
    account_id = read.account.id
    first = taken.setdefault(account_id, folder.name)
    if first == folder.name:
        return read
    detail = f"{first} is the folder of {account_id} already."
    fault = Fault("duplicate_row", detail, "/id", "account.yaml", account_id, "an id of its own")
    return replace(read, faults=(*read.faults, read.placed(fault)))


def _without_lost_zeros(read: FolderRead, catalogue: Catalogue) -> FolderRead:
    """The folder, with a fault for each row of a product that lost its leading zeros in a spreadsheet."""
    found = [fault for kind, placed in read.rows.items() for fault in placed_lost_zeros(kind, placed, catalogue)]
    return replace(read, faults=(*read.faults, *found)) if found else read


def _without_mixed_units(read: FolderRead, catalogue: Catalogue) -> FolderRead:
    """The folder, with a fault for each rebate by quantity of products that are counted in several base units: what it
    reaches is no sum, whatever else is imported."""
    from mappings.coherence import rebates_of_several_units

    found = () if read.judged is None else rebates_of_several_units(read.judged, catalogue)
    return replace(read, faults=(*read.faults, *(read.placed(fault) for fault in found)))


def _problems(services: Services, folder: Path, read: FolderRead) -> list[Fault]:
    """What is wrong with the folder beyond its single files, also of rows that have a fault. Of one that can't be
    imported nothing is said of our products while we have none at all."""
    from mappings.coherence import mapping_problems
    from mappings.own_format import map_warnings

    catalogue = services.terms.catalogue()
    known = None if read.faults and not catalogue.products else catalogue
    account_id = read.account.id if read.account else folder.name
    sites = services.store.stock.sites()
    found = mapping_problems(account_id, read.judged, read.rows, known, sites, read.unread, read.maps)
    of_maps = (fault for name, text in read.maps.items() for fault in map_warnings(name, text))
    return [*read.strays, *(read.placed(fault) for fault in found), *of_maps]


def _warn(screen: Screen, content: AccountFolder, problems: list[Fault]) -> None:
    if problems and not screen.as_json:
        screen.faults(problems, f"{content.account.id} can be imported, but something about it looks wrong:")


def _import(
    services: Services, content: AccountFolder, problems: list[Fault], dry_run: bool, reason: str
) -> tuple[dict[str, Any], list[str]]:
    """Publish it, or only say what would be; what is said of it to programs and to people."""
    from gateway.accounts import plan_folder, publish_folder

    told = {"id": content.account.id, **{f"{kind}s": len(rows) for kind, rows in content.rows().items()}}
    told["warnings"] = [problem.as_json() for problem in problems]
    plan = plan_folder(services.store, content)
    published = (
        plan.as_published if dry_run else publish_folder(services.store, content, author=person(), reason=reason)
    )
    counts = {"changed": published.changed, "added": published.added, "removed": published.removed}
    told |= {"dry_run": dry_run, "revision": published.number, "against": plan.number, **counts}
    told |= {"differences": [one.as_json() for one in plan.differences]}
    return told, _told(told, plan)


def _told(one: dict[str, Any], plan: Plan) -> list[str]:
    rows = ", ".join(counted(one[f"{kind}s"], kind) for kind in ("item", "unit", "site", "price"))
    if not one["changed"]:
        return [f"{one['id']}: equal to revision {one['revision']}: {rows}."]
    differences = plan_lines(plan)
    if one["dry_run"]:
        which = f"a new revision after {one['revision']}" if one["revision"] else "its first revision"
        return [f"{one['id']}: would be {which}: {rows}. Nothing was stored.", *differences]
    return [f"{one['id']}: revision {one['revision']} is published: {rows}.", *differences]


@accounts.command()
@reports
@click.argument("account_id", metavar="ID")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--force", is_flag=True, help="Overwrite files with what was never published, too.")
def export(screen: Screen, account_id: str, folder: Path, force: bool) -> None:
    """Write an account's published mapping as a folder.

    `accounts import` takes it back unchanged. A folder that was exported before is brought up to date, unless one of
    its files was edited since and not published.
    """
    from gateway.accounts import published_folder
    from gateway.exporting import edited_files
    from mappings.files.account_folder import write_account

    with opened() as services:
        content = published_folder(services.store, account_id)
        if content is None:
            raise Failed(f"There is no account {account_id}.")
        _refuse_other_content(folder, account_id)
        edited = [] if force else edited_files(services.store, account_id, folder, content)
    if edited:
        raise Failed(
            f"{', '.join(edited)} in {folder} would be overwritten with what was published, and has what never was. "
            "Import the folder first, name an empty one, or say --force.",
            CONFLICT,
        )
    try:
        for stale in folder.glob("samples/*"):
            if stale.name not in content.samples:
                stale.unlink()
        write_account(folder, content)
    except OSError as failure:
        raise Failed(f"{folder} can't be written: {failure.strerror}") from failure
    screen.result({"id": account_id, "folder": str(folder)}, f"{account_id} is written to {folder}.")


def _refuse_other_content(folder: Path, account_id: str) -> None:
    """Only an empty folder, or this account's own, is written to."""
    from mappings.files.account_folder import read_folder

    if not folder.exists() or not any(folder.iterdir()):
        return
    account = read_folder(folder).account
    if account is not None and account.id == account_id:
        return
    raise Failed(f"{folder} has other content than {account_id}; name an empty folder.", CONFLICT)
