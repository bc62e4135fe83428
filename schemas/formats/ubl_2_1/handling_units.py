"""What goods are packed in: pallets, cartons and what is in them, read and written.

UBL has no list of packages: each line says in which handling unit it is, and in which package inside that. A package is
known by its SSCC where it has one, else by its own id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from schemas.documents.despatch_advice import DespatchLine, Nesting, Package
from schemas.formats.ubl_2_1.names import cac, cbc
from schemas.formats.ubl_2_1.reading import Found, Reading, Step, Table
from schemas.formats.ubl_2_1.text import element, escaped
from schemas.formats.xml import Element
from schemas.values import is_gs1_number

SSCC = "SSCC"
"""Peppol's scheme of a handling unit's number; UBL has none of its own."""
GROSS_WEIGHT = "AAB"
"""UNCL 6313: weight of the goods with their packing."""
_KILOGRAMS = "KGM"
_FIELDS = ("sscc", "type_code", "gross_weight_kg")


def is_sscc(number: str) -> bool:
    """Whether a number without a scheme is meant as an SSCC: 18 digits, the last of which is right."""
    return len(number) == 18 and is_gs1_number(number, (18,))


# --- reading ----------------------------------------------------------------------------------------------------
def _number(reading: Reading, element: Element, found: Found, path: str) -> None:
    value = reading.text(element)
    if "id" in found:
        reading.again(element, path)
    elif value is None:
        reading.blank(element)
    else:
        found["id"] = value
        if reading.attribute(element, "schemeID") == SSCC or is_sscc(value):
            found["sscc"] = value


def _weight(reading: Reading, element: Element, found: Found, path: str) -> None:
    """MeasurementDimension: the gross weight in kilograms is read, any other measure is not."""
    measured = reading.group(element, _DIMENSION, f"{path}cac:MeasurementDimension/")
    is_weight = measured.get("attribute") == GROSS_WEIGHT and measured.get("unit") == _KILOGRAMS
    if is_weight and "gross_weight_kg" not in found and "measure" in measured:
        found["gross_weight_kg"] = measured["measure"]


def _measure(reading: Reading, element: Element, found: Found, path: str) -> None:
    value, unit = reading.text(element), reading.attribute(element, "unitCode")
    if value is not None and not reading.is_second(element):
        found["measure"] = reading.number(value)
        if unit is not None:
            found["unit"] = unit


def _package_inside(reading: Reading, element: Element, found: Found, path: str) -> None:
    reading.add("inside", _unit(reading, element, _PACKAGE, path), element, found)


def _unit(reading: Reading, element: Element, table: Table, path: str) -> Found:
    unit = reading.open(element)
    reading.into(unit, element, table, path)
    return unit


_DIMENSION: Table = {cbc("AttributeID"): "attribute", cbc("Measure"): _measure}
_PACKAGE: Table = {
    cbc("ID"): _number,
    cbc("PackagingTypeCode"): "type_code",
    cac("MeasurementDimension"): _weight,
    cac("ContainedPackage"): _package_inside,
}
_HANDLING_UNIT: Table = {
    cbc("ID"): _number,
    cbc("TransportHandlingUnitTypeCode"): "type_code",
    cac("MeasurementDimension"): _weight,
    cac("Package"): _package_inside,
}


def handling_unit(field: str) -> Step:
    """The step of a TransportHandlingUnit, one more of the field."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        reading.add(field, _unit(reading, element, _HANDLING_UNIT, path), element, found)

    return step


def package_of(units: Sequence[Found], packages: dict[str, Found]) -> str | None:
    """In which package the goods of these handling units are, each noted among the packages. None where they are in
    several: what is in which is not said."""
    inside = [_noted(unit, None, packages) for unit in units]
    return inside[0] if len(inside) == 1 else None


def _noted(unit: Found, parent: str | None, packages: dict[str, Found]) -> str | None:
    """The innermost package, or the last one that holds several. What a package was said to be first, it stays."""
    number, inside = unit.get("id"), unit.pop("inside", ())
    if number is not None:
        known = packages.setdefault(number, unit)
        if known is unit and parent is not None:
            unit["parent"] = parent
        known.update({field: unit[field] for field in _FIELDS if field in unit and field not in known})
    place = number if number is not None else parent
    found = [_noted(one, place, packages) for one in inside]
    return found[0] if len(found) == 1 else place


# --- writing ----------------------------------------------------------------------------------------------------
class WrittenUnits:
    """The handling units of one advice, each written once: thousands of lines are in a few packages, or the other way
    round. A package that is inside one that isn't listed stands by itself."""

    def __init__(self, packages: Iterable[Package], *, peppol: bool) -> None:
        self._nesting = Nesting(packages)
        self._peppol = peppol
        self._texts: dict[str, str] = {}

    def of(self, package: str) -> str:
        """The TransportHandlingUnit that this package is, or is in."""
        found = self._texts.get(package)
        if found is None:
            found = self._texts[package] = self._written(self._nesting.around(package))
        return found

    def without_goods(self, lines: Iterable[DespatchLine]) -> str:
        """The units in which no line is: UBL has them in the shipment."""
        named = {line.package for line in lines if line.package is not None}
        told = {one.id for name in named for one in self._nesting.around(name)}
        return "".join(self.of(name) for name in self._nesting.packages if name not in told)

    def _written(self, chain: Sequence[Package]) -> str:
        """The outermost unit with what is inside. Peppol has two levels, so what is between is left out there."""
        *inner, outermost = chain
        kind = element("TransportHandlingUnitTypeCode", outermost.type_code)
        head = _numbered(outermost, with_scheme=True) + kind + _weight_text(outermost.gross_weight_kg)
        text = ""
        if self._peppol and inner:
            kind = element("PackagingTypeCode", inner[0].type_code)
            text = f"<cac:Package>{_numbered(inner[0], with_scheme=False)}{kind}</cac:Package>"
        else:
            for index, one in enumerate(inner, 1):
                name = "Package" if index == len(inner) else "ContainedPackage"
                text = f"<cac:{name}>{_package_text(one, text)}</cac:{name}>"
        return f"<cac:TransportHandlingUnit>{head}{text}</cac:TransportHandlingUnit>"


def _package_text(package: Package, inside: str) -> str:
    kind = element("PackagingTypeCode", package.type_code)
    return _numbered(package, with_scheme=True) + kind + inside + _weight_text(package.gross_weight_kg)


def _numbered(package: Package, *, with_scheme: bool) -> str:
    if package.sscc is None:
        return f"<cbc:ID>{escaped(package.id)}</cbc:ID>"
    scheme = f' schemeID="{SSCC}"' if with_scheme else ""
    return f"<cbc:ID{scheme}>{package.sscc}</cbc:ID>"


def _weight_text(weight: Decimal | None) -> str:
    if weight is None:
        return ""
    return (
        f"<cac:MeasurementDimension><cbc:AttributeID>{GROSS_WEIGHT}</cbc:AttributeID>"
        f'<cbc:Measure unitCode="{_KILOGRAMS}">{weight:f}</cbc:Measure></cac:MeasurementDimension>'
    )
