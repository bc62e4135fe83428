"""What is wrong with a map: every mistake at once, each with its line and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mappings.yaml_tree import Mark, Place
from schemas.documents.validation import pointer, shown
from schemas.faults import DocumentFailure, Fault

MAX_MISTAKES = 200

Marks = Mapping[Place, Mark]
"""Place in the map → where it stands; of a member, its key."""


class MapRejected(DocumentFailure):
    """A map that can't be used, with every mistake in it. A fault's `path` is the place in the map, its `location` the
    file's name with line and column."""


class Mistakes:
    """The mistakes of one map, as they are found."""

    def __init__(self, name: str, marks: Marks) -> None:
        self._name = name
        self._marks = marks
        self._found: list[tuple[Mark, Fault]] = []
        self._warned: list[tuple[Mark, Fault]] = []
        self._lost: set[Place] = set()
        self._incomplete: set[Place] = set()

    def add(
        self, place: Place, wrong: str, expected: str | None, value: object = None, code: str = "bad_value"
    ) -> None:
        """One mistake, at this place of the map or at the nearest one around it that has a mark. Without `expected`
        where `wrong` says that already."""
        if not self.has_lost(place) and self.known(place) not in self._incomplete:
            self._found.append(self._told(place, wrong, expected, value, code))

    def warn(self, place: Place, wrong: str, expected: str, value: object = None, code: str = "bad_value") -> None:
        """What keeps no map from being used, and will keep some documents from being written as they should be."""
        self._warned.append(self._told(place, wrong, expected, value, code))

    def _told(self, place: Place, wrong: str, expected: str | None, value: object, code: str) -> tuple[Mark, Fault]:
        mark = self.mark(place)
        location = self.location(mark)
        dotted = ".".join(str(step) for step in place) or "the map"
        detail = f"{location}: {dotted[:200]}: {wrong}"
        return mark, Fault(code, detail, pointer(place), location, shown(value), expected)

    def lose(self, place: Place, *, stands_in: bool = False) -> None:
        """What stands there was wrong and is left out: what is wrong there, or around it because of that, from now on
        follows from it. Where something `stands_in` for it, nothing around it does."""
        self._lost.add(place)
        if len(place) > 1 and not stands_in:
            self._incomplete.add(place[:-1])

    def has_lost(self, place: Place) -> bool:
        """Whether what stood at this place, or around it, was left out."""
        return any(at[:size] in self._lost for at in (place, self.known(place)) for size in range(1, len(at) + 1))

    def has_lost_of(self, key: str) -> bool:
        """Whether anything was left out of what stands under this key of the map."""
        return any(place[0] == key for place in self._lost)

    def mark(self, place: Place) -> Mark:
        """Where this place, or the nearest one around it, stands. An index that the map doesn't have (one group where
        there may be several) is looked over."""
        return self._marks.get(self.known(place), Mark(1, 1))

    def known(self, place: Place) -> Place:
        """This place as the map has it."""
        known: Place = ()
        for step in place:
            if (*known, step) in self._marks:
                known = (*known, step)
            elif not isinstance(step, int):
                break
        return known

    def places(self) -> Iterable[Place]:
        """Every place of the map."""
        return self._marks

    def found(self) -> tuple[Fault, ...]:
        """The mistakes in the order of the map's lines."""
        return tuple(_in_order(self._found)[:MAX_MISTAKES])

    def has_lost_any(self) -> bool:
        """Whether anything was left out."""
        return bool(self._lost)

    def location(self, mark: Mark) -> str:
        """In words."""
        return f"{self._name} line {mark.line} column {mark.column}"

    def raise_any(self) -> None:
        """Raises MapRejected with the mistakes in the order of the map's lines, if there are any."""
        if self._found:
            raise MapRejected(self.found())

    def warnings(self) -> tuple[Fault, ...]:
        """In the order of the map's lines."""
        return tuple(_in_order(self._warned)[:MAX_MISTAKES])


def _in_order(found: Iterable[tuple[Mark, Fault]]) -> list[Fault]:
    each_once = dict.fromkeys(sorted(found, key=lambda one: one[0]))
    return [fault for _, fault in each_once]
