"""What the commands say of orders that should have left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import time_machine

from gateway.billing_schedule import bill_due
from gateway.crediting import take_credit_note_request
from gateway.services import Services
from gateway.shipping import take_shipment
from schemas.documents.billing import CreditNoteRequest
from schemas.documents.shipment import Shipment
from tests.cli.conftest import Run

Send = Callable[[str, str], str]


def test_what_is_overdue_is_listed(run: Run, services: Services, send: Send) -> None:
    """By `orders overdue`, and counted by the doctor, as a warning: it is nothing that stops the gateway."""
    send("acme-retail", "02-short-stock.xml")
    send("nordic-office", "01-accepted.json")
    now = datetime.now(UTC)
    assert run("orders", "overdue").err == "Nothing is overdue.\n"
    assert run("orders", "overdue", "--json").json == []
    with time_machine.travel(now + timedelta(days=4000)):
        found = {one["account"]: one for one in run("orders", "overdue", "--json").json}
        assert found.keys() == {"acme-retail", "nordic-office"}
        acme = found["acme-retail"]
        assert (acme["order_number"], acme["ship_to_site"]) == ("ACME-1002", "4012345000016")
        assert {"line_number": "2", "product": "JAM-RASP", "to_ship": "48"} in acme["lines"], acme
        assert now.isoformat() < acme["notice_due_at"]
        listed = run("orders", "overdue", "--account", "acme-retail").out.splitlines()
        assert listed[0].split("\t") == ["account", "order_number", "ship_to_site", "notice_due_at", "to_ship"]
        assert [one.split("\t")[:2] for one in listed[1:]] == [["acme-retail", "ACME-1002"]]
        assert len(run("orders", "overdue", "--limit", "1", "--json").json) == 1
        (check,) = [one for one in run("doctor", "--json").json["checks"] if one["name"] == "despatch notices"]
    assert (check["ok"], check["warning"]) == (True, True)
    assert check["detail"] == (
        "2 orders are overdue (acme-retail 1, nordic-office 1); `gateway orders overdue` lists them"
    )


def test_what_left_is_shown_with_the_order(run: Run, services: Services, send: Send) -> None:
    send("acme-retail", "02-short-stock.xml")
    line = {"order_number": "ACME-1002", "account": "acme-retail", "line_number": "1", "product": "OAT-1L"}
    packages = [{"id": "C1", "lines": [{**line, "base_quantity": "30", "lot": "L1"}]}]
    told = {"shipment_number": "LS-1", "shipped_at": datetime.now(UTC).isoformat(), "packages": packages}
    whole = Shipment.model_validate({**told, "carrier": "Nordfracht", "tracking": "NF-1"})
    taken = take_shipment(services, whole, "test")
    (order,) = run("orders", "show", "ACME-1002", "--json").json
    (shipment,) = order["shipments"]
    assert (shipment["carrier"], shipment["tracking"]) == ("Nordfracht", "NF-1")
    assert shipment["lines"] == [
        {"line_number": "1", "quantity": "2.5", "unit": "XCS", "base_quantity": "30", "base_unit": "EA"}
    ]
    ((document, _, _, number),) = taken.documents
    assert shipment["despatch_advices"] == [{"number": number, "document_id": document}]
    left = f"Shipment LS-1 left {shipment['shipped_at']}, Nordfracht, NF-1; line 1: 2.5 XCS; told in {number}"
    shown = run("orders", "show", "ACME-1002").out
    assert left in shown.splitlines()
    assert "returned" not in shown
    assert "credited" not in shown


def test_what_came_back_is_shown_with_the_order(run: Run, services: Services, send: Send) -> None:
    send("acme-retail", "02-short-stock.xml")
    line = {"order_number": "ACME-1002", "account": "acme-retail", "line_number": "1", "product": "OAT-1L"}
    packages = [{"id": "C1", "lines": [{**line, "base_quantity": "36", "lot": "L1"}]}]
    told = {"shipment_number": "LS-1", "shipped_at": datetime.now(UTC).isoformat(), "packages": packages}
    take_shipment(services, Shipment.model_validate(told), "test")
    assert bill_due(services) == 1
    for number, (reason, quantity) in enumerate((("shortage", "1"), ("return", "2"))):
        back = {"request_number": f"RMA-{number}", "account": "acme-retail", "invoice_number": "IN-00000001"}
        lines = [{"line_number": "1", "quantity": quantity}]
        asked = CreditNoteRequest.model_validate({**back, "reason": reason, "lines": lines})
        take_credit_note_request(services, asked, "test")
        columns, first, *_ = [row.split("\t") for row in run("orders", "show", "ACME-1002").out.splitlines()[-3:]]
        found = dict(zip(columns, first, strict=True))
        if reason == "shortage":
            assert (found["invoiced"], found["credited"], "returned" in found) == ("3", "1", False)
    assert (found["shipped"], found["returned"], found["credited"]) == ("3", "2", "3")
