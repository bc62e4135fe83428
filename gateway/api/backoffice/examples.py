"""What the description of the back office shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

PRODUCT_ROWS: Rows = (
    {
        "product": "0042",
        "name": "Copy paper A4, 500 sheets",
        "base_unit": "EA",
        "gtin": "04098765001215",
        "sales_unit": "XCT",
    },
)
PACK_ROWS: Rows = (
    {"product": "0042", "unit": "XCT", "quantity": "5"},
    {"product": "0042", "unit": "XPX", "quantity": "200"},
)
TAX_ROWS: Rows = (
    {
        "tax_class": "books",
        "ship_from_country": "DE",
        "ship_to_country": "DE",
        "buyer_vat": "any",
        "category": "S",
        "percent": "7",
        "valid_from": "2020-01-01",
        "valid_to": "2026-12-31",
    },
    {
        "tax_class": "books",
        "ship_from_country": "DE",
        "ship_to_country": "DE",
        "buyer_vat": "any",
        "category": "S",
        "percent": "5",
        "valid_from": "2027-01-01",
    },
)
STOCK_ROWS: Rows = (
    {
        "product": "0042",
        "site": "HAMBURG",
        "as_of": "2026-11-23T06:00:00+01:00",
        "on_hand": "1200",
        "reserved_other": "40",
        "next_receipt_date": "2026-12-01",
        "next_receipt_quantity": "2000",
    },
)
PRICE_ROWS: Rows = (
    {
        "account": "nordic-office",
        "product": "0042",
        "unit": "XCT",
        "currency": "NOK",
        "price": "178.80",
        "min_quantity": "10",
        "valid_from": "2027-01-01",
    },
)
_FAULT: Mapping[str, Any] = {
    "row": 3,
    "code": "not_a_number",
    "path": "/rows/3/quantity",
    "location": "/rows/3/quantity",
    "detail": "/rows/3/quantity: quantity '=2*6' is a formula; paste its value instead",
    "value": "=2*6",
    "expected": "above zero, a plain decimal: digits and a point, no exponent, no thousands separator",
}
CATALOGUE_PUT: Mapping[str, Any] = {
    "rows": 5,
    "stored": 3,
    "unchanged": 1,
    "bad": 1,
    "faults": [_FAULT],
    "warnings": [],
    "revision": 8,
    "published": True,
}
TAXES_PUT: Mapping[str, Any] = {
    "rows": 2,
    "stored": 1,
    "unchanged": 0,
    "bad": 1,
    "faults": [
        {
            "row": 1,
            "code": "bad_value",
            "path": "/rows/1/percent",
            "location": "/rows/1/percent",
            "detail": "/rows/1/percent: category S has a rate",
            "value": "0",
            "expected": "a percentage above zero",
        }
    ],
    "warnings": [],
    "revision": 9,
    "published": True,
}
STOCK_PUT: Mapping[str, Any] = {
    "rows": 3,
    "stored": 1,
    "unchanged": 1,
    "bad": 0,
    "faults": [],
    "warnings": [],
    "older": [
        {
            "row": 2,
            "product": "OAT-1L",
            "site": "HAMBURG",
            "as_of": "2026-11-23T06:00:00+01:00",
            "known_as_of": "2026-11-23T09:30:00+01:00",
        }
    ],
}
PRICES_PUT: Mapping[str, Any] = {
    "rows": 2,
    "stored": 1,
    "unchanged": 1,
    "bad": 0,
    "faults": [],
    "warnings": [],
    "accounts": [{"account": "nordic-office", "revision": 12, "published": True, "stored": 1, "unchanged": 1}],
}
WORK_ORDER: Mapping[str, Any] = {
    "id": "01KB3ZC0000000000000000041",
    "account": "acme-retail",
    "order_number": "PO-1002",
    "version": 1,
    "status": "open",
    "outcome": "changed",
    "order_type": "stand_alone",
    "rush": False,
    "ship_by": "2026-11-30",
    "notice_due_at": "2026-11-30T03:00:00.000+00:00",
    "overdue": False,
    "requested_delivery": {"start": "2026-12-01", "end": "2026-12-02"},
    "cancel_after": None,
    "partial_allowed": True,
    "buyer": {"id": "4012345000009", "scheme": "0088", "name": "ACME Retail", "address": None},
    "ship_to": {
        "id": "4012345000016",
        "scheme": "0088",
        "name": "DC East",
        "address": {"street": "Kai 4", "city": "Hamburg", "postal_code": "20457", "country": "DE"},
    },
    "ship_to_site": "4012345000016",
    "contract": None,
    "currency": "EUR",
    "note": "dock 4",
    "created_at": "2026-11-23T09:00:01.123+00:00",
    "updated_at": "2026-11-23T09:00:01.456+00:00",
    "lines": [
        {
            "line_number": "1",
            "product": "OAT-1L",
            "name": "Oat drink 1 l",
            "base_unit": "EA",
            "tracking": "lot",
            "ordered": "120",
            "confirmed": "84",
            "backordered": "36",
            "rejected": "0",
            "cancelled": "0",
            "open": "0",
            "shipped": "0",
            "to_ship": "84",
            "allocations": [{"site": "HAMBURG", "base_quantity": "84"}],
            "quantity": "10",
            "unit": "CS",
            "price": {"amount": "12.50", "base_quantity": "1", "unit": None},
            "buyer_item": "PL-0042",
            "description": "Oat drink 1 l",
            "requested_delivery": None,
            "ship_to": None,
        }
    ],
}
WORK_ORDERS: Mapping[str, Any] = {"orders": [WORK_ORDER], "next": "1.2026-11-30.1.01KB3ZC0000000000000000041"}

_BASE: Mapping[str, Any] = {"anyOf": [{"type": "string"}, {"type": "number"}]}
_DAY: Mapping[str, Any] = {"type": "string", "format": "date"}
_LINE_DECISION: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "line_number": {"type": "string", "minLength": 1},
        "action": {"type": "string", "enum": ["accept", "change", "backorder", "reject"]},
        "base_quantity": {
            **_BASE,
            "description": "Of a change: so much is confirmed, in base units; where absent all that doesn't follow "
            "later. What is neither confirmed nor follows is cancelled.",
        },
        "backordered": {**_BASE, "description": "Of a change: so much follows later, in base units."},
        "promised_delivery": {
            **_DAY,
            "description": "Of what is confirmed, or of what `backorder` lets follow. Where absent: as soon as our "
            "lead and transit times allow and the order asks for; or no day.",
        },
        "backorder_delivery": {**_DAY, "description": "Of what a change lets follow."},
        "price": {**_BASE, "description": "Of a change: the amount for what the order's price is for."},
        "site": {"type": "string", "description": "Of ours, that it is taken from; as agreed where absent."},
        "reason": {"type": "string", "description": "Told to the account."},
    },
    "required": ["line_number", "action"],
    "additionalProperties": False,
}
DECISION_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "version": {"type": "integer", "minimum": 1, "description": "Of the order as it was listed."},
        "action": {
            "type": "string",
            "enum": ["accept", "backorder", "reject"],
            "description": "For every open line that `lines` doesn't name.",
        },
        "reason": {"type": "string", "description": "Told to the account with each of these."},
        "lines": {"type": "array", "items": _LINE_DECISION},
    },
    "required": ["version"],
    "additionalProperties": False,
}
DECISIONS: Mapping[str, Mapping[str, Any]] = {
    "all": {"summary": "All of it as ordered", "value": {"version": 1, "action": "accept"}},
    "by_line": {
        "summary": "Line by line",
        "value": {
            "version": 1,
            "action": "accept",
            "lines": [
                {
                    "line_number": "1",
                    "action": "change",
                    "base_quantity": "84",
                    "promised_delivery": "2026-12-02",
                    "backordered": "36",
                    "backorder_delivery": "2026-12-15",
                },
                {"line_number": "2", "action": "reject", "reason": "Discontinued."},
            ],
        },
    },
}
DECIDED: Mapping[str, Any] = {
    "order_id": "01KB3ZC0000000000000000041",
    "account": "acme-retail",
    "order_number": "PO-1002",
    "version": 1,
    "status": "open",
    "outcome": "changed",
    "decided_at": "2026-11-23T10:15:00.000+00:00",
    "document_id": "01KB43RC000000000000000007",
    "response": {
        "number": "OR-00000042",
        "order_number": "PO-1002",
        "order_version": 1,
        "issue_date": "2026-11-23",
        "outcome": "changed",
        "lines": [
            {
                "line_number": "1",
                "buyer_item": "PL-0042",
                "outcomes": [
                    {"status": "accepted", "quantity": "7", "unit": "CS", "promised_delivery": "2026-12-02"},
                    {"status": "backordered", "quantity": "3", "unit": "CS", "promised_delivery": "2026-12-15"},
                ],
            }
        ],
    },
}
