"""A web process with a small application and four threads: `web_process.py [LISTEN_FD --beat-fd N]`.

It prints its address. /slow answers after half a second, /hang never does.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time

from workers.beat import Beat
from workers.web import WebLimits, address_of, listen, serve


def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        print("slow began", flush=True)
        time.sleep(0.5)
    if environ["PATH_INFO"] == "/hang":
        print("hangs", flush=True)
        threading.Event().wait()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def main() -> None:
    stop, wake = threading.Event(), []

    def end(*_: object) -> None:
        stop.set()
        for each in wake:
            each()

    signal.signal(signal.SIGTERM, end)
    listening = socket.socket(fileno=int(sys.argv[1])) if len(sys.argv) > 1 else listen("127.0.0.1", 0)
    print(address_of(listening), flush=True)
    tell = Beat(int(sys.argv[3]) if len(sys.argv) > 1 else None)
    beats: list[int] = []

    def beat() -> None:
        beats.append(1)
        tell()

    serve(application, listening, WebLimits(4, 100, 1_000_000, busy_seconds=1.5), beat, stop, wake.append)
    print(f"{len(beats)} beats", flush=True)


if __name__ == "__main__":
    sys.exit(main())
