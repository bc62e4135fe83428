"""What a newer program says of messages that an older one stored."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from gateway.store.database import Database
from gateway.store.schema import HEAD, alembic_config
from gateway.store.statements import run
from tests.examples.order_lines import BOLTS, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import PINE, change


def as_of_0008(database: Database) -> None:
    """Without what came later."""
    with database.write() as connection:
        for column in ("is_test", "waits_for_version"):
            run(connection, f"ALTER TABLE messages DROP COLUMN {column}", [()])
        run(connection, "UPDATE alembic_version SET version_num = '0008'", [()])


def test_messages_from_before_say_that_they_are_tests_and_what_they_wait_for(on_either: SmallGateway) -> None:
    real = on_either.settle(PINE, order(BOLTS)).id
    marked = on_either.settle(PINE, order(BOLTS, test=True)).id
    refused = on_either.settle(PINE, order({**BOLTS, "quantity": "0"}, number="PH-2", test=True)).id
    waiting = on_either.settle(PINE, change(BOLTS, number="PH-3")).id
    as_of_0008(on_either.store.database)
    on_either.store.upgrade()
    found = [on_either.message(one) for one in (real, marked, refused, waiting)]
    assert [one.test for one in found] == [False, True, True, False]
    assert [one.waits_for_version for one in found] == [None, None, None, 0]


def test_the_newest_tables_are_what_an_upgrade_ends_at() -> None:
    """Else an older database would be taken for one that is as it should be."""
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD
