"""Inventory reports on schedule: one for each time, whoever sends it, however late; kept, and known by number."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.inventory import Cursor, kept_report, lines
from gateway.inventory import ask as asked
from gateway.inventory_schedule import Schedules
from gateway.services import Services
from gateway.store.documents import StoredDocument
from gateway.store.revisions import Row
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.revision import ItemRow, Product, StockRow, Supplier
from mappings.tables import natural_key, table_of, to_fields
from schemas.formats.csv_1 import read_lines
from schemas.formats.registry import format_by_name
from tests.api.builders import Gateway, services_at

BEFORE = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SIX = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
"""6:00 in Berlin."""
OAT = Product("OAT-1L", "Oat drink 1 l", "EA")


def rows(*made: Any) -> list[Row]:
    return [Row(table_of(one).kind, natural_key(one), json.dumps(to_fields(one))) for one in made]


def publish(services: Services, schedule: str | None = "0 6 * * *", **terms: Any) -> None:
    report = {"format": terms.pop("format", "csv-1"), **({"schedule": schedule} if schedule else {})}
    written = {"id": "acme", "name": "ACME", "time_zone": "Europe/Berlin", "outbound": {"inventory_report": report}}
    items = rows(*(ItemRow(number, None, "OAT-1L") for number in terms.pop("items", ("0042", "0043"))))
    services.store.revisions.publish_account({**written, **terms}, items, author="test", reason="test")


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    made = services_at(database_url, f"unix://{tmp_path / 'nobody.sock'}")
    made.store.revisions.publish_catalogue(rows(OAT), author="test", reason="test")
    made.store.stock.record([StockRow("OAT-1L", "KIEL", BEFORE, Decimal(50))])
    publish(made)
    yield made
    made.lanes.close()
    made.store.close()


def sent(services: Services) -> list[StoredDocument]:
    return services.store.documents.page("acme", kind="inventory_report", order_number=None, after=None, limit=100)


def slots(services: Services) -> list[datetime]:
    with services.store.database.read() as connection:
        found = connection.exec_driver_sql("SELECT slot FROM inventory_reports ORDER BY slot").all()
    return [datetime.fromtimestamp(slot / 1_000_000, UTC) for (slot,) in found]


def test_a_report_is_sent_when_it_is_due_and_not_before(services: Services) -> None:
    schedules = Schedules(services)
    assert [schedules.send_due(at) for at in (BEFORE, SIX - timedelta(seconds=1))] == [0, 0]
    assert [schedules.send_due(at) for at in (SIX, SIX, SIX + timedelta(hours=23))] == [1, 0, 0]
    (document,) = sent(services)
    assert (document.number, document.type, document.format) == ("IR-00000001", "inventory_report", "csv-1")
    table = read_lines(services.store.documents.body(document.id))
    assert [(line.buyer_item, line.quantity) for line in table] == [("0042", Decimal(50)), ("0043", Decimal(50))]
    assert schedules.send_due(SIX + timedelta(days=1)) == 1
    assert slots(services) == [SIX, SIX + timedelta(days=1)]
    assert list(services.store.audit.broken()) == []


def test_an_outage_ends_with_one_late_report(services: Services) -> None:
    Schedules(services).send_due(BEFORE)
    late = SIX + timedelta(days=10, hours=3)
    assert [Schedules(services).send_due(late), Schedules(services).send_due(late)] == [1, 0]
    assert slots(services) == [SIX + timedelta(days=10)]
    assert Schedules(services).send_due(SIX + timedelta(days=11)) == 1


def test_several_schedulers_send_one_report(services: Services, database_url: str) -> None:
    """They meet after each has written its report, at the row that one of them moves on."""
    Schedules(services).send_due(BEFORE)
    second = Store(database_url)
    others = [services, Services(second, services.lanes, Terms(second), services.supplier, services.limits)]
    meeting = threading.Barrier(len(others))

    def send(one: Services) -> int:
        keep = one.store.inventory_reports.keep
        schedules = Schedules(one)

        def keep_together(*given: Any) -> bool:
            meeting.wait(timeout=30)
            return keep(*given)

        one.store.inventory_reports.keep = keep_together  # type: ignore[method-assign]
        return schedules.send_due(SIX)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(send, others)) == [0, 1]
    second.close()
    assert len(sent(services)) == 1
    assert slots(services) == [SIX]


def test_a_clock_that_is_set_back_sends_nothing_twice(services: Services) -> None:
    schedules = Schedules(services)
    schedules.send_due(BEFORE)
    assert [schedules.send_due(SIX), schedules.send_due(SIX - timedelta(minutes=10)), schedules.send_due(SIX)] == [
        1,
        0,
        0,
    ]


def test_another_schedule_begins_with_its_next_time(services: Services) -> None:
    Schedules(services).send_due(BEFORE)
    publish(services, "0 7 * * *")
    assert Schedules(services).send_due(SIX + timedelta(minutes=5)) == 0
    assert Schedules(services).send_due(SIX + timedelta(hours=1)) == 1
    publish(services, None)
    assert Schedules(services).send_due(SIX + timedelta(days=2)) == 0
    assert services.store.inventory_reports.due() == {}


def test_an_account_whose_report_fails_keeps_no_other_from_its_own(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish(services, id="another")
    schedules = Schedules(services)
    schedules.send_due(BEFORE)
    plan = services.terms.inventory.plan

    def failing(account_id: str, *more: Any) -> Any:
        if account_id == "acme":
            raise RuntimeError("a bug")
        return plan(account_id, *more)

    monkeypatch.setattr(services.terms.inventory, "plan", failing)
    assert [schedules.send_due(SIX), schedules.send_due(SIX)] == [1, 0]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "The inventory report of acme failed; it is tried again"
    ]
    assert sent(services) == []
    monkeypatch.undo()
    assert Schedules(services).send_due(SIX) == 1


def test_a_scheduler_that_comes_late_sets_no_time_back(services: Services) -> None:
    """It had found an account without a row, and notes that its first report is due when that has been sent."""
    Schedules(services).send_due(BEFORE)
    due = services.store.inventory_reports.due()["acme"]
    Schedules(services).send_due(SIX)
    following = services.store.inventory_reports.due()["acme"]
    services.store.inventory_reports.reschedule([due], [])
    assert services.store.inventory_reports.due()["acme"] == following != due


def test_what_is_left_out_and_what_cannot_be_written_is_in_the_audit_trail(services: Services) -> None:
    publish(services, format="ubl-2.1", items=())
    schedules = Schedules(services)
    schedules.send_due(BEFORE)
    assert schedules.send_due(SIX) == 1
    (document,) = sent(services)
    assert document.format == "json-1"
    (event,) = services.store.audit.of("inventory_report/IR-00000001")
    assert event["body"]["unwritable"] == "UBL has no StockAvailabilityReport without a line"
    assert list(services.store.audit.broken()) == []


@pytest.mark.parametrize("format_name", ["csv-1", "json-1", "ubl-2.1"])
def test_what_is_kept_is_the_report_that_was_sent(services: Services, format_name: str) -> None:
    publish(services, format=format_name)
    schedules = Schedules(services)
    schedules.send_due(BEFORE)
    schedules.send_due(SIX)
    (document,) = sent(services)
    store = services.store.documents
    report = kept_report(store.canonical(document.id), document.format, lambda: store.body(document.id))
    assert (report.number, report.is_full, len(report.lines)) == ("IR-00000001", True, 2)
    assert report.issued_at == SIX
    assert format_by_name(format_name).renderers["inventory_report"](report) == store.body(document.id)


def test_what_changed_after_it_is_told_by_its_number(services: Services) -> None:
    schedules = Schedules(services)
    schedules.send_due(BEFORE)
    schedules.send_due(SIX)
    cursor = services.store.inventory_reports.cursor("acme", "IR-00000001")
    assert cursor is not None
    assert services.store.inventory_reports.cursor("delta", "IR-00000001") is None
    unchanged = asked(services, "acme", SIX, since=Cursor.of(cursor))
    assert list(lines(services, unchanged)) == []
    services.store.stock.record([StockRow("OAT-1L", "KIEL", SIX, Decimal(7))])
    changed = list(lines(services, asked(services, "acme", SIX, since=Cursor.of(cursor))))
    assert [line.quantity for line in changed] == [Decimal(7), Decimal(7)]


def test_the_mailbox_has_it_in_any_format(services: Services) -> None:
    schedules = Schedules(services)
    schedules.send_due(BEFORE)
    schedules.send_due(SIX)
    gateway = Gateway(services)
    _, key = services.store.keys.create("acme", actor="test")
    headers = {"Authorization": f"Bearer {key}"}
    page = gateway.client.get("/v1/documents?type=inventory_report", headers=headers).json
    ((entry),) = page["documents"]
    assert (entry["number"], entry["order_number"], entry["media_type"]) == ("IR-00000001", None, "text/csv")
    assert read_lines(gateway.client.get(entry["href"], headers=headers).data)[0].buyer_item == "0042"
    as_json = gateway.client.get(entry["href"], headers={**headers, "Accept": "application/json"}).json
    assert [line["quantity"] for line in as_json["lines"]] == ["50", "50"]
    assert b"IR-00000001" in gateway.client.get(f"{entry['href']}?format=ubl-2.1", headers=headers).data
    gateway.app.extensions["door"].close()


def test_supplier_and_buyer_stand_in_the_report(services: Services) -> None:
    assert services.supplier == Supplier(legal_name="Our Company Ltd")
    head = asked(services, "acme", SIX).head
    assert head.seller is not None
    assert head.buyer is not None
    assert (head.seller.legal_name, head.buyer.name) == ("Our Company Ltd", "ACME")
