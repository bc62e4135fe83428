"""A line in several deliveries: confirmed one by one where they add up to it, held where they don't."""

from __future__ import annotations

import pytest

from tests.examples.small_gateway import ORDERS, SmallGateway, outcomes

BIRCH = "birch-timber"
UBL_ORDER = (ORDERS / "birch-timber.xml").read_text("utf-8")
TWELVE = '<cbc:Quantity unitCode="C62">12</cbc:Quantity>'


def with_deliveries(*parts: tuple[str, str]) -> bytes:
    """The order with its line of twelve in these deliveries: (quantity, day)."""
    deliveries = "".join(
        f'<cac:Delivery><cbc:Quantity unitCode="C62">{quantity}</cbc:Quantity><cac:RequestedDeliveryPeriod>'
        f"<cbc:StartDate>{day}</cbc:StartDate></cac:RequestedDeliveryPeriod></cac:Delivery>"
        for quantity, day in parts
    )
    return UBL_ORDER.replace(TWELVE, TWELVE + deliveries).encode()


def test_deliveries_that_add_up_are_confirmed_one_by_one(gateway: SmallGateway) -> None:
    message = gateway.settle(BIRCH, with_deliveries(("8", "2026-12-10"), ("4.0", "2026-12-20")))
    assert message.status == "done"
    told = gateway.response(message.id)  # ten are in stock
    assert outcomes(told)["3"] == [("accepted", "8", "C62"), ("accepted", "2", "C62"), ("backordered", "2", "C62")]
    days = [str(outcome.promised_delivery) for outcome in told.lines[2].outcomes]
    assert days[:2] == ["2026-12-10", "2026-12-20"]


@pytest.mark.parametrize("parts", [(("8", "2026-12-10"), ("3", "2026-12-20")), (("11", "2026-12-10"),)])
def test_deliveries_that_do_not_add_up_are_held(gateway: SmallGateway, parts: tuple[tuple[str, str], ...]) -> None:
    message = gateway.settle(BIRCH, with_deliveries(*parts))
    assert message.status == "held"
    assert gateway.responses([message.id]) == []
    (fault,) = gateway.store.messages.faults(message.id)
    assert (fault.code, fault.path, fault.value, fault.expected) == (
        "schedule_mismatch",
        "/lines/2/schedule",
        "11",
        "12",
    )
    assert fault.location.endswith("cac:OrderLine[3]")
