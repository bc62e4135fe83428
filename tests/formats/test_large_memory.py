"""What the largest documents take to be checked and read, each in a process of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.formats.large_documents import DOCUMENTS, measure
from tests.harness.forks import forks

LIMIT = "xml_limit"
CHECKED_BYTES = 50_000_000
"""Of memory to check a document of up to 20 MB: one more copy of it, and the parser's books."""
TREE_BYTES = 560_000_000
"""Of a tree of as much markup as is taken."""
READ = [
    ("20 MB of elements", 10_000_000, [LIMIT]),
    ("elements", 30_000_000, [LIMIT]),
    ("elements and texts", 30_000_000, [LIMIT]),
    ("elements and texts of no order", TREE_BYTES, ["wrong_document"]),
    ("attributes", 60_000_000, [LIMIT]),
    ("notes", 30_000_000, [LIMIT]),
    ("allowances", 30_000_000, [LIMIT]),
    ("files", 60_000_000, [LIMIT]),
    ("empty lines", TREE_BYTES, ["too_many_lines"]),
    ("wrong lines", 350_000_000, ["missing_field", "not_a_number", LIMIT]),
    ("lines with elements", 350_000_000, [LIMIT]),
    ("lines with values", 450_000_000, [LIMIT]),
    ("values below long names", 400_000_000, [LIMIT]),
    ("long names, nested", 30_000_000, [LIMIT]),
    ("schedule", 350_000_000, [LIMIT]),
]


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "20 MB of elements"])
def test_a_document_is_checked_without_its_tree(name: str) -> None:
    taken = measured(name, "check")
    assert taken["codes"] == (["wrong_document"] if name.endswith("no order") else [])
    assert taken["memory"] < CHECKED_BYTES


def test_more_markup_than_is_taken_is_not_even_parsed() -> None:
    taken = measured("20 MB of elements", "check")
    assert taken["codes"] == [LIMIT]
    assert taken["memory"] < 2_000_000


@pytest.mark.parametrize(("name", "most", "codes"), READ, ids=[name for name, _, _ in READ])
def test_however_much_a_document_brings_reading_it_takes_no_more(name: str, most: int, codes: list[str]) -> None:
    taken = measured(name, "parse_orders")
    assert taken["codes"] == codes
    assert taken["memory"] < most


def test_an_order_of_20000_lines_is_read_in_four_times_its_bytes() -> None:
    taken = measured("20,000 lines", "parse_orders")
    assert taken["codes"] == []
    assert taken["memory"] < 4 * taken["bytes"]


def measured(name: str, call: str) -> dict[str, Any]:
    with forks(measure, [(name, call)]) as (process,):
        found: dict[str, Any] = process.said()
    return found
