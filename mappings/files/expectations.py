"""What `samples/*.expected.json` may say, judged when the folder is read.

A key that nobody knows would be compared with nothing, and the sample would pass whatever came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mappings.files.sent_samples import is_of_what_we_send
from mappings.files.wording import keys_at, shown, takes
from schemas.documents.validation import pointer
from schemas.faults import DocumentRejected, Fault
from schemas.safe_json.places import line_of
from schemas.safe_json.reader import read_json

EXPECTED = ".expected.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Outcome(_Part):
    status: str | None = None
    quantity: str | None = None
    unit: str | None = None
    promised_delivery: str | None = None
    reason: str | None = None


class _Line(_Part):
    line_number: str
    outcomes: tuple[_Outcome, ...]


class _Fault(_Part):
    code: str | None = None
    path: str | None = None


class _Order(_Part):
    story: str | None = None
    status: str | None = None
    outcome: str | None = None
    lines: tuple[_Line, ...] = ()
    faults: tuple[_Fault, ...] = ()


class Expectation(_Order):
    """What must come of a sample; of one of several orders, of each."""

    orders: tuple[_Order, ...] = ()


def expectation_faults(samples: Mapping[str, bytes]) -> Iterator[Fault]:
    """What is wrong with the expectations of orders among the files of `samples/`, each with its line."""
    orders = {name: body for name, body in samples.items() if not is_of_what_we_send(name)}
    stems = {PurePosixPath(name).stem for name in orders if not name.endswith(EXPECTED)}
    for name, body in orders.items():
        if not name.endswith(EXPECTED):
            continue
        yield from _faults(f"samples/{name}", body)
        if (stem := name.removesuffix(EXPECTED)) not in stems:
            yield _without_sample(name, stem, stems)


def _without_sample(name: str, stem: str, stems: set[str]) -> Fault:
    near = get_close_matches(stem, sorted(stems), 1)
    expected = f"perhaps {near[0]}{EXPECTED}" if near else f"a sample {stem}.json or {stem}.xml beside it"
    location = f"samples/{name}"
    return Fault("unknown_field", f"{location} belongs to no sample", "", location, name, expected)


def _faults(name: str, body: bytes) -> Iterator[Fault]:
    try:
        said = read_json(body)
    except DocumentRejected as rejected:
        for fault in rejected.faults:
            location = f"{name} {fault.location}".rstrip()
            yield Fault(fault.code, f"{location}: {fault.detail}", fault.path, location, fault.value, fault.expected)
        return
    try:
        Expectation.model_validate(said)
    except ValidationError as error:
        for wrong in error.errors(include_url=False):
            yield _fault(name, body, wrong)


def _fault(name: str, body: bytes, wrong: Any) -> Fault:
    place = tuple(wrong["loc"])
    line = line_of(body, [str(step) for step in place])
    location = name if line is None else f"{name} line {line}"
    dotted, at = ".".join(map(str, place)) or "the file", pointer(place)
    if wrong["type"] == "extra_forbidden":
        keys = keys_at(Expectation, place[:-1])
        near = get_close_matches(str(place[-1]), keys, 1)
        expected = f"perhaps {near[0]}" if near else f"one of {', '.join(keys)}"
        return Fault("unknown_field", f"{location}: there is no key {dotted}", at, location, None, expected)
    if wrong["type"] == "missing":
        expected = takes(Expectation, place)
        return Fault("missing_field", f"{location}: {dotted} is missing", at, location, None, expected)
    value = shown(wrong["input"])
    detail = f"{location}: {dotted} can't be {value!r}"
    expected = "a text in quotes" if wrong["type"] == "string_type" else takes(Expectation, place)
    return Fault("bad_value", detail, at, location, value, expected)
