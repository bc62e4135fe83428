"""What a correction changes, and what would come of it, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.judging import Judged
from gateway.store.resubmissions import Difference

_CHECKED = {"price": "prices", "quantity": "quantities", "ship_to": "the place of delivery", "item": "items"}
_STANDS = {
    "done": "It would be answered",
    "held": "It would be held",
    "rejected": "It would be refused",
    "received": "It would wait for the order that it changes",
    "duplicate": "It would repeat an order that stands",
    "failed": "The gateway would fail at it",
}


def difference_words(one: Difference) -> str:
    """`Line 2, buyer item: PH-0170 → PH-0107`."""
    of_line = "" if one.line_number is None else f"Line {one.line_number}"
    names = [part.replace("_", " ") for part in one.path.split("/") if part not in ("", "lines", "*")]
    place = ", ".join(part for part in (of_line, " · ".join(names)) if part)
    return f"{place[:1].upper()}{place[1:]}: {one.before} → {one.after}"


def touched_words(touches: Sequence[str]) -> str:
    """`it changes items and prices`; `it may change …` where all of it is asked for, as of what couldn't be read."""
    named = [_CHECKED.get(one, one) for one in touches]
    does = "may change" if len(named) == len(_CHECKED) else "changes"
    return f"it {does} {' and '.join(filter(None, (', '.join(named[:-1]), *named[-1:])))}"


def outcome_words(judged: Judged | None) -> str:
    """What would come of a document, without its faults."""
    if judged is None:
        return "Nobody can tell: the account has no mapping."
    said = _STANDS.get(judged.status, f"It would be {judged.status}")
    if judged.response is not None and judged.status in ("done", "rejected"):
        return f"{said}: {judged.response.outcome}."
    return f"{said}."
