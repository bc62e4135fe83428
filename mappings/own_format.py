"""An account's own layout as a format like the others: what its field maps read and write, compiled once a revision.

`order_map.yaml` reads what comes in; `order_response_map.yaml`, `despatch_advice_map.yaml` and those of the other
documents that we send write what goes out. `formats_of(revision)` is what everything asks that handles an account's
formats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from mappings.account import SENT, Account
from mappings.fieldmaps import MapRejected, compile_reading_map, compile_writing_map
from mappings.fieldmaps.reading import ReadingMap
from mappings.fieldmaps.writing import WritingMap
from mappings.revision import MappingRevision
from schemas.documents.common import AnyDocument, fields_of
from schemas.documents.order import Order
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import Format, Locator, ReadOrder, ReadPart
from schemas.formats.registry import FORMATS
from schemas.formats.xml import head
from schemas.safe_json.text import looks_like_json

CUSTOM = "custom"
"""The format's name in account.yaml and for `--from` and `--to`."""
ORDER_MAP = "order_map.yaml"
_ENDING = "_map.yaml"
_JSON_1_NAMES = frozenset(fields_of(Order))
_LOOKED_AT = 4_096
"""Characters of a JSON document whose outermost names are looked at."""
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[{}\[\]:]')
_READS_XML = re.compile(r"^reads:\s*[\"']?xml\b", re.MULTILINE)


def formats_of(revision: MappingRevision) -> Mapping[str, Format]:
    """Every format that the account's documents may be in, by name: its own one first, where it has one, and those that
    all accounts share."""
    return FORMATS if revision.own_format is None else {CUSTOM: revision.own_format, **FORMATS}


def format_sent(revision: MappingRevision, kind: str) -> Format:
    """The format in which the account gets documents of this kind: as `outbound` says; where nothing is agreed, an
    order response in the format of its orders (the first that it may send), and the others in json-1, as where the
    agreed format has no such document."""
    formats, terms = formats_of(revision), revision.account.terms_of(kind)
    orders = revision.account.inbound.formats[:1] if kind == "order_response" else ()
    wanted = formats.get(terms.format if terms else next(iter(orders), "json-1"))
    return wanted if wanted is not None and kind in wanted.renderers else formats["json-1"]


def map_of(kind: str) -> str:
    """The file of the map that writes this kind of document."""
    return f"{kind}{_ENDING}"


def maps_for(kind: str) -> tuple[str, ...]:
    """The files that a document of this kind may be written by, the first that is there: a credit note is an invoice
    that says so."""
    return (map_of(kind), map_of("invoice")) if kind == "credit_note" else (map_of(kind),)


def map_faults(name: str, text: str) -> tuple[Fault, ...]:
    """Every mistake of a map, each with its line."""
    try:
        _compiled(name, text)
    except MapRejected as rejected:
        return rejected.faults
    return ()


def map_warnings(name: str, text: str) -> tuple[Fault, ...]:
    """What a map without mistakes will write wrong or not at all, each with its line."""
    try:
        compiled = _compiled(name, text)
    except MapRejected:
        return ()
    return compiled.warnings if isinstance(compiled, WritingMap) else ()


def _compiled(name: str, text: str) -> ReadingMap | WritingMap:
    """Raises MapRejected."""
    text = text.removeprefix("\ufeff")
    return compile_reading_map(text, name) if name == ORDER_MAP else compile_writing_map(text, name)


def missing_maps(account: Account, maps: Collection[str]) -> Iterator[Fault]:
    """The maps that account.yaml asks for and that aren't there."""
    if CUSTOM in account.inbound.formats and ORDER_MAP not in maps:
        path = f"/inbound/formats/{account.inbound.formats.index(CUSTOM)}"
        yield _missing(path, f"{account.id} may send {CUSTOM}", ORDER_MAP)
    for kind, words in SENT.items():
        terms = account.outbound.get(kind)
        if terms is not None and terms.format == CUSTOM and not any(name in maps for name in maps_for(kind)):
            yield _missing(f"/outbound/{kind}/format", f"{account.id} wants {words} in {CUSTOM}", map_of(kind))


def _missing(path: str, asked: str, name: str) -> Fault:
    return Fault("bad_value", f"{asked}, but there is no {name}", path, "account.yaml", CUSTOM, f"{name} beside it")


# --- the format --------------------------------------------------------------------------------------------------
def own_format(maps: Mapping[str, str]) -> Format | None:
    """What these maps (file name → text) read and write; None where there are none.

    A map that this program can't use (an older one stored it) holds what it is for, and nothing else.
    """
    if not maps:
        return None
    reading = _reader(maps.get(ORDER_MAP))
    writers = {name.removesuffix(_ENDING): _writer(name, text) for name, text in maps.items() if name != ORDER_MAP}
    if "invoice" in writers:
        writers.setdefault("credit_note", writers["invoice"])
    return Format(
        name=CUSTOM,
        media_type=reading.media_type,
        suffix=".xml" if reading.is_xml else ".json",
        sniff=_sniffer(reading),
        check=reading.check,
        parse_orders=reading.read,
        read_parts=reading.read_parts,
        locate=reading.locate,
        locator=reading.locator,
        parsers={"order": _only_order(reading)},
        renderers={kind: writer.write for kind, writer in writers.items()},
        media_types={kind: writer.media_type for kind, writer in writers.items()},
    )


def with_maps(known: Format | None, maps: Mapping[str, str]) -> Format | None:
    """The same with these maps in place of those of their names; no other is compiled."""
    made = own_format(maps)
    if known is None or made is None:
        return known or made
    renderers, media_types = dict(made.renderers), dict(made.media_types)
    if map_of("credit_note") not in maps and not _writes_invoices_alone(known):
        renderers.pop("credit_note", None)
        media_types.pop("credit_note", None)
    return replace(
        made if ORDER_MAP in maps else known,
        renderers={**known.renderers, **renderers},
        media_types={**known.media_types, **media_types},
    )


def _writes_invoices_alone(known: Format) -> bool:
    """Whether its credit notes, where it writes any, are written by the map of invoices."""
    return known.renderers.get("credit_note") in (None, known.renderers.get("invoice"))


class _Reader(Protocol):
    """A map that reads, or what stands in for one."""

    is_xml: bool
    media_type: str
    names: frozenset[str]
    namespaces: frozenset[str]

    def sniff(self, body: bytes) -> bool: ...

    def check(self, body: bytes) -> int: ...

    def read(self, body: bytes) -> tuple[ReadOrder, ...]: ...

    def read_parts(self, body: bytes, parts: Iterable[int]) -> dict[int, ReadPart]: ...

    def locate(self, body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]: ...

    def locator(self, body: bytes) -> Locator: ...


class _Writer(Protocol):
    media_type: str

    def write(self, document: AnyDocument) -> bytes: ...


def _reader(text: str | None) -> _Reader:
    if text is None:
        return _NoReader("json", "the account's mapping has no order_map.yaml", sniffs=False)
    try:
        return compile_reading_map(text.removeprefix("\ufeff"), ORDER_MAP)
    except MapRejected as rejected:
        return _NoReader("xml" if _READS_XML.search(text) else "json", _unusable(ORDER_MAP, rejected), sniffs=True)


def _writer(name: str, text: str) -> _Writer:
    try:
        return _Answering(compile_writing_map(text.removeprefix("\ufeff"), name))
    except MapRejected as rejected:
        return _NoWriter(_unusable(name, rejected))


def _unusable(name: str, rejected: MapRejected) -> str:
    return f"{name} of the published mapping can't be used by this program: {rejected.faults[0].detail}"


class _NoReader:
    """Takes what would be a map's, for a person to look at: nothing is refused for a mistake of ours."""

    names = namespaces = frozenset[str]()

    def __init__(self, language: str, why: str, *, sniffs: bool) -> None:
        self.is_xml = language == "xml"
        self.media_type = f"application/{language}"
        self._fault = Fault("unknown_revision", why, value=ORDER_MAP, expected="a map that can be used")
        self._sniffs = sniffs

    def sniff(self, body: bytes) -> bool:
        """By the first character alone."""
        begins = head(body, 64).lstrip("\ufeff\xef\xbb\xbf \t\r\n")[:1] == "<" if self.is_xml else looks_like_json(body)
        return self._sniffs and begins

    def check(self, body: bytes) -> int:
        """Nothing is known of it; a person will look at it as one."""
        return 1

    def read(self, body: bytes) -> tuple[ReadOrder, ...]:
        """Raises DocumentHeld."""
        raise DocumentHeld([self._fault])

    def read_parts(self, body: bytes, parts: Iterable[int]) -> dict[int, ReadPart]:
        """Raises DocumentHeld."""
        raise DocumentHeld([self._fault])

    def locate(self, body: bytes, pointers: Sequence[str], part: int = 1) -> list[str]:
        """Nowhere."""
        return ["" for _ in pointers]

    def locator(self, body: bytes) -> Locator:
        """Nowhere."""
        return lambda pointers, part: self.locate(body, pointers, part)


class _Answering:
    """A map that writes what we answer: what it can't write is ours to mend, whatever the mistake is called."""

    def __init__(self, written: WritingMap) -> None:
        self._map = written
        self.media_type = written.media_type

    def write(self, document: AnyDocument) -> bytes:
        """The document in the account's layout. Raises DocumentHeld."""
        try:
            return self._map.write(document)
        except DocumentHeld as held:
            raise DocumentHeld(
                fault if fault.code == "map_limit" else _unwritable(fault) for fault in held.faults
            ) from None


def _unwritable(fault: Fault) -> Fault:
    detail = f"{fault.location}: {fault.detail}" + ("" if fault.value is None else f", not {fault.value!r}")
    return Fault("unwritable_answer", detail, "", fault.location, fault.value, fault.expected)


class _NoWriter:
    """Holds what a map would write that can't be used."""

    media_type = "application/json"

    def __init__(self, why: str) -> None:
        self._fault = Fault("unwritable_answer", why, expected="a map that can be used")

    def write(self, document: AnyDocument) -> bytes:
        """Raises DocumentHeld."""
        raise DocumentHeld([self._fault])


def _only_order(reading: _Reader) -> Callable[[bytes], AnyDocument]:
    def parse(body: bytes) -> AnyDocument:
        orders = reading.read(body)
        if len(orders) != 1:
            fault = Fault("wrong_document", f"a list of {len(orders)} orders", expected="one order")
            raise DocumentRejected([fault])
        return orders[0].order

    return parse


# --- telling it from the formats that all accounts share ---------------------------------------------------------
def _sniffer(reading: _Reader) -> Callable[[bytes], bool]:
    is_another = _is_another_xml if reading.is_xml else _is_json_1
    return lambda body: reading.sniff(body) and not is_another(reading, body)


def _is_another_xml(reading: _Reader, body: bytes) -> bool:
    """Whether it is in a shared format, and in no namespace that the map names."""
    if not any(known.sniff(body) for known in FORMATS.values() if known.media_type != "application/json"):
        return False
    start = head(body)
    return not any(namespace in start for namespace in reading.namespaces)


def _is_json_1(reading: _Reader, body: bytes) -> bool:
    """Whether more of its outermost names are those of json-1 than the map's. One that only the map knows decides at
    once: it would be a fault in json-1."""
    names = set()
    for name in _outermost_names(head(body, _LOOKED_AT)):
        if name in reading.names and name not in _JSON_1_NAMES:
            return False
        names.add(name)
    return len(names & _JSON_1_NAMES) > len(names & reading.names)


def _outermost_names(start: str) -> Iterator[str]:
    """The names of the outermost object, or of the first object in an outermost list, as far as they stand here."""
    depth, outermost, last = 0, 1, ""
    for token in _TOKEN.finditer(start):
        sign = token[0]
        if sign == ":":
            if depth == outermost:
                yield last
        elif sign in "{[":
            depth += 1
            if sign == "[" and depth == outermost == 1:
                outermost = 2
        elif sign in "}]":
            depth -= 1
            if depth < outermost:
                break
        else:
            last = token[1]
