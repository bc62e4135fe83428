"""Canonical documents in the account's own JSON, XML and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mappings.fieldmaps import MapRejected, compile_writing_map
from schemas.documents.common import Party
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine
from schemas.faults import DocumentHeld

NAME = "order_response_map.yaml"
JSON = """
writes: json
defaults: {number: {decimal: ",", places: 2}, date: DD.MM.YYYY}
tables: {states: {accepted: OK, backordered: LATER, rejected: "NO"}}
template:
  object:
    response: number
    order: {object: {no: order_number, day: issue_date}}
    test: {from: test, as: flag}
    buyer: {object: {id: buyer.id}}
    note: {from: note, empty: "null"}
    items:
      each: lines
      item:
        object:
          pos: {position: {}, as: number}
          line: line_number
          of: {from: number, of: document}
          parts:
            each: outcomes
            item:
              object:
                state: {from: status, table: states}
                qty: quantity
                exact: {from: quantity, number: {decimal: "."}, as: number}
                line: {from: line_number, of: parent}
                when: promised_delivery
                late: {if: {from: status, equals: backordered}, value: "true", as: flag}
    version: {list: [{value: "1"}, {from: order_version, as: number}]}
"""
XML = """
writes: xml
namespaces: {"": "urn:a", t: "urn:t"}
template:
  element: Answer
  attributes: {no: number, "t:day": {from: issue_date, date: YYYYMMDD}}
  children:
    - {element: Note, text: note}
    - {element: "t:Empty", empty: keep}
    - element: Line
      each: lines
      attributes: {n: line_number}
      children:
        - element: Part
          each: outcomes
          if: {not: {from: status, equals: rejected}}
          attributes: {s: status}
          text: quantity
"""
CSV = """
writes: csv
delimiter: ";"
newline: lf
defaults: {number: {decimal: ","}, date: DD.MM.YYYY}
rows: [lines, outcomes]
columns:
  Order: {from: order_number, of: document}
  Line: {from: line_number, of: parent}
  Item: {from: buyer_item, of: parent}
  State: status
  Quantity: quantity
  Day: promised_delivery
"""


def response(item: str = "PL-1", note: str | None = 'say "<&>"', number: str = "OR-1") -> OrderResponse:
    later = LineOutcome(status="backordered", quantity=Decimal("2.50"), promised_delivery=date(2026, 12, 4))
    lines = (
        ResponseLine(
            line_number="0010", buyer_item=item, outcomes=(LineOutcome(status="accepted", quantity=Decimal(10)), later)
        ),
        ResponseLine(line_number="20", outcomes=(LineOutcome(status="rejected", quantity=Decimal(-1)),)),
    )
    return OrderResponse(
        number=number, order_number="PO-1", issue_date=date(2026, 11, 24), outcome="changed", note=note, lines=lines
    )


def test_json() -> None:
    compiled = compile_writing_map(JSON, NAME)
    assert compiled.media_type == "application/json"
    written = json.loads(compiled.write(response(note=None)), parse_float=Decimal)
    first = {"state": "OK", "qty": "10,00", "exact": 10, "line": "0010"}
    later = {
        "state": "LATER",
        "qty": "2,50",
        "exact": Decimal("2.50"),
        "line": "0010",
        "when": "04.12.2026",
        "late": True,
    }
    last = {"state": "NO", "qty": "-1,00", "exact": -1, "line": "20"}
    assert written == {
        "response": "OR-1", "order": {"no": "PO-1", "day": "24.11.2026"}, "test": False, "note": None,
        "items": [{"pos": 1, "line": "0010", "of": "OR-1", "parts": [first, later]},
                  {"pos": 2, "line": "20", "of": "OR-1", "parts": [last]}],
        "version": ["1", 1],
    }  # fmt: skip


def test_xml_is_escaped_and_in_its_namespaces() -> None:
    body = compile_writing_map(XML, NAME).write(response(number='a"b'))
    root = etree.fromstring(body)
    assert (root.tag, root.get("no"), root.get("{urn:t}day")) == ("{urn:a}Answer", 'a"b', "20261124")
    assert [(child.tag, child.text) for child in root[:2]] == [("{urn:a}Note", 'say "<&>"'), ("{urn:t}Empty", None)]
    parts = [(part.get("s"), part.text) for line in root[2:] for part in line]
    assert ([line.get("n") for line in root[2:]], parts) == (
        ["0010", "20"],
        [("accepted", "10"), ("backordered", "2.50")],
    )


STATES = "accepted: A, changed: A, backordered: B"


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        (f"{{from: status, table: {{{STATES}}}}}", "rejected, cancelled"),
        ("{from: status, table: T}", "rejected, cancelled"),
        (f"{{from: status, table: {{{STATES.upper()}}}, clean: [upper]}}", "rejected, cancelled"),
        (f"{{from: status, table: {{{STATES}, rejected: R}}, default: C}}", "cancelled"),
        (f"{{from: status, table: {{{STATES}, rejected: R, cancelled: C}}}}", None),
        (f"{{from: status, table: {{{STATES}}}, unknown: keep}}", None),
        (f"{{from: status, table: {{{STATES}}}, unknown: default, default: C}}", None),
        (f"{{if: {{from: status, equals: accepted}}, from: status, table: {{{STATES}}}}}", None),
        (f"{{when: [{{if: {{from: status, equals: accepted}}, use: {{from: status, table: {{{STATES}}}}}}}]}}", None),
        ("{from: unit, table: {EA: ST}}", None),
    ],
)
def test_a_table_without_all_states_is_warned_of(rule: str, missing: str | None) -> None:
    """A line of a state that isn't in it holds the whole answer."""
    text = (
        f"writes: json\ntables: {{T: {{{STATES}}}}}\ntemplate:\n  object:\n    note: note\n    rows:\n"
        f"      each: lines\n      item: {{each: outcomes, item: {{object: {{a: {rule}}}}}}}\n"
    )
    warnings = [one.detail for one in compile_writing_map(text, NAME).warnings]
    assert len(warnings) == (missing is not None)
    assert all(f"a.table: no entry for {missing}: a document" in one for one in warnings)


def test_csv() -> None:
    assert compile_writing_map(CSV, NAME).write(response('a;"b"')).decode() == (
        "Order;Line;Item;State;Quantity;Day\n"
        'PO-1;0010;"a;""b""";accepted;10;\n'
        'PO-1;0010;"a;""b""";backordered;2,50;04.12.2026\n'
        "PO-1;20;;rejected;-1;\n"
    )


def refusal() -> OrderResponse:
    return OrderResponse(
        number="OR-2", order_number="PO-1", issue_date=date(2026, 11, 24), outcome="rejected", note="No such order."
    )


def test_a_csv_never_goes_out_without_a_row() -> None:
    """A refusal of a whole order has no lines: it is held, unless the map has a row for that."""
    with pytest.raises(DocumentHeld) as held:
        compile_csv().write(refusal())
    (fault,) = held.value.faults
    assert (fault.code, fault.location) == ("missing_field", f"{NAME} line 6 column 1")
    assert fault.detail == "the document has none of rows (lines, outcomes), so there is no row to write"
    compiled = compile_writing_map(f"{CSV}otherwise: {{State: outcome, Order: order_number, Day: note}}\n", NAME)
    assert compiled.write(refusal()).decode().splitlines()[1:] == ["PO-1;;;rejected;;No such order."]
    assert compiled.write(response()) == compile_csv().write(response())


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (CSV, 6, "there is no row for it and it is held"),
        (f"{CSV}otherwise: {{State: outcome}}\n", 14, "no rule writes note"),
        (CSV.replace("columns:", "columns:\n  Why: {from: note, of: document}"), 6, "there is no row for it"),
        ("writes: csv\ncolumns: {a: outcome}\n", 2, "no rule writes note"),
        ("writes: json\ntemplate: {object: {a: outcome}}\n", 2, "no rule writes note"),
        ("writes: xml\ntemplate: {element: A, text: outcome}\n", 2, "no rule writes note"),
        (
            "writes: json\ntemplate: {object: {a: {if: {from: note, exists: true}, value: x}}}\n",
            2,
            "no rule writes note",
        ),
    ],
)
def test_answers_that_say_no_why_are_warned_of(text: str, line: int, said: str) -> None:
    (warning,) = compile_writing_map(text, NAME).warnings
    assert said in warning.detail
    assert warning.location.startswith(f"{NAME} line {line} ")


def test_answers_with_their_reasons_are_not_warned_of() -> None:
    for text in (JSON.replace('"NO"', "X, changed: X, cancelled: X"), XML, f"{CSV}otherwise: {{State: note}}\n"):
        assert compile_writing_map(text, NAME).warnings == ()


@pytest.mark.parametrize("item", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", " =1", "-1+2", "-2,5;=1"])
def test_csv_carries_no_formula(item: str) -> None:
    rows = list(
        csv.reader(
            io.StringIO(compile_writing_map(CSV, NAME).write(response(item)).decode(), newline=""), delimiter=";"
        )
    )
    assert rows[1][2] == f"'{item}"


_CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")


@given(st.text(_CHARACTERS, min_size=1, max_size=30))
def test_texts_come_back(text: str) -> None:
    answer = response(item=text, note=text)
    assert json.loads(compile_json().write(answer))["note"] == text
    assert etree.fromstring(compile_xml().write(answer))[0].text == text
    rows = list(csv.reader(io.StringIO(compile_csv().write(answer).decode(), newline=""), delimiter=";"))
    assert rows[1][2] in (text, f"'{text}")
    assert not re.match(r" *[=@]", rows[1][2])


_COMPILED: dict[str, Any] = {one: compile_writing_map(one, NAME) for one in (JSON, XML, CSV)}


def compile_json() -> Any:
    return _COMPILED[JSON]


def compile_xml() -> Any:
    return _COMPILED[XML]


def compile_csv() -> Any:
    return _COMPILED[CSV]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{from: buyer.id, required: true}", "missing_field"), ("{from: outcome, table: {accepted: A}}", "bad_value"),
        ("{from: order_number, as: number}", "bad_value"), ("{from: order_number, as: flag}", "bad_value"),
        ("{from: order_number, clean: [{extract: '^Q(.*)'}]}", "bad_value"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_held(rule: str, code: str) -> None:
    compiled = compile_writing_map(f"writes: json\ntemplate:\n  object:\n    x: {rule}\n", NAME)
    with pytest.raises(DocumentHeld) as held:
        compiled.write(response())
    (fault,) = held.value.faults
    assert (fault.code, fault.location) == (code, f"{NAME} line 4 column 5")


def test_a_document_written_over_and_over_is_cut_off() -> None:
    text = "writes: csv\nrows: [lines, outcomes]\ncolumns: {" + ", ".join(f"c{n}: quantity" for n in range(300)) + "}"
    answer = response()
    answer.lines = answer.lines * 20_000
    with pytest.raises(DocumentHeld, match="map_limit"):
        compile_writing_map(text, NAME).write(answer)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("writes: json\ntemplate: {object: {a: ordr_number}}", 2, "ordr_number is no field of OrderResponse"),
        ("writes: json\ntemplate: {object: {a: lines.quantity}}", 2, "goes through a list"),
        ("writes: json\ntemplate: {object: {a: lines}}", 2, "is a list"),
        ("writes: json\ntemplate: {object: {a: buyer}}", 2, "is a group"),
        ("writes: json\ntemplate: {each: number, item: number}", 2, "is no list"),
        ("writes: json\ntemplate: {each: lines}", 2, "more than one thing"),
        ("writes: json\ntemplate: {object: {a: {from: number, number: {}}}}", 2, "can't be written by number"),
        ("writes: json\ntemplate: {object: {a: {from: issue_date, date: MM}}}", 2, "must name year"),
        ("writes: json\ntemplate: {object: {a: {from: number, of: order}}}", 2, "there is no order around this"),
        ("writes: json\ndefaults: {date: TT.MM}\ntemplate: {object: {a: number}}", 2, "has the letter 'T'"),
        ("writes: xml\ntemplate: {element: 'a b'}", 2, "pattern"),
        ("writes: xml\ntemplate: {element: 'x:a'}", 2, "the prefix x"),
        ("writes: xml\ntemplate: {element: a, each: lines}", 2, "one root element"),
        ("writes: csv\nrows: lines", 1, "columns is missing"),
        ("writes: csv\nrows: [lines, liness]\ncolumns: {a: line_number}", 2, "liness is no field"),
        ("writes: csv\ncolumns: {a: number}\notherwise: {a: note}", 3, "otherwise does nothing without rows"),
        ("writes: csv\nrows: lines\ncolumns: {Why: line_number}\notherwise: {Wy: note}", 4, "Wy: is no column"),
        ("writes: csv\nrows: lines\ncolumns: {a: line_number}\notherwise: {a: line_number}", 4, "is no field of"),
        ("writes: pdf\ntemplate: x", 1, "input should be 'json'"),
        ("writes: json", 1, "template: is missing"),
    ],
)  # fmt: skip
def test_mistakes(text: str, line: int, said: str) -> None:
    with pytest.raises(MapRejected) as refused:
        compile_writing_map(text, NAME)
    assert any(said in fault.detail and f"line {line} " in fault.location for fault in refused.value.faults), (
        refused.value
    )


@pytest.mark.parametrize(
    "text",
    [
        "writes: json\ntemplate: {each: lins, item: {object: {a: line_number, b: {from: unit, date: iso}}}}",
        "writes: csv\nrows: [lins, outcomes]\ncolumns: {a: status, b: {from: line_number, of: parent}}",
        "writes: xml\ntemplate: {element: A, children: [{element: B, each: lins, text: line_number}]}",
    ],
)
def test_a_list_that_is_not_there_is_one_mistake(text: str) -> None:
    """What its members would have is not known, so nothing below it is one."""
    with pytest.raises(MapRejected) as rejected:
        compile_writing_map(text, NAME)
    (fault,) = rejected.value.faults
    assert fault.detail.endswith("lins is no field of OrderResponse; did you mean lines?")


def test_the_files_name_says_the_document() -> None:
    with pytest.raises(MapRejected, match="names no document"):
        compile_writing_map(JSON, "nothing_map.yaml")


def test_a_party() -> None:
    answer = response()
    answer.buyer = Party(id="b")
    assert json.loads(compile_json().write(answer))["buyer"] == {"id": "b"}
