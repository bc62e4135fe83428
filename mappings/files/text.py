"""Files as text, and how one is refused.

Reading collects every fault of every file and raises `FilesRejected` with all of them, each with file and line.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.faults import DocumentFailure, Fault

MAX_TEXT_BYTES = 1_000_000
"""Of a file that people write, as every YAML file here is."""


class FilesRejected(DocumentFailure):
    """Files that can't be imported, with every fault of every one of them."""


def text_of(path: Path, limit: int = MAX_TEXT_BYTES, encoding: str = "utf-8-sig") -> str:
    """A text file's content: UTF-8, with or without a byte order mark, which `utf-8` keeps. Raises FilesRejected for
    any other."""
    name = path.name
    try:
        if path.stat().st_size > limit:
            raise unreadable(name, f"is larger than {limit} bytes", "a smaller file")
        body = path.read_bytes()
    except OSError as error:
        raise unreadable(name, f"can't be read: {error.strerror or error}", "a readable file") from error
    return text_in(name, body, encoding)


def text_in(name: str, body: bytes, encoding: str = "utf-8-sig") -> str:
    """The text in these bytes of a file of that name. Raises FilesRejected as `text_of`."""
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise unreadable(f"{name} line {line}", "is not UTF-8 text", "UTF-8, with or without BOM") from error


def refuse_irregular(path: Path) -> None:
    """Raises FilesRejected for a pipe, a socket, a device or a link to nowhere: reading one may never end, and nothing
    is what its name says. A file that isn't there is for its reader to tell."""
    is_there = path.exists() or path.is_symlink()
    if is_there and not path.is_file() and not path.is_dir():
        raise unreadable(path.name, "is no regular file", "a regular file")


def unreadable(location: str, wrong: str, expected: str) -> FilesRejected:
    """The one fault of a file, or of a place in it, that can't be read at all."""
    return FilesRejected([Fault("file_not_readable", f"{location}: {wrong}", "", location, None, expected)])


def collect(faults: list[Fault], read: Callable[[], Any]) -> Any:
    """What `read` gives, or None with its faults added to the others'."""
    try:
        return read()
    except FilesRejected as rejected:
        faults.extend(rejected.faults)
        return None
