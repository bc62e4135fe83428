"""What a line's state by the sender's own system means for its delivery."""

from __future__ import annotations

import pytest

from gateway.trade.line_status import stops_delivery


@pytest.mark.parametrize(
    "status",
    [
        *("2", "02", " 7 ", "8", "10", "21", "37", "42", "117"),
        *("Cancelled", "CANCELLED", "canceled by buyer", "Rejected", "Disputed", "On hold", "ON_HOLD", "LineClosed"),
        *("NotAccepted", "not accepted", "AlreadyDelivered", "shipped", "Storniert", "GELÖSCHT", "Annulé", "X"),
        *(
            "Slettet",
            "OPHÆVET",
            "raderad",
            "Poistettu",
            "Peruutettu",
            "Verwijderd",
            "Supprimée",
            "Eliminado",
            "Usunięto",
        ),
        *("LineTerminated", "discontinued", "PARKED", "entfernt"),
    ],
)
def test_a_state_that_stops_a_delivery(status: str) -> None:
    assert stops_delivery(status)


@pytest.mark.parametrize(
    "status",
    [
        *("1", "3", "4", "5", "6", "39", "118", "0", "00", "03", "900"),
        *("NoStatus", "Revised", "Original", "Open", "NEW", "OPEN", "Released", "Confirmed"),
        *("To deliver", "Undelivered", "new-line", "A", "Ordered", "Approved", "-"),
        *("Perusal", "In transit", "Bestilt", "Beställd", "Tilattu", "Besteld", "Commandé", "Pedido", "Zamówione"),
    ],
)
def test_any_other_state_is_one_of_a_line_that_is_wanted(status: str) -> None:
    assert not stops_delivery(status)
