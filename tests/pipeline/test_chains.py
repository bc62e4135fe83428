"""Each demo account from its order to a return: response, two partial shipments and their despatch advices, invoices,
and the credit note of what came back, in the account's own format.

What each document must say stands in `chains/<account>.json`, worked out by hand from the account's tables.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import time_machine
from lxml import etree

from gateway.app import create_app
from gateway.billing_schedule import bill_due
from gateway.bootstrap import demo_folder
from gateway.demo.accounts import prepare
from gateway.inventory_schedule import Schedules
from gateway.lanes import LANES, Lanes
from gateway.pipeline import drain
from gateway.services import Limits, Services
from gateway.store.documents import StoredDocument
from gateway.store.store import Store
from gateway.terms import Terms
from mappings.files.account_folder import read_account
from mappings.files.supplier import read_supplier
from schemas.documents.despatch_advice import DespatchAdvice
from schemas.documents.invoice import Invoice
from schemas.documents.order_response import OrderResponse
from schemas.formats.json_1 import JSON_1
from schemas.json_schema import schema
from tests.formats.en16931 import broken_rules

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS, CHAINS = ROOT / "mappings" / "accounts", Path(__file__).resolve().parent / "chains"
NAMES = sorted(path.stem for path in CHAINS.glob("*.json"))
TODAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
_MAINDOCS = {
    "order_response": "OrderResponse",
    "despatch_advice": "DespatchAdvice",
    "invoice": "Invoice",
    "credit_note": "CreditNote",
}
_DTDS = {
    "order_response": "Fulfill",
    "despatch_advice": "Fulfill",
    "invoice": "InvoiceDetail",
    "credit_note": "InvoiceDetail",
}


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    """The demo on either database, on the morning of its stock."""
    with time_machine.travel(TODAY):
        store = Store(database_url)
        store.upgrade()
        lanes = Lanes(f"unix://{tmp_path / 'nobody.sock'}")
        supplier = read_supplier(ROOT / "config" / "supplier.yaml")
        opened = Services(store, lanes, Terms(store), supplier, Limits())
        prepare(opened, demo_folder(), ACCOUNTS, tmp_path / "keys")
        yield opened
        lanes.close()
        store.close()


def test_there_is_a_chain_for_each_demo_account() -> None:
    assert sorted(path.parent.name for path in ACCOUNTS.glob("*/account.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_from_the_order_to_the_return(services: Services, schemas_dir: Path, name: str) -> None:
    chain = json.loads((CHAINS / f"{name}.json").read_text("utf-8"))
    office = _Client(services, None)
    account = _Client(services, name)
    account.post("/v1/orders", (ACCOUNTS / name / "samples" / chain["sample"]).read_bytes(), 202)
    drain(services, range(len(LANES)), lambda: None)
    for number, parts in enumerate(chain["shipments"], 1):
        office.post("/v1/backoffice/shipments", _shipment(name, chain["order"], number, parts))
        bill_due(services)
    line, quantity = chain["return"]
    first = _documents(services, name)["invoice"][0][1].number
    asked = {"request_number": "RMA-1", "account": name, "invoice_number": first}
    back = {**asked, "reason": "return", "lines": [{"line_number": line, "quantity": quantity}]}
    office.post("/v1/backoffice/credit_notes", back)
    found = _documents(services, name)

    (response,) = [document for _, document in found["order_response"]]
    assert _said(response) == chain["response"]
    assert [_told(advice) for _, advice in found["despatch_advice"]] == chain["advices"]
    assert [_billed(invoice) for _, invoice in found["invoice"]] == chain["invoices"]
    (note,) = [document for _, document in found["credit_note"]]
    assert _billed(note) == chain["credit_note"]
    assert [one.number for one in note.credits] == [found["invoice"][0][1].number]
    for documents in found.values():
        for stored, _ in documents:
            _must_be_valid(services, schemas_dir, stored)
    _must_hold_together(services, name, chain["order"])
    assert list(services.store.audit.broken()) == []


def test_each_account_is_told_what_it_may_still_order(services: Services) -> None:
    """On schedule, in its own format, after what it ordered."""
    schedules = Schedules(services)
    schedules.send_due(TODAY)
    assert schedules.send_due(TODAY.replace(day=24, hour=9)) == 4
    for name in NAMES:
        page = services.store.documents.page(
            name, kind="inventory_report", order_number=None, after=None, limit=9, test_key=False
        )
        agreed = read_account(ACCOUNTS / name).account.outbound.get("inventory_report")
        assert [one.format for one in page] == ([agreed.format] if agreed else [])
        for one in page:
            body = services.store.documents.body(one.id).decode()
            if one.format == "csv-1":
                assert len(list(csv.reader(io.StringIO(body)))) > 5
            elif one.media_type == "application/json":
                assert json.loads(body)
            else:
                assert etree.fromstring(body.encode()) is not None


class _Client:
    """Calls with an account's key, or the back office's."""

    def __init__(self, services: Services, account: str | None) -> None:
        self._client = create_app(services, threads=2).test_client()
        self._key = services.store.keys.create(account, actor="test")[1]

    def post(self, path: str, body: bytes | dict[str, Any], status: int = 201) -> None:
        headers = {"Authorization": f"Bearer {self._key}"}
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self._client.post(path, data=sent, headers=headers)
        assert answer.status_code == status, answer.text


def _shipment(account: str, order: str, number: int, parts: list[dict[str, str]]) -> dict[str, Any]:
    lines = [{**part, "order_number": order, "account": account, "lot": f"L-{number}"} for part in parts]
    packages = [{"id": "P1", "type": "PX"}, {"id": "C1", "type": "CT", "parent": "P1", "lines": lines}]
    left = {"shipped_at": f"2026-11-23T1{number}:30:00+01:00", "estimated_delivery": "2026-11-25"}
    return {"shipment_number": f"LS-{account}-{number}", **left, "carrier": "Nordfracht", "packages": packages}


def _documents(services: Services, account: str) -> dict[str, list[tuple[StoredDocument, Any]]]:
    """Kind → the documents in the mailbox with what they say, oldest first."""
    page = services.store.documents.page(account, kind=None, order_number=None, after=None, limit=99, test_key=False)
    found: dict[str, list[tuple[StoredDocument, Any]]] = {}
    for one in page:
        canonical = services.store.documents.canonical(one.id).encode()
        found.setdefault(one.type, []).append((one, JSON_1.parsers[one.type](canonical)))
    return found


def _said(response: OrderResponse) -> list[list[str | None]]:
    """What was accepted, line by line."""
    return [
        [line.line_number, f"{outcome.quantity:f}", outcome.unit]
        for line in response.lines
        for outcome in line.outcomes
        if outcome.status == "accepted"
    ]


def _told(advice: DespatchAdvice) -> list[list[str | None]]:
    return [[line.order_line_number, f"{line.quantity:f}", line.unit, line.buyer_item] for line in advice.lines]


def _billed(invoice: Invoice) -> dict[str, Any]:
    lines = [
        [line.order_line_number, f"{line.quantity:f}", line.unit, f"{line.net_amount:f}"] for line in invoice.lines
    ]
    taxes = [
        [tax.category, f"{tax.percent:f}", f"{tax.taxable_amount:f}", f"{tax.tax_amount:f}"]
        for tax in invoice.taxes
        if tax.percent is not None
    ]
    return {"lines": lines, "taxes": taxes, "payable": f"{invoice.totals.payable:f}"}


def _must_be_valid(services: Services, schemas_dir: Path, stored: StoredDocument) -> None:
    """By the schema of its format, and by EN 16931 where it is an invoice or credit note in UBL. The account's own
    layouts are held to their samples elsewhere."""
    agreed = services.terms.current([stored.account_id])[stored.account_id].account.terms_of(stored.type)
    assert stored.format == (agreed.format if agreed else "json-1")
    body = services.store.documents.body(stored.id)
    if stored.format == "peppol-bis-3":
        maindoc = schemas_dir / "ubl-2.1" / "maindoc" / f"UBL-{_MAINDOCS[stored.type]}-2.1.xsd"
        etree.XMLSchema(etree.parse(maindoc)).assertValid(etree.fromstring(body))
        if stored.type in ("invoice", "credit_note"):
            assert broken_rules(body) == []
    elif stored.format == "cxml-1.2":
        dtd = etree.DTD(str(schemas_dir / "cxml" / f"{_DTDS[stored.type]}.dtd"))
        assert dtd.validate(etree.fromstring(body)), dtd.error_log
    elif stored.format == "json-1":
        validator = jsonschema_rs.validator_for(schema(stored.type))
        assert list(validator.iter_errors(json.loads(body))) == []
    else:
        assert stored.format == "custom"
        assert stored.number in body.decode()


def _must_hold_together(services: Services, account: str, number: str) -> None:
    """The ledger, line by line: everything shipped and billed, one line in part returned."""
    (order,) = services.store.orders.by_number(account, number)
    lines = list(services.store.orders.ledger(order.id))
    for line in lines:
        assert line.ordered == line.confirmed + line.backordered + line.rejected + line.cancelled + line.open
        assert line.base_shipped == line.base_invoiced == line.base_ordered
        assert Decimal(0) <= line.base_credited == line.base_returned <= line.base_invoiced
    assert [line.base_returned > 0 for line in lines].count(True) == 1
    assert order.status == "shipped"
