"""A worker process for tests: `worker_process.py URL FOLDER MAX_JOBS MAX_RSS LANES`. Its jobs note what they do.

The job `drain` appends its lane to `drained`; the file `grow` in FOLDER makes it hold 200 MB, `slow` makes it last
until `finish` is there. While Redis is away it appends a line to `looked`. Each sign of life rewrites `beats`.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from gateway.lanes import DRAIN
from workers.rq_parts import Stop, work

HELD: list[bytes] = []


@dataclass
class Desk:
    folder: Path
    lanes: tuple[str, ...]
    beats: int = 0

    def beat(self) -> None:
        self.beats += 1
        draft = self.folder / "beats.new"
        draft.write_text(str(self.beats))
        draft.rename(self.folder / "beats")

    def note(self, file: str, line: str) -> None:
        with (self.folder / file).open("a") as opened:
            opened.write(f"{line}\n")


def drain(desk: Desk, lane: str) -> None:
    if (desk.folder / "grow").exists():
        HELD.append(b"x" * 200_000_000)
    if (desk.folder / "fail").exists():
        (desk.folder / "fail").unlink()
        raise RuntimeError("a bug in a job")
    desk.note("started", lane)
    while (desk.folder / "slow").exists() and not (desk.folder / "finish").exists():
        time.sleep(0.005)
    desk.note("drained", lane)


def main() -> None:
    url, folder, max_jobs, max_rss, lanes = sys.argv[1:]
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    desk = Desk(Path(folder), tuple(lanes.split(",")))
    stop = Stop()
    stop.listen()

    def look() -> int:
        desk.note("looked", "once")
        return 0

    desk.note("ready", "yes")
    work(desk, url, stop, jobs={DRAIN: drain}, look=look, max_jobs=int(max_jobs), max_rss_bytes=int(max_rss))


if __name__ == "__main__":
    main()
