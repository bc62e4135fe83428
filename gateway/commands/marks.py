"""Differences on a screen and for programs: what went −, what came +."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.drafting.marked import Marked


def marked_lines(found: Iterable[Marked]) -> Iterator[str]:
    """Each file with what is different in it, two spaces in a level."""
    for file, some in groupby(found, key=lambda one: one.file):
        yield file
        for one in some:
            if one.name != file:
                yield f"  {one.name}: {one.change}"
            yield from (f"    {line.sign} {line.text}" for line in one.lines)


def marked_json(found: Sequence[Marked]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {"file": one.file, "change": one.change, "name": one.name, "lines": [[*line] for line in one.lines]}
        for one in found
    ]
