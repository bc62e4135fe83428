"""A partner that answers at once, as lean as it honestly can be: `quick_partner.py` prints its port. What comes to the
path /hangs is never answered."""

from __future__ import annotations

import socket
import sys
import threading

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def _serve(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    while True:
        while b"\r\n\r\n" not in received:
            part = connection.recv(65_536)
            if not part:
                return
            received += part
        head, _, rest = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(rest) < length:
            rest += connection.recv(65_536)
        received = rest[length:]
        if head.startswith(b"POST /hangs"):
            threading.Event().wait()
        connection.sendall(_OK)


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=_serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
