"""A partner's SFTP server on loopback, as it behaves on a bad day."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

HOST_KEY, OURS, STRANGER = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))
PINNED = HOST_KEY.get_fingerprint()
PASSWORD = "sésame"


class Server:
    """A server with one folder, in a thread of its own.

    `refuses` is what it raises for an operation of this name. `before_open` and `after_rename` are awaited with the
    connection's channel before a file is opened, and once one has its name and before that is answered.
    """

    def __init__(
        self,
        root: Path,
        *,
        before_open: Callable[[Any], Any] | None = None,
        after_rename: Callable[[Any], Any] | None = None,
        **refuses: Any,
    ) -> None:
        self.root, self.refuses = root, refuses
        self.before_open, self.after_rename = before_open, after_rename
        self.log: list[str] = []
        self.connections = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._up.set()
        self._loop.run_forever()
        self._loop.close()

    async def _listen(self) -> None:
        server = self

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn: Any) -> None:
                server.connections += 1
                server.open.add(conn)

            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("us", PASSWORD)

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == "us" and key.public_data == OURS.public_data

        class Folder(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(server.root).encode())

            async def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                server.log.append(f"open {path.decode()}")
                if server.before_open is not None:
                    await server.before_open(self.channel)
                if "open" in server.refuses:
                    raise server.refuses["open"]
                server.written.append(super().open(path, pflags, attrs))
                return server.written[-1]

            async def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
                server.log.append(f"rename {newpath.decode()}")
                if "posix_rename" in server.refuses:
                    raise server.refuses["posix_rename"]
                answer = super().posix_rename(oldpath, newpath)
                if server.after_rename is not None:
                    await server.after_rename(self.channel)
                return answer

        self.open: set[Any] = set()
        self.written: list[Any] = []
        self._server = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[HOST_KEY], server_factory=Door, sftp_factory=Folder, window=64 << 20
        )
        self.port = self._server.get_port()

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            for one in self.open:
                one.abort()
            await self._server.wait_closed()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for one in others:
                one.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for one in self.written:
                one.close()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def files(self) -> dict[str, bytes]:
        """What is there, without what is being written."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and not path.name.endswith(".part")
        }
