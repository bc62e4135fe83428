"""Safe JSON: what RFC 8259 leaves open is refused with its place, whatever the size, and nothing is ever a float."""

from __future__ import annotations

import json
import re
import sys
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.faults import DocumentRejected, Fault
from schemas.safe_json.depth import MAX_DEPTH
from schemas.safe_json.offences import MAX_OFFENCES, MAX_SEARCHED
from schemas.safe_json.places import line_of
from schemas.safe_json.reader import read_json
from schemas.safe_json.text import looks_like_json

ORDER = '{"order_number": "Größe 7", "lines": []}'


def faults_in(body: bytes) -> tuple[Fault, ...]:
    with pytest.raises(DocumentRejected) as rejected:
        read_json(body)
    return rejected.value.faults


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_are_taken(encoding: str) -> None:
    assert read_json(ORDER.encode(encoding)) == {"order_number": "Größe 7", "lines": []}
    assert looks_like_json(ORDER.encode(encoding))


def test_big_endian_utf_16_with_its_mark_is_taken() -> None:
    assert read_json(b"\xfe\xff" + ORDER.encode("utf-16-be")) == {"order_number": "Größe 7", "lines": []}


@pytest.mark.parametrize(
    "body",
    [
        ORDER.encode("latin-1"),
        ORDER.encode("utf-16-le"),
        ORDER.encode("utf-16-be"),
        ORDER.encode("utf-32"),
        ORDER.encode("utf-32-be"),
        b"\xff\xfe{",
        b"\xef\xbb\xbf\xff",
        b'{"a": "\xed\xa0\x80"}',
    ],
)
def test_encodings_that_are_not(body: bytes) -> None:
    (fault,) = faults_in(body)
    assert fault.code == "unknown_encoding"
    assert fault.location.startswith("byte ")


def test_numbers_are_exact() -> None:
    read = read_json(b"[0.1, 12.50, 1e3, 99999999999999999999, -0.0000000001, 7, -0]")
    assert [str(number) for number in read] == ["0.1", "12.50", "1000", "99999999999999999999", "-1E-10", "7", "0"]
    assert {type(number) for number in read} == {int, Decimal}


def test_zeros_beyond_the_tenth_decimal_are_cut() -> None:
    read = read_json(b"[12.50000000000, 1.25000000000000E1, 0.000000000000]")
    assert [f"{number:f}" for number in read] == ["12.5000000000", "12.5000000000", "0.0000000000"]


@pytest.mark.parametrize(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "100000000000000000000",
        "0.12345678901",
        "1e20",
        "1e999999999",
        "1E-11",
        "1e99999999999999999999999",
        "-1e-99999999999999999999999",
        "0e999999999",
        "1" * 5_000,
        "1." + "0" * 99,
        "0." + "1" * 100_000,
        "1e" + "9" * 5_000,
    ],
    ids=lambda number: number[:30],
)
def test_absurd_numbers_are_refused_with_their_path(number: str) -> None:
    (fault,) = faults_in(f'{{"lines": [{{"quantity": 1}}, {{"quantity": {number}}}]}}'.encode())
    assert (fault.code, fault.path) == ("json_number", "/lines/1/quantity")
    assert fault.value is not None
    assert fault.value[:20] == number[:20]
    assert len(fault.value) <= 200


def test_every_repeated_key_and_refused_number_is_named() -> None:
    body = b'{"a": 1, "a~/b": {"x": 1, "x": 2, "y": NaN, "x": 3}, "a": [0, {"z": 1, "z": 1}, 1e99]}'
    assert [(fault.code, fault.path) for fault in faults_in(body)] == [
        ("json_duplicate_key", "/a"),
        ("json_duplicate_key", "/a/1/z"),
        ("json_number", "/a/2"),
        ("json_duplicate_key", "/a~0~1b/x"),
        ("json_number", "/a~0~1b/y"),
    ]


def test_many_offences_make_a_short_list() -> None:
    faults = faults_in(b"[" + b"NaN," * 100_000 + b"NaN]")
    assert len(faults) == MAX_OFFENCES
    assert faults[-1].path == f"/{MAX_OFFENCES - 1}"


@pytest.mark.parametrize(
    ("offence", "code", "value"),
    [
        (b"NaN", "json_number", "NaN"),
        (b"123456789012345678901", "json_number", "123456789012345678901"),
        (b'{"a":1,"b":2,"b":3}', "json_duplicate_key", "b"),
        (b'"\\u0001"', "bad_character", "\\u0001"),
        (b'"\\ud800 \\udc00"', "bad_character", "\\ud800"),
    ],
)
def test_a_large_document_is_refused_for_its_first_offence(offence: bytes, code: str, value: str) -> None:
    """Looking for all of them would take seconds."""
    (fault,) = faults_in(b'["' + b"x" * MAX_SEARCHED + b'",' + offence + b", NaN, " + offence + b"]")[:1]
    if code == "bad_character":  # what comes first for the scanner is the NaN
        (fault,) = faults_in(b'["' + b"x" * MAX_SEARCHED + b'",' + offence + b"," + offence + b"]")
        assert fault.location == f"line 1 (character {MAX_SEARCHED + 6})"
    assert (fault.code, fault.value) == (code, value)


def test_too_much_json_is_refused_before_it_is_built() -> None:
    """What a value costs in memory is many times what it costs to send."""
    bodies = {
        "600,000 objects and lists": (b'{"lines":[\n' + b"{}," * 600_000 + b"{}]}", "line 2 column 1799995"),
        "1,000,000 members": (_object_of(2_000_000), "line 1 column 11888901"),
        "4,000,000 commas": (b"[" + b'"",' * 4_000_001 + b'""]', "line 1 column 12000004"),
        "500,000 numbers": (b"[" + b"1.5," * 500_000 + b"1]", ""),
    }
    for what, (body, place) in bodies.items():
        (fault,) = faults_in(body)
        assert (fault.code, fault.detail) == ("json_limit", f"the document has more than {what}")
        assert fault.expected == f"at most {what}"
        assert fault.location.partition(" (")[0] == place


def _object_of(members: int) -> bytes:
    """Keys of which each stands once: the dearest to read."""
    return ("{" + ",".join(f'"{number}":""' for number in range(members)) + "}").encode()


def test_much_json_within_the_limits_is_read() -> None:
    many = read_json(b"[" + b'"",' * 2_500_000 + b"1.5," * 1_000 + b"{}," * 1_000 + b"1]")
    assert len(many) == 2_502_001
    assert len(read_json(b"[" + b"1," * 499_999 + b"1]")) == 500_000
    assert len(read_json(_object_of(1_000_000))) == 1_000_000


@given(st.text(st.characters(categories=["L", "Cc", "Cs", "Co", "Cn", "So", "Zs"])), st.booleans())
def test_characters_that_no_answer_could_repeat_are_found_however_written(text: str, escaped: bool) -> None:
    body = json.dumps([text], ensure_ascii=escaped).encode("utf-8", "replace")
    meant = json.loads(body)[0]
    if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", meant):
        assert faults_in(body)[0].code == "bad_character"
    else:
        assert read_json(body) == [meant]


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100, 1_000, 100_000])
@pytest.mark.parametrize("closed", [True, False])
def test_depth_is_refused_with_its_path(depth: int, closed: bool) -> None:
    body = b'{"a]": [' + b"[" * (depth - 2) + (b"]" * (depth - 2) + b"]}" if closed else b"")
    (fault,) = faults_in(body)
    if closed or depth >= 1_000:
        assert (fault.code, fault.path) == ("json_too_deep", "/a]" + "/0" * (MAX_DEPTH - 1))
        assert fault.location == "line 1 column 71 (character 71)"
    else:
        assert fault.code == "json_not_valid"


def test_the_depth_that_is_allowed_is_read() -> None:
    value: Any = read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []


def test_depth_doesnt_depend_on_the_stack_in_use() -> None:
    def with_frames(frames: int) -> None:
        if frames:
            with_frames(frames - 1)
            return
        assert [fault.code for fault in faults_in(b"[" * 200 + b"]" * 200)] == ["json_too_deep"]
        assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)

    with_frames(sys.getrecursionlimit() // 2)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (rb'{"a": "\u0000"}', "/a"),
        (rb'{"a": ["x", "\ud800"]}', "/a/1"),
        (rb'{"a": "\udc00\ud800"}', "/a"),
        (rb'{"a": {"\u0001": 1}}', "/a/" + "\ufffd"),
        ('{"a": "\uffff"}'.encode(), "/a"),
        (rb'{"a": "\b"}', "/a"),
    ],
)
def test_characters_that_no_answer_could_repeat_are_refused(body: bytes, path: str) -> None:
    assert [(fault.code, fault.path) for fault in faults_in(body)] == [("bad_character", path)]


def test_escapes_that_are_fine_are_read() -> None:
    assert read_json(rb'["\ud83d\ude00", "\\ud800", "\t\n\r\"\/", "\u00e9"]') == ["😀", r"\ud800", '\t\n\r"/', "é"]


def test_nulls_may_be_left_out() -> None:
    body = b'{"a": null, "b": {"c": null, "d": 0}, "e": [null]}'
    assert read_json(body) == {"a": None, "b": {"c": None, "d": 0}, "e": [None]}
    assert read_json(body, nulls=False) == {"b": {"d": 0}, "e": [None]}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"a": 1,\n "b": }', "line 2 column 7 (character 16)"),
        (b"[1 2]", "line 1 column 4 (character 4)"),
        (b'["\n"]', "line 1 column 3 (character 3)"),
        (b"[01]", "line 1 column 3 (character 3)"),
        (b"[] []", "line 1 column 4 (character 4)"),
        (b"{'a': 1}", "line 1 column 2 (character 2)"),
        (b"<Order/>", "line 1 column 1 (character 1)"),
    ],
)
def test_json_that_isnt_says_where(body: bytes, place: str) -> None:
    assert [(fault.code, fault.location) for fault in faults_in(body)] == [("json_not_valid", place)]


JSON_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | JSON_TEXTS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text('ab~/"\\é', max_size=3), inside, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES, st.sampled_from([None, 1]))
def test_what_json_can_say_is_read_as_said(value: Any, indent: int | None) -> None:
    assert read_json(json.dumps(value, indent=indent).encode()) == value
    assert read_json(json.dumps(value, indent=indent, ensure_ascii=False).encode("utf-16")) == value


@given(JSON_VALUES)
def test_every_value_is_found_on_its_line(value: Any) -> None:
    def check(found: Any, steps: tuple[str | int, ...]) -> None:
        line = line_of(body, steps)
        if line is not None:
            first = json.dumps(found, indent=1).splitlines()[0]
            assert first in lines[line - 1]
        children = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
        for step, child in children:
            check(child, (*steps, step))

    body = json.dumps(value, indent=1).encode()
    lines = body.decode().splitlines()
    check(value, ())


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=60), st.text('[]{}",:\\u0123eE.-+NaIinfty tr\n', max_size=60).map(str.encode)))
def test_no_bytes_raise_anything_but_a_rejection(body: bytes) -> None:
    with suppress(DocumentRejected):
        read_json(body)
    looks_like_json(body)
    line_of(body, ("a", 0, "b"))


@pytest.mark.parametrize(
    ("number", "limit"),
    [
        ("NaN", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("123456789012345678901", "more than 20 digits before the decimal point"),
        ("1e400", "more than 20 digits before the decimal point"),
        ("0.12345678901", "more than 10 digits after the decimal point"),
        ("0." + "0" * 120, "more than 100 characters"),
        ("1e99999999999999999999", "exponent"),
    ],
)
def test_a_refused_number_is_told_which_limit_it_is_beyond(number: str, limit: str) -> None:
    (fault,) = faults_in(f'{{"total": {number}}}'.encode())
    assert fault.code == "json_number"
    assert limit in fault.detail
