"""The load generator, a process of its own: `load.py ADDRESS CONNECTIONS REQUESTS PREFIX [KEY]`.

Each connection posts one different 5-line order after the other, kept alive, and waits for its answer. One thread, no
HTTP library: it shares the machine with what it measures. Prints {"seconds", "statuses", "p50_ms", "p99_ms"}.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.bench.orders import ubl_order

_LIMIT_SECONDS = 60.0


class Connection:
    """One kept-alive connection and the answer it waits for."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = b""

    def send(self, request: bytes) -> None:
        self._received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """The answer's status once all of it is here."""
        self._received += self.socket.recv(65536)
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            assert self._received, "the server closed the connection"
            return None
        _, _, length = head.lower().partition(b"content-length:")
        if len(body) < int(length.split(b"\r\n", 1)[0]):
            return None
        return int(head[9:12])


def requests(host: str, count: int, prefix: str, key: str) -> Iterator[bytes]:
    """So many different requests, made beforehand."""
    pattern = ubl_order("@NUMBER@")
    for index in range(count):
        body = pattern.replace(b"@NUMBER@", f"{prefix}-{index:07d}".encode())
        head = (
            f"POST /v1/orders HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def run(host: str, port: int, connections: int, count: int, prefix: str, key: str) -> dict[str, object]:
    """Send them all; what came back, and how long each took."""
    waiting = list(requests(host, count, prefix, key))
    statuses: Counter[int] = Counter()
    took: list[float] = []
    with selectors.DefaultSelector() as selector:
        opened = [Connection(host, port) for _ in range(connections)]
        started = time.perf_counter()
        for one in opened:
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.send(waiting.pop())
        while len(took) < count:
            assert time.perf_counter() - started < _LIMIT_SECONDS, "the server is too slow for this run"
            for ready, _ in selector.select(5):
                one = ready.data
                status = one.status()
                if status is None:
                    continue
                took.append(time.perf_counter() - one.sent_at)
                statuses[status] += 1
                if waiting:
                    one.send(waiting.pop())
        seconds = time.perf_counter() - started
    for one in opened:
        one.socket.close()
    took.sort()
    return {
        "seconds": seconds,
        "statuses": statuses,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
    }


def main() -> None:
    address, connections, count, prefix, *key = sys.argv[1:]
    host, port = address.removeprefix("http://").rsplit(":", 1)
    print(json.dumps(run(host, int(port), int(connections), int(count), prefix, key[0] if key else "none")))


if __name__ == "__main__":
    main()
