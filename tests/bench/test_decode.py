"""Decoding a UBL order against parsing it, walking it once and validating a plain model; and what is noted of it."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

import pytest
from lxml import etree

from schemas.documents.order import canonical_json, content_digest
from schemas.formats.registry import format_by_name
from tests.bench.floors import read_lean
from tests.bench.measuring import Figure, Report, in_turns
from tests.bench.orders import ubl_order

pytestmark = pytest.mark.bench


@pytest.mark.parametrize(("lines", "times"), [(5, 200), (500, 4)])
def test_decode(lines: int, times: int, report: Report) -> None:
    """Orders of one account: other numbers, the same parties."""
    bodies = [ubl_order(f"D-{number:04d}", lines) for number in range(8)]
    decode = format_by_name("ubl-2.1").parse_orders
    lean, ours = read_lean(bodies[0]), decode(bodies[0])[0].order
    assert [line.quantity for line in lean.lines] == [line.quantity for line in ours.lines]
    assert lean.number == ours.order_number
    body = cycle(bodies)
    with settled_memory():
        seconds, least, ratio = in_turns(lambda: decode(next(body)), lambda: read_lean(next(body)), times, 15)
        _, bare, of_bare = in_turns(lambda: decode(next(body)), lambda: etree.fromstring(next(body)), times, 7)
    report.add(
        Figure(
            f"decode a {lines}-line UBL order",
            1 / seconds,
            1 / least,
            "docs/s",
            1 / ratio,
            0.65,
            "65 % of parse + one pass + model",
        )
    )
    report.remark(f"bare parse {1 / bare:,.0f} docs/s; decode costs {of_bare:.1f} × that, CPU time")


def test_note(report: Report) -> None:
    """The order as JSON without exponents, and its digest with the zeros at the end of decimals cut."""
    body = ubl_order("D-0001", 5)
    order = format_by_name("ubl-2.1").parse_orders(body)[0].order
    with settled_memory():
        seconds, least, ratio = in_turns(
            lambda: content_digest(order, canonical_json(order)),
            lambda: hashlib.sha256(order.model_dump_json(exclude_none=True).encode()).digest(),
            500,
            15,
        )
        _, _, of_bare = in_turns(
            lambda: content_digest(order, canonical_json(order)), lambda: etree.fromstring(body), 500, 7
        )
    what = "canonical JSON and digest of a 5-line order"
    report.add(
        Figure(what, 1 / seconds, 1 / least, "docs/s", 1 / ratio, 0.6, "60 % of pydantic's JSON and its SHA-256")
    )
    report.remark(f"it costs {of_bare:.2f} × a bare parse, CPU time")


@contextmanager
def settled_memory() -> Iterator[None]:
    """What is there already doesn't count in the collector's rounds."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
