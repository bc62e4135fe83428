"""A web process with a small application: `web_process.py`, prints its address. /slow answers after half a second."""

from __future__ import annotations

import signal
import sys
import threading
import time

from workers.web import WebLimits, address_of, listen, serve


def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        print("slow began", flush=True)
        time.sleep(0.5)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def main() -> None:
    stop, wake = threading.Event(), []

    def end(*_: object) -> None:
        stop.set()
        for each in wake:
            each()

    signal.signal(signal.SIGTERM, end)
    listening = listen("127.0.0.1", 0)
    print(address_of(listening), flush=True)
    beats: list[int] = []
    serve(application, listening, WebLimits(4, 100, 1_000_000), lambda: beats.append(1), stop, wake.append)
    print(f"{len(beats)} beats", flush=True)


if __name__ == "__main__":
    sys.exit(main())
