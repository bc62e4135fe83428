"""Documents put into the partner's folder over SFTP: under a temporary name first, so that nobody reads half of one,
then renamed. The server's key is pinned: no other is believed, however the host's name resolves.
"""

from __future__ import annotations

import asyncio
import posixpath
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.delivery.guard import AddressRefused, HostUnknown
from gateway.delivery.transport import Means, Parcel, Result
from gateway.delivery.words import as_kept
from mappings.transports import BadTerms, SftpPlace, sftp_place

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
        login = _login(terms, means)
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


def _login(terms: Mapping[str, Any], means: Means) -> dict[str, Any]:
    """What lets us in. Raises BadTerms."""
    import asyncssh

    named = str(terms.get("key") or terms.get("password"))
    secret = means.secret(named)
    if "password" in terms:
        return {"password": secret, "client_keys": None}
    try:
        return {"client_keys": [asyncssh.import_private_key(secret)]}
    except (asyncssh.KeyImportError, ValueError):
        raise BadTerms(f"the secret {named} is no private key that SSH has") from None


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
    async with await _connected(place, addresses, login, seconds) as connection:
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


async def _connected(
    place: SftpPlace, addresses: Sequence[str], login: Mapping[str, Any], seconds: float
) -> asyncssh.SSHClientConnection:
    """To the first of the addresses that answers; each but the last may take its share of the time."""
    import asyncssh

    class Pinned(asyncssh.SSHClient):
        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            return bool(place.host_key == key.get_fingerprint())

    async def dial(address: str) -> asyncssh.SSHClientConnection:
        known = {"known_hosts": b"", "config": None, "agent_path": None}
        return await asyncssh.connect(address, place.port, username=place.user, client_factory=Pinned, **known, **login)

    for address in addresses[:-1]:
        with suppress(OSError):  # TimeoutError is one
            return await asyncio.wait_for(dial(address), seconds / len(addresses))
    return await dial(addresses[-1])


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

    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        detail = f"the server's key isn't the one that is agreed ({place.host_key})"
        return Result(outcome="failed", detail=detail, is_outage=True)
    if isinstance(error, asyncssh.PermissionDenied):
        return Result(outcome="failed", detail=f"{place.user} isn't let in", is_outage=True)
    if isinstance(error, asyncssh.SFTPBadMessage | asyncssh.SFTPConnectionLost | asyncssh.DisconnectError | OSError):
        return _failed(progress, str(error) or type(error).__name__)
    if isinstance(error, asyncssh.SFTPError):  # the server's own word: it is in nobody's folder
        return Result(outcome="failed", detail=f"the server says: {error.reason or type(error).__name__}")
    if isinstance(error, asyncssh.Error):
        return _failed(progress, error.reason or type(error).__name__)
    raise error
