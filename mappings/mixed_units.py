"""Products whose quantities are no sum, because they are counted in several base units: pieces and kilograms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_NAMED_PRODUCTS = 5
"""Of each unit that a sentence names."""


def by_base_unit(products: Iterable[str], units: Mapping[str, str]) -> dict[str, list[str]]:
    """Base unit → its products, both by name. `units` is by product; those that aren't in it are left out."""
    found: dict[str, list[str]] = {}
    for product in sorted({one for one in products if one in units}):
        found.setdefault(units[product], []).append(product)
    return dict(sorted(found.items()))


def told_by_unit(found: Mapping[str, list[str]]) -> str:
    """`EA (MUG, OAT-1L) and KGM (TEA)`, the first products of many."""
    return " and ".join(f"{unit} ({_first(products)})" for unit, products in found.items())


def _first(products: list[str]) -> str:
    named = ", ".join(products[:_NAMED_PRODUCTS])
    return named if len(products) <= _NAMED_PRODUCTS else f"{named} and {len(products) - _NAMED_PRODUCTS:,} more"
