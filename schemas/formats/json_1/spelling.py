"""How json-1 spells values: which JSON a flag, a whole number, a decimal, a date takes.

Pydantic alone would take more than is meant: `1` or `"yes"` for true, `"1e3"` or `"１２"` for a decimal, a number of
seconds for a date. What is not spelled as the format says is marked here, before the model judges the rest, so that
pydantic's list of errors has every fault in its place. The other way round, it would refuse an identifier of blanks
alone where none has to be: such a member can be left out.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Union, get_args, get_origin

from pydantic import AwareDatetime

from schemas.documents.common import AnyDocument, Code, Document, OwnDocument, fields_of
from schemas.documents.validation import Unreadable, shown
from schemas.values import LONGEST_NUMBER

DECIMAL_PATTERN = r"-?0*(0|[1-9][0-9]{0,19})(\.([0-9]{1,9}|[0-9]{10}0*))?"
"""At most 20 digits before and 10 after the point; zeros in front, and beyond the tenth decimal, say nothing."""
DATE_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_OFFSET = r"(Z|[+-][0-9]{2}:[0-9]{2})"
TIME_PATTERN = f"{_CLOCK}{_OFFSET}?"
DATE_TIME_PATTERN = f"{DATE_PATTERN}T{TIME_PATTERN}"
MOMENT_PATTERN = f"{DATE_PATTERN}T{_CLOCK}{_OFFSET}"
"""What our own systems say, who are of no account's time zone."""

_DECIMAL = re.compile(DECIMAL_PATTERN, re.ASCII).fullmatch
_DATE = re.compile(DATE_PATTERN, re.ASCII).fullmatch
_TIME = re.compile(TIME_PATTERN, re.ASCII).fullmatch
_DATE_TIME = re.compile(DATE_TIME_PATTERN, re.ASCII).fullmatch
_MOMENT = re.compile(MOMENT_PATTERN, re.ASCII).fullmatch

Judge = Callable[[Any], Unreadable | None]
_WITH_OFFSET = "a date and time with an offset, YYYY-MM-DDThh:mm:ss+hh:mm"


def _flag(value: Any) -> Unreadable | None:
    return None if value is True or value is False else _unreadable(value, "bad_value", "true or false")


def _whole(value: Any) -> Unreadable | None:
    if type(value) is int or (type(value) is Decimal and value == value.to_integral_value()):
        return None
    return _unreadable(value, "not_a_number", "a whole number")


def _decimal(value: Any) -> Unreadable | None:
    kind = type(value)
    if kind is str:
        fits = len(value) <= LONGEST_NUMBER and _DECIMAL(value) is not None
    else:
        fits = kind is int or kind is Decimal
    expected = "a decimal number such as 12.50, of at most 20 digits before and 10 after the point"
    return None if fits else _unreadable(value, "not_a_number", expected)


def _text_of(form: Callable[[str], Any], expected: str) -> Judge:
    def judge(value: Any) -> Unreadable | None:
        return None if type(value) is str and form(value) else _unreadable(value, "not_a_date", expected)

    return judge


_JUDGES: Mapping[type, Judge] = {
    bool: _flag,
    int: _whole,
    Decimal: _decimal,
    date: _text_of(_DATE, "a date, YYYY-MM-DD"),
    datetime: _text_of(_DATE_TIME, _WITH_OFFSET),
    AwareDatetime: _text_of(_MOMENT, _WITH_OFFSET),
    time: _text_of(_TIME, "a time, hh:mm:ss, with an offset where one is meant"),
}


def _unreadable(value: Any, code: str, expected: str) -> Unreadable:
    text = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else str(shown(value))
    return Unreadable(text, code, expected)


@dataclass(frozen=True, slots=True)
class Spelling:
    """One model's members that have a spelling of their own, the identifiers that may be absent, and the members that
    are models themselves."""

    judges: tuple[tuple[str, Judge], ...]
    identifiers: tuple[str, ...]
    inside: tuple[tuple[str, Spelling], ...]

    def mark(self, node: Any) -> None:
        """Put an `Unreadable` in the place of every value of this object, and inside it, that is spelled otherwise.

        What is no object where one belongs is left to the model.
        """
        if type(node) is not dict:
            return
        for name, judge in self.judges:
            value = node.get(name)
            if value is not None and (wrong := judge(value)) is not None:
                node[name] = wrong
        for name, inside in self.inside:
            value = node.get(name)
            if type(value) is list:
                for member in value:
                    inside.mark(member)
            elif value is not None:
                inside.mark(value)

    def leave_out_blanks(self, node: Any) -> bool:
        """Take out every identifier of this object, and inside it, that is blank and may be absent; was there one?"""
        if type(node) is not dict:
            return False
        blank = [name for name in self.identifiers if type(value := node.get(name)) is str and not value.strip()]
        for name in blank:
            del node[name]
        left_out = bool(blank)
        for name, inside in self.inside:
            value = node.get(name)
            for member in value if type(value) is list else (value,):
                left_out |= inside.leave_out_blanks(member)
        return left_out


def spelling_of(model: type[AnyDocument]) -> Spelling:
    """The spelling of a document, read off its fields' types once."""
    kinds = {name: _kind(field.annotation) for name, field in fields_of(model).items()}
    return Spelling(
        tuple((name, _JUDGES[kind]) for name, kind in kinds.items() if kind and kind in _JUDGES),
        tuple(name for name, field in fields_of(model).items() if Code in get_args(field.annotation)),
        tuple(
            (name, spelling_of(kind))
            for name, kind in kinds.items()
            if kind and issubclass(kind, (Document, OwnDocument))
        ),
    )


def _kind(annotation: Any) -> type | None:
    """The one plain type inside `X | None`, `Annotated[X, …]` or `tuple[X, …]`; None for a Literal."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType, tuple) or hasattr(annotation, "__metadata__"):
        found = [_kind(part) for part in get_args(annotation) if part not in (type(None), Ellipsis)]
        return found[0] if found else None
    return None
