"""Which place is which canonical field: every place is taken once, by the field that it fits best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mappings.suggesting.days import interval_sign
from mappings.suggesting.layout import Layout, Leaf, leaves_of
from mappings.suggesting.numbers import are_numbers_with_units, number_signs
from mappings.suggesting.parts import Part
from mappings.suggesting.samples import Sample
from mappings.suggesting.scoring import Fit, Named, fit, named
from mappings.suggesting.wanted import HEADER, LINES, PARTIES, Wanted

ROWS = Part("rows", is_listed=True)
"""What the lines are called where the document is nothing but a list of them: JMESPath `{rows: @}`."""
ALIKE = 0.9
"""Another place that fits at least so nearly as well as the one that is taken is said as well."""
MOST_OTHERS = 3
_NUMBER, _CURRENCY = (next(one for one in HEADER if one.path == path) for path in ("order_number", "currency"))


@dataclass(frozen=True, slots=True)
class Choice:
    """The place that is taken for a field, and the others that it may as well be."""

    wanted: Wanted
    leaf: Leaf
    fit: Fit
    also: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """A sample's places: of its orders (and around them), and of its lines, each with its words."""

    header: tuple[tuple[Leaf, Named], ...]
    lines: tuple[tuple[Leaf, Named], ...]
    are_one: bool = False
    """Whether the order is its only line: what may be either's is then the order's."""


def places_of(sample: Sample, layout: Layout) -> Places:
    """Where values stand that rules can read. In a list of lines the header's are those that every line says alike."""
    line_leaves = leaves_of(layout.line) if layout.line is not None else []
    if layout.is_rows:
        header = _in_every_line((ROWS,), line_leaves)
    else:
        header = leaves_of(layout.order, leave_out=layout.line)
        if layout.line not in (None, layout.order):
            header += _where_only_lines_say(layout, header, line_leaves)
    if layout.orders and layout.order is not sample.root:
        header += [replace(leaf, is_around=True) for leaf in leaves_of(sample.root, leave_out=layout.order)]
    base = layout.order
    lines = [] if layout.line is None else [(leaf, named(leaf, layout.line)) for leaf in line_leaves]
    are_one = layout.line is layout.order and not layout.is_rows
    return Places(tuple((leaf, named(leaf, base)) for leaf in header), tuple(lines), are_one)


def _where_only_lines_say(layout: Layout, header: Sequence[Leaf], lines: Sequence[Leaf]) -> list[Leaf]:
    """The places of lines, where the header has nothing that could be the order's number; those of a currency alone,
    where it lacks that."""
    if len(layout.groups) != 1:
        return []
    alike = _in_every_line(layout.groups[0], lines)
    if not _fits(_NUMBER, header, layout.order):
        return alike
    return [] if _fits(_CURRENCY, header, layout.order) else _fits(_CURRENCY, alike, layout.order)


def _fits(wanted: Wanted, leaves: Iterable[Leaf], base: Part) -> list[Leaf]:
    return [leaf for leaf in leaves if fit(wanted, leaf, named(leaf, base)).score]


def _in_every_line(way: tuple[Part, ...], lines: Iterable[Leaf]) -> list[Leaf]:
    alike = (leaf for leaf in lines if len(set(leaf.values)) == 1 and not leaf.is_several)
    return [Leaf((*way, *leaf.steps), is_in_lines=True) for leaf in alike]


# --- choosing -----------------------------------------------------------------------------------------------------
def choices(places: Places) -> dict[str, Choice]:
    """Canonical path → what is taken for it."""
    found: dict[str, Choice] = {}
    taken: set[Part] = set()
    lines = _scored(LINES, places.lines)
    header = _scored((*HEADER, *PARTIES), places.header)
    scored = header + lines if places.are_one else lines + header
    _take(found, taken, scored)
    _quantity_by_shape(found, taken, places.lines)
    _unit_in_quantity(found)
    _end_of_interval(found)
    return {path: _with_others(one, scored, taken) for path, one in found.items()}


def _scored(wanted: Iterable[Wanted], places: Sequence[tuple[Leaf, Named]]) -> list[Choice]:
    scored = [
        Choice(one, leaf, found) for one in wanted for leaf, words in places if (found := fit(one, leaf, words)).score
    ]
    return sorted(scored, key=lambda choice: -choice.fit.score)


def _take(found: dict[str, Choice], taken: set[Part], scored: Sequence[Choice]) -> None:
    for one in sorted(scored, key=lambda choice: -choice.fit.score):
        if one.wanted.path not in found and one.leaf.part not in taken:
            found[one.wanted.path] = one
            taken.add(one.leaf.part)


def _with_others(choice: Choice, scored: Sequence[Choice], taken: set[Part]) -> Choice:
    """With the places beside it that no other field takes and that fit it nearly as well."""
    others = [
        one.leaf
        for one in scored
        if one.wanted is choice.wanted and one.leaf.part not in taken and one.fit.score >= ALIKE * choice.fit.score
    ]
    return replace(choice, also=tuple(others[:MOST_OTHERS]))


def _quantity_by_shape(found: dict[str, Choice], taken: set[Part], places: Sequence[tuple[Leaf, Named]]) -> None:
    """The one number of the lines that is nothing else."""
    if "lines.quantity" in found:
        return
    wanted = next(one for one in LINES if one.path == "lines.quantity")
    free = [
        leaf
        for leaf, words in places
        if leaf.part not in taken
        and not leaf.is_several
        and (number_signs(leaf.values) or are_numbers_with_units(leaf.values))
        and not any(word & wanted.never for word in words.own)
    ]
    if len(free) == 1:
        found["lines.quantity"] = Choice(wanted, free[0], Fit(0.4, "shape"))
        taken.add(free[0].part)


def _unit_in_quantity(found: dict[str, Choice]) -> None:
    """Where a quantity's unit stands behind it, in one text: `10 CS`."""
    quantity = found.get("lines.quantity")
    if quantity is not None and are_numbers_with_units(quantity.leaf.values) and "lines.unit" not in found:
        wanted = next(one for one in LINES if one.path == "lines.unit")
        found["lines.unit"] = Choice(wanted, quantity.leaf, Fit(0.9, "shape"))


def _end_of_interval(found: dict[str, Choice]) -> None:
    """Where two days stand in one text: `2026-12-01--2026-12-02`."""
    for one in (*HEADER, *LINES):
        start = found.get(f"{one.path.removesuffix('.end')}.start")
        if (
            one.path.endswith(".end")
            and one.path not in found
            and start is not None
            and interval_sign(start.leaf.values)
        ):
            found[one.path] = Choice(one, start.leaf, start.fit)
