"""cXML as networks, procurement suites and ERPs send it: the DTD followed loosely, each in its own way. The documents
are ours, the goldens were written by reading them; what is kept aside is counted, and nothing else may be missed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.formats.cxml_1_2 import CXML_1_2
from tests.corpus.test_cxml_orders import assert_nothing_lost

DIALECTS = sorted(Path(__file__).with_name("cxml_dialects").glob("*.xml"))


def without_extensions(order: dict[str, Any]) -> dict[str, Any]:
    for part in (order, *order["lines"]):
        part.pop("extensions", None)
    return order


@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.stem)
def test_a_dialect_says_what_its_golden_says(path: Path) -> None:
    (found,) = CXML_1_2.parse_orders(path.read_bytes())
    order = found.order.model_dump(mode="json", exclude_defaults=True)
    assert without_extensions(order) == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert found.warnings == ()


@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.stem)
def test_nothing_of_a_dialect_is_lost_but_what_the_readme_lists(path: Path) -> None:
    assert_nothing_lost(path)
