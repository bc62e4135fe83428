"""Which place of the account is that? By identifier, or by an address that is exactly one of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mappings.revision import MappingRevision, SiteRow
from mappings.validity import during, in_force
from schemas.documents.common import Address, Party
from schemas.faults import Fault

_SCHEMES = {"GLN": "0088", "EAN": "0088", "ILN": "0088", "GS1": "0088", "DUNS": "0060", "D-U-N-S": "0060"}
"""Names that people write for what EAS and ISO 6523 number."""
_NO_PLACES_OF_DELIVERY = frozenset({"bill_to", "buyer", "invoice"})
_NEAR = 3
"""So many places at the right street are named."""


@dataclass(frozen=True, slots=True)
class FoundSite:
    site: SiteRow | None
    fault: Fault | None = None


def normal_scheme(scheme: str | None) -> str | None:
    """The scheme's EAS code where its name is known: GLN is 0088, DUNS 0060. None where none is given."""
    return None if scheme is None else _SCHEMES.get(scheme.strip().upper(), scheme.strip())


def _compared(scheme: str) -> str:
    """cXML's domains compare without case."""
    return str(normal_scheme(scheme)).casefold()


def same_scheme(one: str | None, other: str | None) -> bool:
    """Schemes contradict each other only where both are given."""
    return one is None or other is None or one == other or _compared(one) == _compared(other)


def known_ids(party: Party) -> list[tuple[str, str | None]]:
    """Every identifier of the party with its scheme, its first identification first, its endpoint last; each once."""
    known: dict[tuple[str, str | None], tuple[str, str | None]] = {}
    if party.id:
        known[party.id, normal_scheme(party.scheme)] = (party.id, party.scheme)
    for other in (*party.identifiers, *((party.endpoint,) if party.endpoint else ())):
        known.setdefault((other.id, normal_scheme(other.scheme)), (other.id, other.scheme))
    return list(known.values())


def find_site(ship_to: Party | None, revision: MappingRevision, on: date | None, path: str) -> FoundSite:
    """The row of sites.csv for a place of delivery. An account without sites is not judged; one that names no place
    and has exactly one gets that."""
    if not revision.sites:
        return FoundSite(None)
    if ship_to is None:
        return _only_site(revision, on, path)
    ids = known_ids(ship_to)
    for number, scheme in ids:
        for row in in_force(revision.sites.get(number, ()), on):
            if same_scheme(scheme, row.scheme) and row.role not in _NO_PLACES_OF_DELIVERY:
                return FoundSite(row)
    found = () if ids else tuple(row for row in _places(revision, on) if _is_at(row, ship_to))
    if len(found) == 1:
        return FoundSite(found[0])
    return FoundSite(None, _unknown(ship_to, ids, revision, on, path, len(found)))


def _places(revision: MappingRevision, on: date | None) -> Iterator[SiteRow]:
    for rows in revision.sites.values():
        yield from (row for row in in_force(rows, on) if row.role not in _NO_PLACES_OF_DELIVERY)


def is_place_of_delivery(row: SiteRow) -> bool:
    """Whether goods can be ordered there, which a place that only pays or buys is not."""
    return row.role not in _NO_PLACES_OF_DELIVERY


def _only_site(revision: MappingRevision, on: date | None, path: str) -> FoundSite:
    places = tuple(_places(revision, on))
    if len(places) == 1:
        return FoundSite(places[0])
    detail = f"the order names no place of delivery (ship_to), and there are {len(places)} to choose from"
    return FoundSite(None, Fault("unknown_ship_to", detail, path, expected=_known_sites(revision, on)))


def _is_at(row: SiteRow, party: Party) -> bool:
    """Postal code and street must be there and equal; name, city and country equal where both have them."""
    return _has_its_street(row, party.address) and not _other_words(row, party)


def _has_its_street(row: SiteRow, address: Address | None) -> bool:
    if address is None or not address.postal_code or not address.street or not row.postal_code or not row.street:
        return False
    return _plain(row.postal_code) == _plain(address.postal_code) and _plain(row.street) in _streets(address)


def _other_words(row: SiteRow, party: Party) -> dict[str, str]:
    """What the row has otherwise than the party, where both say it: "name" → the row's."""
    city, country = (party.address.city, party.address.country) if party.address else (None, None)
    both = {"name": (row.name, party.name), "city": (row.city, city), "country": (row.country, country)}
    return {word: ours for word, (ours, theirs) in both.items() if ours and not _agree(ours, theirs)}


def _streets(address: Address) -> set[str]:
    street = address.street or ""
    number = address.building_number
    return {_plain(street), _plain(f"{street} {number}")} if number else {_plain(street)}


def _agree(one: str | None, other: str | None) -> bool:
    return not one or not other or _plain(one) == _plain(other)


def _plain(text: str) -> str:
    """A text without what people vary: letter case and runs of spaces."""
    return " ".join(text.casefold().split())


def _unknown(
    party: Party,
    ids: list[tuple[str, str | None]],
    revision: MappingRevision,
    on: date | None,
    path: str,
    found: int,
) -> Fault:
    if ids:
        detail = _known_by_none(ids, revision, on)
        value: str | None = ids[0][0]
        path = f"{path}/id" if party.id else path
    else:
        address = party.address
        parts = (party.name, *((address.street, address.postal_code, address.city) if address else ()))
        value = ", ".join(part for part in parts if part) or None
        why = f"{found} known places fit" if found else _why_none_fits(party, revision, on)
        detail = f"the place of delivery has no identifier, and {why}"
    return Fault("unknown_ship_to", detail, path, value=value, expected=_known_sites(revision, on))


def _known_by_none(ids: list[tuple[str, str | None]], revision: MappingRevision, on: date | None) -> str:
    named = ", ".join(f"{number} (scheme {scheme})" if scheme else number for number, scheme in ids)
    rows = [row for number, _ in ids for row in revision.sites.get(number, ())]
    places = [row for row in rows if row.role not in _NO_PLACES_OF_DELIVERY]
    if places:
        scheme = f" of scheme {places[0].scheme}" if places[0].scheme else ""
        return f"no place of delivery is known by {named} (there is one{scheme}, {during(places[0]) or 'at any time'})"
    if rows:
        row = (*in_force(tuple(rows), on), *rows)[0]
        return f"{row.account_site} is known, but as {row.role}, not as a place of delivery"
    return f"no place of delivery is known by {named}"


def _why_none_fits(party: Party, revision: MappingRevision, on: date | None) -> str:
    """Nearly the right address says more than none: which of its words are others."""
    address = party.address
    if address is None or not address.street or not address.postal_code:
        return "its address lacks a street or a postal code, by which it could be known"
    near = [row for row in _places(revision, on) if _has_its_street(row, address)]
    if not near:
        return "no known place has this street and postal code"
    told = [(row.account_site, _other_words(row, party)) for row in near]
    words = [
        f"{site} with the {' and the '.join(f'{word} {ours}' for word, ours in own.items())}" for site, own in told
    ]
    more = f" and {len(words) - _NEAR} more" if len(words) > _NEAR else ""
    return f"at its street and postal code is {', '.join(words[:_NEAR])}{more}"


def _known_sites(revision: MappingRevision, on: date | None) -> str:
    """The places there are, at most ten of them."""
    names = [f"{row.account_site} {row.name}" if row.name else row.account_site for row in _places(revision, on)]
    if not names:
        return "a place of delivery that is agreed; there is none yet"
    return "one of " + ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
