"""A real SFTP server on loopback, with one user, that can refuse and hang."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import asyncssh

HOST_KEY, OTHER_KEY, OURS = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))
PINNED = HOST_KEY.get_fingerprint()
SECRETS = {"OURS": OURS.export_private_key().decode(), "WORD": "sésame"}


class Server:
    """In a thread of its own. `denies`: operations that the server refuses (`rename`, `open`, `scandir`); `hangs`:
    whether it never answers to a listing."""

    def __init__(self, root: Path, *, denies: tuple[str, ...] = (), hangs: bool = False, key: Any = HOST_KEY) -> None:
        self.root, self.denies, self.hangs, self._key = root, set(denies), hangs, key
        self.log: list[str] = []
        self.says = "not yours"
        self.lists_more = 0
        """So many bytes more than a file has its listing says."""
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._released = asyncio.Event()
        self._connections: list[asyncssh.SSHServerConnection] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(10)

    @property
    def terms(self) -> dict[str, Any]:
        """The account's terms that lead to its folder `out`."""
        return {"sftp": f"sftp://us@127.0.0.1:{self.port}/out", "host_key": PINNED, "key": "OURS"}

    def put(self, name: str | bytes, body: bytes) -> Path:
        file = self.root / "out" / (name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
        file.write_bytes(body)
        return file

    def names(self, folder: str = "out") -> list[str]:
        where = self.root / folder
        return sorted(one.name for one in where.iterdir() if one.is_file()) if where.is_dir() else []

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._up.set()
        self._loop.run_forever()
        self._loop.close()

    async def _listen(self) -> None:
        server = self

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                server._connections.append(conn)

            def begin_auth(self, username: str) -> bool:
                server.log.append("knock")
                return True

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return username == "us" and key.public_data == OURS.public_data

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("us", "sésame")

        class Folder(asyncssh.SFTPServer):
            def __init__(self, channel: Any) -> None:
                super().__init__(channel, chroot=str(server.root).encode())

            def _note(self, what: str, path: bytes = b"") -> None:
                server.log.append(f"{what} {path!r}")
                if what in server.denies:
                    raise asyncssh.SFTPPermissionDenied(server.says)

            async def scandir(self, path: bytes) -> Any:
                self._note("scandir", path)
                if server.hangs:
                    await server._released.wait()
                async for one in super().scandir(path):
                    if one.attrs.size is not None:
                        one.attrs.size += server.lists_more
                    yield one

            def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
                self._note("open", path)
                return super().open(path, pflags, attrs)

            def rename(self, oldpath: bytes, newpath: bytes) -> Any:
                self._note("rename", newpath)
                return super().rename(oldpath, newpath)

        self._server = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[self._key], server_factory=Door, sftp_factory=Folder
        )
        self.port = self._server.get_port()

    def close(self) -> None:
        """End it, with whatever hangs in it."""
        if self._loop.is_closed():
            return

        async def end() -> None:
            self._released.set()
            self._server.close()
            for one in self._connections:
                one.abort()
            await self._server.wait_closed()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if others:
                await asyncio.wait(others, timeout=5)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
