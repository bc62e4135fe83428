"""One cell: what a column takes, and how its value is written as text and loaded back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from schemas.units import rec_20
from schemas.values import exact, is_gs1_number, plain


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell that can't be taken whatever its column: a formula, an error, a tick box."""

    text: str
    why: str


Cell = str | Decimal | int | date | RefusedCell | None
"""CSV and JSON strings give text; spreadsheets and JSON numbers give numbers and dates as well."""


FORMULA = "is a formula; paste its value instead"


class Unfit(Exception):
    """Why a cell does not fit its column, in words that follow the column's name."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How a kind of cell is read (raises `Unfit`), written as text, and loaded back from that text."""

    code: str
    expected: str
    read: Callable[[Any], Any]
    write: Callable[[Any], str] = str
    load: Callable[[str], Any] = str


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_FORMULA = re.compile(r"=\s*[A-Za-z0-9\"'(+\-@$]|@\s*[A-Za-z][A-Za-z0-9.]*\(")
"""A spreadsheet's formula as CSV and JSON have it; `="0042"` is one too, and `@SUM(A1)`."""
_SUM = re.compile(r"[=@].*|[+-]\s*[A-Za-z0-9$.]+\s*[-+*/^(&].*", re.DOTALL)
"""What is a formula where a number belongs: `+1+1`, `-A1*2`, `@SUM`. As text it may be a name."""
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,}")
"""A long number as spreadsheets write it into CSV: `4.01E+12`."""
_EXPONENT = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")
_WITH_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9.,]*")
_OUR_UNIT = re.compile(r"[A-Z0-9]{2,3}")


def _text(cell: Cell) -> str:
    if not isinstance(cell, str):
        raise Unfit("is a number or date cell; format the cell as text, so that leading zeros stay")
    if _ROUNDED.fullmatch(cell):
        raise Unfit("is a long number that a spreadsheet has rounded; format the cell as text and write it anew")
    if len(cell) > 1000:
        raise Unfit("is longer than 1,000 characters")
    if _CONTROL.search(cell):
        raise Unfit("has a control character in it")
    return cell


def _decimal(cell: Cell) -> Decimal:
    try:
        if isinstance(cell, Decimal | int):
            return plain(Decimal(cell))
        text = _text_of_number(cell)
        if _WITH_COMMA.fullmatch(text.strip()):
            raise Unfit("is written with a comma; write a point for the decimal comma, and nothing between thousands")
        if _SUM.fullmatch(text.strip()):
            raise Unfit(FORMULA)
        if _EXPONENT.fullmatch(text.strip()):
            raise Unfit("is written with an exponent; write all its digits")
        return exact(text)
    except ValueError as error:
        raise Unfit(f"is {error}") from error


def _text_of_number(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    raise Unfit("is a date cell")


def _positive(cell: Cell) -> Decimal:
    value = _decimal(cell)
    if value <= 0:
        raise Unfit("must be above zero")
    return value


def _not_negative(cell: Cell) -> Decimal:
    value = _decimal(cell)
    if value < 0:
        raise Unfit("must not be below zero")
    return value


def _percent(cell: Cell) -> Decimal:
    value = _not_negative(cell)
    if value > 100:
        raise Unfit("must not be above 100")
    return value


def _days(cell: Cell) -> int:
    value = _not_negative(cell)
    if value != value.to_integral_value() or value > 3650:
        raise Unfit("must be a whole number of days up to 3650")
    return int(value)


def _day(cell: Cell) -> date:
    if isinstance(cell, datetime):
        if cell.time() != datetime.min.time():
            raise Unfit("is a date with a time")
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        if isinstance(cell, str) and _DAY.fullmatch(cell):
            return date.fromisoformat(cell)
    except ValueError:
        pass  # a day that no calendar has
    raise Unfit("is not a date")


def _moment(cell: Cell) -> datetime:
    """A time with its offset; a day alone is that day's start in UTC."""
    try:
        if isinstance(cell, str) and not _DAY.fullmatch(cell):
            moment = datetime.fromisoformat(cell)
            if moment.tzinfo is None:
                raise Unfit("is a time without an offset")
            return moment
    except ValueError as error:
        raise Unfit("is not a time") from error
    return datetime.combine(_day(cell), datetime.min.time(), UTC)


def _gtin(cell: Cell) -> str:
    text = _text(cell)
    if not (text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14)):
        raise Unfit("is not 8, 12, 13 or 14 digits")
    return text


def _own_gtin(cell: Cell) -> str:
    text = _gtin(cell)
    if not is_gs1_number(text):
        raise Unfit("has a wrong check digit (GS1 General Specifications 7.9)")
    return text


def _our_unit(cell: Cell) -> str:
    text = _text(cell)
    if not _OUR_UNIT.fullmatch(text):
        raise Unfit("is not a UN/ECE Recommendation 20 code")
    # of Rec 20's thousand measures `schemas.units` lists those of the trade, so a code it doesn't know is no fault
    if rec_20(text) is None and rec_20(f"X{text}"):
        raise Unfit(f"is a bare package code; Recommendation 20 has it as X{text}")
    return text


def _currency(cell: Cell) -> str:
    text = _text(cell)
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise Unfit("is not an ISO 4217 code")
    return text


def _country(cell: Cell) -> str:
    text = _text(cell)
    if not re.fullmatch(r"[A-Z]{2}", text):
        raise Unfit("is not an ISO 3166-1 alpha-2 code")
    return text


def _word_of(*words: str) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        text = _text(cell)
        if text not in words:
            raise Unfit("is not one of the words it can be")
        return text

    return read


def _decimal_text(value: Decimal) -> str:
    return f"{value:f}"


_NUMBER = "a plain decimal: digits and a point, no exponent, no thousands separator"
TEXT = ColumnType("bad_value", "text", _text)
GTIN = ColumnType("bad_value", "a GTIN of 8, 12, 13 or 14 digits", _gtin)
OWN_GTIN = ColumnType("bad_value", "a GTIN of 8, 12, 13 or 14 digits with a right check digit", _own_gtin)
OUR_UNIT = ColumnType("bad_value", "a UN/ECE Rec 20 code such as EA or KGM; packages with X, such as XCT", _our_unit)
CURRENCY = ColumnType("bad_value", "a currency such as EUR", _currency)
COUNTRY = ColumnType("bad_value", "a country such as DE", _country)
POSITIVE = ColumnType("not_a_number", f"above zero, {_NUMBER}", _positive, _decimal_text, Decimal)
NOT_NEGATIVE = ColumnType("not_a_number", f"zero or more, {_NUMBER}", _not_negative, _decimal_text, Decimal)
PERCENT = ColumnType("not_a_number", f"0 to 100, {_NUMBER}", _percent, _decimal_text, Decimal)
DAYS = ColumnType("not_a_number", "a whole number of days", _days, str, int)
DAY = ColumnType("not_a_date", "YYYY-MM-DD", _day, date.isoformat, date.fromisoformat)
MOMENT = ColumnType(
    "not_a_date", "YYYY-MM-DD, or with a time and its offset", _moment, datetime.isoformat, datetime.fromisoformat
)


def one_of(*words: str) -> ColumnType:
    """One of these words."""
    return ColumnType("bad_value", "one of " + ", ".join(words), _word_of(*words))


def value_of(column_type: ColumnType, cell: Cell) -> Any:
    """The cell's value as its column takes it. Raises Unfit."""
    if isinstance(cell, RefusedCell):
        raise Unfit(cell.why)
    if isinstance(cell, str) and _FORMULA.match(cell):
        raise Unfit(FORMULA)
    if isinstance(cell, bool) or not isinstance(cell, str | Decimal | int | date):
        raise Unfit("is neither text nor a number")
    return column_type.read(cell)


def shown(cell: object) -> str | None:
    """A cell as a person would see it, cut where it would fill the screen."""
    if cell is None:
        return None
    text = cell.text if isinstance(cell, RefusedCell) else str(cell)
    return text if len(text) <= 200 else text[:200] + "…"
