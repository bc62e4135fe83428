"""How much work one document may cost, whatever its map says."""

from __future__ import annotations

from schemas.faults import DocumentHeld, Fault

MAX_WORK = 5_000_000
"""Steps for one document: a value read, a node looked at, a member of a result, 16 characters gone through by a regular
expression. An order of 20,000 lines with 60 fields takes some two million."""
MAX_CHARACTERS = 100_000
"""Of one value, on its way through a rule."""


class TooMuchWork(Exception):
    """What a map asks for is beyond the budget; whoever knows the field of the map says so in a fault."""


class Budget:
    """The steps that are left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_WORK) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Raises TooMuchWork where so many steps aren't left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork


def beyond(field: str, location: str, detail: str = "") -> DocumentHeld:
    """The fault of a map that asks for too much: `field` is the place in the map, `location` its file and line."""
    said = detail or f"more than {MAX_WORK:,} steps"
    expected = "a simpler expression, or one that looks at a smaller part of the document"
    return DocumentHeld([Fault("map_limit", f"{field} takes {said}", "", location, field, expected)])
