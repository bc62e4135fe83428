"""Products of ours that an unknown item may be. Nobody is spared the choice: these are only at hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.fixing.evidence import Seen, all_of
from mappings.revision import Catalogue, Product
from schemas.values import padded_gtin

_MOST = 6
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A product, and why it may be meant."""

    product: Product
    why: str


def suggestions_for(seen: Sequence[Seen], catalogue: Catalogue, wanted: str = "") -> list[Suggestion]:
    """A few products: that of the lines' GTIN, that of our number in them, then such as are called alike; or, where
    somebody looks for `wanted`, such as have that in their number or name."""
    if wanted:
        return [Suggestion(one, "found") for one in _called(wanted, catalogue)]
    found: dict[str, Suggestion] = {}
    for gtin in all_of(seen, lambda one: one.line.line.gtin if one.line else None):
        product = catalogue.products.get(catalogue.by_gtin.get(padded_gtin(gtin), ("", ""))[0])
        if product is not None:
            found.setdefault(product.product, Suggestion(product, f"has the GTIN {gtin} of the orders"))
    for number in all_of(seen, lambda one: one.line.line.seller_item if one.line else None):
        if number in catalogue.products:
            found.setdefault(number, Suggestion(catalogue.products[number], "the orders name it as our number"))
    for text in all_of(seen, lambda one: one.line.line.description if one.line else None)[:3]:
        for product in _called(text, catalogue):
            found.setdefault(product.product, Suggestion(product, f"is called like “{_short(text)}”"))
    return list(found.values())[:_MOST]


def _called(text: str, catalogue: Catalogue) -> list[Product]:
    """Those that share words with the text, the most likely first: a word that few products have says more."""
    words = {word for word in _WORDS.findall(text.casefold()[:500]) if len(word) > 1 or word.isdigit()}
    names = {product.product: f"{product.product} {product.name}".casefold() for product in catalogue.products.values()}
    has = {word: {number for number, name in names.items() if word in name} for word in words}
    scores: dict[str, float] = {}
    for numbers in has.values():
        for number in numbers:
            scores[number] = scores.get(number, 0) + 1 / len(numbers)
    several = len([word for word in words if len(word) > 2 and not word.isdigit()])
    ranked = sorted(scores, key=lambda number: (-_shared(number, has), -scores[number], number))
    least = 1 if several < 2 else 2
    return [catalogue.products[one] for one in ranked if _shared(one, has) >= least][:_MOST] or [
        catalogue.products[one] for one in ranked[:_MOST]
    ]


def _shared(number: str, has: dict[str, set[str]]) -> int:
    return sum(number in numbers for numbers in has.values())


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
