"""What a newer program says of messages that an older one stored."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from gateway.store.schema import HEAD, alembic_config
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import PINE, change
from tests.store.earlier_tables import take_back


def test_messages_from_before_say_that_they_are_tests_and_what_they_wait_for(on_either: SmallGateway) -> None:
    real = on_either.settle(PINE, order(BOLTS)).id
    marked = on_either.settle(PINE, order(BOLTS, test=True)).id
    refused = on_either.settle(PINE, order({**BOLTS, "quantity": "0"}, number="PH-2", test=True)).id
    waiting = on_either.settle(PINE, change(BOLTS, number="PH-3")).id
    take_back(on_either.store, "0008")
    on_either.store.upgrade()
    found = [on_either.message(one) for one in (real, marked, refused, waiting)]
    assert [one.test for one in found] == [False, True, True, False]
    assert [one.waits_for_version for one in found] == [None, None, None, 0]


def test_the_newest_tables_are_what_an_upgrade_ends_at() -> None:
    """Else an older database would be taken for one that is as it should be."""
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD
