"""What json-1 writes, model by model: the contract's members always, the others only where they say something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.documents import common, despatch_advice, inventory_report, invoice, order, order_response
from schemas.documents.common import AnyDocument, Document, OwnDocument, fields_of

ALWAYS: Mapping[type[AnyDocument], tuple[str, ...]] = {
    order.Order: (
        "function", "version", "order_type", "test", "order_number", "issue_date", "issued_at",
        "currency", "contract", "rush", "respond_by", "cancel_after", "note",
        "buyer", "bill_to", "final_recipient", "ship_to",
        "requested_delivery", "partial_allowed", "charges", "attachments", "total", "lines",
    ),
    order.OrderLine: (
        "line_number", "buyer_line_reference", "buyer_item", "seller_item", "gtin", "description",
        "quantity", "unit", "unit_code", "price",
        "ship_to", "requested_delivery", "schedule", "partial_allowed", "backorder_allowed", "charges",
    ),
    order.ScheduleLine: ("quantity", "requested_delivery"),
    common.Party: ("id", "scheme", "name"),
    common.Identifier: ("id", "scheme"),
    common.Address: ("street", "city", "postal_code", "country"),
    common.Contact: ("name",),
    common.Period: ("start", "end"),
    common.Price: ("amount", "base_quantity", "unit", "gross"),
    common.Charge: ("is_charge", "amount"),
    common.Attachment: ("filename", "media_type"),
    common.Extension: ("name", "value"),
    order_response.OrderResponse: (
        "number", "order_number", "order_version", "issue_date", "outcome", "lines",
    ),
    order_response.ResponseLine: ("line_number", "outcomes"),
    order_response.LineOutcome: ("status", "quantity", "unit", "price", "promised_delivery", "reason"),
    despatch_advice.DespatchAdvice: (
        "number", "shipment_number", "issue_date", "despatched_at", "estimated_delivery", "carrier", "tracking",
        "orders", "packages", "lines",
    ),
    despatch_advice.Carrier: ("name",),
    despatch_advice.DespatchedOrder: ("order_number",),
    despatch_advice.Package: ("id", "type_code", "sscc", "parent"),
    despatch_advice.DespatchLine: (
        "line_number", "order_number", "order_line_number", "buyer_item", "seller_item", "gtin", "description",
        "quantity", "unit", "unit_code", "base_quantity", "base_unit", "package",
    ),
    inventory_report.InventoryReport: ("number", "issue_date", "issued_at", "is_full", "since", "lines"),
    inventory_report.InventoryLine: (
        "buyer_item", "seller_item", "gtin", "status", "quantity", "unit", "unit_code", "as_of",
        "next_receipt_date", "next_receipt_quantity",
    ),
    invoice.Invoice: (
        "type", "number", "issue_date", "due_date", "currency", "order_number", "despatch_number",
        "seller", "buyer", "ship_to", "delivered_on", "payment", "charges", "taxes", "totals", "lines",
    ),
    invoice.InvoiceLine: (
        "line_number", "order_number", "order_line_number", "buyer_item", "seller_item", "gtin", "description",
        "quantity", "unit", "unit_code", "price", "charges", "net_amount", "tax",
    ),
    invoice.InvoiceCharge: ("is_charge", "amount", "reason_code", "reason"),
    invoice.TaxCategory: ("category", "percent"),
    invoice.TaxSubtotal: ("category", "percent", "taxable_amount", "tax_amount"),
    invoice.Totals: (
        "lines", "allowances", "charges", "without_tax", "tax", "with_tax", "prepaid", "rounding", "payable",
    ),
    invoice.InvoiceReference: ("number", "issue_date"),
    invoice.PaymentTerms: ("note",),
}  # fmt: skip
"""The order of the members is the contract's."""


def models_of(root: type[AnyDocument]) -> Iterator[type[AnyDocument]]:
    """The model and every model inside it, each once."""
    found: list[type[AnyDocument]] = []
    waiting: list[Any] = [root]
    while waiting:
        annotation = waiting.pop(0)
        if isinstance(annotation, type) and issubclass(annotation, (Document, OwnDocument)) and annotation not in found:
            found.append(annotation)
            waiting.extend(field.annotation for field in fields_of(annotation).values())
        waiting.extend(getattr(annotation, "__args__", ()))
    yield from found
