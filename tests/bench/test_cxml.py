"""Decoding an order in cXML against the same order in UBL."""

from __future__ import annotations

from itertools import cycle

import pytest

from schemas.formats.registry import format_by_name
from tests.bench.measuring import Figure, Report, in_turns
from tests.bench.orders import ubl_order
from tests.bench.test_decode import settled_memory

pytestmark = pytest.mark.bench


@pytest.mark.parametrize(("lines", "times"), [(5, 200), (500, 4)])
def test_cxml_is_read_as_fast_as_ubl(lines: int, times: int, report: Report) -> None:
    ubl, cxml = format_by_name("ubl-2.1"), format_by_name("cxml-1.2")
    bodies = [ubl_order(f"C-{number:04d}", lines) for number in range(8)]
    same = [cxml.renderers["order"](ubl.parse_orders(body)[0].order) for body in bodies]
    one, other = cxml.parse_orders(same[0])[0].order, ubl.parse_orders(bodies[0])[0].order
    assert [(line.buyer_item, line.quantity) for line in one.lines] == [
        (line.buyer_item, line.quantity) for line in other.lines
    ]
    mine, theirs = cycle(same), cycle(bodies)
    with settled_memory():
        seconds, least, ratio = in_turns(
            lambda: cxml.parse_orders(next(mine)), lambda: ubl.parse_orders(next(theirs)), times, 15
        )
    report.add(Figure(f"decode a {lines}-line cXML order", 1 / seconds, 1 / least, "docs/s", 1 / ratio, 1.0, "UBL's"))
    report.remark(f"{len(same[0]):,} bytes of cXML, {len(bodies[0]):,} of UBL")
