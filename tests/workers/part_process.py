"""A part for the supervisor's tests: `part_process.py KIND FOLDER [--beat-fd N]`. It appends its pid to FOLDER/pids.

beats: goes on beating. silent: beats once, then loops without end. dies: beats once and fails. stillborn: fails at
once. late: takes a second to come up, then beats. stubborn: ignores SIGTERM. parent: has a child of its own, whose pid
it notes too. once: notes that it ran.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    kind, folder = arguments[0], Path(arguments[1])
    beat_fd = int(arguments[3]) if len(arguments) > 3 else None
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if kind == "parent":
        child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        note(folder, child.pid)
    note(folder, os.getpid())
    if kind in ("stillborn", "once"):
        return int(kind == "stillborn")
    if kind == "late":
        time.sleep(1)
    while True:
        os.write(beat_fd, b".")
        if kind == "dies":
            return 3
        while kind == "silent":
            time.sleep(0.01)
        time.sleep(0.02)


def note(folder: Path, pid: int) -> None:
    with (folder / "pids").open("a") as pids:
        pids.write(f"{pid}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
