"""What is said where a document that we send is written otherwise than its sample expects."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sent_samples import write_samples, written_differences
from mappings.compile import compile_revision
from mappings.files.account_folder import AccountFolder, read_account
from mappings.files.sent_samples import sent_samples_in
from mappings.revision import MappingRevision

ROOT = Path(__file__).resolve().parents[1]
LINDEN = ROOT / "tests" / "examples" / "accounts" / "linden-works"
RESPONSE = {
    "number": "OR-7",
    "order_number": "PO-7",
    "issue_date": "2026-11-24",
    "outcome": "changed",
    "lines": [
        {
            "line_number": "10",
            "outcomes": [
                {"status": "accepted", "quantity": "20", "unit": "CS", "promised_delivery": "2026-12-01"},
                {"status": "backordered", "quantity": "4.5", "unit": "CS"},
            ],
        }
    ],
}
AS_LINDEN_GETS_IT = """{
  "po": "PO-7", "confirmation": "OR-7",
  "rows": [{"no": 10, "parts": [
    {"state": "OK", "qty": "20,00", "uom": "CS", "on": "01.12.2026"},
    {"state": "LATER", "qty": "4,50", "uom": "CS"}
  ]}]
}"""
"""By hand, as order_response_map.yaml reads."""


def compiled(folder: AccountFolder) -> MappingRevision:
    return compile_revision(folder.account, 1, folder.items, folder.units, folder.sites, folder.prices, folder.maps)


def written(expected: str | None, **changed: Any) -> Any:
    files = {"01.order_response.json": json.dumps(RESPONSE | changed).encode()}
    if expected is not None:
        files["01.order_response.expected.json"] = expected.encode()
    (one,) = write_samples(compiled(read_account(LINDEN)), sent_samples_in(files))
    return one


def test_a_document_is_written_by_the_account_s_own_map() -> None:
    one = written(AS_LINDEN_GETS_IT)
    assert (one.format_name, one.differences, one.faults, one.is_right) == ("custom", [], (), True)


def test_each_value_that_differs_is_a_sentence() -> None:
    expected = AS_LINDEN_GETS_IT.replace("4,50", "4.5").replace('"no": 10', '"no": "10"').replace("po", "order")
    assert written(expected).differences == [
        '/order: expected "PO-7", came nothing',
        '/rows/0/no: expected "10", came 10',
        '/rows/0/parts/1/qty: expected "4.5", came "4,50"',
        '/po: expected nothing, came "PO-7"',
    ]


def test_what_no_map_can_write_is_its_faults() -> None:
    rejected = [{"line_number": "10", "outcomes": [{"status": "rejected", "quantity": "24", "unit": "CS"}]}]
    one = written(AS_LINDEN_GETS_IT, lines=rejected)
    assert ([fault.code for fault in one.faults], one.is_right) == (["unwritable_answer"], False)
    assert "order_response_map.yaml line 18" in one.faults[0].detail


def test_a_document_without_an_expectation_is_written_all_the_same() -> None:
    one = written(None)
    assert (one.differences, one.is_right, b"PO-7" in one.body) == (None, True, True)


def test_another_kind_of_layout_is_no_comparison() -> None:
    files = {
        "01.order_response.json": json.dumps(RESPONSE).encode(),
        "01.order_response.expected.csv": b"no;qty\n10;20\n",
    }
    (one,) = write_samples(compiled(read_account(LINDEN)), sent_samples_in(files))
    assert one.differences == ["expected csv, came application/json"]


@pytest.mark.parametrize(
    ("expected", "came", "said"),
    [
        ("<a><b/></a>", "<a>\n  <b></b>\n</a>", []),
        ('<a x="1" y="2">t</a>', "<a y='2' x='1'> t </a>", []),
        ('<p:a xmlns:p="urn:x"/>', '<a xmlns="urn:x"/>', []),
        ("<a/>", "<b/>", ['/: expected "a", came "b"']),
        ('<a x="1"/>', '<a z="1"/>', ['/a/@x: expected "1", came nothing', '/a/@z: expected nothing, came "1"']),
        (
            "<a><b>1</b><c/><b>2</b></a>",
            "<a><b>1</b><c/><b>3</b></a>",
            ['/a/b[2]: expected "2", came "3"'],
        ),
        ("<a><b/><c/></a>", "<a><b/></a>", ['/a/c[1]: expected "the element c", came nothing']),
        ("<a><b/></a>", "<a><c/></a>", ['/a/b[1]: expected "the element b", came "the element c"']),
        ('<a><b xmlns="urn:x"/></a>', "<a><b/></a>", ['/a/b[1]: expected "{urn:x}b", came "b"']),
        ("<a>1<b/>2</a>", "<a>1<b/>3</a>", ['/a: expected "1 2", came "1 3"']),
    ],
)
def test_xml_is_compared_by_what_it_says(expected: str, came: str, said: list[str]) -> None:
    assert written_differences("xml", expected.encode(), came.encode()) == said


@pytest.mark.parametrize(
    ("expected", "came", "said"),
    [
        (b"a;b\r\n1;2\r\n", b"\xef\xbb\xbfa;b\n1;2\n", []),
        (b"a\n1;2\n", b"a\n1;3\n4\n", ['line 2: expected "1;2", came "1;3"', 'line 3: expected nothing, came "4"']),
    ],
)  # fmt: skip
def test_csv_is_compared_by_its_lines(expected: bytes, came: bytes, said: list[str]) -> None:
    assert written_differences("csv", expected, came) == said


def test_of_very_many_differences_the_first_are_told() -> None:
    said = written_differences("json", json.dumps([1] * 80).encode(), json.dumps([2] * 80).encode())
    assert (len(said), said[0], said[-1]) == (51, "/0: expected 1, came 2", "and 30 more")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(expected=VALUES, came=VALUES)
def test_json_differs_exactly_where_its_values_do(expected: Any, came: Any) -> None:
    """Compared with their texts in one order of members: `1` and `true` are two values, as in JSON."""
    pair = [json.dumps(value, sort_keys=True) for value in (expected, came)]
    found = written_differences("json", *(json.dumps(copy.deepcopy(one)).encode() for one in (expected, came)))
    assert (found == []) == (pair[0] == pair[1])
