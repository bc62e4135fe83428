"""parse(render(x)) == x for everything that UBL carries, and what is rendered is valid by the official schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.formats.ubl_2_1 import PEPPOL_ADVANCED_3, PEPPOL_BIS_3, UBL_2_1
from schemas.formats.ubl_2_1.names import cac, cbc
from tests import strategies
from tests.formats import ubl_strategies as ubl

Valid = Callable[[bytes], None]
EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _validated(schemas_dir: Path, document: str) -> Iterator[Valid]:
    schema = etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1" / "maindoc" / f"UBL-{document}-2.1.xsd"))
    seen: list[int] = []

    def valid(body: bytes) -> None:
        schema.assertValid(etree.fromstring(body))
        seen.append(len(body))

    yield valid
    print(f"{len(seen)} rendered {document} documents are valid by UBL 2.1's schema")
    assert seen


@pytest.fixture(scope="module")
def valid_order(schemas_dir: Path) -> Iterator[Valid]:
    yield from _validated(schemas_dir, "Order")


@pytest.fixture(scope="module")
def valid_change(schemas_dir: Path) -> Iterator[Valid]:
    yield from _validated(schemas_dir, "OrderChange")


@pytest.fixture(scope="module")
def valid_cancellation(schemas_dir: Path) -> Iterator[Valid]:
    yield from _validated(schemas_dir, "OrderCancellation")


@pytest.fixture(scope="module")
def valid_response(schemas_dir: Path) -> Iterator[Valid]:
    yield from _validated(schemas_dir, "OrderResponse")


@EXAMPLES
@given(ubl.orders())
def test_an_order_comes_back_from_ubl(order: Order) -> None:
    body = UBL_2_1.renderers["order"](order)
    assert UBL_2_1.parse_orders(body)[0].order == order


@EXAMPLES
@given(ubl.peppol_orders())
def test_an_order_comes_back_from_peppol(order: Order) -> None:
    body = PEPPOL_BIS_3.renderers["order"](order)
    assert PEPPOL_BIS_3.parse_orders(body)[0].order == order


@EXAMPLES
@given(ubl.order_responses())
def test_an_order_response_comes_back_from_ubl(response: OrderResponse) -> None:
    body = UBL_2_1.renderers["order_response"](response)
    assert UBL_2_1.parsers["order_response"](body) == response


@EXAMPLES
@given(ubl.peppol_responses())
def test_an_order_response_comes_back_from_peppol(response: OrderResponse) -> None:
    body = PEPPOL_BIS_3.renderers["order_response"](response)
    assert PEPPOL_BIS_3.parsers["order_response"](body) == response


@EXAMPLES
@given(order=ubl.orders())
def test_rendered_orders_are_valid(valid_order: Valid, order: Order) -> None:
    """UBL wants an issue date; an order without one is written without one."""
    if order.issue_date is not None:
        valid_order(UBL_2_1.renderers["order"](order))
        valid_order(PEPPOL_BIS_3.renderers["order"](order))


@EXAMPLES
@given(response=ubl.order_responses())
def test_rendered_order_responses_are_valid(valid_response: Valid, response: OrderResponse) -> None:
    valid_response(UBL_2_1.renderers["order_response"](response))
    valid_response(PEPPOL_BIS_3.renderers["order_response"](response))


@EXAMPLES
@given(st.one_of(ubl.order_changes(), ubl.order_cancellations()))
def test_a_change_or_cancellation_comes_back_from_ubl(order: Order) -> None:
    (read,) = UBL_2_1.parse_orders(UBL_2_1.renderers["order"](order))
    assert read.order == order
    assert read.warnings == () or {warning.code for warning in read.warnings} == {"check_digit"}


@EXAMPLES
@given(st.one_of(ubl.order_changes(), ubl.order_cancellations()))
def test_a_change_or_cancellation_comes_back_from_peppol(order: Order) -> None:
    """With Peppol's own customization and profile, and all else as it was."""
    (read,) = PEPPOL_BIS_3.parse_orders(PEPPOL_BIS_3.renderers["order"](order))
    kind = {"change": "order_change", "cancel": "order_cancellation"}[order.function]
    assert read.order == order.model_copy(
        update={
            "customization": f"urn:fdc:peppol.eu:poacc:trns:{kind}:3",
            "profile": "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3",
            "response_requested": True,
        }
    )


@EXAMPLES
@given(order=ubl.order_changes())
def test_rendered_changes_are_valid(valid_change: Valid, order: Order) -> None:
    if order.issue_date is not None:
        valid_change(UBL_2_1.renderers["order"](order))
        valid_change(PEPPOL_BIS_3.renderers["order"](order))


@EXAMPLES
@given(order=ubl.order_cancellations())
def test_rendered_cancellations_are_valid(valid_cancellation: Valid, order: Order) -> None:
    """UBL wants a number and a day of each; one without is written without."""
    if order.issue_date is not None and order.change_number is not None:
        valid_cancellation(UBL_2_1.renderers["order"](order))
        valid_cancellation(PEPPOL_BIS_3.renderers["order"](order))


@EXAMPLES
@given(strategies.orders(ubl.CODES, ubl.TEXTS))
def test_every_order_is_rendered_as_its_function_says(order: Order) -> None:
    """Whatever is lost, never is one kind taken for another, nor one order or change for another."""
    (read,) = UBL_2_1.parse_orders(UBL_2_1.renderers["order"](order))
    change_number = None if order.function == "original" else order.change_number
    assert (read.order.function, read.order.order_number, read.order.change_number) == (
        order.function,
        order.order_number,
        change_number,
    )


@EXAMPLES
@given(ubl.advanced_responses())
def test_an_order_response_comes_back_from_advanced_ordering(response: OrderResponse) -> None:
    body = PEPPOL_ADVANCED_3.renderers["order_response"](response)
    assert PEPPOL_ADVANCED_3.parsers["order_response"](body) == response
    assert PEPPOL_ADVANCED_3.sniff(body)
    assert not PEPPOL_BIS_3.sniff(body)


@EXAMPLES
@given(response=ubl.advanced_responses())
def test_rendered_advanced_responses_are_valid_but_for_what_only_ubl_2_3_has(
    valid_response: Valid, response: OrderResponse
) -> None:
    """The reference to a change stands right behind that to the order, as in UBL 2.3."""
    root = etree.fromstring(PEPPOL_ADVANCED_3.renderers["order_response"](response))
    change = root.find(cac("OrderChangeDocumentReference"))
    assert (change is None) == (response.change_number is None)
    if change is not None:
        assert change.getprevious().tag == cac("OrderReference")
        root.remove(change)
    assert root.findtext(cbc("CustomizationID")) == "urn:fdc:peppol.eu:poacc:trns:order_response_advanced:3"
    assert root.findtext(cbc("ProfileID")) == "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3"
    valid_response(etree.tostring(root))
