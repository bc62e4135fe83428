"""A folder of this machine that is watched. It lies below the one that the operator allows, and every step down to it
and out of it is made without following a link: an account's terms must not read this machine's files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.pickup.names import is_being_written, labelled, shown
from gateway.pickup.source import MOST_LISTED, Brought, Deadline, Found, Gone, NotSettled, PickupFailed, PickupMeans
from gateway.pickup.too_large import too_large
from mappings.pickups import done_folder, folder_name, refused_folder

_PIECE = 1 << 20
_DOWN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o770


class Folder:
    """`{folder: acme/in}`: below the folder that GATEWAY_PICKUP_DIR names."""

    name = "folder"

    @contextmanager
    def open(self, terms: Mapping[str, Any], means: PickupMeans, deadline: Deadline) -> Iterator[_OpenFolder]:
        with ExitStack() as held:
            here = _opened_below(held, means.folder, folder_name(terms))
            yield _OpenFolder(held, here, (done_folder(terms), refused_folder(terms)), deadline)


def _opened_below(held: ExitStack, allowed: Path, name: str) -> int:
    """The folder's descriptor; it is made where it isn't there yet. Raises PickupFailed."""
    try:
        descriptor = os.open(allowed, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as failure:
        raise PickupFailed(f"the folder {allowed} can't be opened: {failure.strerror}") from None
    held.callback(os.close, descriptor)
    try:
        return _opened(held, descriptor, name)
    except OSError as failure:
        raise PickupFailed(f"{name} in {allowed} can't be opened: {_said(failure)}") from None


def _opened(held: ExitStack, above: int, name: str) -> int:
    """The descriptor of a folder below this one, made where it isn't there. Raises OSError, for a link as well."""
    for part in name.split("/"):
        try:
            descriptor = os.open(part, _DOWN, dir_fd=above)
        except FileNotFoundError:
            with suppress(FileExistsError):  # others make it at this moment
                os.mkdir(part, _MODE, dir_fd=above)
            descriptor = os.open(part, _DOWN, dir_fd=above)
        held.callback(os.close, descriptor)
        above = descriptor
    return above


def _said(failure: OSError) -> str:
    if isinstance(failure, NotADirectoryError) or failure.strerror is None:
        return "it is no folder, or a link"
    return failure.strerror


class _OpenFolder:
    """The folder while it is looked at, by its descriptor: whatever is renamed meanwhile, it stays this one."""

    def __init__(self, held: ExitStack, here: int, beside: tuple[str, str], deadline: Deadline) -> None:
        self._held, self._here, self._deadline = held, here, deadline
        self._beside = beside
        self._opened: dict[str, int] = {}

    def found(self) -> Sequence[Found]:
        self._deadline.left()
        try:
            with os.scandir(self._here) as entries:
                return list(islice(filter(None, map(self._found, entries)), MOST_LISTED))
        except OSError as failure:
            raise PickupFailed(f"the folder can't be read: {failure.strerror}") from None

    @staticmethod
    def _found(entry: os.DirEntry[str]) -> Found | None:
        raw = os.fsencode(entry.name)
        if is_being_written(raw):
            return None
        try:
            stands = entry.stat(follow_symlinks=False)
        except OSError:
            return None  # gone meanwhile
        if not stat.S_ISREG(stands.st_mode):
            return None
        name = shown(raw)
        return Found(name, stands.st_size, _how(stands), (stands.st_mtime_ns // 1000, name), handle=raw)

    def read(self, found: Found, most_bytes: int) -> Sequence[Brought]:
        self._deadline.left()
        try:
            descriptor = os.open(
                found.handle, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._here
            )
        except FileNotFoundError:
            raise Gone(found.name) from None
        except OSError as failure:
            raise NotSettled(f"can't be read: {failure.strerror}") from None
        with open(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Gone(found.name)  # something else took its name
            body = self._bytes(file, most_bytes)
            if _how(os.fstat(file.fileno())) != found.stands:
                raise Gone(found.name)  # it was written to meanwhile
        return [Brought(found.name, body)]

    def _bytes(self, file: Any, most_bytes: int) -> bytes:
        pieces: list[bytes] = []
        wanted = most_bytes + 1
        while wanted > 0:
            self._deadline.left()
            try:
                piece = file.read(min(wanted, _PIECE))
            except OSError as failure:
                raise PickupFailed(f"a file can't be read: {failure.strerror}") from None
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            wanted -= len(piece)
        raise too_large(most_bytes)

    def settle(self, found: Found, label: str, *, refused: bool) -> str:
        folder = self._beside[refused]
        name = labelled(label, found.handle)
        try:
            to = self._opened.get(folder)
            if to is None:
                to = self._opened[folder] = _opened(self._held, self._here, folder)
            if _is_there(name, to):
                raise NotSettled(f"{folder}/{shown(name)} is there already")
            if _how(os.stat(found.handle, dir_fd=self._here, follow_symlinks=False)) != found.stands:
                raise Gone(found.name)  # another one has its name, which nobody has read
            os.rename(found.handle, name, src_dir_fd=self._here, dst_dir_fd=to)
        except FileNotFoundError:
            raise Gone(found.name) from None
        except OSError as failure:
            raise NotSettled(f"can't be moved to {folder}: {_said(failure)}") from None
        return f"{folder}/{shown(name)}"


def _how(stands: os.stat_result) -> str:
    return f"{stands.st_size}/{stands.st_mtime_ns}/{stands.st_ino}"


def _is_there(name: bytes, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
