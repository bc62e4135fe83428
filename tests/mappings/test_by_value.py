"""Numbers that are written differently and are the same say nothing new; texts that look like numbers are texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from mappings.account import Account
from mappings.by_value import DECIMAL_TERMS, row_by_value, terms_by_value
from mappings.revision import ItemRow, PriceRow, Product
from mappings.tables import TABLES, from_fields, table_of, to_fields


def body(row: Any) -> str:
    return json.dumps(to_fields(row), ensure_ascii=False)


@pytest.mark.parametrize("written", ["2", "2.0", "2.000"])
def test_a_row_is_known_by_its_values(written: str) -> None:
    product = Product("OAT", "Oat 2.0", "EA", order_minimum=Decimal(written))
    assert row_by_value("product", body(product)) == body(Product("OAT", "Oat 2.0", "EA", order_minimum=Decimal(2)))
    assert row_by_value("product", body(product)) != body(Product("OAT", "Oat 2", "EA", order_minimum=Decimal(2)))


def test_a_text_that_looks_like_a_number_is_a_text() -> None:
    rows = [ItemRow("4.50", None, "OAT", description=text) for text in ("1.0", "1.00")]
    assert [row_by_value("item", body(row)) for row in rows] == [body(row) for row in rows]
    assert row_by_value("file", '{"text": "1.0"}') == '{"text": "1.0"}'


def test_every_decimal_of_every_table_counts_by_its_value() -> None:
    rows = [
        ItemRow("A", None, "OAT", "CS", "EA", Decimal(12)),
        PriceRow("OAT", "CS", "EUR", Decimal("1200.5"), Decimal(10), Decimal(40)),
        Product(
            "OAT", "Oat", "EA", order_minimum=Decimal(10), order_multiple=Decimal(2), net_weight_kg=Decimal("1.05")
        ),
    ]
    for row in rows:
        kind, cells = table_of(row).kind, to_fields(row)
        decimals = {one.name for one in fields(row) if isinstance(getattr(row, one.name), Decimal)}
        longer = {name: f"{Decimal(text):.9f}" if name in decimals else text for name, text in cells.items()}
        assert longer != cells
        assert row_by_value(kind, json.dumps(longer)) == body(row)
        assert from_fields(kind, longer) == row


def decimal_keys(annotation: Any, key: str = "") -> Iterator[str]:
    """The keys of a model, and of those inside it, that have decimals."""
    if annotation is Decimal:
        yield key
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from decimal_keys(field.annotation, field.alias or name)
    else:
        for inner in get_args(annotation):
            yield from decimal_keys(inner, key)


def test_the_decimals_of_the_terms_are_those_of_the_model() -> None:
    assert set(decimal_keys(Account)) == DECIMAL_TERMS
    assert {"price", "product", "pack", "tax"} <= set(TABLES)


def test_terms_are_known_by_their_values() -> None:
    said = [
        {
            "id": "acme",
            "name": "1.0",
            "policies": {"price_tolerance_percent": tolerance},
            "terms": {
                "payment": {"days": 30, "from": "delivery", "discount": {"days": 10, "percent": percent}},
                "rebates": [{"period": "year", "tiers": [{"from": start, "percent": percent}]}],
            },
        }
        for tolerance, percent, start in (("1", "2.5", "100000"), ("1.00", "2.50", "100000.00"))
    ]
    written = [Account.model_validate(one).model_dump(mode="json", by_alias=True, exclude_none=True) for one in said]
    assert written[0] != written[1]
    assert terms_by_value(written[0]) == terms_by_value(written[1])
    assert terms_by_value(written[1])["name"] == "1.0"
    assert terms_by_value({"from": "NaN"}) == {"from": "NaN"}
