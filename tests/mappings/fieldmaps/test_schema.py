"""The schema for editors, and README's example."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

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
    ("rule", "at", "said"),
    [
        ({"note": {"from": "a", "requird": "true"}}, ["note"], "'requird' was unexpected"),
        ({"note": {"from": "a", "clean": ["uper"]}}, ["note", "clean", 0], '"uper" is not one of "upper"'),
        ({"note": {"from": "a", "clean": [{"cut": {"strt": 1}}]}}, ["note", "clean", 0, "cut"], "'strt' was"),
        ({"lines": {"each": "L", "quantity": {"fom": "q"}}}, ["lines", "quantity"], "'fom' was unexpected"),
        ({"charges": [{"each": "C", "amunt": "a"}]}, ["charges", 0], "'amunt' was unexpected"),
        ({"ship_to": {"address": {"lines": ["a", {"frm": "b"}]}}}, ["ship_to", "address", "lines", 1], "'frm' was"),
        ({"total": {"from": "a", "number": {"decimal": ";"}}}, ["total", "number", "decimal"], '";" is not one of'),
        ({"note": "x" * 501}, ["note"], "longer than 500"),
    ],
)
def test_an_editor_is_told_which_key_is_wrong(rule: dict[str, Any], at: list[str | int], said: str) -> None:
    (wrong,) = jsonschema_rs.validator_for(map_schema()).iter_errors({"reads": "xml", "order": rule})
    assert list(wrong.instance_path) == ["order", *at]
    assert said in wrong.message


@pytest.mark.parametrize("writes", [None, "json", "xml", "csv"])
def test_no_alternatives_are_tried_in_turn(writes: str | None) -> None:
    """By which one is meant, of a text and a mapping, the wrong one is never complained of."""
    assert '"anyOf"' not in json.dumps(map_schema(writes))


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
