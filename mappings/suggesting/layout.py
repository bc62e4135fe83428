"""Where a sample's orders and their lines repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mappings.suggesting.numbers import are_numbers_with_units, number_signs
from mappings.suggesting.parts import Part
from mappings.suggesting.samples import Sample
from mappings.suggesting.words import words_of

MAX_LEAVES = 600
"""Places of an order, or of a line, that are looked at."""
MIN_EVIDENCE = 4.0
_EVIDENCE = {"ITEM": 2.0, "EAN": 2.0, "DESCRIPTION": 1.0, "PRICE": 1.5, "UNIT": 0.5}
"""What a line is known by besides its quantity."""
_NO_LINES = frozenset(("TAX", "DISCOUNT", "PAYMENT", "CONTACT", "PARTY", "ADDRESS", "TOTAL", "PACK", "BATCH"))
_OTHER_QUANTITIES = frozenset(("PRICE", "PACK", "TOTAL", "TAX", "DISCOUNT", "DELIVERED", "NET", "GROSS"))


@dataclass(frozen=True, slots=True)
class Layout:
    """`order` is what one order is, `orders` the way to it from the document, empty where the document is one order.

    `groups` are the ways from one list to the next, down to the lines: one, mostly; none where the order is its only
    line. `line` is None where no lines were found. `is_rows` says that the document is a list of lines.
    """

    order: Part
    orders: tuple[Part, ...] = ()
    groups: tuple[tuple[Part, ...], ...] = ()
    line: Part | None = None
    is_rows: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place where values stand, and the way to it from its order or line."""

    steps: tuple[Part, ...]
    is_several: bool = False
    """Whether one order or line may have several values there."""
    is_around: bool = False
    """Whether it stands in the document, around its orders: the way is from there."""
    is_in_lines: bool = False
    """Whether every line says it, and the first is asked."""

    @property
    def part(self) -> Part:
        return self.steps[-1]

    @property
    def values(self) -> Sequence[str]:
        return self.part.values


def layout_of(sample: Sample) -> Layout:
    """The layout that has the most to show for itself."""
    root = sample.root
    line = _best_line(root)
    if line is None:
        return Layout(root, (root,) if sample.is_list else ())
    if line is root:
        return Layout(root, line=root, is_rows=sample.is_list)
    way = root.steps_to(line)
    order = _order(sample, way)
    orders = () if order is root and not sample.is_list else (root, *root.steps_to(order))
    return Layout(order, orders, _groups(order.steps_to(line)), line)


# --- lines --------------------------------------------------------------------------------------------------------
def _best_line(root: Part) -> Part | None:
    found: list[tuple[float, int, Part]] = []
    for depth, part in _groups_below(root, 0):
        evidence = _evidence(part)
        if evidence >= MIN_EVIDENCE:
            found.append((evidence, depth, part))
    return max(found, key=lambda one: one[:2])[2] if found else None


def _groups_below(part: Part, depth: int) -> Iterator[tuple[int, Part]]:
    yield depth, part
    for child in part.children.values():
        if child.children and not child.is_beyond_rules:
            yield from _groups_below(child, depth + 1)


def _evidence(part: Part) -> float:
    """How much it is like a line. No group without a quantity is one, unless it repeats and has an item."""
    own = {concept for word in words_of(part.local) for concept in word}
    seen, has_quantity = set(), False
    for leaf in leaves_of(part):
        concepts = {c for one in leaf.steps for word in words_of(one.local) for c in word}
        concepts |= own & {"ITEM", "QUANTITY"}
        seen |= concepts
        has_quantity = has_quantity or (_is_quantity(concepts) and _is_number(leaf.values))
    if not has_quantity and not (part.repeats and seen & {"ITEM", "EAN"}):
        return 0.0
    evidence = 4.0 * has_quantity + sum(weight for concept, weight in _EVIDENCE.items() if concept in seen)
    evidence += 2.0 * bool(own & {"LINE", "ITEM"}) + 2.0 * (part.most > 1) + 1.0 * part.is_listed
    return evidence - 4.0 * bool(own & _NO_LINES) - 2.0 * (part.qualifier is not None)


def _is_quantity(concepts: set[str]) -> bool:
    asked = "QUANTITY" in concepts or "COUNT" in concepts or {"ORDERED", "AMOUNT"} <= concepts
    return asked and not concepts & _OTHER_QUANTITIES


def _is_number(values: Sequence[str]) -> bool:
    return bool(number_signs(values)) or are_numbers_with_units(values)


def _groups(way: Sequence[Part]) -> tuple[tuple[Part, ...], ...]:
    """The way cut behind each list on it."""
    groups, start = [], 0
    for index, part in enumerate(way, 1):
        if part.repeats or index == len(way):
            groups.append(tuple(way[start:index]))
            start = index
    return tuple(groups)


# --- orders -------------------------------------------------------------------------------------------------------
def _order(sample: Sample, way: Sequence[Part]) -> Part:
    """The outermost on the way to the lines that repeats and has what an order has; else the document."""
    root = sample.root
    if sample.is_list:
        return root
    for outer, part in pairwise((root, *way)):
        if _has_order_number(outer, leave_out=part):
            return root
        if part is way[-1]:
            break
        named = _is_named_order(part)
        if part.repeats and (named or _has_order_number(part, leave_out=way[-1])):
            return part
        if sample.language == "xml" and named and _has_order_number(part, leave_out=way[-1]):
            return part
    return root


def _has_order_number(part: Part, leave_out: Part) -> bool:
    own = _is_named_order(part)
    for leaf in leaves_of(part, MAX_LEAVES, leave_out):
        words = [word for one in leaf.steps for word in words_of(one.local)]
        concepts = {c for word in words for c in word}
        if "NUMBER" in concepts and "DATE" not in concepts and ("ORDER" in concepts or (own and len(words) == 1)):
            return True
    return False


def _is_named_order(part: Part) -> bool:
    concepts = {c for word in words_of(part.local) for c in word}
    return "ORDER" in concepts and "LINE" not in concepts and "HEADER" not in concepts


# --- leaves -------------------------------------------------------------------------------------------------------
def leaves_of(part: Part, most: int = MAX_LEAVES, leave_out: Part | None = None) -> list[Leaf]:
    """Where values stand in it, once each; of what repeats inside only values alone, no groups."""
    found: list[Leaf] = []
    _add_leaves(part, (), found, most, leave_out)
    return found


def _add_leaves(part: Part, way: tuple[Part, ...], found: list[Leaf], most: int, leave_out: Part | None) -> None:
    for child in part.children.values():
        if len(found) >= most:
            return
        if child is leave_out:
            continue
        steps = (*way, child)
        if child.is_leaf and (not child.children or not child.repeats):
            found.append(Leaf(steps, child.most > 1))
        if child.children and not (child.repeats and child.most > 1):
            _add_leaves(child, steps, found, most, leave_out)
