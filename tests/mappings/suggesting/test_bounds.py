"""Whatever the bytes: a map that compiles, or the faults of bytes that can't be read; in a bounded time."""

from __future__ import annotations

import json
import string
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.fieldmaps import compile_reading_map
from mappings.suggesting import Suggestion, suggest
from schemas.fault_codes import FAULTS
from schemas.faults import DocumentRejected
from tests.mappings.suggesting.reading import NAMES, sample

_LONGEST = 5.0
"""Seconds of the processor that 20 MB may take."""
_names = st.one_of(
    st.sampled_from(
        ["orderNumber", "bestellNr", "qty", "menge", "unit", "price", "preis", "lines", "positionen", "item", "sku",
         "ean", "type", "role",
         "parties", "shipTo", "address", "date", "lieferdatum", "note", "currency", "gln", "order no",
         "null", "preisInCent", "a.b", "#", "TODO", "value"]
    ),
    st.text(max_size=6),
)  # fmt: skip
_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=12),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
    st.sampled_from(
        ["03/04/2026", "23.11.2026", "2026-11-23--2026-11-24", "1.234", "1,50", "10 CS", "BY", "DP", "delivery", "EUR",
         "4006381333931", "4012345000009", "DE123456789", "EA", "\u2028# x", "a: b", "'", '"']
    ),
)  # fmt: skip
JSON: st.SearchStrategy[Any] = st.recursive(
    _values,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_names, inner, max_size=8)),
    max_leaves=30,
)
_tags = st.one_of(
    st.sampled_from(
        ["Order", "Bestellung", "Position", "Line", "Menge", "Qty", "Preis", "Party", "Date", "Note", "Artikel", "Nr",
         "{urn:a}Order", "{urn:b}Line", "{urn:b}Qty", "Ä", "a.b", "a-b"]
    ),
    st.text(alphabet=string.ascii_letters, min_size=1, max_size=6),
)  # fmt: skip
_texts = st.one_of(st.none(), _values.filter(lambda one: isinstance(one, str) and one.isprintable()))
_attributes = st.dictionaries(
    st.sampled_from(["nr", "type", "unit", "{urn:b}gln", "qualifier", "date"]), _texts.map(str)
)


def _element(made: tuple[str, dict[str, str], str | None, list[Element]]) -> Element:
    tag, attributes, text, inner = made
    element = Element(tag, attributes)
    element.text = text
    element.extend(inner)
    return element


XML: st.SearchStrategy[Element] = st.recursive(
    st.tuples(_tags, _attributes, _texts, st.just([])).map(_element),
    lambda inner: st.tuples(_tags, _attributes, _texts, st.lists(inner, max_size=4)).map(_element),
    max_leaves=20,
)


def _judged(body: bytes) -> Suggestion | None:
    try:
        found = suggest(body)
    except DocumentRejected as rejected:
        faults = rejected.faults
    else:
        return _compiled(found)
    assert faults
    assert all(fault.code in FAULTS and fault.detail for fault in faults)
    return None


def _compiled(found: Suggestion) -> Suggestion:
    compile_reading_map(found.text, "order_map.yaml")
    json.dumps(found.as_json())
    assert set(found.placeholders) <= {one.path for one in found.fields if one.found == "not_found"}
    return found


@given(JSON)
@settings(max_examples=200)
def test_of_any_json_the_map_compiles(value: Any) -> None:
    _judged(json.dumps(value).encode())


@given(XML)
@settings(max_examples=200)
def test_of_any_xml_the_map_compiles(element: Element) -> None:
    assert _judged(tostring(element, encoding="utf-8")) is not None


@given(
    st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: ("<a>" + text).encode("utf-8", "replace")))
)
def test_of_any_bytes_nothing_but_faults_comes(body: bytes) -> None:
    _judged(body)


@given(st.sampled_from(NAMES), st.integers(0, 400), st.binary(max_size=3))
def test_of_any_damage_nothing_but_faults_comes(name: str, place: int, damage: bytes) -> None:
    body = sample(name)
    _judged(body[:place] + damage + body[place + len(damage) :])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b" \n", "empty_body"),
        (b"UNB+UNOA", "unknown_format"),
        (b"{\"a\": 1,}", "json_not_valid"),
        (b'{"a": 1, "a": 2}', "json_duplicate_key"),
        (b"[" * 1_000 + b"]" * 1_000, "json_too_deep"),
        (b"<a><b></a>", "xml_not_well_formed"),
        (b"<a>" * 400 + b"</a>" * 400, "xml_limit"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml_doctype_refused"),
        (b'<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>', "xml_doctype_refused"),
    ],
)  # fmt: skip
def test_what_is_not_safe_or_no_document_is_refused_by_name(body: bytes, code: str) -> None:
    with pytest.raises(DocumentRejected) as refused:
        suggest(body)
    assert [fault.code for fault in refused.value.faults] == [code]


_LINE = {"lineNumber": "1", "sku": "A-1", "text": "Some article with a longer text", "quantity": "5", "unit": "EA"}
_XML_LINE = b"<Line no='1'><Sku>A-1</Sku><Text>Some article with a longer text</Text><Qty>5</Qty></Line>"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda: json.dumps({"orderNumber": "1", "lines": [_LINE] * 170_000}).encode(), id="json"),
        pytest.param(lambda: b"<Order><No>1</No>" + _XML_LINE * 200_000 + b"</Order>", id="xml"),
        pytest.param(
            lambda: json.dumps({f"name{i}other{i * 7919}": "5" for i in range(400_000)}).encode(), id="names"
        ),
    ],
)  # fmt: skip
def test_of_a_large_sample_the_beginning_is_looked_at(body: Callable[[], bytes]) -> None:
    large = body()
    started = time.process_time()
    found = _judged(large)
    assert time.process_time() - started < _LONGEST
    assert found is not None
    assert found.is_cut
    assert "# The sample is large: only its beginning was looked at." in found.text


def _pairs(depth: int) -> dict[str, Any]:
    return {"type": "BY", "x": [_pairs(depth - 1), _pairs(depth - 1) | {"type": "DP"}]} if depth else {"type": "BY"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(_pairs(12), id="parties in parties"),
        pytest.param({f"date {i}x": f"0{i % 9 + 1}/0{i % 7 + 1}/2026" for i in range(2_500)}, id="days"),
        pytest.param({f"artikelnummerbestellmengeliefer{chr(97 + i % 26)}{i}": "5" for i in range(2_500)}, id="words"),
        pytest.param({"lines": [{"qty": f"{i},{i % 1_000:03}"} for i in range(9_000)]}, id="numbers"),
        pytest.param({"lines": [{"qty": "1"} | {f"a{i}": "x" for i in range(3_000)}]}, id="places"),
    ],
)  # fmt: skip
def test_of_what_nobody_writes_no_more_is_looked_at(value: Any) -> None:
    started = time.process_time()
    assert _judged(json.dumps(value).encode()) is not None
    assert time.process_time() - started < 2 * _LONGEST


def test_of_every_document_that_others_wrote_the_map_compiles(
    corpus_dir: Path, corpus_count: Callable[[str, int], None]
) -> None:
    documents = [
        path for kind in ("json", "ubl", "cxml") for path in sorted((corpus_dir / kind).rglob("*")) if path.is_file()
    ]
    assert documents
    suggested = sum(_judged(path.read_bytes()) is not None for path in documents)
    corpus_count("suggested maps", len(documents))
    print(f"{len(documents)} documents: {suggested} maps suggested, the others refused")


def test_of_a_foreign_order_the_fields_are_found(corpus_dir: Path) -> None:
    """JSON orders in layouts of their owners': the map reads them, or they are wrong in themselves."""
    for path in sorted((corpus_dir / "json" / "purchase_order").glob("*.json")):
        found = suggest(path.read_bytes())
        if "lines" not in found.placeholders:
            assert set(found.placeholders) <= {"lines.line_number"}, path.name
