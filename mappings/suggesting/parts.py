"""A sample as its parts: what stands under one path in every order and line is one part, with the values it has there.

So a document of 10,000 lines has no more parts than one of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_VALUES = 200
"""Values of a part that are looked at."""
LONGEST_VALUE = 1_000
MAX_PARTS = 2_000
"""Different paths of a sample that are looked at: a layout has a hundred."""


@dataclass(slots=True, eq=False)
class Part:
    """What stands under one path."""

    name: str
    """As the document has it: a member's name; an element's or attribute's, with `{namespace}`."""
    parent: Part | None = None
    qualifier: tuple[Part, str] | None = None
    """Of several with one name this is the one in which this part below has this value: `Party` with `@role` BY."""
    is_attribute: bool = False
    is_text: bool = False
    """JSON: whether a value here is a text rather than a number or a flag."""
    children: dict[tuple[str, str], Part] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    groups: int = 0
    """How many there are that have something in them."""
    most: int = 0
    """How many stand side by side at most."""
    is_listed: bool = False
    """JSON: whether a list is around it."""
    is_beyond_rules: bool = False
    """Whether no expression can say it: a list in a list."""
    is_mixed: bool = False
    """XML: whether elements stand in it, and it has text of its own."""

    @property
    def local(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition("}")[2]

    @property
    def is_leaf(self) -> bool:
        """Whether values stand here that a rule can read."""
        return bool(self.values) and not self.is_mixed and not self.is_beyond_rules

    @property
    def repeats(self) -> bool:
        """Whether there may be several, and no qualifier tells them apart."""
        return self.qualifier is None and (self.most > 1 or self.is_listed)

    def child(self, name: str, *, is_attribute: bool = False, told_by: str = "") -> Part:
        """The part below of this name, which is made where there is none yet."""
        key = (f"@{name}" if is_attribute else name, told_by)
        known = self.children.get(key)
        if known is None:
            known = self.children[key] = Part(name, self, is_attribute=is_attribute)
        return known

    def says(self, text: str) -> None:
        """One more value that stands here."""
        text = text.strip()
        if text and len(self.values) < MAX_VALUES:
            self.values.append(text[:LONGEST_VALUE])

    def below(self) -> Iterator[Part]:
        """Every part in this one, in the document's order."""
        for child in self.children.values():
            yield child
            yield from child.below()

    def steps_to(self, part: Part) -> tuple[Part, ...]:
        """The parts on the way down to this one, it included."""
        steps = []
        one: Part | None = part
        while one is not None and one is not self:
            steps.append(one)
            one = one.parent
        return tuple(reversed(steps))


class Room:
    """How much of a sample is looked at. A sample beyond is cut, and says so."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.parts = MAX_PARTS
        self.is_cut = False

    def takes(self) -> bool:
        """Whether there is room for one more."""
        self.left -= 1
        self.is_cut = self.is_cut or self.left < 0
        return self.left >= 0

    def child(self, part: Part, name: str, *, is_attribute: bool = False, told_by: str = "") -> Part | None:
        """The part below of this name; None where it is one too many."""
        size = len(part.children)
        if self.parts <= 0 and (f"@{name}" if is_attribute else name, told_by) not in part.children:
            self.is_cut = True
            return None
        child = part.child(name, is_attribute=is_attribute, told_by=told_by)
        self.parts -= len(part.children) - size
        return child
