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
            "ordered": "120",
            "confirmed": "84",
            "backordered": "36",
            "rejected": "0",
            "cancelled": "0",
            "open": "0",
            "shipped": "0",
            "to_ship": "84",
            "allocations": [{"site": "HAMBURG", "base_quantity": "84"}],
            "unit": "CS",
            "buyer_item": "PL-0042",
            "description": "Oat drink 1 l",
            "requested_delivery": None,
            "ship_to": None,
        }
    ],
}
WORK_ORDERS: Mapping[str, Any] = {"orders": [WORK_ORDER], "next": "1.2026-11-30.1.01KB3ZC0000000000000000041"}
