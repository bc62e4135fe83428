"""What a message is, and what it is worth, as it is kept beside its status."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.examples.order_lines import BOLTS, SAWS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import PINE, cancel, change
from tests.formats.answers import about, application_response

CASES: dict[str, tuple[dict[str, Any], tuple[str, str | None, str | None, str | None]]] = {
    "an order": (order(BOLTS, SAWS), ("done", "order", "294.00", "EUR")),
    "one that is held": (order(BOLTS, line("2", "PH-9999", "2", "STUK", "4.50")), ("held", "order", "33.00", "EUR")),
    "a cancellation of no order": (cancel(), ("received", None, None, None)),
}


def kept(gateway: SmallGateway, message_id: str) -> tuple[str, str | None, str | None, str | None]:
    one = gateway.message(message_id)
    return one.status, one.kind, None if one.amount is None else f"{one.amount:f}", one.currency


@pytest.mark.parametrize("name", CASES)
def test_it_is_kept_as_the_message_is_settled(on_either: SmallGateway, name: str) -> None:
    sent, found = CASES[name]
    assert kept(on_either, on_either.settle(PINE, sent).id) == found


def test_changes_resends_and_answers_are_told_apart(on_either: SmallGateway) -> None:
    first = on_either.settle(PINE, order(BOLTS))
    (response,) = on_either.store.documents.of_messages([first.id])
    changed = on_either.settle(PINE, change({**BOLTS, "quantity": "2"}))
    again = on_either.settle(PINE, order(BOLTS) | {"note": None})
    answer = on_either.settle(PINE, application_response(about(response.number, "AP", "", kind="231")))
    assert kept(on_either, changed.id) == ("done", "change", "12.00", "EUR")
    assert kept(on_either, again.id) == ("duplicate", "order", "24.00", "EUR")
    assert kept(on_either, answer.id) == ("done", "answer", None, None)


def test_what_could_not_be_read_is_worth_nothing_that_is_known(on_either: SmallGateway) -> None:
    refused = on_either.settle(PINE, order({**BOLTS, "quantity": "0"}))
    assert kept(on_either, refused.id) == ("rejected", None, None, None)


def test_an_amount_is_kept_to_the_last_digit(on_either: SmallGateway) -> None:
    total = "12345678901234567890.0123456789"
    assert on_either.message(on_either.settle(PINE, order(BOLTS, total=total)).id).amount == Decimal(total)
