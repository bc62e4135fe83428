"""Whether two places that one document names are one. Goods for a second place that is taken for the first go to the
first, so that in all doubt they are two, and a person looks at the order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_OF_ANY_PLACE = ("country", "postal_code", "city")
_WORDS = (*_OF_ANY_PLACE, "additional_street", "region", "lines")


def is_same_place(one: Any, other: Any, *, by_company: bool = False) -> bool:
    """Whether two parties, as they were read or remembered, are one place of delivery.

    They have a number in common, by one scheme, whatever they are called, and their addresses don't contradict each
    other; or they say all the same. A number of the company (`by_company`) is common to all its places: there names
    and addresses must agree in every word that both have, and one that has an address is not one that has a name only.
    """
    if one == other:
        return True
    number = said(one, "id")
    if number is None or number != said(other, "id") or not _agree(said(one, "scheme"), said(other, "scheme")):
        return False
    if _has_each_a_number_of_its_own(one, other):
        return False
    address, other_address = said(one, "address"), said(other, "address")
    if not _is_one_street(address, other_address):
        return False
    words = _WORDS if by_company else _OF_ANY_PLACE
    if not all(_agree(said(address, word), said(other_address, word)) for word in words):
        return False
    return not by_company or _is_called_alike(one, other)


def said(group: Any, field: str) -> Any:
    """What a group says in a field, whether it was read just now or is one remembered. None where it says nothing."""
    return (group.get(field) if isinstance(group, dict) else getattr(group, field, None)) or None


def _is_called_alike(one: Any, other: Any) -> bool:
    """One that has neither name nor address names the company's place again."""
    has_words = [bool(said(place, "name") or said(place, "address")) for place in (one, other)]
    has_address = [said(place, "address") is not None for place in (one, other)]
    return False in has_words or (len(set(has_address)) == 1 and _agree(said(one, "name"), said(other, "name")))


def _has_each_a_number_of_its_own(one: Any, other: Any) -> bool:
    """Whether each has a number that the other lacks, and both are by one scheme: two yards of one company."""
    numbers, others = set(_numbers(one)), set(_numbers(other))
    return not {scheme for scheme, _ in numbers - others}.isdisjoint(scheme for scheme, _ in others - numbers)


def _numbers(place: Any) -> Iterator[tuple[str, str]]:
    for known in (place, *(said(place, "identifiers") or ())):
        yield str(said(known, "scheme") or "").casefold(), str(said(known, "id"))


def _is_one_street(one: Any, other: Any) -> bool:
    """The number of the building may stand in its own field, or behind the street; without a street the lines tell."""
    if said(one, "street") is None or said(other, "street") is None:
        return all(_agree(said(one, field), said(other, field)) for field in ("building_number", "lines"))
    return _agree(_street(one), _street(other))


def _street(address: Any) -> str:
    return f"{said(address, 'street')}{said(address, 'building_number') or ''}"


def _agree(one: Any, other: Any) -> bool:
    """Whether two texts don't contradict each other, however they are spaced and in whatever case."""
    return one is None or other is None or one == other or _plain(one) == _plain(other)


def _plain(text: Any) -> str:
    words = text if isinstance(text, str) else "\n".join(map(str, text))
    return "".join(words.split()).casefold()
