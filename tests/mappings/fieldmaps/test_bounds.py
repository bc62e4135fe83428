"""No map runs away: what would take long, or much room, is cut off with a fault that names its field."""

from __future__ import annotations

import json
import time

import pytest

from mappings.fieldmaps import compile_map
from mappings.fieldmaps.budget import MAX_CHARACTERS
from schemas.faults import DocumentHeld, Fault
from tests.mappings.fieldmaps.maps import json_map, one, xml_map

SECONDS = 30.0
"""Of processor time; what isn't bounded takes years."""


def held(compiled: object, body: bytes) -> Fault:
    started = time.process_time()
    with pytest.raises(DocumentHeld) as cut:
        compiled.read(body)  # type: ignore[attr-defined]
    assert time.process_time() - started < SECONDS
    (fault,) = cut.value.faults
    assert fault.code == "map_limit"
    return fault


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)x", "(?:a?){50}a{50}"])
def test_a_catastrophic_pattern_takes_a_moment(pattern: str) -> None:
    compiled = xml_map(f"note: {{from: T, clean: [{{extract: '{pattern}'}}], emptied: empty}}")
    started = time.process_time()
    assert one(compiled, b'<O nr="1"><T>' + b"a" * 50_000 + b'!</T><L n="1" q="1"/></O>').note in (None, "a" * 100, "a")
    assert time.process_time() - started < SECONDS


def test_a_huge_expansion_of_json_is_cut_off() -> None:
    expression = " | ".join(["[@, @][]"] * 40)
    fault = held(json_map(f"note: '{expression}'"), b'{"nr": 1, "lines": [{"n": 1, "q": 1}]}')
    assert (fault.value, fault.location) == ("order.note", "order_map.yaml line 5 column 3")


def test_every_pair_of_lines_is_cut_off() -> None:
    body = json.dumps({"nr": 1, "lines": [{"n": str(n), "q": 1} for n in range(4_000)]}).encode()
    lines = "{each: [lines, 'x[]'], line_number: n, quantity: q}"
    assert json_map(
        "note: t", "{each: lines, line_number: n, quantity: q, note: {from: 'lines[?n==`0`] | [0].n', of: order}}"
    ).read(body)
    text = f"reads: xml\norder: {{order_number: '@nr', lines: {lines.replace('x[]', '//L').replace('lines', 'L')}}}"
    wide = b'<O nr="1">' + b'<L n="1" q="1"/>' * 4_000 + b"</O>"
    assert held(compile_map(text, "order_map.yaml"), wide).value == "order.lines.each"


def test_a_text_that_grows_is_cut_off() -> None:
    steps = ", ".join(["{replace: {pattern: 'a', with: 'aaaaaaaaaaaaaaaaaaaa'}}"] * 10)
    fault = held(xml_map(f"note: {{from: T, clean: [{steps}]}}"), b'<O nr="1"><T>a</T><L n="1" q="1"/></O>')
    assert fault.value == "order.note"


def test_a_text_too_long_for_steps_is_cut_off() -> None:
    body = b'<O nr="1"><T>' + b"a" * (MAX_CHARACTERS + 1) + b'</T><L n="1" q="1"/></O>'
    assert held(xml_map("note: {from: T, clean: [upper]}"), body).value == "order.note"
    assert held(xml_map("note: {join: {parts: [T]}}"), body).value == "order.note"


def test_many_rules_over_many_lines_are_cut_off() -> None:
    charges = ", ".join(["{each: C, is_charge: {value: 'true'}, amount: '@a'}"] * 400)
    compiled = xml_map("note: T", f"{{each: L, line_number: '@n', quantity: '@q', charges: [{charges}]}}")
    body = b'<O nr="1">' + b'<L n="1" q="1"/>' * 20_000 + b"</O>"
    assert held(compiled, body).value == "order.lines.each"


def test_walking_the_whole_document_for_each_line_is_done_once() -> None:
    """From outside the line it is worked out once, so a large order is no trouble."""
    compiled = xml_map("note: T", "{each: L, line_number: {position: {}}, quantity: '@q', note: '//X[@k=\"1\"]'}")
    body = b'<O nr="1"><X k="1">x</X>' + b'<L q="1"/>' * 20_000 + b"</O>"
    assert one(compiled, body).lines[-1].note == "x"


def test_looking_through_all_lines_from_each_line_is_done_once() -> None:
    compiled = xml_map("note: T", "{each: L, line_number: {position: {}}, quantity: '@q', note: '../L[@first]/@first'}")
    body = b'<O nr="1"><L q="1" first="yes"/>' + b'<L q="1"/>' * 20_000 + b"</O>"
    assert one(compiled, body).lines[-1].note == "yes"
