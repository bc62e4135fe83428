"""The sentences of an answer: the sender's own field, the value seen, the rule, and what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from schemas.faults import Fault

LIMIT = 10_000
"""Characters a document's text may have."""
_SHOWN = 1_000
_NAME = re.compile(r"[A-Za-z]\w*[:_]\w+(?=[ :,])")
"""A beginning that is a name in a document whatever the fault's place: `cbc:ID`, `order_number`."""


def sentence(fault: Fault) -> str:
    """One fault for its sender: what is wrong, what stood there, what would be right, and where in what was sent."""
    place = fault.location or fault.path
    if place.endswith(")"):
        place = place[:-1].replace(" (", ", ")  # it stands in brackets itself
    seen = f" Sent: {fault.value}." if fault.value is not None else ""
    is_said = fault.expected is None or fault.detail.rstrip(".").endswith(f" {fault.expected.rstrip('.')}")
    expected = "" if is_said else f" Expected: {fault.expected}."
    text = f"{_begun(fault)}.{seen}{expected}{f' ({place})' if place else ''}"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _begun(fault: Fault) -> str:
    """The detail as a sentence begins: with a capital letter, or with a field's name in quotes, to the letter."""
    detail = fault.detail.rstrip(".")
    field = fault.path.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    if field and not field.isdigit() and detail.startswith((f"{field} ", f"{field}:")):
        return f'"{field}"{detail[len(field) :]}'
    if name := _NAME.match(detail):
        return f'"{name[0]}"{detail[name.end() :]}'
    return f"{detail[:1].upper()}{detail[1:]}"


def because(faults: Iterable[Fault]) -> str:
    """All of a line's faults in one text."""
    return joined([sentence(fault) for fault in faults], " ")


def joined(sentences: Sequence[str], separator: str = "\n") -> str:
    """As many sentences as a document's text may hold; how many more there are is said."""
    taken: list[str] = []
    room = LIMIT - 40
    for one in sentences:
        room -= len(one) + len(separator)
        if room < 0:
            break
        taken.append(one)
    left = len(sentences) - len(taken)
    return separator.join(taken if not left else [*taken, f"… and {left} more."])
