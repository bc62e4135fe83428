"""What in a sample names the buyer: GLNs, VAT numbers, numbers and names of the parties, for account.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mappings.suggesting.codes import are_glns, is_vat_id
from mappings.suggesting.expressions import Says
from mappings.suggesting.finding import Choice, Places
from mappings.suggesting.layout import Leaf
from mappings.suggesting.rules import shown
from mappings.suggesting.scoring import Named
from mappings.suggesting.suggestion import Identity

Kind = Literal["gln", "id", "vat_id", "name"]
_GLN = "0088"
_PARTIES = ("buyer", "", "bill_to", "ship_to")
"""Whose identities are said, in this order: those of the seller are ours."""
_PEOPLE = frozenset(("STREET", "CITY", "POSTCODE", "HOUSE", "ITEM", "DATE", "ORDER"))
_NO_IDENTITY = frozenset(("CONTACT", "COUNTRY", "TYPE", "SHIPFROM", "LANGUAGE"))


def identities(places: Places, found: dict[str, Choice], says: Says) -> tuple[Identity, ...]:
    """The buyer's first. Of several orders the first one's."""
    number = found.get("order_number")
    others = [one for one in places.header if number is None or one[0].part is not number.leaf.part]
    told = [one for leaf, words in others for one in _of(leaf, words, says)]
    told.sort(key=lambda one: _PARTIES.index(one.party))
    currency = found.get("currency")
    if currency is not None and (where := says(currency.leaf.steps)) is not None:
        told.append(Identity("currency", currency.leaf.values[0].upper(), where))
    return tuple(dict.fromkeys(told))


def _of(leaf: Leaf, words: Named, says: Says) -> Iterator[Identity]:
    party, value = words.party, leaf.values[0]
    if party not in _PARTIES:
        return
    if any(word & _NO_IDENTITY for level in (words.own, *words.around) for word in level):
        return
    kind = _kind(words, value, is_buyer=party == "buyer")
    where = says(leaf.steps)
    if kind is not None and where is not None:
        yield Identity(kind, shown(value), where, _GLN if kind == "gln" else None, party)


def _kind(words: Named, value: str, *, is_buyer: bool) -> Kind | None:
    own = {concept for word in words.own for concept in word}
    if are_glns((value,)) and "EAN" not in own:
        return "gln"
    if is_vat_id(value) or ("VAT" in own and is_buyer):
        return "vat_id"
    if not is_buyer or own & _PEOPLE:
        return None
    if "NAME" in own and "NUMBER" not in own:
        return "name"
    if " " in value:
        return "name" if "BUYER" in own else None
    return "id" if own & {"NUMBER", "BUYER", "GLN"} else None
