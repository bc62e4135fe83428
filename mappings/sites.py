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


@dataclass(frozen=True, slots=True)
class FoundSite:
    site: SiteRow | None
    fault: Fault | None = None


def normal_scheme(scheme: str | None) -> str | None:
    """The scheme's EAS code where its name is known: GLN is 0088, DUNS 0060. None where none is given."""
    return None if scheme is None else _SCHEMES.get(scheme.strip().upper(), scheme.strip())


def same_scheme(one: str | None, other: str | None) -> bool:
    """Schemes contradict each other only where both are given."""
    return one is None or other is None or one == other or normal_scheme(one) == normal_scheme(other)


def known_ids(party: Party) -> list[tuple[str, str | None]]:
    """Every identifier of the party with its scheme, its first identification first, its endpoint last."""
    known: list[tuple[str, str | None]] = [(party.id, party.scheme)] if party.id else []
    for identifier in party.identifiers:
        known.append((identifier.id, identifier.scheme))
    if party.endpoint:
        known.append((party.endpoint.id, party.endpoint.scheme))
    return known


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


def _only_site(revision: MappingRevision, on: date | None, path: str) -> FoundSite:
    places = tuple(_places(revision, on))
    if len(places) == 1:
        return FoundSite(places[0])
    detail = f"the order names no place of delivery (ship_to), and there are {len(places)} to choose from"
    return FoundSite(None, Fault("unknown_ship_to", detail, path, expected=_known_sites(revision, on)))


def _is_at(row: SiteRow, party: Party) -> bool:
    """Postal code and street must be there and equal; name, city and country equal where both have them."""
    address = party.address
    if address is None or not address.postal_code or not address.street or not row.postal_code or not row.street:
        return False
    return (
        _plain(row.postal_code) == _plain(address.postal_code)
        and _plain(row.street) in _streets(address)
        and _agree(row.name, party.name)
        and _agree(row.city, address.city)
        and _agree(row.country, address.country)
    )


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
        named = ", ".join(f"{number} (scheme {scheme})" if scheme else number for number, scheme in ids)
        detail = f"no place of delivery is known by {named}{_other_rows(ids, revision)}"
        value: str | None = ids[0][0]
        path = f"{path}/id" if party.id else path
    else:
        address = party.address
        parts = (party.name, *((address.street, address.postal_code, address.city) if address else ()))
        value = ", ".join(part for part in parts if part) or None
        why = f"{found} known places fit" if found else "no known place has this street and postal code"
        detail = f"the place of delivery has no identifier, and {why}"
    return Fault("unknown_ship_to", detail, path, value=value, expected=_known_sites(revision, on))


def _other_rows(ids: list[tuple[str, str | None]], revision: MappingRevision) -> str:
    rows = [row for number, _ in ids for row in revision.sites.get(number, ())]
    if not rows:
        return ""
    row = rows[0]
    scheme = f" of scheme {row.scheme}" if row.scheme else ""
    return f" (there is one{scheme}, {during(row) or 'at any time'})"


def _known_sites(revision: MappingRevision, on: date | None) -> str:
    """The places there are, at most ten of them."""
    names = [f"{row.account_site} {row.name}" if row.name else row.account_site for row in _places(revision, on)]
    if not names:
        return "a place of delivery that is agreed; there is none yet"
    return "one of " + ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
