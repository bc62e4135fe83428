"""The JSON value in a document's bytes, or everything that is wrong with it."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any, NoReturn

from schemas.documents.validation import SHOWN
from schemas.faults import DocumentRejected, Fault
from schemas.safe_json.characters import refuse_uncarried
from schemas.safe_json.depth import MAX_DEPTH, is_deeper, too_deep
from schemas.safe_json.offences import LENIENT, MAX_OFFENCES, MAX_SEARCHED, not_valid, offences, writable
from schemas.safe_json.scanner import (
    MAX_NUMBERS,
    OffenceError,
    TooManyNumbersError,
    decoder_for,
    members_of,
    members_set,
)
from schemas.safe_json.text import decoded

MAX_COMMAS = 4_000_000
"""In texts as well. 100,000 lines of 25 members have 2,500,000; each may become a value of some 60 bytes."""
MAX_MEMBERS = 1_000_000
"""Colons, in texts as well: 44 members in each of 20,000 lines. One whose key no other has takes up to 300 bytes."""
_SHORTEST_MEMBER = 5
"""Characters: `"":0,`."""
MAX_CONTAINERS = 600_000
"""`{` and `[`, in texts as well: six for each of 100,000 lines. An object takes some 250 bytes."""


def read_json(body: bytes, *, nulls: bool = True, exactly: bool = True) -> Any:
    """The JSON value in these bytes: objects as dicts, whole numbers as int, other numbers as Decimal, never a float.

    UTF-8 with or without BOM, or UTF-16 with one. `nulls=False` leaves members out whose value is null. With
    `exactly=False` a number of more digits than a quantity or amount has is the text that was written: a layout that
    isn't ours has such numbers (a quotient, a place on earth) in fields that nobody reads as a number.
    Raises DocumentRejected: empty_body, unknown_encoding, json_limit, json_not_valid, json_duplicate_key, json_number,
    json_too_deep, bad_character.
    """
    text = decoded(body)
    containers = text.count("{") + text.count("[")
    _refuse_too_much(text, containers)
    try:
        value = decoder_for(text, members_of if nulls else members_set, exactly).decode(text)
    except json.JSONDecodeError as error:
        raise DocumentRejected([not_valid(error)]) from None
    except TooManyNumbersError:
        raise DocumentRejected([_beyond("numbers", MAX_NUMBERS)]) from None
    except (OffenceError, RecursionError) as error:
        _refuse(text, error, exactly)
    if containers > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise DocumentRejected([too_deep(text)])
    if "\\" in text or "\uffff" in text or "\ufffe" in text:
        refuse_uncarried(value, text)
    return value


def _refuse_too_much(text: str, containers: int) -> None:
    if containers > MAX_CONTAINERS:
        raise DocumentRejected([_beyond("objects and lists", MAX_CONTAINERS, _place(text, "{[", MAX_CONTAINERS))])
    if len(text) > _SHORTEST_MEMBER * MAX_MEMBERS and text.count(":") > MAX_MEMBERS:
        raise DocumentRejected([_beyond("members", MAX_MEMBERS, _place(text, ":", MAX_MEMBERS))])
    if len(text) > MAX_COMMAS and text.count(",") > MAX_COMMAS:
        raise DocumentRejected([_beyond("commas", MAX_COMMAS, _place(text, ",", MAX_COMMAS))])


def _beyond(what: str, most: int, place: str = "") -> Fault:
    detail = f"the document has more than {most:,} {what}"
    return Fault("json_limit", detail, location=place, expected=f"at most {most:,} {what}")


def _place(text: str, signs: str, most: int) -> str:
    """Where the first of these signs beyond the limit stands, found by halving the stretch that it must be in."""
    start, end, before = 0, len(text), 0
    while end - start > 1:
        middle = (start + end) // 2
        there = sum(text.count(sign, start, middle) for sign in signs)
        if before + there > most:
            end = middle
        else:
            start, before = middle, before + there
    line = text.count("\n", 0, start) + 1
    return f"line {line} column {start - text.rfind(chr(10), 0, start)} (character {start + 1})"


def _refuse(text: str, error: OffenceError | RecursionError, exactly: bool) -> NoReturn:
    if len(text) > MAX_SEARCHED and isinstance(error, OffenceError):
        seen = writable(error.text[:SHOWN])
        raise DocumentRejected([Fault(error.code, error.detail, value=seen, expected=error.expected)])
    try:
        value = LENIENT.decode(text)
    except json.JSONDecodeError as found:
        raise DocumentRejected([not_valid(found)]) from None
    except RecursionError:
        raise DocumentRejected([too_deep(text)]) from None
    if is_deeper(value, MAX_DEPTH):
        raise DocumentRejected([too_deep(text)])
    faults = tuple(islice(offences(value, exactly), MAX_OFFENCES))
    if not faults:
        raise error
    raise DocumentRejected(faults)
