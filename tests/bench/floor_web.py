"""The floor of intake: `floor_web.py DATABASE_URL SOCKET`: the gateway's waitress with a group-commit insert only."""

from __future__ import annotations

import signal
import socket
import sys
import threading

from tests.bench.floors import keeping_application
from workers.web import WebLimits, serve


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    listening = socket.socket(fileno=int(sys.argv[2]))
    serve(keeping_application(sys.argv[1]), listening, WebLimits(16, 1000, 20_000_000), lambda: None, stop)


if __name__ == "__main__":
    main()
