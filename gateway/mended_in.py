"""In which of an account's tables the cause of a fault is mended."""

from __future__ import annotations

from collections.abc import Mapping

TABLES: Mapping[str, str] = {
    "unknown_item": "items",
    "item_conflict": "items",
    "unknown_unit": "units",
    "unknown_ship_to": "sites",
    "unknown_supply_site": "sites",
    "price_mismatch": "prices",
    "no_contract_price": "prices",
}
"""Fault code → the table; others are mended elsewhere."""
SAID_IN_ROWS = ("unknown_item", "unknown_unit")
"""Codes of which the table's rows say the value that was seen."""
