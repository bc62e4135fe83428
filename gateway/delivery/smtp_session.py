"""A conversation with a mail server that ends with its deadline, whatever the server drips or floods.

`smtplib` waits as long as it is told for each byte, and reads an answer of any number of lines.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

_MOST_OF_AN_ANSWER = 65_536
"""Bytes of all its lines together."""
_PART = 65_536


class SmtpSession(smtplib.SMTP):
    """Raises TimeoutError at whichever step its time is over; otherwise as `smtplib` does."""

    def __init__(self, ends: float, addresses: Sequence[str], tls: ssl.SSLContext | None) -> None:
        """`ends`: when it must be over, by the monotonic clock. `addresses`: of the host that it will be connected to.
        `tls`: how the connection is secured from its beginning; None: not yet."""
        super().__init__()
        self._ends, self._addresses = ends, addresses
        self._tls = tls
        self._unread = bytearray()

    def secure(self, tls: ssl.SSLContext) -> None:
        """STARTTLS, under the deadline as well."""
        if self.sock is not None:
            self.sock.settimeout(self._left())
        self.starttls(context=tls)
        self._unread.clear()  # what came before it nobody vouches for (RFC 3207, 4.2)

    def send(self, s: Any) -> None:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        wire = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        for start in range(0, len(wire), _PART):
            self.sock.settimeout(self._left())
            self.sock.sendall(wire[start : start + _PART])

    def send_document(self, message: bytes) -> tuple[int, bytes]:
        """The message, once the server has asked for it, and what the server says then. Its lines end with CR LF."""
        end = b"" if message.endswith(b"\r\n") else b"\r\n"
        self.send(re.sub(rb"(?m)^\.", b"..", message) + end + b".\r\n")
        return self.getreply()

    def getreply(self) -> tuple[int, bytes]:
        """(code, its words); the code is -1 where what came is no answer of SMTP."""
        lines: list[bytes] = []
        read = 0
        while True:
            line = self._line()
            lines.append(line[4:].strip())
            read += len(line)
            if line[3:4] != b"-":
                break
            if read > _MOST_OF_AN_ANSWER:
                raise smtplib.SMTPServerDisconnected("the mail server's answer has no end")
        code = int(line[:3]) if re.match(rb"\d{3}(?!\d)", line) else -1
        return code, b"\n".join(lines)

    def _line(self) -> bytes:
        while (end := self._unread.find(b"\n")) < 0:
            if len(self._unread) > _MOST_OF_AN_ANSWER:
                raise smtplib.SMTPServerDisconnected("the mail server's answer has no end")
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("the connection is closed")
            self.sock.settimeout(self._left())
            part = self.sock.recv(_PART)
            if not part:
                raise smtplib.SMTPServerDisconnected("the mail server closed the connection without a whole answer")
            self._unread += part
        line = bytes(self._unread[: end + 1])
        del self._unread[: end + 1]
        return line

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """To the first of its addresses that answers; each but the last may take its share of the time."""
        for number, address in enumerate(self._addresses, 1):
            try:
                share = self._left() / (len(self._addresses) - number + 1)
                connected = socket.create_connection((address, port), share)
                break
            except OSError:
                if number == len(self._addresses):
                    raise
        if self._tls is None:
            return connected
        connected.settimeout(self._left())
        return self._tls.wrap_socket(connected, server_hostname=host)

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left
