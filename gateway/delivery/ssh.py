"""Connections to SFTP servers: what lets us in, the server's pinned key, and what the library's errors say. The key is
pinned, so that no other server is believed, however the host's name resolves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.delivery.transport import secret_of
from gateway.named_secrets import NamedSecrets
from mappings.transports import BadTerms, SftpPlace

if TYPE_CHECKING:
    import asyncssh

_CLOSING_SECONDS = 2.0
_T = TypeVar("_T")


def login_of(terms: Mapping[str, Any], secrets: NamedSecrets) -> dict[str, Any]:
    """What lets us in, as the library takes it. Raises BadTerms."""
    import asyncssh

    named = str(terms.get("key") or terms.get("password"))
    secret = secret_of(secrets, named)
    if "password" in terms:
        return {"password": secret, "client_keys": None}
    try:
        return {"client_keys": [asyncssh.import_private_key(secret)]}
    except (asyncssh.KeyImportError, ValueError):
        raise BadTerms(f"the secret {named} is no private key that SSH has") from None


async def connected(
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


async def within(step: Coroutine[Any, Any, _T], seconds: float, hang_up: Callable[[], object]) -> _T:
    """The step's result. Raises TimeoutError after so many seconds, having hung up: a step that is only cancelled may
    still wait for the server to close a file, and a server that hangs never does."""
    task = asyncio.ensure_future(step)
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        hang_up()
        task.cancel()
        await asyncio.wait({task}, timeout=_CLOSING_SECONDS)
        raise TimeoutError
    return task.result()


def not_let_in(error: Exception, place: SftpPlace) -> str | None:
    """What is said where the server isn't the one that is agreed, or doesn't let us in; None for any other error."""
    import asyncssh

    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return f"the server's key isn't the one that is agreed ({place.host_key})"
    if isinstance(error, asyncssh.PermissionDenied):
        return f"{place.user} isn't let in"
    return None


def is_lost(error: Exception) -> bool:
    """Whether the connection broke or never came about."""
    import asyncssh

    return isinstance(error, asyncssh.SFTPBadMessage | asyncssh.SFTPConnectionLost | asyncssh.DisconnectError | OSError)
