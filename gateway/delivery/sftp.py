"""Documents put into the partner's folder over SFTP: under a temporary name first, so that nobody reads half of one,
then renamed. The server's key is pinned: no other is believed, however the host's name resolves.
"""

from __future__ import annotations

import asyncio
import posixpath
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.delivery.guard import AddressRefused, HostUnknown
from gateway.delivery.ssh import connected, is_lost, login_of, not_let_in
from gateway.delivery.transport import Means, Parcel, Result
from gateway.delivery.words import as_kept
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
        return as_kept(self._sent(parcel, place, login, means), [login["password"]] if "password" in login else [])

    def _sent(self, parcel: Parcel, place: SftpPlace, login: Mapping[str, Any], means: Means) -> Result:
        progress = _Progress()
        try:
            started = time.monotonic()
            addresses = means.guard.addresses(place.host, place.port, means.seconds)
            left = max(0.1, means.seconds - (time.monotonic() - started))
            asyncio.run(asyncio.wait_for(_put(parcel, place, addresses, login, progress, left), left))
        except (AddressRefused, HostUnknown) as refused:
            return Result(outcome="failed", detail=str(refused), is_outage=True)
        except TimeoutError:
            return _failed(progress, f"not done within {means.seconds:g} seconds")
        except Exception as error:
            return _failure_of(error, progress, place)
        return Result(outcome="delivered", detail=f"put as {progress.name}")


class _Progress:
    """How far an attempt got: from the moment it is asked to rename on, the partner may have the document."""

    name = ""
    is_renaming = False


async def _put(
    parcel: Parcel,
    place: SftpPlace,
    addresses: Sequence[str],
    login: Mapping[str, Any],
    progress: _Progress,
    seconds: float,
) -> None:
    """Nothing is closed behind the document but the connection, which asks nobody: a server that hears nothing more
    would be waited for without an end."""
    # what its tasks meet at the connection's end is the result already, and no fault for the log
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    async with await connected(place, addresses, login, seconds) as connection:
        sftp = await connection.start_sftp_client()
        progress.name = parcel.filename
        final = posixpath.join(place.folder, progress.name)
        draft = posixpath.join(place.folder, f".{progress.name}.part")
        file = await sftp.open(draft, "wb")
        for start in range(0, len(parcel.body), _PART):
            await file.write(parcel.body[start : start + _PART])
        await file.close()
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
