"""A folder of an SFTP server, a partner's or our own, that orders are picked up from. The server's key is pinned."""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.delivery.guard import AddressRefused, HostUnknown
from gateway.delivery.ssh import connected, is_lost, login_of, not_let_in, within
from gateway.pickup.names import is_being_written, labelled, shown
from gateway.pickup.source import MOST_LISTED, Brought, Deadline, Found, Gone, NotSettled, PickupFailed, PickupMeans
from gateway.pickup.too_large import too_large
from mappings.pickups import done_folder, refused_folder
from mappings.transports import SftpPlace, sftp_place

if TYPE_CHECKING:
    import asyncssh

_PIECE = 1 << 18
_CLOSING_SECONDS = 2.0
_T = TypeVar("_T")


class Sftp:
    """`{sftp: sftp://us@files.acme.example/out, host_key: "SHA256:…", key: NAME}`, or `password: NAME`."""

    name = "sftp"

    @contextmanager
    def open(self, terms: Mapping[str, Any], means: PickupMeans, deadline: Deadline) -> Iterator[_OpenFolder]:
        place, login = sftp_place(terms), login_of(terms, means.secrets)
        try:
            addresses = means.guard.addresses(place.host, place.port, deadline.left())
        except (AddressRefused, HostUnknown) as refused:
            raise PickupFailed(str(refused)) from None
        with asyncio.Runner() as runner:
            steps = _Steps(runner, place, deadline)
            connection = steps.take(connected(place, addresses, login, deadline.left()))
            steps.hang_up = connection.abort
            try:
                sftp = steps.take(_client(connection))
                yield _OpenFolder(steps, sftp, place, (done_folder(terms), refused_folder(terms)))
            finally:
                connection.abort()
                with suppress(Exception):  # it is closed all the same
                    runner.run(asyncio.wait_for(connection.wait_closed(), _CLOSING_SECONDS))


async def _client(connection: asyncssh.SSHClientConnection) -> asyncssh.SFTPClient:
    return await connection.start_sftp_client(path_encoding=None)


class _Steps:
    """What is asked of the server, each within the look's deadline."""

    def __init__(self, runner: asyncio.Runner, place: SftpPlace, deadline: Deadline) -> None:
        self._runner, self._place, self.deadline = runner, place, deadline
        self.hang_up: Callable[[], object] = lambda: None

    def take(self, step: Coroutine[Any, Any, _T]) -> _T:
        """The step's result. Raises PickupFailed where the server or the connection to it doesn't work, and the
        server's own word (SFTPError) as it is."""
        import asyncssh

        try:
            left = self.deadline.left()
        except PickupFailed:
            step.close()
            raise
        try:
            return self._runner.run(within(step, left, self.hang_up))
        except TimeoutError:
            raise PickupFailed(f"not done within {self.deadline.seconds:g} seconds") from None
        except Exception as error:
            refusal = not_let_in(error, self._place)
            if refusal is not None:
                raise PickupFailed(refusal) from None
            if is_lost(error):
                raise PickupFailed(str(error) or type(error).__name__) from None
            if isinstance(error, asyncssh.Error) and not isinstance(error, asyncssh.SFTPError):
                raise PickupFailed(error.reason or type(error).__name__) from None
            raise


class _OpenFolder:
    """The server's folder while it is looked at. Names are bytes: a server may have them in any encoding."""

    def __init__(self, steps: _Steps, sftp: asyncssh.SFTPClient, place: SftpPlace, beside: tuple[str, str]) -> None:
        self._steps, self._sftp = steps, sftp
        self._folder = place.folder.encode()
        self._beside = beside
        self._is_made: set[str] = set()

    def found(self) -> Sequence[Found]:
        import asyncssh

        try:
            return self._steps.take(self._listed())
        except asyncssh.SFTPError as error:
            raise PickupFailed(f"the folder can't be read: {_said(error)}") from None

    async def _listed(self) -> list[Found]:
        listed: list[Found] = []
        async for one in self._sftp.scandir(self._folder):
            if (found := _found(one)) is not None:
                listed.append(found)
            if len(listed) >= MOST_LISTED:
                break
        return listed

    def read(self, found: Found, most_bytes: int) -> Sequence[Brought]:
        import asyncssh

        try:
            return [Brought(found.name, self._steps.take(self._bytes(found, most_bytes)))]
        except asyncssh.SFTPNoSuchFile:
            raise Gone(found.name) from None
        except asyncssh.SFTPError as error:
            raise NotSettled(f"can't be read: {_said(error)}") from None

    async def _bytes(self, found: Found, most_bytes: int) -> bytes:
        pieces: list[Any] = []
        wanted = most_bytes + 1
        async with self._sftp.open(posixpath.join(self._folder, found.handle), "rb") as file:
            while wanted > 0:
                piece = await file.read(min(wanted, _PIECE))
                if not piece:
                    if _how(await file.stat()) != found.stands:
                        raise Gone(found.name)  # it was written to meanwhile
                    return b"".join(pieces)
                pieces.append(piece)
                wanted -= len(piece)
        raise too_large(most_bytes)

    def settle(self, found: Found, label: str, *, refused: bool) -> str:
        import asyncssh

        folder, name = self._beside[refused], labelled(label, found.handle)
        try:
            self._steps.take(self._moved(found, folder, name))
        except asyncssh.SFTPNoSuchFile:
            raise Gone(found.name) from None
        except asyncssh.SFTPError as error:
            raise NotSettled(f"can't be moved to {folder}: {_said(error)}") from None
        return f"{folder}/{shown(name)}"

    async def _moved(self, found: Found, folder: str, name: bytes) -> None:
        import asyncssh

        source = posixpath.join(self._folder, found.handle)
        to = posixpath.join(self._folder, folder.encode())
        if folder not in self._is_made:
            parts = folder.encode().split(b"/")
            for count in range(1, len(parts) + 1):
                with suppress(asyncssh.SFTPError):  # it is there; if it isn't, the move says so
                    await self._sftp.mkdir(posixpath.join(self._folder, *parts[:count]))
            self._is_made.add(folder)
        if _how(await self._sftp.lstat(source)) != found.stands:
            raise Gone(found.name)  # another one has its name, which nobody has read
        target = posixpath.join(to, name)
        if await self._sftp.lexists(target):
            raise asyncssh.SFTPFailure(f"{shown(name)} is there already")
        try:
            await self._sftp.rename(source, target)
        except asyncssh.SFTPNoSuchFile as error:
            raise asyncssh.SFTPFailure(error.reason or "there is no such folder") from None


def _found(entry: asyncssh.SFTPName) -> Found | None:
    raw, stands = entry.filename, entry.attrs
    if not isinstance(raw, bytes) or is_being_written(raw):
        return None
    if stands.permissions is not None and not stat.S_ISREG(stands.permissions):
        return None  # a server that says nothing of it may have files alone
    name, changed = shown(raw), int(stands.mtime or 0)
    return Found(name, stands.size or 0, _how(stands), (changed * 1_000_000, name), handle=raw)


def _how(stands: asyncssh.SFTPAttrs) -> str:
    return f"{stands.size or 0}/{int(stands.mtime or 0)}"


def _said(error: asyncssh.SFTPError) -> str:
    return error.reason or type(error).__name__
