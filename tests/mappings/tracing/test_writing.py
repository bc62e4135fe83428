"""Where each canonical value was written, and by which rule; the text is the one that the map writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.fieldmaps import compile_writing_map
from mappings.files.sent_samples import SentSample, sent_samples_in
from mappings.tracing import TracedWriting, trace_writing
from schemas.formats.json_1 import JSON_1

ACCOUNTS = Path(__file__).parents[3] / "mappings" / "accounts"
RESPONSE = """{
  "number": "OR-1", "order_number": "=PO-1", "issue_date": "2026-11-24", "outcome": "accepted",
  "lines": [{"line_number": "10", "buyer_item": "A&B",
             "outcomes": [{"status": "accepted", "quantity": "2.50", "unit": "EA"}]}]}"""
CSV_MAP = """\
writes: csv
delimiter: ";"
rows: [lines, outcomes]
columns:
  Order: {from: order_number, of: document}
  Item: {from: buyer_item, of: parent}
  Quantity: {from: quantity, number: {decimal: ","}}
  Source: {value: us}      # TODO which name?
otherwise: {Order: order_number, Item: note}
"""
XML_MAP = """\
writes: xml
template:
  element: A
  attributes: {nr: order_number}
  children:
    - element: L
      each: lines
      attributes: {item: buyer_item}
      children: [{element: Q, each: outcomes, text: quantity}]
"""
JSON_MAP = """\
writes: json
template:
  object:
    nr: order_number
    lines: {each: lines, item: {object: {q: {each: outcomes, item: {from: quantity, as: number}}}}}
    missing: {from: note, required: true}
"""


def traced(text: str, name: str = "order_response_map.yaml") -> TracedWriting:
    return trace_writing(text, name, JSON_1.parsers["order_response"](RESPONSE.encode()))


def written(found: TracedWriting) -> list[tuple[tuple[str, ...], str]]:
    return [(one.pointers, found.text[one.start : one.end]) for one in found.values]


def test_cells_of_csv_are_told() -> None:
    found = traced(CSV_MAP)
    assert found.text == "Order;Item;Quantity;Source\r\n'=PO-1;A&B;2,50;us\r\n"
    assert written(found) == [
        (("/order_number",), "'=PO-1"),
        (("/lines/0/buyer_item",), "A&B"),
        (("/lines/0/outcomes/0/quantity",), "2,50"),
        ((), "us"),
    ]
    assert [(one.name, one.line) for one in found.strip.constants] == [("columns.Source", 8)]
    assert [one.line for one in found.strip.placeholders] == [8]
    assert "lines.outcomes.unit" in [one.name for one in found.strip.unused]
    assert "order_number" not in [one.name for one in found.strip.unused]


def test_attributes_and_texts_of_xml_are_told() -> None:
    assert written(traced(XML_MAP)) == [
        (("/order_number",), "=PO-1"),
        (("/lines/0/buyer_item",), "A&amp;B"),
        (("/lines/0/outcomes/0/quantity",), "2.50"),
    ]


def test_what_cant_be_written_is_a_fault_with_its_line() -> None:
    found = traced(JSON_MAP)
    assert [fault.location for fault in found.faults] == ["order_response_map.yaml line 6 column 5"]
    assert written(traced(JSON_MAP.replace(", required: true", ""))) == [
        (("/order_number",), '"=PO-1"'),
        (("/lines/0/outcomes/0/quantity",), "2.50"),
    ]


def test_every_mistake_is_told_with_its_line() -> None:
    found = traced(XML_MAP.replace("order_number", "order_nmber").replace("quantity", "qantity"))
    assert [fault.location.split(" line ")[1] for fault in found.mistakes] == ["4 column 16", "9 column 47"]
    assert found.text == ""


def test_a_document_that_has_our_signs_is_written_all_the_same() -> None:
    document = JSON_1.parsers["order_response"](RESPONSE.replace("A&B", "A\ufdd2\ufdd05\ufdd1B").encode())
    found = trace_writing(CSV_MAP, "order_response_map.yaml", document)
    assert found.text.encode() == compile_writing_map(CSV_MAP, "order_response_map.yaml").write(document)
    assert found.values == ()


def demo_samples() -> list[tuple[str, str, SentSample]]:
    found = []
    for folder in sorted(ACCOUNTS.iterdir()):
        files = {one.name: one.read_bytes() for one in (folder / "samples").glob("*")} if folder.is_dir() else {}
        for sample in sent_samples_in(files):
            name = f"{sample.kind}_map.yaml"
            if (folder / name).exists():
                found.append((name, (folder / name).read_text(encoding="utf-8"), sample))
    return found


@pytest.mark.parametrize(("name", "text", "sample"), demo_samples(), ids=lambda one: getattr(one, "name", ""))
def test_the_demo_accounts_documents_are_written_as_without_a_trace(name: str, text: str, sample: SentSample) -> None:
    found = trace_writing(text, name, sample.document())
    assert found.text.encode() == compile_writing_map(text, name).write(sample.document())
    assert found.values
    assert all(one.start < one.end for one in found.values)
