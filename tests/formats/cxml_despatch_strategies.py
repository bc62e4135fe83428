"""Despatch advices as cXML carries them: every canonical one, less what the README says it has no place for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from hypothesis import strategies as st

from schemas.documents.common import Period
from schemas.documents.despatch_advice import Carrier, DespatchAdvice, DespatchedOrder, DespatchLine, Package
from schemas.units import rec_20
from tests.formats import ubl_despatch_strategies as ubl
from tests.formats.cxml_strategies import credentials_as_carried, place_as_carried


def everything() -> st.SearchStrategy[DespatchAdvice]:
    """Any advice; no two packages have one SSCC, and none has another's for its id."""
    return ubl.everything().map(_told_apart)


def _told_apart(advice: DespatchAdvice) -> DespatchAdvice:
    taken = {one.id for one in advice.packages} | {line.package for line in advice.lines}
    packages = []
    for one in advice.packages:
        packages.append(replace(one, sscc=None if one.sscc in taken else one.sscc))
        taken.add(one.sscc)
    return replace(advice, packages=tuple(packages))


def carried_advice(advice: DespatchAdvice) -> DespatchAdvice:
    """Less what cXML's ShipNoticeRequest has no place for."""
    issued, left = advice.issued_at, advice.despatched_at
    if issued is not None and issued.tzinfo is None:
        issued = None
    is_day = issued is not None and issued.isoformat() == _noon(issued)
    orders = _orders(advice)
    place = {one.order_number: index for index, one in enumerate(orders)}
    lines = sorted(advice.lines, key=lambda line: place[line.order_number])
    return replace(
        advice,
        issue_date=advice.issue_date if issued is None else issued.date(),
        issued_at=None if is_day else issued,
        despatched_at=left if left is not None and left.tzinfo else None,
        estimated_delivery=_day(advice.estimated_delivery),
        carrier=advice.carrier if advice.carrier != Carrier() else None,
        buyer=credentials_as_carried(advice.buyer, None),
        seller=credentials_as_carried(advice.seller, None),
        ship_from=place_as_carried(advice.ship_from),
        ship_to=place_as_carried(advice.ship_to),
        orders=orders,
        packages=_packages(advice, lines),
        lines=tuple(_line(line) for line in lines),
    )


def _noon(at: datetime) -> str:
    return datetime.combine(at.date(), time(12), UTC).isoformat()


def _day(period: Period | None) -> Period | None:
    """One day, and the time of its end where that is a moment."""
    day = None if period is None else period.end or period.start
    if period is None or day is None:
        return None
    clock = period.end_time if period.end is not None else None
    if clock is None or clock.tzinfo is None or clock.replace(tzinfo=None) == time(0) or clock.isoformat() == _NOON:
        return Period(start=day, end=day)
    return Period(start=day, end=day, end_time=clock)


_NOON = "12:00:00+00:00"


def _orders(advice: DespatchAdvice) -> tuple[DespatchedOrder, ...]:
    found: dict[str, DespatchedOrder] = {}
    for order in advice.orders:
        found.setdefault(order.order_number, order)
    for line in advice.lines:
        found.setdefault(line.order_number, DespatchedOrder(order_number=line.order_number))
    return tuple(found.values())


def _line(line: DespatchLine) -> DespatchLine:
    unit = line.unit if line.unit is not None else line.unit_code
    return replace(line, unit=unit, unit_code=rec_20(unit))


def _packages(advice: DespatchAdvice, lines: list[DespatchLine]) -> tuple[Package, ...]:
    """Those that hold goods, the outermost first; what one was said to be first, it stays."""
    first: dict[str, Package] = {}
    for one in advice.packages:
        first.setdefault(one.id, one)
    noted: dict[str, Package] = {}
    for line in lines:
        if line.package is None:
            continue
        chain: list[Package] = []
        step: str | None = line.package
        while step in first and first[step] not in chain:
            chain.append(first[step])
            step = chain[-1].parent
        parent = None
        for one in reversed(chain or [Package(id=line.package)]):
            noted.setdefault(one.id, replace(one, parent=parent))
            parent = one.id
    return tuple(noted.values())
