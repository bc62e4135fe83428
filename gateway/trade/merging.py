"""A line as a change line by line leaves it: what the change says of it, and of the rest what stands.

What belongs together is taken together: another item brings its own names, description and pack size; another unit its
code; another pack size what it counts. A price that the change doesn't repeat stays the price of the unit that it was
said for.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from schemas.documents.common import Price
from schemas.documents.order import OrderLine
from schemas.values import shortest

_ITEM = ("buyer_item", "seller_item", "gtin")
_PACK = ("pack_size", "pack_unit", "pack_unit_code")
_OF_THE_ITEM = (*_ITEM, "description", *_PACK, "price")
_BY_THEMSELVES = (
    *("buyer_line_reference", "description", "price", "ship_to", "requested_delivery", "schedule"),
    *("partial_allowed", "backorder_allowed", "charges", "note", "extensions"),
)
_ONE = Decimal(1)


def merged(before: OrderLine, change: OrderLine) -> OrderLine:
    """The line that stands, with what the change says of it; an absent field and an empty list say nothing."""
    said: dict[str, Any] = {"quantity": change.quantity}
    if _is_another_item(before, change):
        said |= {name: getattr(change, name) for name in _OF_THE_ITEM}
    said |= {name: value for name in (*_ITEM, *_BY_THEMSELVES) if (value := getattr(change, name)) not in (None, ())}
    if change.pack_size is not None:
        said |= {name: getattr(change, name) for name in _PACK}
    if _leaves_its_basis_open(before, change):
        said["price"] = before.price
    if change.unit is not None or change.unit_code is not None:
        said |= _in_another_unit(before, change, said)
    return before.model_copy(update=said)


def contradictions(before: OrderLine, change: OrderLine) -> Iterator[tuple[str, str]]:
    """(field, what is unclear): parts of what is said and of what stands that don't go together."""
    if change.requested_delivery not in (None, before.requested_delivery) and before.schedule and not change.schedule:
        yield (
            "requested_delivery",
            "The change names a day for the line and none for its deliveries, which have days of their own.",
        )
    if _leaves_its_basis_open(before, change) and not _same_amount(before, change):
        yield (
            "price",
            f"The price was one for {_basis(before)}; the change names another and not what it is for.",
        )


def _is_another_item(before: OrderLine, change: OrderLine) -> bool:
    """Whether a number that both give is another one. One that only one of them gives is one more name of the item:
    the two must agree then, as on an order that gives both."""
    pairs = [(getattr(before, name), getattr(change, name)) for name in _ITEM]
    return any(mine is not None and its is not None and mine != its for mine, its in pairs)


def _in_another_unit(before: OrderLine, change: OrderLine, said: dict[str, Any]) -> dict[str, Any]:
    """The unit with its code. Of another one the pack size is unknown, and a price that isn't repeated is of the unit
    that it was said for."""
    unit: dict[str, Any] = {"unit": change.unit, "unit_code": change.unit_code}
    if change.unit == before.unit or (change.unit is None and change.unit_code == before.unit_code):
        return {"unit": before.unit, "unit_code": change.unit_code or before.unit_code}
    if "pack_size" not in said:
        unit |= dict.fromkeys(_PACK)
    price = before.price
    if "price" not in said and price is not None and price.unit is None and price.unit_code is None:
        unit["price"] = price.model_copy(update={"unit": before.unit, "unit_code": before.unit_code})
    return unit


def _leaves_its_basis_open(before: OrderLine, change: OrderLine) -> bool:
    """Whether a new price says nothing of the quantity or unit it is for, where the standing one was for another than
    one unit of the line."""
    was, now = before.price, change.price
    if was is None or now is None or _is_another_item(before, change):
        return False
    said = now.model_fields_set
    other_quantity = was.base_quantity != _ONE and "base_quantity" not in said
    other_unit = _has_own_unit(was, before) and now.unit is None and now.unit_code is None
    return other_quantity or other_unit


def _same_amount(before: OrderLine, change: OrderLine) -> bool:
    return before.price is not None and change.price is not None and before.price.amount == change.price.amount


def _has_own_unit(price: Price, line: OrderLine) -> bool:
    own = (price.unit, price.unit_code)
    return own != (None, None) and price.unit != line.unit


def _basis(line: OrderLine) -> str:
    price = line.price
    if price is None:
        return "the line"
    unit = price.unit or price.unit_code or line.unit or line.unit_code or ""
    return f"{shortest(price.base_quantity):f} {unit}".rstrip()
