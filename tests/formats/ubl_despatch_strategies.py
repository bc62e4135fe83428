"""Despatch advices as UBL carries them: every canonical one, less what the format's README says it has no place for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from schemas.documents.common import Address, Contact, Party, Period
from schemas.documents.despatch_advice import Carrier, DespatchAdvice, DespatchedOrder, DespatchLine, Package
from schemas.units import rec_20
from schemas.values import is_gs1_number
from tests import outbound_strategies
from tests.formats.ubl_strategies import CODES, TEXTS, party_as_carried, unless_empty


def despatch_advices() -> st.SearchStrategy[DespatchAdvice]:
    """As `ubl-2.1` carries them."""
    return everything().map(carried_advice)


def peppol_despatch_advices() -> st.SearchStrategy[DespatchAdvice]:
    """As `peppol-bis-3` carries them."""
    return everything().map(peppol_advice)


@st.composite
def everything(draw: st.DrawFn) -> DespatchAdvice:
    """Any advice, with packages that are in each other and lines that are in them; some in none, or in a circle."""
    advice = draw(outbound_strategies.despatch_advices(CODES, TEXTS))
    ids = [one.id for one in advice.packages] + draw(st.lists(CODES, max_size=3))
    package = outbound_strategies.packages(CODES)
    packages = [
        replace(draw(package), id=name, parent=draw(st.sampled_from([None, *ids]))) for name in ids if draw(_MOSTLY)
    ]
    lines = [replace(line, package=draw(st.sampled_from([None, *ids]))) for line in advice.lines]
    return replace(advice, packages=tuple(packages), lines=tuple(lines))


_MOSTLY = st.sampled_from([True, True, True, False])


def carried_advice(advice: DespatchAdvice) -> DespatchAdvice:
    """Less what UBL's DespatchAdvice has no place for."""
    issued, left = advice.issued_at, advice.despatched_at
    packages, names = _packages(advice)
    return replace(
        advice,
        test=False,
        issued_at=issued if issued and issued.tzinfo and issued.date() == advice.issue_date else None,
        despatched_at=left if left and left.tzinfo else None,
        estimated_delivery=unless_empty(advice.estimated_delivery, Period()),
        carrier=unless_empty(advice.carrier, Carrier()),
        ship_from=party_as_carried(advice.ship_from) or party_as_carried(advice.seller),
        seller=party_as_carried(advice.seller),
        ship_to=party_as_carried(advice.ship_to) or party_as_carried(advice.buyer),
        buyer=party_as_carried(advice.buyer),
        orders=_orders(advice),
        packages=packages,
        lines=tuple(replace(_line(line), package=names.get(line.package)) for line in advice.lines),
    )


def peppol_advice(advice: DespatchAdvice) -> DespatchAdvice:
    """Less what Peppol's T16 has no place for."""
    carried = carried_advice(advice)
    packages, names = _peppol_packages(advice)
    lines = [
        replace(_peppol_line(line), package=names.get(line.package))
        for line in (replace(carried_line, package=line.package) for carried_line, line in _pairs(carried, advice))
    ]
    return replace(
        carried,
        ship_from=_registered(carried.ship_from or advice.seller, carried.ship_from, carried.seller),
        ship_to=_registered(carried.ship_to or advice.buyer, carried.ship_to, carried.buyer),
        seller=_by_name(carried.seller),
        buyer=_by_name(carried.buyer),
        orders=tuple(DespatchedOrder(order_number=one.order_number) for one in carried.orders),
        packages=packages,
        lines=tuple(lines),
    )


def _pairs(carried: DespatchAdvice, advice: DespatchAdvice) -> Iterator[tuple[DespatchLine, DespatchLine]]:
    """Each line as carried, with the codes of its unit as they were."""
    for one, line in zip(carried.lines, advice.lines, strict=True):
        unit = line.unit_code if line.unit_code is not None else line.unit
        yield replace(one, unit=unit, unit_code=rec_20(unit)), line


def _orders(advice: DespatchAdvice) -> tuple[DespatchedOrder, ...]:
    """Each order once, those that only a line names at the end."""
    found: dict[str, DespatchedOrder] = {}
    for order in advice.orders:
        found.setdefault(order.order_number, order)
    for line in advice.lines:
        found.setdefault(line.order_number, DespatchedOrder(order_number=line.order_number))
    return tuple(found.values())


def _line(line: DespatchLine) -> DespatchLine:
    unit = line.unit if line.unit is not None else line.unit_code
    each = line.base_per_ordered_unit if line.ordered_unit is not None else None
    return replace(line, unit=unit, unit_code=rec_20(unit), base_per_ordered_unit=each)


def _peppol_line(line: DespatchLine) -> DespatchLine:
    name = line.buyer_item or line.seller_item or line.gtin or f"Line {line.order_line_number}"
    outstanding = {} if line.outstanding else {"outstanding": None, "outstanding_reason": None}
    return replace(line, description=line.description or name, **outstanding)


# --- packages ---------------------------------------------------------------------------------------------------
def _packages(advice: DespatchAdvice) -> tuple[tuple[Package, ...], dict[str | None, str]]:
    """Every package under its SSCC where it has one; those without goods first, then as lines come to them."""
    noted: dict[str, Package] = {}
    names: dict[str | None, str] = {}
    with_goods = {one.id for line in advice.lines if line.package for one in _around(advice.packages, line.package)}
    empty = [one.id for one in advice.packages if one.id not in with_goods]
    for name in [*empty, *(line.package for line in advice.lines if line.package)]:
        parent = None
        for one in reversed(_around(advice.packages, name)):
            parent = _note(noted, one, parent)
        assert parent is not None
        names[name] = parent
    return tuple(noted.values()), names


def _peppol_packages(advice: DespatchAdvice) -> tuple[tuple[Package, ...], dict[str | None, str]]:
    """Packages that hold goods, in the outermost one; what is between the two is lost."""
    noted: dict[str, Package] = {}
    names: dict[str | None, str] = {}
    for line in advice.lines:
        if line.package is None:
            continue
        innermost, *around = _around(advice.packages, line.package)
        if not around:
            names[line.package] = _note(noted, innermost, None)
        else:
            names[line.package] = _note(noted, _without_scheme(innermost), _note(noted, around[-1], None))
    return tuple(noted.values()), names


def _without_scheme(package: Package) -> Package:
    """A number without a scheme is an SSCC where its check digit says so."""
    number = package.sscc or package.id
    return replace(package, id=number, sscc=None, gross_weight_kg=None)


def _note(noted: dict[str, Package], package: Package, parent: str | None) -> str:
    number = package.sscc or package.id
    sscc = number if package.sscc or (len(number) == 18 and is_gs1_number(number, (18,))) else None
    known = noted.get(number)
    if known is None:
        noted[number] = replace(package, id=number, sscc=sscc, parent=parent)
    else:
        noted[number] = replace(
            known,
            sscc=known.sscc or sscc,
            type_code=known.type_code or package.type_code,
            gross_weight_kg=package.gross_weight_kg if known.gross_weight_kg is None else known.gross_weight_kg,
        )
    return number


def _around(packages: Sequence[Package], name: str) -> list[Package]:
    first: dict[str, Package] = {}
    for one in packages:
        first.setdefault(one.id, one)
    found: list[Package] = []
    step: str | None = name
    while step in first and first[step] not in found:
        found.append(first[step])
        step = found[-1].parent
    return found or [Package(id=name)]


# --- Peppol's parties -------------------------------------------------------------------------------------------
def _registered(given: Party | None, carried: Party | None, other: Party | None) -> Party | None:
    """A party of which nothing is known has the other's electronic address all the same."""
    if given is None:
        return None
    party = carried or Party()
    known: list[Any] = [other.endpoint] if other is not None else []
    known += [*party.known_as(), *(other.known_as() if other is not None else ())]
    contact = party.contact.model_copy(update={"id": None}) if party.contact is not None else None
    found = Party(
        id=party.id,
        scheme=party.scheme,
        endpoint=party.endpoint or next((one for one in known if one is not None and one.scheme is not None), None),
        legal_name=party.legal_name or party.name,
        address=_address(party.address),
        contact=unless_empty(contact, Contact()),
    )
    return unless_empty(found, Party())


def _by_name(party: Party | None) -> Party | None:
    if party is None or (party.id is None and party.name is None and party.legal_name is None):
        return None
    name = party.name or party.legal_name
    return Party(id=party.id, scheme=party.scheme, name=name, address=_address(party.address))


def _address(address: Address | None) -> Address | None:
    if address is None or address.country is None:
        return None
    street = " ".join(part for part in (address.street, address.building_number) if part)
    update = {"street": street or None, "building_number": None, "lines": tuple([", ".join(address.lines)][:1])}
    return address.model_copy(update=update if address.lines else {**update, "lines": ()})
