"""What the demo needs: the catalogue and stock, the accounts with their samples, and a key of each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.accounts import publish_catalogue, publish_folder
from gateway.demo import DemoFailed
from gateway.intake import recognise
from gateway.samples import Sample, samples_in
from gateway.services import Services
from gateway.store.store import Store
from mappings.account import Account
from mappings.files.account_folder import AccountFolder, read_account
from mappings.files.tables import read_catalogue, read_stock
from mappings.own_format import CUSTOM, own_format
from schemas.formats import Format
from schemas.formats.registry import FORMATS

_AUTHOR, _REASON = "demo", "the demo's own"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo account with the key its samples are sent with, which stands in `key_file` for its owner only."""

    account: Account
    folder: Path
    samples: tuple[Sample, ...]
    key: str
    key_file: Path
    formats: Mapping[str, Format]
    """Those that the account's documents may be in, its own layout among them."""

    def format_of(self, body: bytes) -> str | None:
        """The name of the format that these bytes are in."""
        return recognise(self.account, self.formats, body).format

    def media_type(self, body: bytes) -> str:
        """As what its system would send these bytes."""
        known = self.formats.get(self.format_of(body) or "")
        return known.media_type if known else "application/octet-stream"


def prepare(services: Services, demo_files: Path, accounts_dir: Path, key_dir: Path) -> list[DemoAccount]:
    """Import the catalogue, stock and accounts that aren't there yet, and see that each account has a key.

    Raises FilesRejected with every fault, and DemoFailed where there is no account.
    """
    folders = {path.parent: read_account(path.parent) for path in sorted(accounts_dir.glob("*/account.yaml"))}
    if not folders:
        raise DemoFailed(f"There is no account's folder in {accounts_dir}.")
    _import_catalogue(services.store, demo_files)
    there = {known["id"] for known in services.store.revisions.accounts()}
    for content in folders.values():
        if content.account.id not in there:
            publish_folder(services.store, content, author=_AUTHOR, reason=_REASON)
    key_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_demo_account(services.store, path, content, key_dir) for path, content in folders.items()]


def _import_catalogue(store: Store, files: Path) -> None:
    if store.revisions.current_catalogue():
        return
    rows = read_catalogue(files)
    store.stock.record(read_stock(files / "stock.csv"))
    publish_catalogue(store, rows, author=_AUTHOR, reason=_REASON)


def _demo_account(store: Store, folder: Path, content: AccountFolder, key_dir: Path) -> DemoAccount:
    file = key_dir / f"{content.account.id}.key"
    try:
        samples = tuple(samples_in(content.samples))
    except ValueError as error:
        raise DemoFailed(f"{folder}: {error}") from error
    own = own_format(content.maps)
    formats = FORMATS if own is None else {CUSTOM: own, **FORMATS}
    return DemoAccount(content.account, folder, samples, key_in(store, content.account.id, file), file, formats)


def key_in(store: Store, account_id: str | None, file: Path) -> str:
    """The account's key in the file, or the back office's (None); a new one where that is none, or no longer live."""
    kept = file.read_text(encoding="ascii", errors="replace").strip() if file.exists() else ""
    known = store.keys.verify(kept) if kept else None
    if known is not None and known.account_id == account_id:
        return kept
    _, text = store.keys.create(account_id, actor=_AUTHOR)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as written:
        written.write(text + "\n")
    draft.replace(file)
    return text
