"""Texts → values of a canonical field's kind, as the account writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from mappings.fieldmaps.dates import ISO_DATE, moment_reader
from mappings.fieldmaps.groups import FieldKind
from mappings.fieldmaps.language import FlagFormat, NumberFormat
from mappings.fieldmaps.numbers import number_reader
from mappings.fieldmaps.sent import SentNumber
from schemas.documents.validation import Unreadable
from schemas.values import exact

SHOWN_CODES = 20
"""Codes that a fault's sentence lists."""
_NUMBER = "a decimal number of at most 20 digits before and 10 after the point"


def conversion(
    kind: FieldKind,
    number: NumberFormat | None,
    forms: tuple[str, ...] | None,
    flag: FlagFormat | None,
    zone: ZoneInfo | None,
) -> Callable[[str], Any]:
    """What makes values of this kind of texts. Raises ValueError for a format that says nothing."""
    if kind.value == "number":
        return _numbers(number)
    if kind.value == "whole":
        return _whole
    if kind.value == "flag":
        return _flags(flag)
    if kind.value == "choice":
        return _choices(kind.choices)
    if kind.value in ("date", "time", "moment"):
        return _moments(kind.value, forms, zone)
    return lambda text: text.strip() or None


def _numbers(number: NumberFormat | None) -> Callable[[str], Any]:
    is_plain = number is None or (number.decimal == "." and number.thousands is None and number.implied is None)
    read = exact if is_plain or number is None else number_reader(number.decimal, number.thousands, number.implied)
    read_sent = exact if number is None or number.implied is None else number_reader(".", None, number.implied)
    signs = "" if is_plain or number is None else f", written with {number.decimal!r} before its decimals"
    expected = _NUMBER + signs

    def convert(text: str) -> Any:
        try:
            return read_sent(text) if type(text) is SentNumber else read(text)
        except (ValueError, ArithmeticError):
            return Unreadable(text, "not_a_number", expected)

    return convert


def _whole(text: str) -> Any:
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 20:
        return int(text)
    return Unreadable(text, "not_a_number", "a whole number")


def _flags(flag: FlagFormat | None) -> Callable[[str], Any]:
    true, false = (flag.true, flag.false) if flag else (("true",), ("false",))
    meanings: Mapping[str, bool] = {**dict.fromkeys(true, True), **dict.fromkeys(false, False)}
    expected = " or ".join(list(meanings)[:SHOWN_CODES])

    def convert(text: str) -> Any:
        found = meanings.get(text)
        return Unreadable(text, "bad_value", expected) if found is None else found

    return convert


def _choices(choices: tuple[str, ...]) -> Callable[[str], Any]:
    known, expected = frozenset(choices), "one of " + ", ".join(choices)
    return lambda text: text if text in known else Unreadable(text, "bad_value", expected)


def _moments(kind: Any, forms: tuple[str, ...] | None, zone: ZoneInfo | None) -> Callable[[str], Any]:
    read = moment_reader(kind, forms or ("iso",), zone)
    words = {"date": "a date", "time": "a time", "moment": "a date and time"}
    written = "YYYY-MM-DD, or a moment of ISO 8601" if not forms or forms == ("iso",) else " or ".join(forms)
    expected = f"{words[kind]}, written {written}"
    is_iso = kind == "date" and (forms is None or "iso" in forms)

    def convert(text: str) -> Any:
        try:
            return date.fromisoformat(text) if is_iso and ISO_DATE(text) else read(text)
        except (ValueError, OverflowError):
            return Unreadable(text, "not_a_date", expected)

    return convert
