"""Two processes that send from one database: each document is sent by one of them, and each is told of once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from gateway.store.store import Store
from gateway.terms import Terms
from tests.delivery.conftest import Begin, agree
from tests.delivery.partner import hangs, partner
from tests.delivery.test_deliverer import rows, send, settled, statuses
from tests.examples.small_gateway import SmallGateway
from tests.harness.waiting import until

MANY = 120


@contextmanager
def another(gateway: SmallGateway) -> Iterator[SmallGateway]:
    """The gateway as another process has it: the same database, with connections and memories of its own."""
    store = Store(gateway.store.database.url.render_as_string(hide_password=False))
    opened = SmallGateway.__new__(SmallGateway)
    opened.services = replace(gateway.services, store=store, terms=Terms(store), worker_name="another")
    yield opened
    store.close()


def test_two_that_send_at_once_send_each_document_once(on_either: SmallGateway, begin: Begin) -> None:
    with partner() as there, another(on_either) as other:
        agree(on_either, {"webhook": there.url("/edi"), "secret": "OLD"})
        send(on_either, MANY)
        begin(on_either)
        second = begin(other)
        settled(on_either, "delivered", MANY, seconds=30)
        second.stop()
    assert len(there.had()) == MANY
    assert set(there.had().values()) == {1}
    assert rows(on_either, "SELECT count(*) FROM delivery_attempts WHERE outcome = 'delivered'") == [(MANY,)]


def test_terms_that_are_published_while_documents_leave_lead_each_once(on_either: SmallGateway, begin: Begin) -> None:
    """Of two processes, either may have led a document by the terms before."""
    with partner() as there, another(on_either) as other:
        agree(on_either, {"webhook": there.url("/0"), "secret": "OLD"})
        send(on_either, MANY)
        begin(on_either)
        second = begin(other)
        for number in range(1, 6):
            until(lambda number=number: len(there.requests) >= number * MANY // 8, 20, "some have left")  # type: ignore[misc]
            agree(on_either, {"webhook": there.url(f"/{number}"), "secret": "OLD"})
        settled(on_either, "delivered", MANY, seconds=30)
        second.stop()
    assert set(there.had().values()) == {1}
    last = {one.path for one in there.requests[-10:]}
    assert last == {"/5"}


def test_a_stop_while_a_call_hangs_is_soon_over_and_another_process_sends_it(
    on_either: SmallGateway, begin: Begin
) -> None:
    with partner({"/hangs": hangs}) as there:
        agree(on_either, {"webhook": there.url("/hangs"), "secret": "OLD"}, delivery_waits=["0s"] * 3)
        send(on_either, 1)
        first = begin(on_either, seconds=60.0)
        until(lambda: there.requests, 10, "the call hangs")
        started = time.monotonic()
        first.stop(1.0)
        assert time.monotonic() - started < 5
        assert statuses(on_either) == {"sending": 1}
        there.behaviours.clear()
        on_either.store.queue.end_leases([on_either.services.worker_name])
        on_either.store.queue.sweep()
        with another(on_either) as other:
            second = begin(other)
            settled(on_either, "delivered", seconds=20)
            second.stop()
            there.let_go.set()
    told = rows(on_either, "SELECT number, outcome FROM delivery_attempts ORDER BY number")
    assert told == [(1, "unknown"), (2, "delivered")]
