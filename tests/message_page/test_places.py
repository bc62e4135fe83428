"""Where faults stand in a document's text."""

from __future__ import annotations

import pytest

from gateway.console.sheet import Sheet
from gateway.message_page.places import LARGEST_SCAN, Lines, places_of
from schemas.faults import Fault

XML = """<?xml version="1.0"?>
<o:Order xmlns:o="urn:o">
  <o:Line
     no="1">
    <o:Item>
      PL-1
    </o:Item>
    <o:Qty unit="CS">abc</o:Qty>
    <o:Note/>
  </o:Line>
  <o:Line no="2"><o:Qty unit="CS">4</o:Qty><o:Qty unit="">5</o:Qty></o:Line>
</o:Order>
"""
JSON = """{
  "order_number": "PO \\"1\\"",
  "lines": [
    {"line_number": "1", "quantity": "x", "unit": {"code": "CS"}},
    {"line_number": "2"}
  ]
}
"""


def lit(text: str, location: str, value: str | None = None, part: int = 1) -> tuple[str, str] | None:
    sheet = Sheet(text)
    (found,) = places_of([Fault("x", "x", "", location, value)], Lines(text, sheet.span_of), part=part)
    return None if found is None else (found.how, text[found.start : found.end])


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("line 8: Line[1]/Qty", ("exactly", "abc")),
        ("line 8: o:Line[1]/o:Qty/@unit", ("exactly", "CS")),
        ("line 5: /Order/Line[1]/Item", ("exactly", "PL-1")),
        ("line 4: Line[1]/@no", ("exactly", "1")),
        ("line 4: Line[1]/@kind (missing)", ("around", '<o:Line\n     no="1">')),
        ("line 4: Line[1]/Price/Amount (missing)", ("around", '<o:Line\n     no="1">')),
        ("line 9: Line[1]/Note", ("exactly", "<o:Note/>")),
        ("line 11: Line[2]/Qty[2]", ("exactly", "5")),
        ("line 11: Line[2]/Qty[2]/@unit", ("exactly", 'unit=""')),
        ("Line[2]/Qty[1]", ("exactly", "4")),
        ("line 8, column 23", ("exactly", "b")),
        ("line 8, column 2400", ("exactly", ">")),
        ("line 7: Nothing/Here", ("line", "</o:Item>")),
        ("line 800: Nothing", None),
        ("line 0, column 0", None),
        ("nowhere", None),
        ("", None),
    ],
)
def test_xml(location: str, expected: tuple[str, str] | None) -> None:
    assert lit(XML, location) == expected


def test_xml_in_one_line_is_gone_through() -> None:
    text = XML.replace("\n", " ")
    assert lit(text, "line 1: Line[1]/Qty") == ("exactly", "abc")
    assert lit(text, "line 1: Line[2]/Qty[2]") == ("exactly", "5")


def test_of_several_orders_alike_each_has_its_own() -> None:
    text = "<All><O><No>1</No></O><O><No>2</No></O></All>"
    assert lit(text, "line 1: No", part=2) == ("exactly", "2")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/lines/0/quantity (line 4)", ("exactly", "x")),
        ("/lines/0/quantity", ("exactly", "x")),
        ("/lines/0/unit/code", ("exactly", "CS")),
        ("/order_number", ("exactly", 'PO \\"1\\"')),
        ("/lines/1/quantity", ("around", '{"line_number": "2"}')),
        ("/lines/7/quantity (line 3)", ("around", "[")),
        ("line 4 column 35 (character 92)", ("exactly", '"')),
        ("/nothing", ("around", "{")),
    ],
)
def test_json(location: str, expected: tuple[str, str] | None) -> None:
    assert lit(JSON, location) == expected


def test_json_that_is_none_is_lit_by_its_line() -> None:
    assert lit('{"a": 1,\n "b": tru,\n', "/b (line 2)") == ("line", '"b": tru,')


def test_of_large_json_the_line_is_lit() -> None:
    text = JSON.replace("[\n", "[\n" + " " * LARGEST_SCAN, 1)
    assert lit(text, "/lines/0/quantity (line 2)") == ("line", '"order_number": "PO \\"1\\"",')


def test_what_says_no_place_is_found_by_its_value_where_that_stands_once() -> None:
    assert lit(XML, "", "PL-1") == ("value", "PL-1")
    assert lit(XML, "", "CS") is None, "too short to be sure"
    assert lit(XML, "", "o:Qty") is None, "it stands several times"


def test_a_document_in_one_line_is_not_lit_as_a_whole() -> None:
    assert lit("{" + " " * 5_000 + "x", "/a (line 1)") is None
