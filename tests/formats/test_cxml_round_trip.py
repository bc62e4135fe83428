"""parse(render(x)) == x for everything that cXML carries, and what is rendered is valid by the official DTD."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from schemas.documents.order import Order
from schemas.formats.cxml_1_2 import CXML_1_2
from tests.formats import cxml_strategies as cxml

Valid = Callable[[bytes], None]
EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _validated(schemas_dir: Path, dtd: str) -> Iterator[Valid]:
    definition = etree.DTD(str(schemas_dir / "cxml" / f"{dtd}.dtd"))
    seen: list[int] = []

    def valid(body: bytes) -> None:
        document = etree.fromstring(body, etree.XMLParser(load_dtd=False, no_network=True))
        assert definition.validate(document), definition.error_log.filter_from_errors()
        seen.append(len(body))

    yield valid
    print(f"{len(seen)} rendered documents are valid by cXML's {dtd}.dtd")
    assert seen


@pytest.fixture(scope="module")
def valid_order(schemas_dir: Path) -> Iterator[Valid]:
    yield from _validated(schemas_dir, "cXML")


@EXAMPLES
@given(cxml.orders())
def test_an_order_comes_back_from_cxml(order: Order) -> None:
    body = CXML_1_2.renderers["order"](order)
    assert CXML_1_2.parse_orders(body)[0].order == order


@EXAMPLES
@given(order=cxml.orders())
def test_rendered_orders_are_valid(valid_order: Valid, order: Order) -> None:
    valid_order(CXML_1_2.renderers["order"](order))
