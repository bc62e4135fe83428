"""Where each canonical value came from: rule, source, characters; and what the strip counts."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from mappings.fieldmaps import compile_reading_map
from mappings.suggesting import suggest
from mappings.tracing import TracedReading, TracedValue, trace_reading
from mappings.tracing.reading import MAX_VALUES
from schemas.faults import DocumentRejected
from schemas.formats import ReadOrder

ACCOUNTS = Path(__file__).parents[3] / "mappings" / "accounts"
XML_MAP = """\
reads: xml
root: O
order:
  order_number: '@nr'
  currency: {value: EUR}   # TODO ask them
  # TODO is this the buyer's?
  note: N
  ship_to: {id: {first: [To/@gln, To/Place]}}
  lines:
    each: L
    line_number: '@n'
    quantity: Q
    unit: {from: Q/@u, table: {KTN: CT}}
"""
XML = """<?xml version="1.0"?>
<O nr="PO-1" colour="red">
  <N> Gate <b>4</b> </N><!-- a > remark -->
  <To><Place>BRE1</Place></To>
  <L n="10"><Q u="KTN">3</Q><X>odd</X></L>
  <L n="20"><Q u='KTN'><![CDATA[4]]></Q><X>odder</X></L>
</O>
"""
JSON_MAP = """\
reads: json
order:
  order_number: nr
  buyer: {id: "parties[?role=='buyer'].id | [0]"}
  lines:
    each: items
    line_number: n
    quantity: {from: q, number: {decimal: ","}}
    note: {join: {parts: [a, b], between: " "}}
"""
JSON = """\
{"nr": "PO-1", "parties": [{"role": "seller", "id": "S-1"}, {"role": "buyer", "id": "B-\\u0031"}],
 "items": [{"n": 10, "q": "1,5", "a": "x", "b": "y", "odd": {"deep": [1, true]}}]}
"""


def outcome(order: ReadOrder | DocumentRejected) -> object:
    """What can be compared of an order as read or as rejected."""
    return order if isinstance(order, ReadOrder) else order.faults


def by_pointer(traced: TracedReading) -> dict[str, TracedValue]:
    return {value.pointer: value for value in traced.values}


def cut_out(traced: TracedReading, pointer: str) -> list[str]:
    """What stands in the source where this value came from."""
    return [traced.source[one.start : one.end] for one in by_pointer(traced)[pointer].origins if one.start is not None]


def test_xml_values_are_told_with_rule_and_source() -> None:
    traced = trace_reading(XML_MAP, XML.encode())
    assert (traced.mistakes, traced.faults, len(traced.orders)) == ((), (), 1)
    told = by_pointer(traced)
    number, quantity = told["/order_number"], told["/lines/1/quantity"]
    assert (number.text, number.rule.line, number.rule.column, number.rule.name) == ("PO-1", 4, 3, "order.order_number")
    assert [one.where for one in number.origins] == ["line 2: /O/@nr"]
    assert [(one.where, one.text) for one in quantity.origins] == [("line 6: /O/L[2]/Q", "4")]
    assert cut_out(traced, "/order_number") == ["PO-1"]
    assert cut_out(traced, "/note") == ["Gate <b>4</b>"]
    assert cut_out(traced, "/lines/0/unit") == ["KTN"]
    assert (told["/lines/0/unit"].text, cut_out(traced, "/lines/1/quantity")) == ("CT", ["<![CDATA[4]]>"])


def test_of_several_choices_the_one_taken_is_told() -> None:
    traced = trace_reading(XML_MAP, XML.encode())
    assert cut_out(traced, "/ship_to/id") == ["BRE1"]
    other = XML.replace("<To>", '<To gln="G1">')
    traced = trace_reading(XML_MAP, other.encode())
    assert cut_out(traced, "/ship_to/id") == ["G1"]
    assert ("To/Place", 1, "BRE1") in [(one.name, one.count, one.first.text) for one in traced.strip.unused]


def test_the_strip_counts_with_lines_and_places() -> None:
    strip = trace_reading(XML_MAP, XML.encode()).strip
    assert [(one.name, one.count) for one in strip.unused] == [("@colour", 1), ("X", 2)]
    assert strip.unused_count == 3
    assert strip.unused[1].first.where == "line 5: /O/L[1]/X"
    assert [(one.name, one.line) for one in strip.placeholders] == [("order.currency", 5), ("order.note", 7)]
    assert [(one.name, one.line) for one in strip.constants] == [("order.currency", 5)]
    assert strip.unmapped == ()


def test_the_placeholders_of_a_suggested_map_are_counted() -> None:
    sample = b'{"nr":"A-1","orderDate":"03/04/2026","items":[{"n":1,"code":"4006381333931","menge":"1.500"}]}'
    suggested = suggest(sample).text
    lines = suggested.splitlines()
    found = trace_reading(suggested, sample).strip.placeholders
    names = ["issue_date", "order.lines.line_number", "quantity", "order.lines.quantity"]
    assert [one.name for one in found] == names
    assert all("TODO" in lines[one.line - 1] for one in found)


@pytest.mark.parametrize(
    ("rules", "lines"),
    [
        ("note: N  # TODO ask", [4]),
        ("# TODO ask\n  # them\n  note: N", [6]),
        ("note: TODO", [4]),
        ("note: {first: [N, TODO]}", [4]),
        ("note: N  # nothing TO DO", []),
        ("# TODO ask\n\n  note: N", []),
        ("note: {value: 'a TODO list'}", []),
    ],
)
def test_what_is_called_to_do_is_a_placeholder(rules: str, lines: list[int]) -> None:
    text = XML_MAP.replace("  # TODO is this the buyer's?\n", "").replace("   # TODO ask them", "")
    found = trace_reading(text.replace("note: N", rules), XML.encode())
    assert [one.line - 2 for one in found.strip.placeholders] == lines


def test_a_constant_has_no_source() -> None:
    currency = by_pointer(trace_reading(XML_MAP, XML.encode()))["/currency"]
    assert (currency.text, currency.is_constant, currency.origins) == ("EUR", True, ())


def test_json_values_are_told_with_pointers_and_characters() -> None:
    traced = trace_reading(JSON_MAP, JSON.encode())
    told = by_pointer(traced)
    assert [one.where for one in told["/lines/0/quantity"].origins] == ["/items/0/q"]
    assert (told["/lines/0/quantity"].text, cut_out(traced, "/lines/0/quantity")) == ("1.5", ["1,5"])
    assert (cut_out(traced, "/lines/0/line_number"), cut_out(traced, "/lines/0/note")) == (["10"], ["x", "y"])
    assert [one.where for one in told["/buyer/id"].origins] == ["/parties/1/id"]
    assert cut_out(traced, "/buyer/id") == ["B-\\u0031"]
    assert [(one.name, one.count, one.first.where) for one in traced.strip.unused] == [
        ("odd.deep", 2, "/items/0/odd/deep/0")
    ]


def test_what_is_left_out_on_purpose_is_not_unused() -> None:
    assert trace_reading(XML_MAP.replace("order:", "lost: ['@colour', X]\norder:", 1), XML.encode()).strip.unused == ()
    assert trace_reading(JSON_MAP.replace("order:", "lost: [odd]\norder:", 1), JSON.encode()).strip.unused == ()


def test_every_mistake_is_told_with_its_line() -> None:
    traced = trace_reading(XML_MAP.replace("note: N", "note: {from: 'N['}\n  colour: X"), XML.encode())
    assert [fault.location for fault in traced.mistakes] == [
        "order_map.yaml line 7 column 10",
        "order_map.yaml line 8 column 3",
    ]
    assert (traced.values, traced.orders) == ((), ())
    assert traced.source.startswith("<?xml")
    assert [one.line for one in traced.strip.constants] == [5]


def test_a_map_that_lacks_rules_alone_is_traced_for_the_rest() -> None:
    traced = trace_reading(XML_MAP.replace("  order_number: '@nr'\n", ""), XML.encode())
    assert [(one.name, one.line) for one in traced.strip.unmapped] == [("order.order_number", 3)]
    assert cut_out(traced, "/lines/0/quantity") == ["3"]
    (order,) = traced.orders
    assert isinstance(order, DocumentRejected)
    assert [fault.path for fault in order.faults] == ["/order_number"]


def test_no_yaml_is_a_mistake() -> None:
    traced = trace_reading("reads: [", XML.encode())
    assert [fault.code for fault in traced.mistakes] == ["file_not_readable"]


@pytest.mark.parametrize("body", [b"", b"<O", b'{"nr": 1}', b"\xff\xfe\x00"])
def test_a_document_that_cant_be_read_is_a_fault(body: bytes) -> None:
    traced = trace_reading(XML_MAP, body)
    assert traced.faults
    assert traced.values == ()


def test_a_value_that_cant_be_converted_is_told_as_it_stands() -> None:
    traced = trace_reading(JSON_MAP, JSON.replace('"1,5"', '"many"').encode())
    quantity = by_pointer(traced)["/lines/0/quantity"]
    assert (quantity.text, quantity.is_right, cut_out(traced, "/lines/0/quantity")) == ("many", False, ["many"])
    (order,) = traced.orders
    assert isinstance(order, DocumentRejected)
    assert order.faults[0].location.startswith("/items/0/q (line 2)")


def test_several_orders_are_told_by_their_numbers() -> None:
    many = '[{"nr": "A", "items": []}, {"nr": "B", "items": [{"n": 1, "q": "2"}]}]'
    traced = trace_reading(JSON_MAP.replace("order:", "orders: '@'\norder:", 1), many.encode())
    assert cut_out(traced, "/1/order_number") == ["B"]
    assert [isinstance(one, ReadOrder) for one in traced.orders] == [False, True]


def test_what_takes_too_long_is_cut_off_in_words() -> None:
    looks = count()
    lines = "".join(f'<L n="{number}"><Q>1</Q></L>' for number in range(2_000))
    slow = XML_MAP.replace("'@n'", "\"//L[Q='1'][last()]/@n\"").replace("each: L", 'each: "L[//Q]"', 0)
    traced = trace_reading(slow, f'<O nr="1">{lines}</O>'.encode(), is_over=lambda: next(looks) > 3)
    (fault,) = traced.faults
    assert (fault.code, "too long for a preview" in fault.detail) == ("map_limit", True)


def test_values_beyond_the_limit_are_counted() -> None:
    items = ",".join(f'{{"n": {number}, "q": "1"}}' for number in range(1, 1_001))
    traced = trace_reading(JSON_MAP, f'{{"nr": "A", "items": [{items}]}}'.encode())
    assert (len(traced.values), traced.untraced) == (MAX_VALUES, 2_001 - MAX_VALUES)


def test_characters_are_told_of_the_beginning_alone() -> None:
    traced = trace_reading(JSON_MAP, JSON.encode(), places_until=10)
    assert cut_out(traced, "/order_number") == ["PO-1"]
    assert cut_out(traced, "/lines/0/quantity") == []


ORDERS = [
    one
    for map_file in sorted(ACCOUNTS.glob("*/order_map.yaml"))
    for one in sorted((map_file.parent / "samples").iterdir())
    if one.name.count(".") == 1
]


@pytest.mark.parametrize("sample", ORDERS, ids=lambda one: f"{one.parents[1].name}/{one.name}")
def test_the_demo_accounts_samples_are_read_as_without_a_trace(sample: Path) -> None:
    text = (sample.parents[1] / "order_map.yaml").read_text(encoding="utf-8")
    traced = trace_reading(text, sample.read_bytes())
    read = compile_reading_map(text, "order_map.yaml").read_each(sample.read_bytes())
    assert list(map(outcome, traced.orders)) == list(map(outcome, read))
    for value in traced.values:
        assert value.origins or value.is_constant or value.pointer.endswith("/unit")
        assert all(traced.source[one.start : one.end] == one.text for one in value.origins)
