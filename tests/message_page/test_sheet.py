"""A text in lines and parts, and bytes as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.pieces import Span
from gateway.console.sheet import CHARACTERS_A_PART, LINES_A_PART, Sheet
from gateway.message_page.readable import readable


@given(st.lists(st.sampled_from(["", "a", "b" * 50, "c" * 70_000, "d\r"]), max_size=700), st.booleans())
def test_the_parts_are_the_text(lines: list[str], ends: bool) -> None:
    text = "\n".join(lines) + ("\n" if ends else "")
    sheet = Sheet(text)
    assert "".join(text[one.start : one.end] for one in sheet.parts) == text
    assert [one.number for one in sheet.parts] == list(range(1, len(sheet.parts) + 1))
    shown: dict[int, str] = {}
    for part in sheet.parts:
        assert part.end - part.start <= CHARACTERS_A_PART
        written = list(sheet.written(part, (), {}))
        assert len(written) <= LINES_A_PART + 1
        for line in written:
            assert line.is_rest is (line.number in shown)
            shown[line.number] = shown.get(line.number, "") + "".join(one.text for one in line.pieces)
    wanted = text.split("\n")[: sheet.lines]
    assert shown == {number: line.rstrip("\r") for number, line in enumerate(wanted, 1)}


def test_a_span_over_lines_is_lit_in_each_and_has_one_anchor() -> None:
    sheet = Sheet("one\ntwo\nthree")
    lines = list(sheet.written(sheet.parts[0], [Span(2, 9, "fault", ("1",), anchor="p-1")], {"1": "f-1"}))
    lit = [(line.number, one.text, one.anchor) for line in lines for one in line.pieces if one.kind]
    assert lit == [(1, "e", "p-1"), (2, "two", ""), (3, "t", "")]
    assert sheet.part_at(9).number == 1
    assert (sheet.number_at(3), sheet.number_at(4)) == (1, 2)


@pytest.mark.parametrize(
    ("document", "encoding", "text"),
    [
        ("é€".encode(), "utf-8", "é€"),
        ("\ufeffé".encode(), "utf-8", "é"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), "iso8859-1", "é"),
        ("<a>é</a>".encode("utf-16"), "utf-16", "<a>é</a>"),
        ("<a>é</a>".encode("utf-16-be"), "utf-16-be", "<a>é</a>"),
        ("a\u202eb".encode(), "utf-8", "a\ufffdb"),
        (b"a\x1bb", "utf-8", "a\u241bb"),
    ],
)
def test_bytes_are_read_by_the_encoding_that_they_declare(document: bytes, encoding: str, text: str) -> None:
    found = readable(document)
    assert (found.encoding, found.note) == (encoding, "")
    assert found.text is not None
    assert text in found.text


def test_what_is_no_text_says_so() -> None:
    found = readable(b"%PDF\x00\x01\x02" + bytes(1_000))
    assert found.text is None
    assert found.beginning.startswith("00000000  25 50 44 46 00 01 02")
    assert found.beginning.count("\n") == 31, "the beginning alone"


@pytest.mark.parametrize("name", ["zip", "base64", "unicode_escape", "nonsense", "utf-7", "utf-16"])
def test_an_encoding_that_is_none_is_told(name: str) -> None:
    found = readable(f'<?xml version="1.0" encoding="{name}"?><a/>'.encode())
    assert found.text is not None
    assert name in found.note
    assert found.encoding == "utf-8"


def test_bytes_that_cannot_be_read_are_counted() -> None:
    found = readable(b"a\xffb\xfe")
    assert (found.text, found.note) == ("a\ufffdb\ufffd", "2 places are not UTF-8; they are shown as \ufffd.")


@given(st.binary(max_size=300))
def test_nothing_fails(document: bytes) -> None:
    assert readable(document).encoding
