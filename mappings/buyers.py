"""Which of the account's buyers an order is of: what tells apart two orders of one number.

A document may give its buyer several numbers, in any order. All that the account lists count, in an order of our own,
so that the same buyer is the same whichever of its numbers comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from mappings.account import Account
from mappings.sites import same_scheme
from schemas.documents.common import Identifier, Party

LONGEST_KEY = 200
"""Characters of a party's numbers that are kept in an order's key: as many as one number may have. A database's index
takes no more than it can put on one of its pages."""


class BuyerNumbers(NamedTuple):
    """The buyer of one order. `said` is all that the document says; `kept` what of it stands in the order's key."""

    said: frozenset[str]
    kept: tuple[str, ...]


NOBODY = BuyerNumbers(frozenset(), ())


def buyer_numbers(buyer: Party | None, account: Account) -> BuyerNumbers:
    """The numbers of the document's buyer: those that the account lists, or all of them where it lists none of them.
    An endpoint is where a company takes its mail, which several buyers may share: it counts where nothing else is
    said. An order that names no buyer is of the only one there is, where there is only one."""
    own = (Identifier(id=buyer.id, scheme=buyer.scheme),) if buyer is not None and buyer.id else ()
    said = own + (buyer.identifiers if buyer is not None else ())
    if len(said) == 1:
        return BuyerNumbers(frozenset((said[0].id,)), (said[0].id,))
    if not said:
        number = _known_by_endpoint(buyer, account) or _only(account)
        return BuyerNumbers(frozenset((number,)), (number,)) if number else NOBODY
    listed = _listed(account)
    known = {one.id for one in said if any(same_scheme(one.scheme, scheme) for scheme in listed.get(one.id, ()))}
    numbers = frozenset(one.id for one in said)
    return BuyerNumbers(numbers, as_fits(sorted(known or numbers)))


def are_told_apart(mine: Collection[str], its: Collection[str], account: Account) -> bool:
    """Whether two buyers have different numbers of one scheme by the account's list, and none of it in common: two
    sites with a GLN each, whatever company number they share."""
    listed = _listed(account)
    here, there = ([listed[one] for one in numbers if one in listed] for numbers in (mine, its))
    shared = [schemes for one in set(mine) & set(its) if (schemes := listed.get(one))]
    return any(
        _is_of(scheme, there) and not _is_of(scheme, shared)
        for schemes in here
        for scheme in schemes
        if scheme is not None
    )


def _is_of(scheme: str, numbers: Sequence[Sequence[str | None]]) -> bool:
    """Whether one of the numbers is surely of this scheme."""
    return any(one is not None and same_scheme(one, scheme) for schemes in numbers for one in schemes)


def _only(account: Account) -> str:
    return account.identifiers[0].id if len(account.identifiers) == 1 else ""


def _known_by_endpoint(buyer: Party | None, account: Account) -> str:
    endpoint = buyer.endpoint if buyer is not None else None
    if endpoint is None:
        return ""
    known = any(one.id == endpoint.id and same_scheme(endpoint.scheme, one.scheme) for one in account.identifiers)
    return endpoint.id if known else ""


def _listed(account: Account) -> dict[str, list[str | None]]:
    """Every number that the account is known by, with the schemes that it has it under."""
    listed: dict[str, list[str | None]] = {}
    endpoint = account.legal.endpoint if account.legal else None
    for one in (*account.identifiers, *((endpoint,) if endpoint else ())):
        listed.setdefault(one.id, []).append(one.scheme)
    for credential in account.cxml.from_ if account.cxml else ():
        listed.setdefault(credential.identity, []).append(credential.domain)
    return listed


def as_fits(numbers: Sequence[str]) -> tuple[str, ...]:
    """The first of them, one at least, that are no longer together than an order's key may be."""
    kept: list[str] = []
    length = 0
    for number in numbers:
        length += len(number) + 1
        if kept and length > LONGEST_KEY:
            break
        kept.append(number)
    return tuple(kept)
