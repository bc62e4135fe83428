"""Response numbers taken by eight processes that are killed again and again: none is given twice.

`python -m tests.harness.scenarios.numbers URL SEED FOLDER COUNT` imports the store once, forks the takers and replaces
each that is killed until it has its count; a taker appends what it got to a file of its own before it goes on.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from gateway.store.store import Store
from tests.harness.figures import Figures
from tests.harness.gateway import ROOT
from tests.harness.site import Site

_PROCESSES = 8


def no_number_twice(site: Site, count: int) -> None:
    """Eight times `count` numbers, and which were given twice."""
    figures = Figures(f"numbers on {site.kind}")
    taken = site.folder / "numbers"
    taken.mkdir()
    command = [sys.executable, "-P", "-m", __name__, site.url, str(figures.seed), str(taken), str(count)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode != 0:
        raise AssertionError(f"{ran.stdout[-1000:]} {ran.stderr[-3000:]}")
    numbers = [int(line) for file in taken.iterdir() for line in file.read_text().split()]
    figures.note(numbers=len(numbers), twice=len(numbers) - len(set(numbers)), kills=int(ran.stdout.split()[-1]))
    figures.note(highest=max(numbers), processes=_PROCESSES)
    figures.show()
    if len(numbers) < _PROCESSES * count or len(numbers) != len(set(numbers)):
        raise AssertionError(f"numbers: {figures.known}")
    if figures.known["kills"] < _PROCESSES:
        raise AssertionError("hardly anybody was killed")


def main() -> int:
    """Fork, kill and replace the takers; print how many were killed."""
    url, chance, folder, count = sys.argv[1], random.Random(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    files = [folder / str(number) for number in range(_PROCESSES)]
    takers = {_fork(url, file, count, chance.random()): (file, 0) for file in files}
    kills = 0
    while takers:
        time.sleep(chance.uniform(0.001, 0.01))
        victim = chance.choice(list(takers))
        file, had = takers[victim]
        if kills < 5 * _PROCESSES and had < _taken(file) < count:  # it has done something since it was started
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
                takers[_fork(url, file, count, chance.random())] = (file, _taken(file))
    sys.stdout.write(f"{kills}\n")
    return 0


def _taken(file: Path) -> int:
    return len(file.read_text().split()) if file.exists() else 0


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


def _take(url: str, file: Path, count: int, chance: random.Random) -> None:
    """Take numbers a few at a time; each line is complete, or not there."""
    store = Store(url)
    with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND), "wb", buffering=0) as written:
        while _taken(file) < count:
            taken = store.numbers.take("order_response", chance.randint(1, max(2, count // 50)))
            written.write("".join(f"{number}\n" for number in taken).encode())
            time.sleep(0.001)  # a taker works between two takes; without it none would live to be killed


if __name__ == "__main__":
    sys.exit(main())
