"""What an import changes, as people read it before they let it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.accounts import Plan
    from gateway.differences import Difference

_SHOWN = 10
"""So many of a kind are shown of each file; programs get all of them."""
_KINDS = ("removed", "changed", "added")


def plan_lines(plan: Plan) -> list[str]:
    """What the plan changes; nothing for a first revision, all of which is new."""
    return difference_lines(plan.differences) if plan.number else []


def difference_lines(differences: Sequence[Difference]) -> list[str]:
    """Each file with its differences: what is removed first, for nobody must miss it."""
    by_file = groupby(differences, key=lambda one: one.file)
    return [line for file, found in by_file for line in _of_file(file, list(found))]


def _of_file(file: str, found: Sequence[Difference]) -> list[str]:
    of_kind = {kind: [one for one in found if one.change == kind] for kind in _KINDS}
    counts = ", ".join(f"{len(some)} {kind}" for kind, some in of_kind.items() if some)
    return [f"    {file}: {counts}", *(line for some in of_kind.values() for line in _first(some))]


def _first(some: Sequence[Difference]) -> list[str]:
    lines = [f"        {one.change:<7}  {one.text()}" for one in some[:_SHOWN]]
    more = len(some) - _SHOWN
    return [*lines, f"        and {more} more {some[0].change}"] if more > 0 else lines
