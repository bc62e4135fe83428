"""Numbers taken by eight processes that are killed again and again: none is given twice, and where it is so agreed none
is left out.

`python -m tests.harness.scenarios.numbers URL SEED FOLDER COUNT` imports the store once, forks the takers and replaces
each that is killed until it has its SSCCs and its invoices. A taker appends what it got to a file of its own before it
goes on. An invoice is a row of a table that no key protects, kept in the transaction that claims its number; what the
file has of it is only what the taker lived to tell.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from gateway.sscc_numbers import sscc_of
from gateway.store.database import Collision
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from tests.harness.figures import Figures
from tests.harness.gateway import ROOT
from tests.harness.site import Site

_PROCESSES = 8
_PREFIX = "4012345"
_SECONDS = 900
_RENDERING = 0.02
"""Whoever comes second renders again, which takes a while."""
_INVOICES = "CREATE TABLE invoices_kept (number BIGINT NOT NULL, taker TEXT NOT NULL, body TEXT NOT NULL)"


def no_number_twice(site: Site, count: int) -> None:
    """Eight times `count` SSCCs and `count` invoice numbers, and which were given twice or left out."""
    figures = Figures(f"numbers on {site.kind}")
    with site.store.database.write() as connection:
        connection.exec_driver_sql(_INVOICES)
    folder = site.folder / "numbers"
    folder.mkdir()
    kills = _run_takers(site.url, figures.seed, folder, count)
    told = {file.name: [line.split() for line in file.read_text().splitlines()] for file in folder.iterdir()}
    _no_sscc_twice(figures, told, count)
    _no_invoice_twice_nor_left_out(figures, site.store, told, count)
    figures.note(kills=kills, processes=_PROCESSES)
    figures.show()
    if kills < _PROCESSES:
        raise AssertionError("hardly anybody was killed")


def _run_takers(url: str, seed: int, folder: Path, count: int) -> int:
    command = [sys.executable, "-P", "-m", __name__, url, str(seed), str(folder), str(count)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"{ran.stdout[-1000:]} {ran.stderr[-3000:]}")
    return int(ran.stdout.split()[-1])


def _no_sscc_twice(figures: Figures, told: dict[str, list[list[str]]], count: int) -> None:
    ssccs = [what for lines in told.values() for kind, what in lines if kind == "sscc"]
    figures.note(ssccs=len(ssccs), ssccs_twice=len(ssccs) - len(set(ssccs)))
    if len(ssccs) < _PROCESSES * count or len(ssccs) != len(set(ssccs)):
        raise AssertionError(f"SSCCs: {figures.known}")


def _no_invoice_twice_nor_left_out(
    figures: Figures, store: Store, told: dict[str, list[list[str]]], count: int
) -> None:
    with store.database.read() as connection:
        rows = fetch(connection, "SELECT number, taker, body FROM invoices_kept ORDER BY number")
    numbers = [number for number, _, _ in rows]
    figures.note(invoices=len(numbers), invoices_twice=len(numbers) - len(set(numbers)), highest=numbers[-1])
    if numbers != list(range(1, _PROCESSES * count + 1)):
        raise AssertionError(f"invoices: {figures.known}")
    if any(body != _rendered(number) for number, _, body in rows):
        raise AssertionError("an invoice has another number inside")
    kept = {(taker, str(number)) for number, taker, _ in rows}
    known = {(taker, what) for taker, lines in told.items() for kind, what in lines if kind == "invoice"}
    figures.note(untold=len(kept - known), collisions=sum(kind == "collision" for x in told.values() for kind, _ in x))
    if known - kept:
        raise AssertionError(f"told and not kept: {sorted(known - kept)[:9]}")


def main() -> int:
    """Fork, kill and replace the takers; print how many were killed."""
    url, chance, folder, count = sys.argv[1], random.Random(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    files = [folder / str(number) for number in range(_PROCESSES)]
    takers = {_fork(url, file, count, chance.random()): (file, 0) for file in files}
    kills = 0
    while takers:
        time.sleep(chance.uniform(0.001, 0.01) * (1 + count // 100))
        victim = chance.choice(list(takers))
        file, had = takers[victim]
        if kills < 5 * _PROCESSES and had < _lines(file) < 2 * count:  # it has done something since it was started
            os.kill(victim, signal.SIGKILL)
        for pid in list(takers):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            file, _ = takers.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            kills += code == -signal.SIGKILL
            if code not in (0, -signal.SIGKILL):
                return 1
            if code:
                takers[_fork(url, file, count, chance.random())] = (file, _lines(file))
    sys.stdout.write(f"{kills}\n")
    return 0


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _fork(url: str, file: Path, count: int, seed: float) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _take(url, file, count, random.Random(seed))
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    return pid


@dataclass(slots=True)
class _Taker:
    """One of the eight, and its file: each line of it is complete, or not there."""

    store: Store
    file: Path
    descriptor: int
    chance: random.Random

    def tell(self, kind: str, numbers: list[str]) -> None:
        os.write(self.descriptor, "".join(f"{kind} {number}\n" for number in numbers).encode())

    def take_ssccs(self, count: int) -> None:
        numbers = self.store.numbers.take("sscc", count, series=_PREFIX)
        self.tell("sscc", [sscc_of(_PREFIX, number) for number in numbers])

    def keep_invoice(self) -> None:
        """As the books do: read what comes next, render, and save it with its number, or render again."""
        while True:
            (number,) = self.store.numbers.following("invoice", "kept")
            row = (number, self.file.name, _rendered(number))
            try:
                with self.store.database.write() as connection:
                    run(connection, "INSERT INTO invoices_kept (number, taker, body) VALUES (?, ?, ?)", [row])
                    self.store.numbers.claim(connection, "invoice", number, "kept")
            except Collision:
                self.tell("collision", [str(number)])
                time.sleep(self.chance.uniform(0, _RENDERING))
                continue
            self.tell("invoice", [str(number)])
            return

    def has(self) -> tuple[int, int]:
        """How many SSCCs it has, and how many invoices are kept of it, told or not."""
        with self.store.database.read() as connection:
            query = "SELECT count(*) FROM invoices_kept WHERE taker = ?"
            invoices = int(fetch(connection, query, [self.file.name])[0][0])
        return sum(line.startswith("sscc") for line in self.file.read_text().splitlines()), invoices


def _take(url: str, file: Path, count: int, chance: random.Random) -> None:
    """Take SSCCs a few at a time and keep invoices one by one, in turns, until there are `count` of both."""
    taker = _Taker(Store(url), file, os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND), chance)
    ssccs, invoices = taker.has()
    while ssccs < count or invoices < count:
        if ssccs < count:
            some = chance.randint(1, max(2, count // 50))
            taker.take_ssccs(some)
            ssccs += some
        for _ in range(min(count - invoices, chance.randint(1, max(2, count // 50)))):
            taker.keep_invoice()
            invoices += 1
        time.sleep(0.001)  # a taker works between two takes; without it none would live to be killed


def _rendered(number: int) -> str:
    return f"<Invoice><ID>{number:08d}</ID></Invoice>"


if __name__ == "__main__":
    sys.exit(main())
