"""The schema for editors, and README's example."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

import mappings.fieldmaps
from mappings.fieldmaps import compile_reading_map, compile_writing_map, map_schema
from schemas.documents.order_response import LineOutcome, OrderResponse, ResponseLine

README = Path(mappings.fieldmaps.__file__).with_name("README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
ACCOUNTS = Path(__file__).with_name("accounts")


def test_the_example_of_the_readme_can_be_compiled() -> None:
    example, *_ = EXAMPLES
    body = (
        b'<Bestellungen><Bestellung nr="B1"><Kopf waehrung="chf"/>'
        b'<Positionen><Pos><Artikel>007</Artikel><Menge einheit="Stk">1.000,5</Menge></Pos></Positionen>'
        b"</Bestellung></Bestellungen>"
    )
    (read,) = compile_reading_map(example, "order_map.yaml").read(body)
    line = read.order.lines[0]
    assert (read.order.currency, read.order.ship_to) == ("CHF", None)
    assert (line.line_number, line.buyer_item, str(line.quantity), line.unit) == ("10", "7", "1000.5", "EA")


@pytest.mark.parametrize("account", ["gobl", "hardware", "marketplace"])
def test_maps_are_what_the_schema_says(account: str) -> None:
    text = (ACCOUNTS / account / "order_map.yaml").read_text(encoding="utf-8")
    written = YAML(typ="safe", pure=True).load(text)
    jsonschema_rs.validator_for(map_schema()).validate(written)


def test_the_schema_knows_the_fields() -> None:
    assert not jsonschema_rs.validator_for(map_schema()).is_valid({"reads": "xml", "order": {"ordr_number": "a"}})


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (EXAMPLES[1], '"state":"NO","quantity":3}'),
        (EXAMPLES[2], '<Position nr="1"/>'),
        (EXAMPLES[3], "1;rejected;3;\r\n"),
    ],
)
def test_the_examples_that_write(example: str, said: str) -> None:
    outcome = LineOutcome(status="rejected", quantity=Decimal(3))
    lines = (ResponseLine(line_number="1", outcomes=(outcome,)),)
    answer = OrderResponse(
        number="OR-1", order_number="1", issue_date=date(2026, 11, 24), outcome="rejected", lines=lines
    )
    assert said in compile_writing_map(example, "order_response_map.yaml").write(answer).decode()
    written = YAML(typ="safe", pure=True).load(example)
    jsonschema_rs.validator_for(map_schema(written["writes"])).validate(written)
