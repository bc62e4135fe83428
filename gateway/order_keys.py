"""The key of an order: what tells it apart from other orders, and whether two keys are of one order.

It is written as one text, in which the parts that the account's policy `order_key` names follow each other. A buyer
with several numbers has them all there, and so has a place of delivery; orders of before that have the one that came
first in their document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mappings.account import Account
from mappings.buyers import BuyerNumbers, are_told_apart, as_fits, buyer_numbers
from schemas.documents.common import Party
from schemas.documents.order import Order

BETWEEN_PARTS, BETWEEN_NUMBERS = "\x1f", "\x1e"
"""The separators of units and of records in ASCII."""
Likeness = Literal["same", "unsaid", "mixed", "other"]
"""How what a message says is like an order's key: `same`: the same order; `unsaid`: one of them leaves out what the
other says; `mixed`: the buyer has numbers that are the same and others on either side, and no scheme tells the two
apart; `other`: another order."""
_FROM_BEST: Sequence[Likeness] = ("same", "unsaid", "mixed", "other")


def order_key(order: Order, buyer: BuyerNumbers, account: Account) -> str:
    """What the account's policy makes the order's key of, joined."""
    parts = {
        "buyer": BETWEEN_NUMBERS.join(buyer.kept),
        "order_number": order.order_number,
        "ship_to": BETWEEN_NUMBERS.join(_places_numbers(order.ship_to)),
    }
    return BETWEEN_PARTS.join([parts[part] for part in account.policies.order_key])


def likeness(mine: str, buyer: BuyerNumbers, its: str, account: Account) -> Likeness:
    """Whether `its` key is of the order that a message with `mine` and this buyer is about."""
    names, ours, theirs = account.policies.order_key, mine.split(BETWEEN_PARTS), its.split(BETWEEN_PARTS)
    if not len(names) == len(ours) == len(theirs):  # kept when the policy was another
        return "other"
    found = [_of_part(name, one, other, buyer, account) for name, one, other in zip(names, ours, theirs, strict=True)]
    return max(found, key=_FROM_BEST.index)


def _of_part(name: str, mine: str, its: str, buyer: BuyerNumbers, account: Account) -> Likeness:
    if name == "buyer":
        return _buyers(buyer, mine, its, account)
    return _places(mine, its) if name == "ship_to" else _parts(mine, its)


def is_the_buyer(mine: BuyerNumbers, its: Party | None, account: Account) -> bool:
    """Whether another document's buyer is surely this one, whichever of its numbers each of them names."""
    kept = BETWEEN_NUMBERS.join(buyer_numbers(its, account).kept)
    return _buyers(mine, BETWEEN_NUMBERS.join(mine.kept), kept, account) == "same"


def _places_numbers(ship_to: Party | None) -> tuple[str, ...]:
    """The numbers that a document gives its place of delivery, in an order of our own."""
    if ship_to is None:
        return ()
    own = (ship_to.id,) if ship_to.id else ()
    return as_fits(sorted({*own, *(one.id for one in ship_to.identifiers)}))


def _places(mine: str, its: str) -> Likeness:
    """One place may have several numbers, of which a document leaves some out. Two that have only some in common are
    two: a company's number is common to all its places."""
    if mine == its or not (mine and its):
        return _parts(mine, its)
    here, there = (frozenset(key.split(BETWEEN_NUMBERS)) for key in (mine, its))
    return "same" if here <= there or there <= here else "other"


def _parts(mine: str, its: str) -> Likeness:
    if mine == its:
        return "same"
    return "other" if mine and its else "unsaid"


def _buyers(buyer: BuyerNumbers, mine: str, its: str, account: Account) -> Likeness:
    if mine == its or not (mine and its):
        return _parts(mine, its)
    kept = frozenset(its.split(BETWEEN_NUMBERS))
    if kept <= buyer.said or kept.issuperset(buyer.kept):
        return "same"
    is_another = kept.isdisjoint(buyer.said) or are_told_apart(buyer.kept, kept, account)
    return "other" if is_another else "mixed"
