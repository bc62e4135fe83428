"""parse(render(x)) == x for everything that cXML carries, and what is rendered is valid by the official DTD."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.cxml_1_2.envelope import Credential, Envelope, Secret
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


@pytest.fixture(scope="module")
def valid_response(schemas_dir: Path) -> Iterator[Valid]:
    yield from _validated(schemas_dir, "Fulfill")


ENVELOPES = st.builds(
    Envelope,
    payload_id=cxml.CODES,
    timestamp=st.just("2026-11-23T08:00:00+01:00"),
    from_=st.just((Credential("NetworkID", "AN1"), Credential("DUNS", "1"))),
    to=st.just((Credential("NetworkID", "AN2"),)),
    sender=st.just((Credential("NetworkID", "AN1"),)),
    secret=st.one_of(st.none(), cxml.CODES.map(Secret)),
    test=st.booleans(),
    order_payload_id=st.one_of(st.none(), cxml.CODES),
    order_date=st.one_of(st.none(), st.just("2026-11-22T08:00:00+01:00")),
    confirm_id=st.one_of(st.none(), cxml.CODES),
    replaces=st.one_of(st.none(), cxml.CODES),
    complete=st.booleans(),
)


@EXAMPLES
@given(cxml.order_responses())
def test_an_order_response_comes_back_from_cxml(response: OrderResponse) -> None:
    body = CXML_1_2.renderers["order_response"](response)
    again = CXML_1_2.parsers["order_response"](body)
    assert again == cxml.carried_response(response)
    assert CXML_1_2.parsers["order_response"](CXML_1_2.renderers["order_response"](again)) == again


@EXAMPLES
@given(response=cxml.order_responses(), envelope=ENVELOPES)
def test_rendered_order_responses_are_valid(valid_response: Valid, response: OrderResponse, envelope: Envelope) -> None:
    valid_response(CXML_1_2.renderers["order_response"](response))
    body = CXML_1_2.renderers["order_response"](response, envelope)
    valid_response(body)
    again = CXML_1_2.parsers["order_response"](body)
    assert isinstance(again, OrderResponse)
    assert again.lines == cxml.carried_response(response, complete=envelope.complete).lines
    assert (again.test, again.number) == (
        envelope.test or response.test,
        envelope.confirm_id or response.number,
    )
