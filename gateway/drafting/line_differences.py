"""Two texts line by line: which lines stayed, which went, which came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Sign = Literal["-", "+", " ", "…"]
_AROUND = 3
"""Lines that stayed and are shown around what changed."""
_MOST_COMPARED = 4_000
"""Lines that differ on a side: of more all are said to be others, which takes no hour to find out."""


class Line(NamedTuple):
    """One line. `…` stands for lines that stayed and are left out."""

    sign: Sign
    text: str


class Block(NamedTuple):
    """Lines old[old_from:old_to] that became new[new_from:new_to]; `stayed`: they are the same."""

    stayed: bool
    old_from: int
    old_to: int
    new_from: int
    new_to: int


def blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """What stayed and what changed, from the first line to the last."""
    begin = _alike(zip(old, new, strict=False))
    end = _alike(zip(reversed(old[begin:]), reversed(new[begin:]), strict=False))
    if begin:
        yield Block(True, 0, begin, 0, begin)
    last_old, last_new = len(old) - end, len(new) - end
    middle = old[begin:last_old], new[begin:last_new]
    if max(map(len, middle)) > _MOST_COMPARED:
        yield Block(False, begin, last_old, begin, last_new)
    elif any(middle):
        for tag, *places in SequenceMatcher(None, *middle, autojunk=False).get_opcodes():
            yield Block(tag == "equal", *(begin + place for place in places))
    if end:
        yield Block(True, last_old, len(old), last_new, len(new))


def _alike(pairs: Iterator[tuple[str, str]]) -> int:
    return next((count for count, (one, other) in enumerate(_ended(pairs)) if one != other), 0)


def _ended(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from pairs
    yield "", "end"


def line_differences(old: str, new: str) -> list[Line]:
    """The lines that went and came, with some that stayed around them; nothing where the texts are the same."""
    before, after = old.splitlines(), new.splitlines()
    lines: list[Line] = []
    for block in blocks(before, after):
        if not block.stayed:
            lines += [Line("-", text) for text in before[block.old_from : block.old_to]]
            lines += [Line("+", text) for text in after[block.new_from : block.new_to]]
            continue
        above = _AROUND if block.old_from else 0
        below = _AROUND if block.old_to < len(before) or block.new_to < len(after) else 0
        lines += _shortened(before[block.old_from : block.old_to], above, below)
    return lines if any(one.sign in "-+" for one in lines) else []


def _shortened(stayed: Sequence[str], above: int, below: int) -> list[Line]:
    if len(stayed) <= above + below + 1:
        return [Line(" ", text) for text in stayed]
    head, tail = stayed[:above], stayed[len(stayed) - below :]
    left_out = len(stayed) - above - below
    return [
        *(Line(" ", text) for text in head),
        Line("…", f"{left_out:,} lines as before"),
        *(Line(" ", text) for text in tail),
    ]
