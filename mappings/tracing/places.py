"""What both kinds of documents can say of their values' places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mappings.fieldmaps.contexts import Here, Level
from mappings.tracing.noting import NotedReading
from mappings.tracing.told import Origin
from schemas.formats.xml import UTF_16_STARTS

MAX_SHOWN_LINES = 500


class Leaf(NamedTuple):
    """A value of the document under the name that the map has for it."""

    name: str
    origin: Origin


class Places:
    """Where the values of one document stand."""

    text: str
    """The document's."""
    shown_until: int
    """Characters of it in which values are placed."""

    def origins(self, reading: NotedReading, source: Any, here: Here) -> list[Origin]:
        """Where the values stand that this source has here."""
        raise NotImplementedError

    def unread(self, reading: NotedReading, here: Here, level: Level, prefix: str, lost: set[str]) -> Iterator[Leaf]:
        """The values of this place that no rule used, but those that are left out on purpose."""
        raise NotImplementedError


def shown_until(text: str, most: int) -> int:
    """How many characters of a document are shown: at most so many, and at most MAX_SHOWN_LINES lines."""
    at = -1
    for _ in range(MAX_SHOWN_LINES):
        at = text.find("\n", at + 1, most)
        if at < 0:
            return min(len(text), most)
    return at + 1


def readable(body: bytes, most: int) -> str:
    """The text of a document that can't be read as what it should be, as far as it is one."""
    encoding = UTF_16_STARTS.get(body[:2], "utf-8")
    return body[: most * 2].decode(encoding, "replace").removeprefix("\ufeff").replace("\x00", "\ufffd")[:most]


def is_lost(name: str, lost: set[str], between: str) -> bool:
    """Whether the map leaves out what has this name, or what it is in."""
    return name in lost or any(name.startswith(one + between) for one in lost)
