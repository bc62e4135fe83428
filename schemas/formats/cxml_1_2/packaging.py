"""What an item of a ship notice is packed in, read and written: a Packaging for its package and for each around it.

Each says its own SSCC and that of the one that it is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.documents.despatch_advice import Nesting, Package
from schemas.formats.cxml_1_2.reading import Found, Number, Reading, Table, Through
from schemas.formats.cxml_1_2.text import LANGUAGE, element, escaped
from schemas.formats.xml import Element

_KILOGRAMS = "KGM"
_WEIGHT = "grossWeight"
_FIELDS = frozenset(("sscc", "type_code", "gross_weight_kg"))


# --- reading ----------------------------------------------------------------------------------------------------
def _dimension(reading: Reading, element: Element, found: Found, path: str) -> None:
    """The gross weight in kilograms is read, any other measure is not."""
    said = reading.group(element, _DIMENSION, f"{path}Dimension/")
    is_weight = said.get("type") == _WEIGHT and said.get("unit") == _KILOGRAMS
    if is_weight and "gross_weight_kg" not in found and "amount" in said:
        found["gross_weight_kg"] = said["amount"]


_DIMENSION = Table({"UnitOfMeasure": "unit"}, {"quantity": Number("amount"), "type": "type"})
_PACKAGING = Table(
    {
        "PackagingCode": "code",
        "Dimension": _dimension,
        "PackageTypeCodeIdentifierCode": "type_code",
        "ShippingContainerSerialCode": "sscc",
        "ShippingContainerSerialCodeReference": "parent",
        "PackageID": Through(Table({"PackageTrackingID": "id"})),
    }
)


def packaging(reading: Reading, element: Element, found: Found, path: str) -> None:
    """One more Packaging of the item."""
    unit = reading.open(element)
    reading.into(unit, element, _PACKAGING, f"{path}Packaging/")
    code = unit.pop("code", None)
    if code is not None:
        unit.setdefault("type_code", code)
    if "sscc" in unit:
        unit.setdefault("id", unit["sscc"])
    if "id" in unit:
        reading.add("units", unit, element, found)


class ReadPackages:
    """The packages of one notice, each by its id; what it was said to be first, it stays."""

    def __init__(self) -> None:
        self._packages: dict[str, Found] = {}
        self._by_sscc: dict[str, str] = {}

    def of(self, units: Iterable[Found]) -> str | None:
        """The package that an item is in: the one of its packages that holds no other of them. None where there are
        several such: what is in which is not said."""
        mine = [self._noted(unit) for unit in reversed(list(units))]
        holding = {self._id_of(unit["parent"]) for unit in mine if "parent" in unit}
        inside = list(dict.fromkeys(unit["id"] for unit in mine if unit["id"] not in holding))
        return inside[0] if len(inside) == 1 else None

    def listed(self) -> list[Found]:
        """All of them, each naming the one that it is in by its id. One that isn't listed is no package."""
        for one in self._packages.values():
            parent = one.pop("parent", None)
            if parent is not None and (name := self._id_of(parent)) in self._packages and name != one["id"]:
                one["parent"] = name
        return list(self._packages.values())

    def _noted(self, unit: Found) -> Found:
        known = self._packages.setdefault(unit["id"], unit)
        for field in _FIELDS & unit.keys():
            known.setdefault(field, unit[field])
        if "sscc" in unit:
            self._by_sscc.setdefault(unit["sscc"], unit["id"])
        return unit

    def _id_of(self, said: str) -> str:
        return self._by_sscc.get(said, said)


# --- writing ----------------------------------------------------------------------------------------------------
class WrittenPackaging:
    """The Packagings of one notice, each written once."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self._nesting = Nesting(packages)
        self._texts: dict[str, str] = {}

    def of(self, package: str) -> str:
        """The Packagings of an item in this package, the innermost first."""
        found = self._texts.get(package)
        if found is None:
            found = self._texts[package] = self._written(self._nesting.around(package))
        return found

    def _written(self, chain: Sequence[Package]) -> str:
        last = len(chain) - 1
        levels = ["outer" if n == last else "inner" if n == 0 else "intermediate" for n in range(len(chain))]
        around = [*chain[1:], None]
        return "".join(map(_packaging_text, chain, around, levels))


def _packaging_text(package: Package, around: Package | None, level: str) -> str:
    kind = package.type_code
    parent = None if around is None else around.sscc or around.id
    return (
        f'<Packaging><PackagingCode xml:lang="{LANGUAGE}">{escaped(kind or "")}</PackagingCode>'
        + _weight_text(package)
        + f"<PackagingLevelCode>{level}</PackagingLevelCode>"
        + element("PackageTypeCodeIdentifierCode", kind)
        + element("ShippingContainerSerialCode", package.sscc)
        + element("ShippingContainerSerialCodeReference", parent)
        + f"<PackageID><PackageTrackingID>{escaped(package.id)}</PackageTrackingID></PackageID></Packaging>"
    )


def _weight_text(package: Package) -> str:
    weight = package.gross_weight_kg
    if weight is None:
        return ""
    unit = element("UnitOfMeasure", _KILOGRAMS)
    return f'<Dimension quantity="{weight:f}" type="{_WEIGHT}">{unit}</Dimension>'
