"""Invoices in examples: what pine-hardware agreed on, and what comes of its orders and shipments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.accounts import publish_catalogue
from gateway.billing_schedule import bill_due
from gateway.store.documents import StoredDocument
from gateway.store.orders import LedgerLine
from gateway.store.statements import fetch
from mappings.files.account_folder import read_account
from mappings.files.tables import read_catalogue
from mappings.revision import TaxRow
from schemas.documents.invoice import Invoice
from schemas.formats.json_1.reading import parse_invoice
from tests.examples.small_gateway import ACCOUNTS, CATALOGUE, SmallGateway

PINE = "pine-hardware"
LEGAL = {
    "name": "Pine Hardware BV",
    "vat_id": "NL812345678B01",
    "address": {"street": "Marsweg 2", "city": "Zwolle", "postal_code": "8013", "country": "NL"},
    "endpoint": {"scheme": "0106", "id": "68750110"},
}
TAXES = (
    TaxRow(None, "SE", "NL", "registered", "K", Decimal(0), "VATEX-EU-IC"),
    TaxRow(None, "SE", "NL", "none", "S", Decimal(25)),
)


def agree(
    gateway: SmallGateway,
    when: str | None = "shipped",
    taxes: Sequence[TaxRow] = TAXES,
    prices: bool = True,
    **more: Any,
) -> None:
    """Pine Hardware gets invoices, by itself `when` its goods are; `more` is of account.yaml. Without `prices` there is
    no contract."""
    folder = read_account(ACCOUNTS / PINE)
    folder = folder if prices else replace(folder, prices=())
    terms = folder.account.model_dump(mode="json", by_alias=True)
    terms["legal"] = LEGAL
    terms["outbound"]["invoice"] = {"format": "json-1", "when": when}
    for name, said in more.items():
        terms[name] = {**terms[name], **said} if isinstance(said, dict) and isinstance(terms.get(name), dict) else said
    gateway.publish(replace(folder, account=type(folder.account).model_validate(terms)))
    catalogue = {**read_catalogue(CATALOGUE), "tax": taxes}
    publish_catalogue(gateway.store, catalogue, author="test", reason="examples")


def office(gateway: SmallGateway, what: str, told: dict[str, Any]) -> Any:
    """The answer to a call of the back office."""
    key = gateway.store.keys.create(None, actor="test")[1]
    headers = {"Authorization": f"Bearer {key}"}
    return gateway.client.post(f"/v1/backoffice/{what}", data=json.dumps(told), headers=headers)


def bill(gateway: SmallGateway) -> int:
    """Make what is due; how many invoices that are."""
    return bill_due(gateway.services)


def mailbox(gateway: SmallGateway, kind: str = "invoice") -> list[StoredDocument]:
    """Those in Pine Hardware's mailbox, oldest first."""
    return gateway.store.documents.page(PINE, kind=kind, order_number=None, after=None, limit=1000, test_key=False)


def made(gateway: SmallGateway, kind: str = "invoice") -> list[Invoice]:
    """The same as canonical documents. Whatever was done, what was billed holds together."""
    check_books(gateway)
    return [parse_invoice(gateway.store.documents.canonical(one.id).encode()) for one in mailbox(gateway, kind)]


def ledger(gateway: SmallGateway, number: str = "PH-4001") -> dict[str, LedgerLine]:
    """The order's lines; the ledger's equations hold."""
    stands = gateway.store.orders.by_number(PINE, number)[0]
    lines = {one.line_number: one for one in gateway.store.orders.ledger(stands.id)}
    for one in lines.values():
        settled = one.confirmed + one.backordered + one.rejected + one.cancelled + one.open
        assert one.ordered + one.raised == settled
        assert one.base_shipped * one.ordered <= one.confirmed * one.base_ordered
        assert 0 <= one.base_credited <= one.base_invoiced <= one.base_shipped
        assert 0 <= one.base_returned <= one.base_shipped
    return lines


def check_books(gateway: SmallGateway) -> None:
    """What was billed of each part that left is never more than left; rows, documents and ledgers say the same; the
    numbers have no hole."""
    with gateway.store.database.read() as connection:
        left = fetch(connection, "SELECT shipment_id, number, base_quantity FROM shipment_lines")
        parts = fetch(connection, "SELECT shipment_id, shipment_line, base_quantity FROM billed_parts")
        lines = fetch(
            connection,
            "SELECT i.type, l.order_id, l.order_line_number, l.base_quantity, l.net, i.id FROM invoice_lines l "
            "JOIN invoices i ON i.id = l.invoice_id",
        )
        moves = fetch(connection, "SELECT order_id, line_number, invoiced, credited FROM quantity_movements")
        numbers = fetch(
            connection,
            "SELECT i.type, i.number, d.number, i.net, d.canonical FROM invoices i "
            "JOIN documents d ON d.id = i.document_id AND d.type = i.type",
        )
        every = fetch(connection, "SELECT count(*) FROM invoices")[0][0]
    assert len(numbers) == every
    shipped = {tuple(row[:2]): Decimal(row[2]) for row in left}
    for key, billed in _sums((tuple(row[:2]), row[2]) for row in parts).items():
        assert billed <= shipped[key]
    by_type = {
        kind: _sums((tuple(row[1:3]), row[3]) for row in lines if row[0] == kind) for kind in ("invoice", "credit_note")
    }
    for kind, column in (("invoice", 2), ("credit_note", 3)):
        moved = {key: value for key, value in _sums((tuple(row[:2]), row[column]) for row in moves).items() if value}
        assert moved == by_type[kind]
    for kind, prefix in (("invoice", "IN-"), ("credit_note", "CN-")):
        ours = sorted(int(row[1][3:]) for row in numbers if row[0] == kind and row[1].startswith(prefix))
        assert ours == list(range(1, len(ours) + 1))
    for kind, number, document_number, net, canonical in numbers:
        invoice = parse_invoice(canonical.encode())
        assert (invoice.type, invoice.number, invoice.number) == (kind, number, document_number)
        assert invoice.totals.without_tax == Decimal(net)
    assert list(gateway.store.audit.broken()) == []


def _sums(pairs: Any) -> dict[Any, Decimal]:
    found: dict[Any, Decimal] = {}
    for key, value in pairs:
        found[key] = found.get(key, Decimal(0)) + Decimal(value)
    return found


def amounts(invoice: Invoice) -> Sequence[tuple[str | None, str, str | None, str]]:
    """(order line, quantity, unit, net) of each line."""
    return [(line.order_line_number, f"{line.quantity:f}", line.unit, f"{line.net_amount:f}") for line in invoice.lines]
