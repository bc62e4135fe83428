"""Orders of the accounts in `accounts/`, as short as the examples allow."""

from __future__ import annotations

from typing import Any


def line(number: str, item: str, quantity: str, unit: str | None = None, price: str | None = None) -> dict[str, Any]:
    """A line of pine-hardware: `line("1", "PH-0101", "4", "DOOS", "6.00")`."""
    asked: dict[str, Any] = {"line_number": number, "buyer_item": item, "quantity": quantity}
    if unit is not None:
        asked["unit"] = unit
    if price is not None:
        asked["price"] = {"amount": price}
    return asked


BOLTS = line("1", "PH-0101", "4", "DOOS", "6.00")
"""4 boxes of 50, of which NORTH has 24, at the contract's price."""
HAMMERS = line("2", "PH-0102", "3", "STUK", "11.50")
SAWS = line("2", "PH-0107", "15", "STUK", "18.00")
"""NORTH has 10, and 20 more on 2 December."""


def order(*lines: dict[str, Any], number: str = "PH-4001", **header: Any) -> dict[str, Any]:
    """An order of pine-hardware for YARD-1, issued on the day of the examples."""
    return {
        "order_number": number,
        "issue_date": "2026-11-23",
        "currency": "EUR",
        "buyer": {"id": "68750110", "scheme": "0106"},
        "ship_to": {"id": "YARD-1"},
        "lines": list(lines),
        **header,
    }
