"""The schema for editors, and README's example."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

import mappings.fieldmaps
from mappings.fieldmaps import compile_map, map_schema

README = Path(mappings.fieldmaps.__file__).with_name("README.md").read_text(encoding="utf-8")
ACCOUNTS = Path(__file__).with_name("accounts")


def test_the_example_of_the_readme_can_be_compiled() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    body = (
        b'<Bestellungen><Bestellung nr="B1"><Kopf waehrung="chf"/>'
        b'<Positionen><Pos><Artikel>007</Artikel><Menge einheit="Stk">1.000,5</Menge></Pos></Positionen>'
        b"</Bestellung></Bestellungen>"
    )
    (read,) = compile_map(example, "order_map.yaml").read(body)
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
