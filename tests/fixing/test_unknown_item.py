"""An item of theirs that nobody knows: entered once, its effect seen, published and replayed."""

from __future__ import annotations

from gateway.fixing.publishing import publish_fix
from tests.fixing.held_orders import Held

CARTONS = {"product": "OAT-1L", "unit": "EA", "factor": "12"}


def test_thirty_seven_orders_are_freed_by_one_row(on_either: Held) -> None:
    ids = on_either.ordered(37)
    assert on_either.statuses(ids) == {"held"}
    foreseen = on_either.foreseen(**CARTONS)
    assert foreseen.said == "37 orders: 37 would be answered (33 accepted, 4 with back-order)."
    assert [one.said for one in foreseen.sums] == [
        "PL-9 is OAT-1L: 370 KRT → 370 × 12 EA = 4,440 EA; 3,996 EA confirmed, 444 EA back-ordered"
    ]
    assert foreseen.orders[0].lines[0].arithmetic == "10 KRT → 10 × 12 EA = 120 EA"
    assert on_either.statuses(ids) == {"held"}, "nothing is done by looking"
    done = publish_fix(on_either.services, on_either.proposed(**CARTONS), actor="user Dana", reason="new item")
    assert done.messages == 37
    on_either.settle()
    assert on_either.statuses(ids) == {"done"}
    answers = on_either.services.store.documents.of_messages(ids)
    assert len(answers) == 37


def test_what_the_orders_say_is_filled_in_and_nothing_else(held: Held) -> None:
    held.ordered(2, description="Oat drink one litre", gtin="9521234000013")
    fix = held.fix() if False else held.fix
    del fix
