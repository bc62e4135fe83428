"""The steps of the tables: how one element's value is read, and into which field of the group around it."""

from __future__ import annotations

from collections.abc import Callable

from schemas.documents.validation import Unreadable
from schemas.formats.ubl_2_1.reading import Part, Reading, Step, Table, Through
from schemas.formats.xml import Element
from schemas.formats.xml_order.reading import Found, more_text
from schemas.units import KNOWN as REC_20

NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency: UBL wants a currency on every amount, the canonical order may have none."""


def texts(field: str) -> Step:
    """Texts that may be repeated, one a line."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        value = reading.text(element)
        if value is not None:
            more_text(field, value, found)

    return step


def _converted(convert: Callable[[Reading, str], object]) -> Callable[[str], Step]:
    def step_for(field: str) -> Step:
        def step(reading: Reading, element: Element, found: Found, path: str) -> None:
            value = reading.text(element)
            if field in found:
                reading.again(element, path)
            elif value is None:
                reading.blank(element)
            else:
                found[field] = convert(reading, value)

        return step

    return step_for


number = _converted(lambda reading, value: reading.number(value))
day = _converted(lambda reading, value: reading.day(value))
clock = _converted(lambda reading, value: reading.clock(value))
flag = _converted(lambda reading, value: reading.flag(value))


def amount(field: str) -> Step:
    """An amount of money in the order's currency; without a DocumentCurrencyCode the first amount's is the order's."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        value = reading.text(element)
        if field in found:
            reading.again(element, path)
        elif value is None:
            reading.blank(element)
        elif element.get("currencyID") != reading.currency and other_currency(reading, element):
            shown = f"{value} {element.get('currencyID')}"
            found[field] = reading.refused(value, Unreadable(shown, "bad_value", f"in {reading.currency}"))
        else:
            found[field] = reading.number(value)

    return step


def other_currency(reading: Reading, element: Element) -> bool:
    """Whether the amount is in another currency than the order's."""
    currency = reading.attribute(element, "currencyID")
    if currency is None or currency == NO_CURRENCY:
        return False
    if reading.currency is None:
        reading.currency = currency
    return currency != reading.currency


def quantity(field: str, unit: str) -> Step:
    """A quantity with its unit: verbatim in `unit`, as a Rec 20 code in `unit_code` where it is one."""

    unit_code = f"{unit}_code"

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        value = reading.text(element)
        if field in found:
            reading.again(element, path)
        elif value is None:
            reading.keep(element, path)
            reading.blank(element)
        else:
            found[field] = reading.number(value)
            code = reading.attribute(element, "unitCode")
            if code is not None:
                found[unit] = code
                if code in REC_20:
                    found[unit_code] = code

    return step


def part(field: str, name: str, table: Table) -> Part:
    """A group of its own."""
    return Part(field, f"{name}/", table)


def through(name: str, table: Table) -> Through:
    """A group whose values belong to the group around it."""
    return Through(f"{name}/", table)


def within(name: str, tag: str, field: str) -> Through:
    """A group of which one plain text is read, into the group around it."""
    return Through(f"{name}/", {tag: field})


def first(name: str, table: Table) -> Step:
    """A group that may stand several times, of which the first is read, into the group around it; the others are kept
    aside."""

    def step(reading: Reading, element: Element, found: Found, path: str) -> None:
        if next(element.itersiblings(str(element.tag), preceding=True), None) is None:
            reading.into(found, element, table, f"{path}{name}/")
        else:
            reading.again(element, path)

    return step


def lost(reading: Reading, element: Element, found: Found, path: str) -> None:
    """Deliberately not kept: named in the README's list."""
