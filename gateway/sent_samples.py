"""An account's samples of what we send, written as the account gets them and compared with what must be written.

JSON is compared by its values, XML by its elements, attributes and texts, CSV by its lines: neither the order of a JSON
object's members nor the space between elements is part of a layout.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from mappings.files.sent_samples import SentSample
from mappings.own_format import format_sent
from mappings.revision import MappingRevision
from schemas.documents.validation import pointer
from schemas.faults import DocumentFailure, DocumentRejected, Fault
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.xml import Element, parse
from schemas.safe_json.reader import read_json

_MEDIA_TYPES = {"json": "application/json", "xml": "application/xml", "csv": "text/csv"}
_MOST = 50
"""Differences that are told of one document: a layout that is another one altogether has as many as it has values."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of a sample. `body` is empty where `faults` say why nothing was."""

    sample: SentSample
    format_name: str
    body: bytes = b""
    faults: tuple[Fault, ...] = ()
    differences: list[str] | None = None
    """Sentences that say where it differs from what is expected; None where nothing is expected."""

    @property
    def is_right(self) -> bool:
        """Written, and as expected where something is."""
        return not self.faults and not self.differences


def write_samples(revision: MappingRevision, samples: Iterable[SentSample]) -> list[Written]:
    """Each sample as the account gets it under this mapping."""
    return [_written(revision, sample) for sample in samples]


def _written(revision: MappingRevision, sample: SentSample) -> Written:
    chosen = format_sent(revision, sample.kind)
    try:
        body = chosen.renderers[sample.kind](sample.document())
    except DocumentFailure as failure:
        return Written(sample, chosen.name, faults=tuple(failure.faults))
    if sample.expected is None or sample.layout is None:
        return Written(sample, chosen.name, body)
    media_type = chosen.media_type_of(sample.kind)
    if media_type.replace("text/xml", "application/xml") != _MEDIA_TYPES[sample.layout]:
        return Written(sample, chosen.name, body, differences=[f"expected {sample.layout}, came {media_type}"])
    return Written(sample, chosen.name, body, differences=written_differences(sample.layout, sample.expected, body))


def written_differences(layout: str, expected: bytes, came: bytes) -> list[str]:
    """Where a document differs from the expected one, a sentence for each place: `/lines/0/quantity: expected "10",
    came "12"`; of very many the first and how many more. `layout` is json, xml or csv."""
    try:
        found = list(_COMPARED[layout](expected, came))
    except DocumentRejected as rejected:
        return [f"can't be compared: {rejected.faults[0].detail}"]
    return found if len(found) <= _MOST else [*found[:_MOST], f"and {len(found) - _MOST} more"]


# --- JSON --------------------------------------------------------------------------------------------------------
def _json(expected: bytes, came: bytes) -> Iterator[str]:
    return _values("", read_json(expected), read_json(came))


_ABSENT = object()


def _values(at: str, expected: Any, came: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(came, dict):
        for name in [*expected, *(name for name in came if name not in expected)]:
            yield from _values(at + pointer((name,)), expected.get(name, _ABSENT), came.get(name, _ABSENT))
    elif isinstance(expected, list) and isinstance(came, list):
        for index, (one, its) in enumerate(zip_longest(expected, came, fillvalue=_ABSENT)):
            yield from _values(f"{at}/{index}", one, its)
    elif isinstance(expected, bool) is not isinstance(came, bool) or expected != came:  # True equals 1
        yield _differ(at, expected, came)


def _differ(at: str, expected: Any, came: Any) -> str:
    return f"{at or '/'}: expected {_shown(expected)}, came {_shown(came)}"


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else json.dumps(value, ensure_ascii=False, default=str)


# --- XML ---------------------------------------------------------------------------------------------------------
def _xml(expected: bytes, came: bytes) -> Iterator[str]:
    one, its = parse(expected, DOCTYPES), parse(came, DOCTYPES)
    if one.tag != its.tag:
        yield _differ("", str(one.tag), str(its.tag))
        return
    said, got = (root.getroottree().docinfo.doctype for root in (one, its))
    if said != got:
        yield _differ("DOCTYPE", said or _ABSENT, got or _ABSENT)
    yield from _elements(f"/{_local(one)}", one, its)


def _elements(at: str, expected: Element, came: Element) -> Iterator[str]:
    for name in sorted({*expected.attrib, *came.attrib}, key=str):
        one, its = expected.get(name, _ABSENT), came.get(name, _ABSENT)
        if one != its:
            yield _differ(f"{at}/@{_plain(name)}", one, its)
    if _text(expected) != _text(came):
        yield _differ(at, _text(expected), _text(came))
    counts: dict[str, int] = {}
    for one, its in zip_longest(expected, came):
        child = one if one is not None else its
        number = counts[_local(child)] = counts.get(_local(child), 0) + 1
        place = f"{at}/{_local(child)}[{number}]"
        if one is None or its is None or one.tag != its.tag:
            yield _differ(place, *_names(one, its))
            return  # what comes behind it is moved by one, and no difference of its own
        yield from _elements(place, one, its)


def _text(element: Element) -> str:
    """The element's own text; of one with elements inside also what stands between them."""
    return " ".join(part.strip() for part in (element.text, *(child.tail for child in element)) if part).strip()


def _names(expected: Element | None, came: Element | None) -> tuple[object, object]:
    """What two elements are called, where one may be missing: with their namespaces where nothing else differs."""
    if expected is not None and came is not None and _local(expected) == _local(came):
        return expected.tag, came.tag
    one, its = (_ABSENT if each is None else f"the element {_local(each)}" for each in (expected, came))
    return one, its


def _local(element: Element) -> str:
    return _plain(element.tag)


def _plain(name: Any) -> str:
    return str(name).rpartition("}")[2]


# --- CSV ---------------------------------------------------------------------------------------------------------
def _csv(expected: bytes, came: bytes) -> Iterator[str]:
    pairs = zip_longest(_lines(expected), _lines(came), fillvalue=_ABSENT)
    for number, (one, its) in enumerate(pairs, 1):
        if one != its:
            yield _differ(f"line {number}", one, its)


def _lines(body: bytes) -> list[str]:
    return body.decode("utf-8-sig", "replace").splitlines()


_COMPARED = {"json": _json, "xml": _xml, "csv": _csv}
