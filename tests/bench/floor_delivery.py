"""The floor of sending: `floor_delivery.py PORT THREADS CALLS BYTES` posts bodies over connections that are kept open,
without a database, and prints how many a second."""

from __future__ import annotations

import http.client
import sys
import threading
import time


def main() -> None:
    port, threads, calls, size = map(int, sys.argv[1:])
    body, headers = b"x" * size, {"Content-Type": "application/json", "webhook-id": "0" * 32}

    def post() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(calls // threads):
            connection.request("POST", "/edi", body, headers)
            connection.getresponse().read()
        connection.close()

    running = [threading.Thread(target=post) for _ in range(threads)]
    started = time.perf_counter()
    for one in running:
        one.start()
    for one in running:
        one.join()
    sys.stdout.write(f"{calls // threads * threads / (time.perf_counter() - started)}\n")


if __name__ == "__main__":
    main()
