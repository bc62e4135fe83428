"""What the deliverer keeps when its database, its terms or its own process fail it: no document is left lying."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.delivering import Deliverer
from gateway.store.database import StoreUnavailable
from gateway.store.sending import Attempted, Sending
from gateway.store.statements import run
from tests.delivery.conftest import PINE, Begin, agree
from tests.delivery.partner import partner, says
from tests.delivery.test_deliverer import rows, send, settled, statuses
from tests.examples.small_gateway import SmallGateway
from tests.harness.waiting import until


@contextmanager
def away_for(owner: type, method: str, times: int) -> Iterator[list[int]]:
    """The database goes away inside this method, so many times, after whatever was committed by then."""
    plain, met = getattr(owner, method), []

    def failing(*arguments: Any, **named: Any) -> Any:
        if len(met) < times:
            met.append(1)
            raise StoreUnavailable("the server closed the connection")
        return plain(*arguments, **named)

    setattr(owner, method, failing)
    try:
        yield met
    finally:
        setattr(owner, method, plain)


def test_what_was_claimed_when_the_database_went_away_is_sent_once_it_is_back(
    gateway: SmallGateway, begin: Begin
) -> None:
    with partner() as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        send(gateway, 3)
        with away_for(Sending, "_load", 1) as met:
            begin(gateway)
            until(lambda: met, 10, "the claim is cut off")
            settled(gateway, "delivered", 3, seconds=10)
    assert set(there.had().values()) == {1}
    assert rows(gateway, "SELECT number, outcome FROM delivery_attempts") == [(1, "delivered")] * 3


def test_what_is_told_of_is_kept_until_the_database_is_back(gateway: SmallGateway, begin: Begin) -> None:
    with partner() as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        send(gateway, 3)
        with away_for(Sending, "save", 3) as met:
            begin(gateway)
            settled(gateway, "delivered", 3, seconds=10)
        assert len(met) == 3
    assert set(there.had().values()) == {1}


def test_of_many_results_at_once_each_is_told_of(gateway: SmallGateway) -> None:
    deliverer = Deliverer(gateway.services)
    for number in range(450):
        deliverer._news.put(("lease", _attempted(f"document-{number}")))
    found = set()
    while True:
        deliverer._gather(0.0)
        if not deliverer._results:
            break
        found |= {one.document_id for _, one in deliverer._results}
        deliverer._results.clear()
    assert len(found) == 450


def _attempted(document_id: str) -> Attempted:
    return Attempted(
        document_id=document_id,
        attempt=1,
        endpoint="https://acme.example/edi",
        began_at=0,
        milliseconds=1,
        outcome="delivered",
        detail="HTTP 200",
        answer=None,
        status="delivered",
    )


def test_a_stop_while_the_database_is_away_tells_of_what_arrived(gateway: SmallGateway, begin: Begin) -> None:
    with partner() as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        send(gateway, 1)
        with away_for(Sending, "save", 2) as met:
            deliverer = begin(gateway)
            until(lambda: met, 10, "the first time that it can't be told")
            deliverer.stop(10.0)
    assert statuses(gateway) == {"delivered": 1}


@pytest.mark.parametrize("first_answer", [410, 404])
def test_terms_that_are_mended_after_another_process_led_are_found(
    gateway: SmallGateway, begin: Begin, first_answer: int
) -> None:
    with partner({"/old": says(first_answer)}) as there:
        agree(gateway, {"webhook": there.url("/old"), "secret": "OLD"}, delivery_waits=["1h"] * 3)
        send(gateway, 2)
        first = begin(gateway)
        until(lambda: rows(gateway, "SELECT 1 FROM delivery_attempts"), 10, "it was tried")
        first.stop()
        second = begin(gateway)
        until(lambda: second._lease_id, 10, "another process has begun")
        agree(gateway, {"webhook": there.url("/new"), "secret": "OLD"})
        settled(gateway, "delivered", 2)


def test_a_revision_that_leads_nowhere_else_hurries_nothing(gateway: SmallGateway, begin: Begin) -> None:
    """Prices are published many times a day: each would cost a document one of its attempts."""
    with partner({"/edi": says(404)}) as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, delivery_waits=["1h"] * 3)
        send(gateway, 1)
        deliverer = begin(gateway)
        until(lambda: len(rows(gateway, "SELECT 1 FROM delivery_attempts")) == 1, 10, "the first attempt")
        agree(
            gateway, {"webhook": there.url("/edi"), "secret": "OLD"}, delivery_waits=["1h"] * 3, order_rate_per_minute=7
        )
        number = gateway.mapping(PINE).number
        until(lambda: deliverer._led_by[PINE].revision == number, 10, "the revision is seen")
        assert rows(gateway, "SELECT attempts, not_before > 0 FROM deliveries") == [(1, 1)]


def test_a_document_whose_lease_ran_out_before_it_was_claimed_is_not_sent(gateway: SmallGateway, begin: Begin) -> None:
    """The process was frozen between its look at the lease and the claim."""
    with partner() as there:
        agree(gateway, {"webhook": there.url("/edi"), "secret": "OLD"})
        deliverer = begin(gateway)
        until(lambda: deliverer._lease_id, 10, "it has a lease")
        old = deliverer._lease_id
        with gateway.store.database.write() as connection:
            run(connection, "DELETE FROM leases WHERE id = ?", [(old,)])
        send(gateway, 1)
        deliverer.wake()
        settled(gateway, "delivered", seconds=15)
    assert rows(gateway, "SELECT number, outcome FROM delivery_attempts") == [(1, "delivered")]
