"""Samples of what we send, among the files of `samples/`: a document in json-1, and beside it how the account gets it.

`07-two-pallets.despatch_advice.json` is the canonical document, and `07-two-pallets.despatch_advice.expected.xml` (or
`.json`, `.csv`) is what must be written of it. The kind in the name tells them from orders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from mappings.account import SENT
from schemas.documents.common import AnyDocument
from schemas.documents.invoice import Invoice
from schemas.faults import DocumentRejected, Fault
from schemas.formats.cxml_1_2.doctypes import DOCTYPES
from schemas.formats.json_1 import JSON_1
from schemas.formats.xml import parse
from schemas.safe_json.reader import read_json

_KINDS = "|".join(SENT)
_SAMPLE = re.compile(rf"(?P<stem>.+\.(?P<kind>{_KINDS}))\.json")
_EXPECTED = re.compile(rf"(?P<stem>.+\.(?:{_KINDS}))\.expected\.(?P<layout>json|xml|csv)")
_MISNAMED = re.compile(rf"(?P<stem>.+\.(?:{_KINDS}))(?:\.expected)?\.[^.]+")


@dataclass(frozen=True, slots=True)
class SentSample:
    """A document as json-1 has it, and how the account must get it, where that is said."""

    name: str
    kind: str
    body: bytes
    layout: str | None = None
    """json, xml or csv: what `expected` is written in."""
    expected: bytes | None = None

    def document(self) -> AnyDocument:
        """The canonical document. Raises DocumentRejected with every fault, each with its place in the file."""
        try:
            document = JSON_1.parsers[self.kind](self.body)
        except DocumentRejected as rejected:
            raise DocumentRejected([_placed(self.name, fault) for fault in rejected.faults]) from None
        if isinstance(document, Invoice) and document.type != self.kind:
            detail = f"samples/{self.name}: type is {document.type}, and the name says {self.kind}"
            raise DocumentRejected(
                [Fault("bad_value", detail, "/type", f"samples/{self.name}", document.type, self.kind)]
            )
        return document


def is_of_what_we_send(name: str) -> bool:
    """Whether a file of this name is a document that we send, or how an account gets it: then it is no order."""
    return _MISNAMED.fullmatch(name) is not None


def sent_samples_in(files: Mapping[str, bytes]) -> list[SentSample]:
    """The documents that we send among the files of `samples/`, in name order, each with what must be written of it."""
    expected = {match["stem"]: (match["layout"], files[name]) for name, match in _expectations(files)}
    return [
        SentSample(name, match["kind"], body, *expected.get(match["stem"], (None, None)))
        for name, body in sorted(files.items())
        if (match := _SAMPLE.fullmatch(name)) is not None
    ]


def sent_sample_faults(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """What is wrong with the samples of what we send: documents that can't be read, and expectations that can't, that
    belong to none, or that are two of one."""
    yield from _misnamed(files)
    for sample in sent_samples_in(files):
        try:
            sample.document()
        except DocumentRejected as rejected:
            yield from rejected.faults
    stems = {match["stem"] for name in files if (match := _SAMPLE.fullmatch(name)) is not None}
    seen: dict[str, str] = {}
    for name, match in _expectations(files):
        yield from _unreadable(name, match["layout"], files[name])
        if match["stem"] not in stems:
            yield _without_document(name, match["stem"], stems)
        elif (other := seen.setdefault(match["stem"], name)) != name:
            detail = f"samples/{name} expects another layout than samples/{other} does"
            yield Fault("unknown_field", detail, "", f"samples/{name}", name, "one of the two")


def _expectations(files: Mapping[str, bytes]) -> Iterator[tuple[str, re.Match[str]]]:
    for name in sorted(files):
        if (match := _EXPECTED.fullmatch(name)) is not None:
            yield name, match


def _misnamed(files: Mapping[str, bytes]) -> Iterator[Fault]:
    for name in sorted(files):
        match = _MISNAMED.fullmatch(name)
        if match is None or _SAMPLE.fullmatch(name) or _EXPECTED.fullmatch(name):
            continue
        meant = f"{match['stem']}.json, or {match['stem']}.expected. with json, xml or csv"
        yield Fault("unknown_field", f"samples/{name} is no sample of what we send", "", f"samples/{name}", name, meant)


def _without_document(name: str, stem: str, stems: set[str]) -> Fault:
    near = get_close_matches(stem, sorted(stems), 1)
    meant = f"perhaps {near[0]}.expected.{name.rpartition('.')[2]}" if near else f"a document {stem}.json beside it"
    return Fault("unknown_field", f"samples/{name} belongs to no sample", "", f"samples/{name}", name, meant)


def _unreadable(name: str, layout: str, body: bytes) -> Iterator[Fault]:
    """An expectation that nothing could ever equal."""
    try:
        if layout == "json":
            read_json(body)
        elif layout == "xml":
            parse(body, DOCTYPES)
        else:
            body.decode("utf-8-sig")
    except DocumentRejected as rejected:
        yield from (_placed(name, fault) for fault in rejected.faults)
    except UnicodeDecodeError as error:
        location = f"samples/{name}"
        yield Fault("unknown_encoding", f"{location}: byte {error.start + 1} is no UTF-8", "", location, None, "UTF-8")


def _placed(name: str, fault: Fault) -> Fault:
    location = f"samples/{name} {fault.location}".rstrip()
    return replace(fault, detail=f"{location}: {fault.detail}", location=location)
