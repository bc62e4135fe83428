"""What is fuzzed: every codec, the parts of cXML around an order, maps, and the map language itself.

A target reads bytes and holds what comes out against what may: an order that can be written and read again, or faults
of known codes. Anything else it raises is the finding.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mappings.fieldmaps import MapRejected, compile_map
from mappings.fieldmaps.reading import ReadingMap
from mappings.fieldmaps.writing import WritingMap
from schemas import formats
from schemas.documents.common import AnyDocument
from schemas.documents.order import Order, content_digest
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentFailure, DocumentHeld
from schemas.formats import Format, ReadOrder
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.cxml_1_2.envelope import read_envelope
from schemas.formats.cxml_1_2.multipart import parts_of, with_files
from schemas.formats.json_1 import JSON_1
from schemas.formats.registry import FORMATS, sniff
from schemas.formats.ubl_2_1 import PEPPOL_ADVANCED_3, PEPPOL_BIS_3, UBL_2_1
from tests.formats.answers import CXML_ANSWERS, UBL_ANSWERS

ROOT = Path(__file__).resolve().parents[2]
_EXAMPLES = Path(formats.__file__).parent
_MAPS = ROOT / "tests" / "mappings" / "fieldmaps"
POINTERS = ["", "/order_number", "/lines", "/lines/0/quantity", "/lines/1/price/amount", "/buyer/id", "/x~0/~1"]
RELATED = 'multipart/related; boundary="b"; type="text/xml"; start="<order>"'


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads bytes. `act` raises AssertionError, or whatever slipped through, where it is wrong."""

    name: str
    samples: tuple[bytes, ...]
    act: Callable[[bytes], None]
    language: str
    """xml, json or text: what the samples can be changed as."""
    reads: Callable[[bytes], object] = bytes
    """Reads it, or raises."""

    def is_read(self, body: bytes) -> bool:
        """Whether it is taken."""
        try:
            self.reads(body)
        except DocumentFailure:
            return False
        return True


def told(refused: DocumentFailure, place: str = "") -> None:
    """A refusal says what is wrong, in codes that are documented and in text that can be sent."""
    assert refused.faults, "refused without a fault"
    for fault in refused.faults:
        assert fault.code in FAULTS, fault
        assert fault.detail, fault
        assert fault.location.startswith(place), fault
        assert fault.path == "" or fault.path.startswith("/"), fault
    json.dumps([fault.as_json() for fault in refused.faults], ensure_ascii=False).encode()


_OUR_OWN = frozenset(("order_response", "despatch_advice"))
"""Documents of ours that are read again."""


# --- codecs -------------------------------------------------------------------------------------------------------
def _read_by(known: Format) -> Callable[[bytes], None]:
    def act(body: bytes) -> None:
        known.sniff(body)
        for read in (known.check, lambda sent: known.locate(sent, POINTERS)):
            try:
                read(body)
            except DocumentFailure as refused:
                told(refused)
        try:
            orders = known.parse_orders(body)
        except DocumentFailure as refused:
            told(refused)
        else:
            assert orders, "no order and no fault"
            for one in orders:
                comes_back(known, one)
        for kind in _OUR_OWN & known.parsers.keys():
            _own_document(known, kind, body)

    return act


def _answers_by(known: Format) -> Callable[[bytes], None]:
    """What is no answer says so, and one that is, or may be, is read or refused."""
    reader = known.answers
    assert reader is not None

    def act(body: bytes) -> None:
        reader.sniff(body)
        for read in (reader.check, reader.read):
            try:
                read(body)
            except DocumentFailure as refused:
                told(refused)

    return act


def _parsed_by(known: Format) -> Callable[[bytes], object]:
    def parsed(body: bytes) -> object:
        try:
            return known.parse_orders(body)
        except DocumentFailure:
            return _own_parsed(known, body)

    return parsed


def _own_parsed(known: Format, body: bytes) -> object:
    """Raises what the last of the kinds raised."""
    *others, last = sorted(_OUR_OWN & known.parsers.keys())
    for kind in others:
        try:
            return known.parsers[kind](body)
        except DocumentFailure:
            continue
    return known.parsers[last](body)


def comes_back(known: Format, read: ReadOrder) -> None:
    """What was read can be written and read again. What a format loses (its README lists it) is lost at once: the
    second time everything comes back, and json-1 loses nothing at all."""
    order = read.order
    assert Order.model_validate(order.model_dump()) == order
    assert _again(JSON_1, order) == order
    once = _again(known, order)
    twice = _again(known, once)
    assert twice == once, "written and read, it is another order each time"
    assert content_digest(twice) == content_digest(once)


def _again(known: Format, order: Order) -> Order:
    (read,) = known.parse_orders(known.renderers["order"](order))
    return read.order


def _own_document(known: Format, kind: str, body: bytes) -> None:
    try:
        found = known.parsers[kind](body)
    except DocumentFailure as refused:
        told(refused)
        return
    once = _own_again(known, kind, found)
    assert _own_again(known, kind, once) == once, f"written and read, it is another {kind} each time"


def _own_again(known: Format, kind: str, found: AnyDocument) -> AnyDocument:
    return known.parsers[kind](known.renderers[kind](found))


def _samples(folder: str, suffix: str) -> tuple[bytes, ...]:
    """The valid ones first: Hypothesis shrinks towards them."""
    paths = sorted(
        (_EXAMPLES / folder / "examples").rglob(f"*{suffix}"), key=lambda path: ("rejected" in str(path), path)
    )
    return tuple(path.read_bytes() for path in paths if not path.name.endswith((".faults.json", ".warnings.json")))


def _any_format(body: bytes) -> None:
    """Bytes are nobody's, or the first's that knows them, and sniffing never raises."""
    known = sniff(body)
    assert known is None or known.name in FORMATS


def _multipart(body: bytes) -> None:
    try:
        parts = parts_of(RELATED, body)
        for one in CXML_1_2.parse_orders(parts.document):
            with_files(one, parts.files)
    except DocumentFailure as refused:
        told(refused)


def _envelope(body: bytes) -> None:
    try:
        envelope = read_envelope(body)
    except DocumentFailure as refused:
        told(refused)
        return
    assert "never shown" not in repr(envelope)


def _in_parts(document: bytes) -> bytes:
    pdf = b"Content-Type: application/pdf; name=a.pdf\r\nContent-ID: <a@x>\r\nContent-Transfer-Encoding: base64\r\n"
    text = b"Content-Transfer-Encoding: quoted-printable\r\n"
    parts = (
        b"Content-Type: text/xml\r\nContent-ID: <order>\r\n\r\n" + document,
        pdf + b"\r\nUERG",
        text + b"\r\na=3Db=\r\n",
    )
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


# --- maps ---------------------------------------------------------------------------------------------------------
def _map(folder: Path) -> str:
    return (folder / "order_map.yaml").read_text(encoding="utf-8")


def _read_map(compiled: ReadingMap) -> Callable[[bytes], None]:
    def act(body: bytes) -> None:
        compiled.sniff(body)
        for read in (compiled.check, lambda sent: compiled.locate(sent, POINTERS)):
            try:
                read(body)
            except DocumentFailure as refused:
                told(refused)
        try:
            each = list(compiled.read_each(body))
        except DocumentFailure as refused:
            told(refused)
            return
        assert each, "no order and no fault"
        for one in each:
            if isinstance(one, ReadOrder):
                assert _again(JSON_1, one.order) == one.order
            else:
                told(one)

    return act


def _sample(folder: Path) -> tuple[Path, str]:
    (path,) = (path for path in folder.iterdir() if path.suffix in (".xml", ".json") and ".expected" not in path.name)
    return path, path.suffix[1:]


def _layouts() -> list[Target]:
    folders = [*sorted((_MAPS / "layouts").iterdir()), _MAPS / "accounts" / "hardware"]
    found = []
    for folder in folders:
        compiled = compile_map(_map(folder), "order_map.yaml")
        assert isinstance(compiled, ReadingMap)
        path, language = _sample(folder)
        samples = (path.read_bytes(),)
        found.append(Target(f"map of {folder.name}", samples, _read_map(compiled), language, _each_by(compiled)))
    return found


def _each_by(compiled: ReadingMap) -> Callable[[bytes], object]:
    return lambda body: list(compiled.read_each(body))


_DOCUMENTS = tuple(_sample(_MAPS / name)[0].read_bytes() for name in ("accounts/hardware", "layouts/shopify"))
_RESPONSE = JSON_1.parsers["order_response"](
    (_EXAMPLES / "json_1" / "examples" / "order_response" / "changed.json").read_bytes()
)
_WRITTEN = (
    b"""writes: json
tables: {s: {accepted: OK}}
template:
  object:
    nr: order_number
    l:
      each: lines
      item:
        object:
          n: line_number
          o:
            each: outcomes
            item: {object: {q: {from: quantity, as: number}, s: {from: status, table: s, unknown: keep}}}
""",
    b"""writes: xml
template: {element: A, attributes: {nr: number}, children: [{element: P, each: lines, text: line_number}]}
""",
    b"""writes: csv
rows: [lines, outcomes]
columns: {n: {from: line_number, of: parent}, q: quantity}
""",
)


def _map_text(body: bytes) -> None:
    """A map is refused with the line of each mistake, or it reads and writes, or refuses what it is given."""
    for name in ("order_map.yaml", "order_response_map.yaml"):
        try:
            compiled = compile_map(body.decode("utf-8", "replace"), name)
        except MapRejected as refused:
            told(refused, name)
            continue
        if isinstance(compiled, WritingMap):
            try:
                compiled.write(_RESPONSE)
            except DocumentHeld as held:
                told(held)
            continue
        for document in _DOCUMENTS:
            _read_map(compiled)(document)


def _codec(known: Format, samples: tuple[bytes, ...], language: str) -> Target:
    return Target(known.name, samples, _read_by(known), language, _parsed_by(known))


def _answers(known: Format, samples: tuple[bytes, ...]) -> Target:
    reader = known.answers
    assert reader is not None
    return Target(f"{known.name} answers", samples, _answers_by(known), "xml", reader.read)


def targets() -> dict[str, Target]:
    """All of them, by name."""
    answers = tuple(known.renderers["order_response"](_RESPONSE) for known in (UBL_2_1, PEPPOL_ADVANCED_3))
    xml, cxml = (*_samples("ubl_2_1", ".xml"), *answers), _samples("cxml_1_2", ".xml")
    maps = tuple(_map(folder).encode() for folder in sorted((_MAPS / "layouts").iterdir()))
    accounts = tuple(_map(_MAPS / "accounts" / name).encode() for name in ("marketplace", "gobl", "hardware"))
    known = [
        _codec(JSON_1, _samples("json_1", ".json"), "json"),
        *(_codec(one, xml, "xml") for one in (UBL_2_1, PEPPOL_BIS_3, PEPPOL_ADVANCED_3)),
        _codec(CXML_1_2, cxml, "xml"),
        *(_answers(one, samples) for one, samples in ((UBL_2_1, UBL_ANSWERS), (CXML_1_2, CXML_ANSWERS))),
        Target("cXML envelope", cxml, _envelope, "xml", read_envelope),
        Target("cXML multipart", tuple(map(_in_parts, cxml[:3])), _multipart, "text"),
        Target("sniffing", (*xml[:2], *cxml[:2], *_samples("json_1", ".json")[:2]), _any_format, "text"),
        Target("map language", (*accounts, *maps, *_WRITTEN), _map_text, "text"),
        *_layouts(),
    ]
    return {one.name: one for one in known}
