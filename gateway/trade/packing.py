"""Whether a shipment's packages can have left so: each named once, in a package that is there, with a right SSCC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from schemas.documents.shipment import Shipment, ShippedPackage
from schemas.faults import Fault
from schemas.values import gs1_check_digit

_SSCC_DIGITS = 18
_DEEPEST = 20
"""Packages around one another. A carton on a pallet in a container is three; nobody packs so many."""


def packing_faults(shipment: Shipment) -> Iterator[Fault]:
    """What is wrong with the packages themselves, with paths in the shipment."""
    ids = Counter(package.id for package in shipment.packages)
    given = Counter(package.sscc for package in shipment.packages if package.sscc)
    parents = {package.id: package.parent for package in shipment.packages}
    holding = {package.parent for package in shipment.packages}
    for index, package in enumerate(shipment.packages):
        path = f"/packages/{index}"
        if ids[package.id] > 1:
            detail = f"Package {package.id} stands {ids[package.id]} times in the shipment."
            yield Fault("bad_value", detail, f"{path}/id", value=package.id, expected="an id of its own")
        if package.sscc is not None:
            yield from _sscc_faults(package.sscc, given[package.sscc], f"{path}/sscc")
        yield from _parent_faults(package, parents, f"{path}/parent")
        if not package.lines and package.id not in holding:
            detail = f"Nothing is in package {package.id}."
            yield Fault("missing_field", detail, f"{path}/lines", expected="at least one line, or a package inside it")


def _sscc_faults(sscc: str, times: int, path: str) -> Iterator[Fault]:
    """GS1 General Specifications 2.2.1 and 7.9."""
    if len(sscc) != _SSCC_DIGITS or not (sscc.isascii() and sscc.isdigit()):
        detail = f"{sscc} is no SSCC: these have {_SSCC_DIGITS} digits, without the application identifier 00."
        yield Fault("bad_value", detail, path, value=sscc, expected=f"{_SSCC_DIGITS} digits")
    elif (right := gs1_check_digit(sscc[:-1])) != sscc[-1]:
        detail = f"The check digit of SSCC {sscc} is wrong."
        yield Fault("bad_value", detail, path, value=sscc, expected=sscc[:-1] + right)
    elif times > 1:
        detail = f"SSCC {sscc} stands on {times} packages of the shipment."
        yield Fault("sscc_reused", detail, path, value=sscc, expected="an SSCC of its own for each package")


def _parent_faults(package: ShippedPackage, parents: dict[str, str | None], path: str) -> Iterator[Fault]:
    parent = package.parent
    if parent is None:
        return
    if parent not in parents:
        detail = f"Package {package.id} is in {parent}, which is no package of the shipment."
        yield Fault("bad_value", detail, path, value=parent, expected="the id of a package of this shipment")
        return
    seen = {package.id}
    while parent is not None and parent not in seen and len(seen) <= _DEEPEST:
        seen.add(parent)
        parent = parents.get(parent)
    if parent is not None and parent not in seen:
        detail = f"Package {package.id} is in more than {_DEEPEST} packages, each around the other."
        yield Fault("bad_value", detail, path, value=package.parent, expected=f"at most {_DEEPEST} around one another")
    elif parent is not None:
        detail = f"Package {package.id} is inside itself."
        yield Fault("bad_value", detail, path, value=package.parent, expected="packages that stand in no circle")
