"""Orders whose despatch advice is overdue: found by their index, until what was due has left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.metrics import Metrics
from gateway.store.statements import fetch, run
from tests.examples.order_lines import BOLTS, HAMMERS, line, order
from tests.examples.small_gateway import SmallGateway
from tests.examples.threads import cancel, change
from tests.pipeline.test_shipments import PINE, part, send, shipment
from tests.pipeline.test_worklist import page

FIRST = "2026-11-30T20:00:00+01:00"
"""Four hours before the yard's December 1st."""


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def due(gateway: SmallGateway, number: str = "PH-4001") -> int | None:
    """What is on the books of the order."""
    listed = gateway.store.worklist.page("open", None, None, 10) + gateway.store.worklist.page(
        "shipped", None, None, 10
    )
    (found,) = [one for one in listed if one.order_number == number]
    return found.notice_due


def overdue(gateway: SmallGateway, now: str, account: str | None = None) -> list[str]:
    return [one.order_number for one in gateway.store.worklist.overdue(at(now), account, 10)]


def for_december_1(*lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    return order(*lines, **{"requested_delivery": {"start": "2026-12-01"}, **members})


def test_an_order_is_overdue_until_all_of_it_has_left(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, for_december_1(BOLTS, HAMMERS))
    assert due(gateway) == at(FIRST)
    assert overdue(gateway, "2026-11-30T19:59:59+01:00") == []
    assert overdue(gateway, FIRST) == ["PH-4001"]
    assert overdue(gateway, FIRST, PINE) == ["PH-4001"]
    assert overdue(gateway, FIRST, "linden-works") == []
    bolts, hammers = page(gateway)["orders"][0]["lines"]
    assert send(gateway, shipment(part(bolts["to_ship"]))).status_code == 201
    assert overdue(gateway, FIRST) == ["PH-4001"]  # the hammers are still here
    left = part(hammers["to_ship"], "2", "HAMMER-16")
    assert send(gateway, shipment(left, number="LS-2")).status_code == 201
    assert (due(gateway), overdue(gateway, "2027-11-30T00:00:00+01:00")) == (None, [])


def test_what_is_due_later_is_overdue_later(on_either: SmallGateway) -> None:
    """Line 2 is asked for three days later; once line 1 has left, nothing is overdue before that."""
    gateway = on_either
    later = {**HAMMERS, "requested_delivery": {"start": "2026-12-04"}}
    gateway.settle(PINE, for_december_1(BOLTS, later))
    assert due(gateway) == at(FIRST)
    bolts, _ = page(gateway)["orders"][0]["lines"]
    send(gateway, shipment(part(bolts["to_ship"])))
    assert due(gateway) == at("2026-12-03T20:00:00+01:00")
    assert overdue(gateway, FIRST) == []


def test_a_change_moves_it_and_a_cancellation_ends_it(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, for_december_1(BOLTS))
    assert gateway.settle(PINE, change(BOLTS, requested_delivery={"start": "2026-12-08"})).status == "done"
    assert due(gateway) == at("2026-12-07T20:00:00+01:00")
    gateway.settle(PINE, cancel())
    assert overdue(gateway, "2027-11-30T00:00:00+01:00") == []


def test_a_change_counts_what_has_left(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, for_december_1(BOLTS))
    (bolts,) = page(gateway)["orders"][0]["lines"]
    send(gateway, shipment(part(bolts["to_ship"])))
    more = change(BOLTS, {**HAMMERS, "requested_delivery": {"start": "2026-12-08"}})
    assert gateway.settle(PINE, more).status == "done"
    assert due(gateway) == at("2026-12-07T20:00:00+01:00")


def test_what_the_erp_confirms_is_due_as_it_promised(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.set_policies(PINE, decision="backoffice", despatch_notice_before_arrival="1d")
    gateway.settle(PINE, for_december_1(BOLTS))
    (waiting,) = page(gateway, "?status=awaiting_decision")["orders"]
    assert (waiting["notice_due_at"], waiting["overdue"]) == (None, False)
    key = gateway.store.keys.create(None, actor="test")[1]
    decision = {"version": 1, "lines": [{"line_number": "1", "action": "accept", "promised_delivery": "2026-12-02"}]}
    answer = gateway.client.post(
        f"/v1/backoffice/orders/{waiting['id']}/decision",
        json=decision,
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.text
    assert due(gateway) == at("2026-12-01T00:00:00+01:00")


def test_tests_and_blanket_orders_are_never_overdue(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, for_december_1(BOLTS), test=True)
    gateway.settle(PINE, for_december_1(line("1", "PH-0102", "3", "STUK"), order_number="FRAME", order_type="blanket"))
    assert overdue(gateway, "2027-11-30T00:00:00+01:00") == []


def test_the_longest_overdue_comes_first_and_is_told(on_either: SmallGateway, today: Any) -> None:
    """To our own systems, and to Prometheus."""
    gateway = on_either
    gateway.settle(PINE, for_december_1(BOLTS, order_number="SECOND", requested_delivery={"start": "2026-12-02"}))
    gateway.settle(PINE, for_december_1(HAMMERS, order_number="FIRST"))
    assert overdue(gateway, "2026-12-05T00:00:00+01:00") == ["FIRST", "SECOND"]
    metrics = Metrics(gateway.store, gateway.services.lanes)
    assert b"gateway_despatch_notices_overdue{" not in metrics.text()
    today.move_to(datetime.fromisoformat(FIRST))
    assert b'gateway_despatch_notices_overdue{account="pine-hardware"} 1.0' in metrics.text()
    told = {one["order_number"]: (one["overdue"], one["notice_due_at"]) for one in page(gateway)["orders"]}
    assert told == {
        "FIRST": (True, "2026-11-30T19:00:00.000+00:00"),
        "SECOND": (False, "2026-12-01T19:00:00.000+00:00"),
    }


def test_it_is_found_by_its_index(on_either: SmallGateway) -> None:
    gateway = on_either
    gateway.settle(PINE, for_december_1(BOLTS))
    overdue_of = "FROM orders WHERE notice_due <= 5"
    for query in (
        f"SELECT id {overdue_of} ORDER BY notice_due, id LIMIT 5",
        f"SELECT id {overdue_of} AND account_id || '' = 'pine-hardware' ORDER BY notice_due, id LIMIT 5",
        f"SELECT account_id || '', count(*) {overdue_of} GROUP BY 1",
    ):
        with gateway.store.database.read() as connection:
            if connection.dialect.name == "sqlite":
                plan = str(fetch(connection, f"EXPLAIN QUERY PLAN {query}"))
            else:
                run(connection, "SET enable_seqscan = off", [()])
                plan = str(fetch(connection, f"EXPLAIN {query}"))
        assert "ix_orders_notice_due" in plan
