"""The tables, a file each subject. Times are microseconds since 1970 (UTC) unless a comment says otherwise; JSON is
text; amounts are exact.

What is append-only is said so; nothing there is ever updated or deleted but by retention.
"""

from __future__ import annotations

from gateway.store.tables.accounts import accounts, api_keys, revision_rows, revisions, secrets
from gateway.store.tables.audit import (
    audit_heads,
    audit_seals,
    events,
    forgotten_streams,
    retention_progress,
    retention_waits,
)
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
from gateway.store.tables.messages import envelopes, faults, leases, messages, payloads
from gateway.store.tables.notices import notice_subjects, notices, silences
from gateway.store.tables.orders import contract_movements, decisions, order_versions, orders, quantity_movements
from gateway.store.tables.people import sign_in_links, sign_ins, users
from gateway.store.tables.pickups import pickup_files, pickups
from gateway.store.tables.replays import replay_messages, replays
from gateway.store.tables.resubmissions import resubmissions
from gateway.store.tables.searching import saved_searches, search_backlog
from gateway.store.tables.shipments import departures, shipment_deliveries, shipment_lines, shipments, ssccs
from gateway.store.tables.stock import stock_changes, stock_movements, stock_places, stock_snapshots
from gateway.store.tables.uploads import uploads

__all__ = [
    "accounts",
    "api_keys",
    "audit_heads",
    "audit_seals",
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
    "forgotten_streams",
    "inventory_reports",
    "invoice_lines",
    "invoices",
    "leases",
    "messages",
    "metadata",
    "notice_subjects",
    "notices",
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
    "resubmissions",
    "retention_progress",
    "retention_waits",
    "revision_rows",
    "revisions",
    "saved_searches",
    "search_backlog",
    "secrets",
    "shipment_deliveries",
    "shipment_lines",
    "shipments",
    "sign_in_links",
    "sign_ins",
    "silences",
    "ssccs",
    "stock_changes",
    "stock_movements",
    "stock_places",
    "stock_snapshots",
    "timers",
    "uploads",
    "users",
]
