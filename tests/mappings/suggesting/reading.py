"""The layouts that the tests suggest maps for, each with what by hand is right, and what a map reads of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mappings.fieldmaps import compile_reading_map
from schemas.formats import ReadOrder

LAYOUTS = Path(__file__).with_name("layouts")
NAMES = sorted(path.name for path in LAYOUTS.iterdir() if not path.name.endswith(".expected.json"))


def sample(name: str) -> bytes:
    return (LAYOUTS / name).read_bytes()


def expected(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((LAYOUTS / name).with_suffix(".expected.json").read_text("utf-8"))
    return found


def read(text: str, body: bytes) -> list[dict[str, Any]]:
    """What a map reads, without what it keeps aside; of a refused order its faults."""
    found = compile_reading_map(text, "order_map.yaml").read_each(body)
    return [
        _said(one.order.model_dump(mode="json", exclude_defaults=True))
        if isinstance(one, ReadOrder)
        else {"faults": [f"{fault.code} {fault.path}" for fault in one.faults]}
        for one in found
    ]


def _said(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _said(value) for name, value in found.items() if name != "extensions"}
    return [_said(one) for one in found] if isinstance(found, list) else found
