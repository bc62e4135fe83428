"""Documents put into the partner's folder over SFTP: under a temporary name first, so that nobody reads half of one,
then renamed.
"""

from __future__ import annotations

import asyncio
import posixpath
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.delivery.guard import AddressRefused, HostUnknown
from gateway.delivery.ssh import connected, is_lost, login_of, not_let_in, within
from gateway.delivery.transport import Means, Parcel, Result
from mappings.transports import SftpPlace, sftp_place

if TYPE_CHECKING:
    import asyncssh

_PART = 65_536


class Sftp:
    """`transport: {sftp: sftp://us@files.acme.example/in, host_key: "SHA256:…", key: NAME}`, or `password: NAME`."""

    name = "sftp"

    def endpoint(self, terms: Mapping[str, Any]) -> str:
        return sftp_place(terms).endpoint

    def send(self, parcel: Parcel, terms: Mapping[str, Any], means: Means) -> Result:
        place = sftp_place(terms)
        login = login_of(terms, means.secrets)
        progress = _Progress()
        try:
            started = time.monotonic()
            addresses = means.guard.addresses(place.host, place.port, means.seconds)
            left = max(0.1, means.seconds - (time.monotonic() - started))
            asyncio.run(within(_put(parcel, place, addresses, login, progress, left), left, progress.hang_up))
        except (AddressRefused, HostUnknown) as refused:
            return Result(outcome="failed", detail=str(refused), is_outage=True)
        except TimeoutError:
            return _failed(progress, f"not done within {means.seconds:g} seconds")
        except Exception as error:
            return _failure_of(error, progress, place)
        return Result(outcome="delivered", detail=f"put as {progress.name}")


class _Progress:
    """How far an attempt got: from the moment it is asked to rename on, the partner may have the document."""

    def __init__(self) -> None:
        self.name = ""
        self.is_renaming = False
        self.connection: asyncssh.SSHClientConnection | None = None

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.abort()


async def _put(
    parcel: Parcel,
    place: SftpPlace,
    addresses: Sequence[str],
    login: Mapping[str, Any],
    progress: _Progress,
    seconds: float,
) -> None:
    async with await connected(place, addresses, login, seconds) as connection, connection.start_sftp_client() as sftp:
        progress.connection = connection
        progress.name = parcel.filename
        final = posixpath.join(place.folder, progress.name)
        draft = posixpath.join(place.folder, f".{progress.name}.part")
        async with sftp.open(draft, "wb") as file:
            for start in range(0, len(parcel.body), _PART):
                await file.write(parcel.body[start : start + _PART])
        progress.is_renaming = True
        await _rename(sftp, draft, final)


async def _rename(sftp: asyncssh.SFTPClient, draft: str, final: str) -> None:
    """Over what an attempt before this one may have left there: it is the same document, by its name."""
    import asyncssh

    try:
        await sftp.posix_rename(draft, final)
    except asyncssh.SFTPOpUnsupported:  # a server of SFTP's third version alone, which renames over nothing
        if await sftp.exists(final):
            await sftp.remove(final)
        await sftp.rename(draft, final)


def _failed(progress: _Progress, detail: str) -> Result:
    outcome = "unknown" if progress.is_renaming else "failed"
    return Result(outcome=outcome, detail=detail, is_outage=True)  # type: ignore[arg-type]  # either is one


def _failure_of(error: Exception, progress: _Progress, place: SftpPlace) -> Result:
    """What an exception of the library says. Raises it where it is none of theirs."""
    import asyncssh

    refusal = not_let_in(error, place)
    if refusal is not None:
        return Result(outcome="failed", detail=refusal, is_outage=True)
    if is_lost(error):
        return _failed(progress, str(error) or type(error).__name__)
    if isinstance(error, asyncssh.SFTPError):  # the server's own word: it is in nobody's folder
        return Result(outcome="failed", detail=f"the server says: {error.reason or type(error).__name__}")
    if isinstance(error, asyncssh.Error):
        return _failed(progress, error.reason or type(error).__name__)
    raise error
