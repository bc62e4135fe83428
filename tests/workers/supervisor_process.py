"""A supervisor in a process of its own: `supervisor_process.py FOLDER KIND ...`, a part for each kind."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from workers.supervise import Part, Supervisor

SCRIPT = str(Path(__file__).with_name("part_process.py"))


def main() -> None:
    folder, *kinds = sys.argv[1:]
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    parts = [Part(kind, (sys.executable, "-S", SCRIPT, kind, folder)) for kind in kinds]
    Supervisor(parts, heartbeat_seconds=2, stop_seconds=0.5).run()


if __name__ == "__main__":
    main()
