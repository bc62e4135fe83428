"""Documents made up from the models: whatever a format carries comes back as it was when it is written and read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from schemas.formats import Format
from schemas.formats.cxml_1_2 import CXML_1_2
from schemas.formats.json_1 import JSON_1
from schemas.formats.ubl_2_1 import PEPPOL_ADVANCED_3, PEPPOL_BIS_3, UBL_2_1
from tests import outbound_strategies, strategies
from tests.formats import cxml_despatch_strategies as ship_notices
from tests.formats import cxml_strategies as cxml
from tests.formats import ubl_despatch_strategies as despatch
from tests.formats import ubl_strategies as ubl


class RoundTrip(NamedTuple):
    """Documents, and what holds each against itself, written and read."""

    made: st.SearchStrategy[Any]
    act: Callable[[Any], None]


def _orders_by(known: Format) -> Callable[[Any], None]:
    def act(order: Any) -> None:
        (read,) = known.parse_orders(known.renderers["order"](order))
        assert read.order == order

    return act


def _responses_by(known: Format) -> Callable[[Any], None]:
    def act(response: Any) -> None:
        assert known.parsers["order_response"](known.renderers["order_response"](response)) == response

    return act


def _advices_by(known: Format) -> Callable[[Any], None]:
    def act(advice: Any) -> None:
        assert known.parsers["despatch_advice"](known.renderers["despatch_advice"](advice)) == advice

    return act


def _carried_by_cxml(response: Any) -> None:
    again = CXML_1_2.parsers["order_response"](CXML_1_2.renderers["order_response"](response))
    assert again == cxml.carried_response(response)


def _advice_carried_by_cxml(advice: Any) -> None:
    again = CXML_1_2.parsers["despatch_advice"](CXML_1_2.renderers["despatch_advice"](advice))
    assert again == ship_notices.carried_advice(advice)


def round_trips() -> dict[str, RoundTrip]:
    """All of them, by name."""
    changes = st.one_of(ubl.order_changes(), ubl.order_cancellations())
    return {
        "orders as json-1": RoundTrip(strategies.orders(), _orders_by(JSON_1)),
        "orders as ubl-2.1": RoundTrip(ubl.orders(), _orders_by(UBL_2_1)),
        "changes as ubl-2.1": RoundTrip(changes, _orders_by(UBL_2_1)),
        "orders as peppol-bis-3": RoundTrip(ubl.peppol_orders(), _orders_by(PEPPOL_BIS_3)),
        "orders as cxml-1.2": RoundTrip(cxml.orders(), _orders_by(CXML_1_2)),
        "responses as json-1": RoundTrip(strategies.order_responses(), _responses_by(JSON_1)),
        "responses as ubl-2.1": RoundTrip(ubl.order_responses(), _responses_by(UBL_2_1)),
        "responses as peppol-bis-3": RoundTrip(ubl.peppol_responses(), _responses_by(PEPPOL_BIS_3)),
        "responses as peppol-advanced-3": RoundTrip(ubl.advanced_responses(), _responses_by(PEPPOL_ADVANCED_3)),
        "despatch advices as json-1": RoundTrip(outbound_strategies.despatch_advices(), _advices_by(JSON_1)),
        "despatch advices as ubl-2.1": RoundTrip(despatch.despatch_advices(), _advices_by(UBL_2_1)),
        "despatch advices as peppol-bis-3": RoundTrip(despatch.peppol_despatch_advices(), _advices_by(PEPPOL_BIS_3)),
        "despatch advices as cxml-1.2": RoundTrip(ship_notices.everything(), _advice_carried_by_cxml),
        "responses as cxml-1.2": RoundTrip(cxml.order_responses(), _carried_by_cxml),
    }
