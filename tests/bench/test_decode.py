"""Decoding a UBL order against parsing it, walking it once and validating a plain model."""

from __future__ import annotations

import gc

import pytest
from lxml import etree

from schemas.formats.registry import format_by_name
from tests.bench.floors import read_lean
from tests.bench.measuring import Figure, Report, in_turns
from tests.bench.orders import ubl_order

pytestmark = pytest.mark.bench


@pytest.mark.parametrize(("lines", "times"), [(5, 200), (500, 4)])
def test_decode(lines: int, times: int, report: Report) -> None:
    body = ubl_order("D-0001", lines)
    decode = format_by_name("ubl-2.1").parse_orders
    lean, ours = read_lean(body), decode(body)[0].order
    assert [line.quantity for line in lean.lines] == [line.quantity for line in ours.lines]
    assert lean.number == ours.order_number
    gc.collect()
    gc.freeze()
    seconds, least, ratio = in_turns(lambda: decode(body), lambda: read_lean(body), times, 15)
    _, bare, of_bare = in_turns(lambda: decode(body), lambda: etree.fromstring(body), times, 7)
    gc.unfreeze()
    report.add(
        Figure(
            f"decode a {lines}-line UBL order",
            1 / seconds,
            1 / least,
            "docs/s",
            1 / ratio,
            0.6,
            "60 % of parse + one pass + model",
        )
    )
    report.remark(f"bare parse {1 / bare:,.0f} docs/s; decode costs {of_bare:.1f} × that, CPU time")
