"""One session with an IMAP server (RFC 9051, 3501): to an address that was looked at, encrypted and with the right
certificate, under the look's deadline, and with no more kept of an answer than was asked for.
"""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from gateway.delivery.guard import AddressRefused, HostUnknown
from gateway.pickup.source import Deadline, Gone, NotSettled, PickupFailed, PickupMeans, Unfit
from mappings.mailboxes import Mailbox
from mappings.transports import BadTerms

_LONGEST_SAID = 300
_MOST_SAID = 5_000_000
"""Bytes that a server may say to one command: a listing of 500 mails has about one million."""
_LAST_WORDS = 1.0
"""Seconds that a server has to answer to our leaving."""
_OUR_OWN = (PickupFailed, Gone, Unfit, NotSettled, BadTerms)


class Refused(PickupFailed):
    """The server said no to one command, and can be asked for another."""


class _Bounded(imaplib.IMAP4):
    """What is read is counted: a server may say anything."""

    def __init__(self, sock: socket.socket, host: str, port: int) -> None:
        self._connected = sock
        self.may_say = _MOST_SAID
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        return self._connected

    def read(self, size: int) -> bytes:
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self.may_say -= size
        if self.may_say < 0:
            raise self.abort("the server says more than it was asked for")


class _Client(IMAPClient):  # type: ignore[misc]  # it has no types
    """IMAPClient on a connection that is there already."""

    _imap: _Bounded

    def __init__(self, sock: socket.socket, place: Mailbox, seconds: float) -> None:
        self._connected = sock
        super().__init__(place.host, place.port, ssl=place.is_encrypted, timeout=seconds)
        self.normalise_times = False
        self._imap.debug = 0  # the library would have every line at hand for a log

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  # the library's name
        return _Bounded(self._connected, self.host, self.port)


class Session:
    """A connection on which its owner is let in. One thread uses it."""

    def __init__(self, client: _Client, deadline: Deadline) -> None:
        self._client, self._deadline = client, deadline

    @contextmanager
    def calling(self, may_say: int = _MOST_SAID, *, by_number: bool = False) -> Iterator[IMAPClient]:
        """For one command, to which the server may say so many bytes; mails are named by UID, or by their place in the
        folder. Raises Refused where the server says no, and PickupFailed for whatever else goes wrong."""
        left = self._deadline.left()
        with _failing(self._deadline):
            self._client.socket().settimeout(left)
            self._client._imap.may_say = may_say
            self._client.use_uid = not by_number
            yield self._client


@contextmanager
def session(
    place: Mailbox, password: str, context: ssl.SSLContext, means: PickupMeans, deadline: Deadline
) -> Iterator[Session]:
    """Connect and log in. Raises PickupFailed; leaving raises nothing, and takes a second at most."""
    ends = _Ending(deadline)
    with contextlib.ExitStack() as stack:
        stack.callback(ends.close)
        with _failing(deadline):
            client = _greeted(place, context, means, deadline, ends)
        stack.callback(_close, client)
        _log_in(client, place, password, deadline)
        yield Session(client, deadline)
        _leave(client)


class _Ending:
    """Ends the connection with the deadline, whatever its server drips: no single step of it need take long."""

    def __init__(self, deadline: Deadline) -> None:
        self._sock: socket.socket | None = None
        self._timer = threading.Timer(deadline.left(), self._end)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, sock: socket.socket) -> None:
        self._sock = sock

    def close(self) -> None:
        self._timer.cancel()
        if self._sock is not None:
            self._sock.close()

    def _end(self) -> None:
        if self._sock is not None:
            with contextlib.suppress(OSError):  # it ended by itself
                self._sock.shutdown(socket.SHUT_RDWR)


def _greeted(place: Mailbox, context: ssl.SSLContext, means: PickupMeans, deadline: Deadline, ends: _Ending) -> _Client:
    sock = _dialled(place, means, deadline)
    ends.watch(sock)
    if place.is_encrypted:
        sock = context.wrap_socket(sock, server_hostname=place.host, do_handshake_on_connect=False)
        ends.watch(sock)
        sock.settimeout(deadline.left())
        sock.do_handshake()
    client = _Client(sock, place, deadline.left())
    if not place.is_encrypted and not place.is_here:
        try:
            client.socket().settimeout(deadline.left())
            client.starttls(context)
        except BaseException:
            _close(client)
            raise
        ends.watch(client.socket())
    return client


def _dialled(place: Mailbox, means: PickupMeans, deadline: Deadline) -> socket.socket:
    """To the first of the addresses that answers; each but the last may take its share of the time."""
    addresses = means.guard.addresses(place.host, place.port, deadline.left())
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, place.port), deadline.left() / len(addresses))
    return socket.create_connection((addresses[-1], place.port), deadline.left())


def _log_in(client: _Client, place: Mailbox, password: str, deadline: Deadline) -> None:
    try:
        with _failing(deadline):
            if client.has_capability("AUTH=PLAIN"):  # which knows letters beyond ASCII (RFC 4616)
                client.plain_login(place.user, password)
            elif (place.user + password).isascii():
                client.login(place.user, password)
            else:
                raise PickupFailed("the server knows no way to be told a name or password beyond ASCII (AUTH=PLAIN)")
    except Refused:  # what it says may repeat the password
        raise PickupFailed(f"{place.user} isn't let in") from None


def _leave(client: _Client) -> None:
    try:
        client.socket().settimeout(_LAST_WORDS)
        client.logout()
    except Exception:  # the library's own, of whatever is said at the end: nothing hangs on it
        return


def _close(client: _Client) -> None:
    with contextlib.suppress(Exception):  # as above
        client.shutdown()


@contextmanager
def _failing(deadline: Deadline) -> Iterator[None]:
    """What goes wrong with a server, in words: the library raises many things on what no server should say."""
    try:
        yield
    except _OUR_OWN:
        raise
    except (AddressRefused, HostUnknown) as refused:
        raise PickupFailed(str(refused)) from None
    except ssl.SSLCertVerificationError as error:
        raise PickupFailed(f"the server's certificate isn't to be trusted: {error.verify_message}") from None
    except Exception as error:
        if deadline.is_over:
            raise PickupFailed(f"not done within {deadline.seconds:g} seconds") from None
        is_no = type(error) is imaplib.IMAP4.error or _is_not_let_in(error)
        raise (Refused if is_no else PickupFailed)(_said(error)) from None


def _is_not_let_in(error: Exception) -> bool:
    """The library says so of a connection that broke off as well."""
    return isinstance(error, LoginError) and not isinstance(error.__context__, imaplib.IMAP4.abort)


def _said(error: Exception) -> str:
    text = "".join(one if one.isprintable() else " " for one in str(error))
    return " ".join(text.split())[:_LONGEST_SAID] or type(error).__name__
