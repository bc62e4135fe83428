"""The tables, a file each subject. Times are microseconds since 1970 (UTC) unless a comment says otherwise; JSON is
text; amounts are exact.

What is append-only is said so; nothing there is ever updated or deleted but by retention.
"""

from __future__ import annotations

from gateway.store.tables.accounts import accounts, api_keys, revision_rows, revisions, secrets
from gateway.store.tables.billing import (
    billables,
    billed_charges,
    billed_parts,
    billing_requests,
    invoice_lines,
    invoices,
    rebate_settlements,
)
from gateway.store.tables.causes import open_causes, problem_states
from gateway.store.tables.common import metadata
from gateway.store.tables.counters import counters, timers
from gateway.store.tables.deliveries import deliveries, delivery_attempts, endpoints, receipts
from gateway.store.tables.documents import document_orders, documents, inventory_reports
from gateway.store.tables.draft_tests import draft_tests
from gateway.store.tables.drafts import draft_edits, drafts
from gateway.store.tables.messages import envelopes, events, faults, leases, messages, payloads
from gateway.store.tables.orders import contract_movements, decisions, order_versions, orders, quantity_movements
from gateway.store.tables.people import sign_in_links, sign_ins, users
from gateway.store.tables.pickups import pickup_files, pickups
from gateway.store.tables.replays import replay_messages, replays
from gateway.store.tables.shipments import departures, shipment_deliveries, shipment_lines, shipments, ssccs
from gateway.store.tables.stock import stock_changes, stock_movements, stock_places, stock_snapshots
from gateway.store.tables.uploads import uploads

__all__ = [
    "accounts",
    "api_keys",
    "billables",
    "billed_charges",
    "billed_parts",
    "billing_requests",
    "contract_movements",
    "counters",
    "decisions",
    "deliveries",
    "delivery_attempts",
    "departures",
    "document_orders",
    "documents",
    "draft_edits",
    "draft_tests",
    "drafts",
    "endpoints",
    "envelopes",
    "events",
    "faults",
    "inventory_reports",
    "invoice_lines",
    "invoices",
    "leases",
    "messages",
    "metadata",
    "open_causes",
    "order_versions",
    "orders",
    "payloads",
    "pickup_files",
    "pickups",
    "problem_states",
    "quantity_movements",
    "rebate_settlements",
    "receipts",
    "replay_messages",
    "replays",
    "revision_rows",
    "revisions",
    "secrets",
    "shipment_deliveries",
    "shipment_lines",
    "shipments",
    "sign_in_links",
    "sign_ins",
    "ssccs",
    "stock_changes",
    "stock_movements",
    "stock_places",
    "stock_snapshots",
    "timers",
    "uploads",
    "users",
]
