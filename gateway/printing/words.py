"""The words on our paper, and how addresses, quantities and packages are written there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from schemas.documents.common import Party
from schemas.documents.despatch_advice import DespatchLine
from schemas.values import EXACT

_FONT = "cp1252"
"""What the fonts that every PDF reader has can show (WinAnsi)."""
_ALIKE = {
    "Ł": "L",
    "ł": "l",
    "Đ": "D",
    "đ": "d",
    "Ħ": "H",
    "ħ": "h",
    "ı": "i",
    "Ŧ": "T",
    "ŧ": "t",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2212": "-",
    "\u2044": "/",
    "\u2032": "'",
    "\u2033": '"',
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2300": "Ø",
    "\u2205": "Ø",
    "\u03bc": "µ",
    "\u02bc": "'",
}
"""Characters that read the same as those of the font: letters without their strokes, hyphens, signs of measures."""
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Mn", "Me"))
"""Control and format characters, and marks that are left without their letter."""
_KINDS = {"PX": "Pallet", "CT": "Carton", "CS": "Case", "BX": "Box", "PK": "Package", "BG": "Bag", "PA": "Packet"}
"""UN/ECE Rec 21 codes that warehouses name."""
_UNITS = {
    **{f"X{code}": name.lower() for code, name in _KINDS.items()},
    "EA": "each",
    "C62": "one",
    "H87": "piece",
    "PR": "pair",
    "SET": "set",
    "DZN": "dozen",
    "XDR": "drum",
    "XRO": "roll",
    "XBO": "bottle",
    "KGM": "kilogram",
    "GRM": "gram",
    "TNE": "tonne",
    "LBR": "pound",
    "LTR": "litre",
    "MLT": "millilitre",
    "MTR": "metre",
    "CMT": "centimetre",
    "MTK": "square metre",
    "MTQ": "cubic metre",
}
"""UN/ECE Rec 20 codes that people don't read as words."""


class Words:
    """Titles. Paper is in English, as our other texts for people are."""

    FROM = "From"
    TO = "To"
    CARRIER = "Carrier"
    TRACKING = "Tracking"
    SHIPMENT = "Shipment"
    ORDERS = "Orders"
    CONTENTS = "Contents"
    ITEMS = "items"
    ITEM = "Item"
    GTIN = "GTIN"
    DESCRIPTION = "Description"
    QUANTITY = "Quantity"
    LOT = "Lot"
    EXPIRY = "Expiry"
    SERIALS = "Serial numbers"
    WEIGHT = "Gross weight"
    UNITS = "Units:"
    SSCC = "SSCC"


def package_kind(code: str | None) -> str:
    """The package's name, or its code where we have none."""
    return _KINDS.get(code or "", code or "Package")


def unit_names(units: Iterable[tuple[str | None, str | None]]) -> str | None:
    """What the units on a paper are, each once, given as (as it is written there, its Rec 20 code): `XCS: case, EA:
    each`. None where there is none to be explained."""
    named = {unit or code: _UNITS[code] for unit, code in units if code in _UNITS}
    told = [f"{unit}: {name}" for unit, name in named.items() if unit is not None and unit.lower() != name]
    return f"{Words.UNITS} {', '.join(told)}" if told else None


def address_lines(party: Party | None) -> tuple[str, ...]:
    """Name, street, place and country, as an envelope has them; its own lines after the street."""
    if party is None:
        return ()
    address = party.address
    if address is None:
        lines = [party.name or party.legal_name or party.id]
    else:
        street = " ".join(filter(None, (address.street, address.building_number)))
        city = " ".join(filter(None, (address.postal_code, address.city)))
        lines = [party.name or party.legal_name, street, address.additional_street, *address.lines, city]
        lines += [address.region, address.country]
    return tuple(line for line in lines if line)


def amount(lines: Iterable[DespatchLine]) -> str:
    """What these lines of one item are together, by unit: `2 CS + 7 EA`."""
    totals: dict[str, Decimal] = {}
    for line in lines:
        unit = line.unit or line.unit_code or ""
        totals[unit] = EXACT.add(totals[unit], line.quantity) if unit in totals else line.quantity
    return " + ".join(f"{total:f} {unit}".strip() for unit, total in totals.items())


def shown(text: str) -> str:
    """The text in the characters that the PDF's fonts have: others in such as read the same, or a question mark. What
    nobody sees (control characters, marks of direction) is left out."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


@lru_cache(maxsize=1024)
def _shown(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN:
        return ""
    for known in (character, _ALIKE.get(character), _taken_apart(character)):
        if known is not None and _is_in_font(known):
            return known
    return "?"


def _taken_apart(character: str) -> str | None:
    """What it is made of, without its marks: No of №, 1/3 of ⅓, ^4 of a raised 4, the 1 that an Arabic one is."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    parts = [one for one in unicodedata.normalize("NFKD", character) if not unicodedata.combining(one)]
    raised = "^" if unicodedata.decomposition(character).startswith("<super>") else ""
    return raised + "".join(_ALIKE.get(one, one) for one in parts) if parts else None


def _is_in_font(text: str) -> bool:
    try:
        text.encode(_FONT)
    except UnicodeEncodeError:
        return False
    return True
