"""GET /v1/inventory: the account's own items as they stand, in each format; its ETag; and what changed since."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway import inventory as reports
from gateway.inventory_schedule import send
from gateway.store.inventory_reports import Due
from gateway.store.revisions import Row
from mappings.revision import ItemRow, Pack, Product, SiteRow, StockRow, UnitRow
from mappings.tables import natural_key, table_of, to_fields
from schemas.formats.csv_1 import read_lines
from tests.api.builders import Gateway, Sender, order
from tests.api.conftest import served

COUNTED = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
TODAY = datetime.now(UTC).date()
OAT = Product("OAT-1L", "Oat drink 1 l", "EA", sales_unit="XCT", lead_time_days=2)
RYE = Product("RYE-500", "Rye crispbread", "EA")
JAM = Product("JAM", "Jam", "EA", status="discontinued")
PACK = Pack("OAT-1L", "XCT", Decimal(12))
ITEMS = (
    ItemRow("0042", None, "OAT-1L", "CS", "XCT", Decimal(1)),
    ItemRow("0107", None, "RYE-500"),
    ItemRow("0310", None, "JAM"),
)


def rows(made: Iterable[Any]) -> list[Row]:
    return [Row(table_of(one).kind, natural_key(one), json.dumps(to_fields(one))) for one in made]


def publish(gateway: Gateway, account_id: str, items: Iterable[Any], **terms: Any) -> None:
    written = {"id": account_id, "name": account_id.title(), **terms}
    gateway.services.store.revisions.publish_account(written, rows(items), author="test", reason="test")


def catalogue(gateway: Gateway, *made: Any) -> None:
    gateway.services.store.revisions.publish_catalogue(rows(made), author="test", reason="test")


def count(gateway: Gateway, product: str, on_hand: int, site: str = "KIEL", **more: Any) -> None:
    now = datetime.now(UTC)
    row = StockRow(product, site, more.pop("as_of", now), Decimal(on_hand), **more)
    assert gateway.services.store.stock.record([row]).stored == 1


@pytest.fixture
def buyer(gateway: Gateway) -> Sender:
    catalogue(gateway, OAT, RYE, JAM, PACK)
    sender = gateway.account("acme", inbound={"formats": ["json-1"]})
    publish(gateway, "acme", ITEMS)
    count(gateway, "OAT-1L", 125, as_of=COUNTED)
    count(gateway, "JAM", 9)
    return sender


def fetch(gateway: Gateway, sender: Sender, query: str = "", **headers: str) -> Any:
    return gateway.client.get(f"/v1/inventory{query}", headers={**sender.headers, **headers})


def told(answer: Any) -> dict[str, tuple[str, str]]:
    """Number → (status, quantity)."""
    return {line["buyer_item"]: (line["status"], line["quantity"]) for line in answer.json["lines"]}


def test_it_is_the_accounts_own_items_in_its_units(gateway: Gateway, buyer: Sender) -> None:
    answer = fetch(gateway, buyer)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["is_full"]
    assert answer.json["number"] == answer.headers["Inventory-Report"]
    assert [(line["buyer_item"], line["status"], line["quantity"], line["unit"]) for line in answer.json["lines"]] == [
        ("0042", "available", "10", "CS"),
        ("0107", "out_of_stock", "0", "EA"),
        ("0310", "discontinued", "0", "EA"),
    ]
    assert answer.json["lines"][0]["as_of"] == COUNTED.isoformat()


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", None, "application/json"),
        ("", "*/*", "application/json"),
        ("", "text/csv", "text/csv"),
        ("", "application/xml", "application/xml"),
        ("", "text/xml", "application/xml"),
        ("", "text/csv;q=0.5, application/xml;q=0.4", "text/csv"),
        ("?format=csv-1", "application/json", "text/csv"),
        ("?format=ubl-2.1", None, "application/xml"),
    ],
)
def test_the_format_is_the_one_asked_for(
    gateway: Gateway, buyer: Sender, query: str, accept: str | None, media_type: str
) -> None:
    answer = fetch(gateway, buyer, query, **({"Accept": accept} if accept else {}))
    assert (answer.status_code, answer.mimetype, answer.headers["Vary"]) == (200, media_type, "Accept")


@pytest.mark.parametrize(
    ("query", "accept"), [("?format=cxml-1.2", "*/*"), ("?format=nothing", "*/*"), ("", "image/png")]
)
def test_what_it_is_not_to_be_had_in_is_refused(gateway: Gateway, buyer: Sender, query: str, accept: str) -> None:
    refused = fetch(gateway, buyer, query, Accept=accept)
    assert (refused.status_code, refused.json["code"]) == (406, "not_acceptable")
    assert "csv-1 (text/csv)" in refused.json["detail"]


def test_every_format_says_the_same(gateway: Gateway, buyer: Sender, schemas_dir: Path) -> None:
    lines = fetch(gateway, buyer).json["lines"]
    table = read_lines(fetch(gateway, buyer, Accept="text/csv").data)
    assert [(line.buyer_item, f"{line.quantity:f}") for line in table] == [
        (line["buyer_item"], line["quantity"]) for line in lines
    ]
    document = etree.fromstring(fetch(gateway, buyer, Accept="application/xml").data)
    etree.XMLSchema(etree.parse(schemas_dir / "ubl-2.1/maindoc/UBL-StockAvailabilityReport-2.1.xsd")).assertValid(
        document
    )
    assert [line.findtext("{*}Quantity") for line in document.iter("{*}StockAvailabilityReportLine")] == [
        "10",
        "0",
        "0",
    ]


def test_the_format_agreed_for_reports_answers_its_media_type(gateway: Gateway, buyer: Sender) -> None:
    publish(gateway, "acme", ITEMS, outbound={"inventory_report": {"format": "peppol-bis-3"}})
    gateway.app.extensions["door"]._mappings.clear()
    tag = fetch(gateway, buyer, Accept="application/xml").headers["ETag"]
    assert tag.endswith('-peppol-bis-3"')


def test_its_allocation_share_and_what_it_took(gateway: Gateway, buyer: Sender) -> None:
    """Orders of the account, and of another one, count at once."""
    publish(gateway, "acme", ITEMS, policies={"allocation_percent": 50, "unknown_ship_to": "accept_address"})
    assert told(fetch(gateway, buyer))["0042"] == ("available", "5")
    line = {"line_number": "1", "buyer_item": "0042", "quantity": "2", "unit": "CS"}
    gateway.send(buyer, {"order_number": "PO-1", "lines": [line]})
    assert gateway.work() == 1
    assert told(fetch(gateway, buyer))["0042"] == ("available", "3")
    other = gateway.account("delta")
    taken = {"line_number": "1", "seller_item": "OAT-1L", "quantity": "96", "unit": "EA"}
    gateway.send(other, {"order_number": "PO-2", "lines": [taken]})
    assert gateway.work() == 1
    assert told(fetch(gateway, buyer))["0042"] == ("out_of_stock", "0")


def test_only_the_sites_that_supply_the_account_count(gateway: Gateway, buyer: Sender) -> None:
    count(gateway, "OAT-1L", 240, "ULM")
    assert told(fetch(gateway, buyer))["0042"] == ("available", "30")
    here = SiteRow("DC", role="ship_to", supply_site="ULM")
    publish(gateway, "acme", [*ITEMS, here, SiteRow("HQ", role="bill_to")])
    assert told(fetch(gateway, buyer))["0042"] == ("available", "20")
    publish(gateway, "acme", [*ITEMS, here, SiteRow("SHOP", role="ship_to")])
    assert told(fetch(gateway, buyer))["0042"] == ("available", "30")


def test_what_cannot_be_counted_is_left_out_and_logged(
    gateway: Gateway, buyer: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    publish(gateway, "acme", [*ITEMS, ItemRow("0999", None, "NOTHING"), UnitRow("PL", "RYE-500", "XPX", Decimal(1))])
    assert list(told(fetch(gateway, buyer))) == ["0042", "0310"]
    (record,) = [one for one in caplog.records if one.name == "gateway.inventory_plans"]
    assert "acme" in record.getMessage()
    assert "2" in record.getMessage()


# --- ETag --------------------------------------------------------------------------------------------------------
def tag(gateway: Gateway, sender: Sender, query: str = "", **headers: str) -> str:
    answer = fetch(gateway, sender, query, **headers)
    again = fetch(gateway, sender, query, **headers, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    return str(answer.headers["ETag"])


def test_the_tag_changes_with_the_content_alone(gateway: Gateway, buyer: Sender) -> None:
    first = tag(gateway, buyer)
    count(gateway, "OTHER", 5)
    gateway.account("delta")
    assert tag(gateway, buyer) == first
    seen = {first}
    for change in (
        lambda: count(gateway, "OAT-1L", 125),
        lambda: count(gateway, "RYE-500", 1, "ULM"),
        lambda: gateway.send(buyer, order("PO-1", "RYE-500")) and gateway.work(),
        lambda: publish(gateway, "acme", ITEMS[:2]),
        lambda: catalogue(gateway, OAT, replace(RYE, lead_time_days=9), JAM, PACK),
    ):
        change()
        seen.add(tag(gateway, buyer))
    assert len(seen) == 6


def test_each_format_has_its_own_tag(gateway: Gateway, buyer: Sender) -> None:
    tags = {tag(gateway, buyer, Accept=accept) for accept in ("application/json", "text/csv", "application/xml")}
    assert len(tags) == 3
    other = fetch(gateway, buyer, Accept="text/csv", **{"If-None-Match": tag(gateway, buyer)})
    assert other.status_code == 200


# --- since -------------------------------------------------------------------------------------------------------
def number(gateway: Gateway, sender: Sender) -> str:
    return str(fetch(gateway, sender).headers["Inventory-Report"])


def test_since_says_what_changed(gateway: Gateway, buyer: Sender) -> None:
    before = number(gateway, buyer)
    unchanged = fetch(gateway, buyer, f"?since={before}")
    assert (unchanged.json["is_full"], unchanged.json["lines"]) == (False, [])
    count(gateway, "RYE-500", 7)
    changed = fetch(gateway, buyer, f"?since={before}")
    assert told(changed) == {"0107": ("available", "7")}
    assert changed.json["since"] is not None
    gateway.send(buyer, order("PO-1", "RYE-500"))
    gateway.work()
    assert told(fetch(gateway, buyer, f"?since={changed.json['number']}")) == {"0107": ("available", "5")}
    assert fetch(gateway, buyer, f"?since={changed.json['number']}&format=csv-1").data.count(b"\r\n") == 2


def test_since_takes_the_number_of_a_report_from_the_mailbox(gateway: Gateway, buyer: Sender) -> None:
    due = Due("acme", 0, "0 6 * * *", "UTC")
    gateway.services.store.inventory_reports.reschedule([due], [])
    assert send(gateway.services, due, datetime.now(UTC))
    assert fetch(gateway, buyer, "?since=IR-00000001").json["lines"] == []
    count(gateway, "RYE-500", 7)
    assert told(fetch(gateway, buyer, "?since=IR-00000001")) == {"0107": ("available", "7")}


def test_since_in_ubl_without_a_change_has_no_content(gateway: Gateway, buyer: Sender) -> None:
    before = number(gateway, buyer)
    answer = fetch(gateway, buyer, f"?since={before}", Accept="application/xml")
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Inventory-Report"]


def test_an_account_without_items_has_no_ubl_report(gateway: Gateway, delta: Sender) -> None:
    assert fetch(gateway, delta).json["lines"] == []
    refused = fetch(gateway, delta, Accept="application/xml")
    assert (refused.status_code, refused.json["code"]) == (406, "not_acceptable")


def test_since_tells_of_items_and_products_that_are_others_now(gateway: Gateway, buyer: Sender) -> None:
    before = number(gateway, buyer)
    publish(
        gateway, "acme", [ITEMS[0], ITEMS[2], ItemRow("0108", None, "RYE-500"), UnitRow("DZ", "JAM", "EA", Decimal(12))]
    )
    answer = fetch(gateway, buyer, f"?since={before}")
    assert not answer.json["is_full"]
    assert told(answer) == {"0108": ("out_of_stock", "0"), "0310": ("discontinued", "0"), "0107": ("discontinued", "0")}
    before = answer.json["number"]
    catalogue(gateway, OAT, replace(RYE, lead_time_days=9), JAM, PACK)
    assert list(told(fetch(gateway, buyer, f"?since={before}"))) == ["0108"]


@pytest.mark.parametrize(
    ("more", "terms"),
    [
        ([UnitRow("KT", None, "XCT", Decimal(1))], {}),
        ([SiteRow("DC", role="ship_to", supply_site="ULM")], {}),
        ([], {"policies": {"allocation_percent": 50}}),
        ([], {"time_zone": "Europe/Berlin"}),
    ],
)
def test_since_is_full_where_every_item_is_concerned(
    gateway: Gateway, buyer: Sender, more: list[Any], terms: dict[str, Any]
) -> None:
    before = number(gateway, buyer)
    publish(gateway, "acme", [*ITEMS, *more], **terms)
    answer = fetch(gateway, buyer, f"?since={before}")
    assert (answer.json["is_full"], len(answer.json["lines"])) == (True, 3)


def test_since_yesterday_tells_what_the_day_changed(gateway: Gateway, buyer: Sender) -> None:
    """An item that ended, one that began, and goods that were due and are no longer to come."""
    yesterday = TODAY - timedelta(days=1)
    publish(
        gateway,
        "acme",
        [
            *ITEMS,
            ItemRow("OLD", None, "RYE-500", valid_to=yesterday),
            ItemRow("NEW", None, "RYE-500", valid_from=TODAY),
        ],
    )
    count(gateway, "OAT-1L", 24, next_receipt_date=yesterday, next_receipt_quantity=Decimal(12))
    then = reports.ask(gateway.services, "acme", datetime.combine(yesterday, datetime.min.time(), UTC))
    before = {line.buyer_item: line for line in reports.lines(gateway.services, then)}
    assert before["0042"].next_receipt_date == yesterday
    assert "NEW" not in before
    answer = fetch(gateway, buyer, f"?since={then.cursor}")
    assert told(answer) == {
        "0042": ("available", "2"),
        "NEW": ("out_of_stock", "0"),
        "OLD": ("discontinued", "0"),
    }
    assert answer.json["lines"][0]["next_receipt_date"] is None


@pytest.mark.parametrize(
    "since",
    [
        *("yesterday", "IR-1", "IR-20261399T000000Z-1-1-1", "0", "IR-20261126T000000Z-1-1-1-1"),
        *("IR-99991231T235959Z-1-1-1", "IR-00010101T000000Z-1-1-1"),  # no other time zone has these
    ],
)
def test_what_is_no_number_of_a_report_is_refused(gateway: Gateway, buyer: Sender, since: str) -> None:
    refused = fetch(gateway, buyer, f"?since={since}")
    assert (refused.status_code, refused.json["code"]) == (400, "bad_parameter")


def test_a_number_that_was_made_up_is_answered_in_full(gateway: Gateway, buyer: Sender) -> None:
    for made_up in ("IR-20991231T000000Z-1-1-1", "IR-20261101T000000Z-999-1-1", "IR-20261101T000000Z-0-0-0"):
        assert len(fetch(gateway, buyer, f"?since={made_up}").json["lines"]) == 3


def test_a_number_of_before_the_database_was_put_back_is_answered_in_full(gateway: Gateway, buyer: Sender) -> None:
    """It knows of changes that this database has not seen yet: what it will see under their numbers are others."""
    before = number(gateway, buyer)
    count(gateway, "RYE-500", 7)
    later = number(gateway, buyer)
    head, _, change = later.rpartition("-")
    assert before.rpartition("-")[2] != change
    count(gateway, "RYE-500", 5)
    answer = fetch(gateway, buyer, f"?since={head}-{int(change) + 1_000_000}")
    assert (answer.json["is_full"], len(answer.json["lines"])) == (True, 3)
    assert told(fetch(gateway, buyer, f"?since={later}")) == {"0107": ("available", "5")}


# --- streamed ----------------------------------------------------------------------------------------------------
def test_it_is_streamed_by_the_server(gateway: Gateway, buyer: Sender) -> None:
    import urllib.request

    publish(gateway, "acme", [ItemRow(f"S-{one:05d}", None, "RYE-500") for one in range(5000)])
    with served(gateway) as address:
        asked = urllib.request.Request(f"{address}/v1/inventory?format=csv-1", headers=buyer.headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert answer.headers["Transfer-Encoding"] == "chunked"
            assert len(read_lines(answer.read())) == 5000


def test_a_test_key_gets_a_report_that_says_so(gateway: Gateway, buyer: Sender) -> None:
    _, key = gateway.services.store.keys.create("acme", actor="test", test=True)
    assert fetch(gateway, Sender("acme", key)).json["test"] is True
    assert "test" not in fetch(gateway, buyer).json
    assert date.fromisoformat(fetch(gateway, buyer).json["issue_date"]) == datetime.now(UTC).date()
