"""A budget that ends by the clock as well: a person waits for a trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mappings.fieldmaps.budget import MAX_WORK, Budget, TooMuchWork
from schemas.faults import Fault

_STEPS_BETWEEN = 500
"""Steps after which the clock is looked at again."""


class InTime(Budget):
    """Steps that are left, and none any more as soon as `is_over`."""

    __slots__ = ("_is_over", "_next_look", "ran_out")

    def __init__(self, is_over: Callable[[], bool], steps: int = MAX_WORK) -> None:
        super().__init__(steps)
        self._is_over = is_over
        self._next_look = steps
        self.ran_out = False
        """Whether it was the clock that ended it."""

    def spend(self, steps: int) -> None:
        """Raises TooMuchWork where so many steps aren't left, or no time."""
        super().spend(steps)
        if self.left <= self._next_look:
            self._next_look = self.left - _STEPS_BETWEEN
            if self._is_over():
                self.ran_out = True
                raise TooMuchWork

    def told(self, fault: Fault) -> Fault:
        """The fault, in the words of the clock where that is what ended it."""
        if not self.ran_out or fault.code != "map_limit":
            return fault
        rule = fault.detail.partition(" takes ")[0]
        return replace(fault, detail=f"{rule} takes too long for a preview; it was cut off")
