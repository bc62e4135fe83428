"""GTINs and GLNs whose check digit is wrong: what is remarked on in an order, in whatever format it came."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from schemas.documents.common import Party
from schemas.documents.order import Order
from schemas.faults import Fault
from schemas.values import is_gs1_number

GLN = "0088"
"""The scheme of GLNs (ISO 6523)."""
_GLN_DIGITS = 13
_LONGEST_GTIN = 14
_PARTIES = ("buyer", "seller", "bill_to", "final_recipient", "ship_to")


def is_gtin(number: str) -> bool:
    """Whether it is a GTIN with its check digit."""
    return len(number) <= _LONGEST_GTIN and _is_gtin(number)


def is_gln(number: str) -> bool:
    """Whether it is a GLN with its check digit."""
    return len(number) == _GLN_DIGITS and _is_gln(number)


@lru_cache(maxsize=65_536)
def _is_gtin(number: str) -> bool:
    """Orders name the same items again and again."""
    return is_gs1_number(number)


@lru_cache(maxsize=65_536)
def _is_gln(number: str) -> bool:
    """And the same parties."""
    return is_gs1_number(number, (_GLN_DIGITS,))


def wrong_check_digits(order: Order) -> tuple[Fault, ...]:
    """A warning for each, the header's first, then line by line; their `location` is the codec's to say."""
    return tuple(_of_header(order)) + tuple(_of_lines(order))


def _of_header(order: Order) -> Iterator[Fault]:
    for name in _PARTIES:
        party = getattr(order, name)
        if party is not None:
            yield from _of_party(party, f"/{name}")


def _of_lines(order: Order) -> Iterator[Fault]:
    for index, line in enumerate(order.lines):
        if line.gtin is not None and not is_gtin(line.gtin):
            yield _wrong("GTIN", line.gtin, f"/lines/{index}/gtin")
        if line.ship_to is not None:
            yield from _of_party(line.ship_to, f"/lines/{index}/ship_to")


def _of_party(party: Party, path: str) -> Iterator[Fault]:
    if party.id is not None and party.scheme == GLN and not is_gln(party.id):
        yield _wrong("GLN", party.id, f"{path}/id")
    for index, one in enumerate(party.identifiers):
        if one.scheme == GLN and not is_gln(one.id):
            yield _wrong("GLN", one.id, f"{path}/identifiers/{index}/id")
    endpoint = party.endpoint
    if endpoint is not None and endpoint.scheme == GLN and not is_gln(endpoint.id):
        yield _wrong("GLN", endpoint.id, f"{path}/endpoint/id")


def _wrong(kind: str, number: str, path: str) -> Fault:
    return Fault(
        "check_digit", f"the {kind}'s check digit is wrong", path, "", number, f"a {kind} with its check digit"
    )
