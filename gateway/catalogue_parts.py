"""The part of our catalogue that some rows name: a page needs no more, and a catalogue has 100,000 products."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gateway.store.account_tables import Look
from gateway.store.revisions import CATALOGUE
from gateway.store.store import Store
from mappings.compile import compile_catalogue
from mappings.revision import Catalogue, Product
from mappings.tables import from_fields, key_part

_MOST_FOUND = 8


def part_of_catalogue(store: Store, products: Iterable[str | None]) -> Catalogue:
    """The catalogue as it is now, with these products and their packs alone."""
    keys = sorted({key_part("product", one) for one in products if one})
    number = store.revisions.current_catalogue()
    if not keys or not number:
        return compile_catalogue(number, [], [])
    found = store.revisions.named(CATALOGUE, number, "product", keys)
    packs = store.revisions.named(CATALOGUE, number, "pack", keys, below=True)
    return compile_catalogue(
        number,
        [from_fields("product", json.loads(row.body)) for row in found],
        [from_fields("pack", json.loads(row.body)) for row in packs],
    )


def products_like(store: Store, said: str) -> list[Product]:
    """Products whose numbers begin so, then such as have it anywhere, in their names as well; a few of each."""
    number = store.revisions.current_catalogue()
    if not said or not number:
        return []
    begins = Look(prefix=key_part("product", said))
    anywhere = Look(prefix=begins.prefix, text=said)
    rows = [
        body
        for look in (begins, anywhere)
        for body in store.account_tables.standing(CATALOGUE, number, "product", look, _MOST_FOUND)
    ]
    return [from_fields("product", json.loads(body)) for body in rows[:_MOST_FOUND]]
