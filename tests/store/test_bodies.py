"""How many bodies are taken into memory at once. On both databases."""

from __future__ import annotations

from gateway.store.store import Store
from tests.store.test_conformance import arrival


def test_an_order_in_a_body_of_several_counts_the_whole_body_once(store: Store) -> None:
    bodies = [b"%d" % number + b"x" * 999 for number in range(4)]
    kept = [store.intake.keep(arrival(body, parts=10)) for body in bodies]
    several = [child.message_id for whole in kept for child in whole.children[:3]]
    stored = store.messages.several(several)
    for most, count in ((1, 3), (999, 3), (2_000, 6), (3_999, 9), (4_000, 12)):
        found = store.messages.fitting(stored, most)
        assert [one.id for one in found] == several[:count], most
        there = store.messages.bodies([one.id for one in found])
        assert sum(len(one) for one in {id(body): body for body in there.values()}.values()) <= max(most, 1_000)
