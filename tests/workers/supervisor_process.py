"""A supervisor in a process of its own: `supervisor_process.py program|fork FOLDER KIND ...`, a part for each kind."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

from tests.workers import part_process
from workers.supervise import Part, Supervisor


def part(way: str, kind: str, folder: Path | str, **more: Any) -> Part:
    """A part of that kind, as a program of its own or as a fork of this one."""
    words = (kind, str(folder))
    if way == "fork":
        return Part(kind, words, runs=part_process.main, **more)
    return Part(kind, (sys.executable, "-S", part_process.__file__, *words), **more)


def main() -> None:
    way, folder, *kinds = sys.argv[1:]
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    Supervisor([part(way, kind, folder) for kind in kinds], heartbeat_seconds=2, stop_seconds=0.5).run()


if __name__ == "__main__":
    main()
