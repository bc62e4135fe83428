"""A partner in a process of its own, which writes what reaches it to its own SQLite file.

`python -m tests.harness.partner FILE` prints the port that it listens on, on loopback. A path `/bad/KIND` misbehaves as
KIND says until there is a file `FILE.well`; any other path is well from the start.
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.delivery.partner import (
    Behaviour,
    Call,
    Partner,
    Request,
    closes_having_taken,
    drips,
    hangs,
    resets_having_taken,
    says,
    says_a_gigabyte,
)
from tests.harness.gateway import ROOT

BAD: dict[str, Behaviour] = {
    "500": says(500, b"down"),
    "301": says(301, b"", "Location: http://169.254.169.254/latest"),
    "hangs": hangs,
    "drips": drips,
    "resets": resets_having_taken,
    "gigabyte": says_a_gigabyte,
    "closes": closes_having_taken,
}
TOLD_NOT_TO_HAVE_IT = ("/bad/500", "/bad/301")
"""Paths whose answer says that the document was not taken; the others may have it, whatever became of the answer."""

_TABLES = """
CREATE TABLE arrivals (document_id TEXT, type TEXT, number TEXT, sha256 TEXT, path TEXT, taken INTEGER);
CREATE TABLE effects (document_id TEXT PRIMARY KEY, type TEXT, number TEXT, sha256 TEXT);
"""


class NotingPartner(Partner):
    """Notes each arrival, and each effect: a document counts once by its id, as a partner that has it tells it."""

    def open_books(self, file: Path) -> None:
        self._well = Path(f"{file}.well")
        self._books = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._books.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _TABLES)
        self._writing = threading.Lock()

    def note(self, request: Request) -> None:
        if len(request.body) < int(request.headers["content-length"]):
            return  # whoever sent it died meanwhile: nobody could take it
        told = (request.headers.get("document-type"), request.headers.get("document-number"))
        digest = hashlib.sha256(request.body).hexdigest()
        taken = self._well.exists() or request.path not in TOLD_NOT_TO_HAVE_IT
        row = (request.document_id, *told, digest)
        with self._writing:
            self._books.execute("INSERT INTO arrivals VALUES (?, ?, ?, ?, ?, ?)", (*row, request.path, taken))
            if taken:
                self._books.execute("INSERT OR IGNORE INTO effects VALUES (?, ?, ?, ?)", row)

    def badly(self, behaviour: Behaviour) -> Behaviour:
        def behave(call: Call) -> None:
            (says(200) if self._well.exists() else behaviour)(call)

        return behave


class PartnerProcess:
    """The process as the test sees it."""

    def __init__(self, process: subprocess.Popen[str], file: Path, port: int) -> None:
        self.process, self.file, self.port = process, file, port

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def become_well(self) -> None:
        """From now on every path answers 200."""
        Path(f"{self.file}.well").touch()

    def rows(self, query: str) -> list[Any]:
        """What its books say."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as books:
            return books.execute(query).fetchall()


@contextmanager
def partner_process(file: Path) -> Iterator[PartnerProcess]:
    """The partner, ended with the block."""
    command = [sys.executable, "-P", "-m", __name__, str(file)]
    process = subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield PartnerProcess(process, file, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def main() -> int:
    """Answer until killed."""
    there = NotingPartner(drip_seconds=0.05)
    there.open_books(Path(sys.argv[1]))
    there.behaviours |= {f"/bad/{kind}": there.badly(behaviour) for kind, behaviour in BAD.items()}
    print(there.port, flush=True)
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
