"""Sealing what is new in the audit chain, by the clock, and keeping the newest seal's name beside the database."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from gateway.sealing import Keyring
from gateway.store.seal_check import Expected
from gateway.store.seals import Seal
from gateway.store.store import Store

_MOST_SECONDS = 5.0
"""Of one turn: after an upgrade there may be millions of events that no seal is over."""
_FILE = "audit.seal"

logger = logging.getLogger(__name__)


def kept_at(data_dir: Path) -> Path:
    """The file that knows the newest seal: who cuts the database doesn't cut it along."""
    return data_dir / _FILE


class Sealer:
    """What the scheduler does every minute. Several may: of two that come at once one seals."""

    def __init__(self, store: Store, keyring: Keyring, data_dir: Path) -> None:
        self._store = store
        self._keyring = keyring
        self._file = kept_at(data_dir)

    def seal(self) -> int:
        """Seal what is new; how many seals that took. Costs nothing to speak of where nothing is."""
        key = self._keyring.mark_key
        if key is None:
            raise ValueError("the audit chain can't be sealed: there is no GATEWAY_SECRET_KEY")
        started, made, newest = time.monotonic(), 0, None
        while time.monotonic() - started < _MOST_SECONDS and (seal := self._store.seals.append(key)) is not None:
            newest, made = seal, made + 1
        if newest is not None:
            self._keep(newest)
        return made

    def _keep(self, newest: Seal) -> None:
        """The newest seal's name, unless the one that stands in the file is not in the database any more: then the
        database was cut or put back behind it, and the file goes on saying so."""
        try:
            before = expectation_at(self._file)
        except ValueError:
            before = None
        if before is not None and self._store.seals.hash_of(before.number) != before.hash:
            logger.error(
                "The audit chain was cut behind seal %s, or an older database was put in its place; see `gateway audit "
                "verify`. Remove %s where that was on purpose",
                *(before.number, self._file),
            )
            return
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            draft.write_text(newest.name + "\n", "ascii")
            draft.replace(self._file)
        except OSError as failure:  # sealed it is all the same
            logger.warning("%s can't be written: %s", self._file, failure.strerror)


def expectation(text: str, where: str) -> Expected:
    """`NUMBER:HASH` as a seal that is expected. Raises ValueError."""
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit()) or len(number) > 18 or len(digest) != 64:
        raise ValueError(f"{text.strip()[:100]!r} is no seal's name: NUMBER:HASH, as `gateway audit seal` prints it")
    return Expected(int(number), bytes.fromhex(digest), where)


def expectation_at(file: Path) -> Expected | None:
    """The one that stands in a file; None where there is no such file. Raises ValueError for what is no name."""
    try:
        return expectation(file.read_text("ascii"), f"the file {file}")
    except FileNotFoundError:
        return None
