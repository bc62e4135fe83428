"""Rows as CSV and trees as YAML: texts that are read back as what they were."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mappings.tables import TABLES, Kind, Row, table_of, to_fields


def csv_text(kind: Kind, rows: Iterable[Row]) -> str:
    """The rows as the CSV file of their kind, header first."""
    out = io.StringIO()
    table = TABLES[kind]
    writer = csv.DictWriter(out, table.names, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        if table_of(row) is not table:
            raise TypeError(f"a {type(row).__name__} is no row of {table.file}")
        writer.writerow(to_fields(row))
    return out.getvalue()


_PLAIN = re.compile(r"[A-Za-z]([A-Za-z0-9 _./@-]*[A-Za-z0-9])?")
_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def yaml_text(tree: Mapping[str, Any]) -> str:
    """The tree as YAML that every YAML reader takes alike: texts that look like something else stand in quotes."""
    return "\n".join(_yaml_lines(tree)) + "\n"


def _yaml_lines(value: Any) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, member in value.items() for line in _under(f"{_scalar(str(key))}:", member)]
    if isinstance(value, list) and value:
        return [line for member in value for line in _item(_yaml_lines(member))]
    return ["{}" if isinstance(value, Mapping) else "[]" if isinstance(value, list) else _scalar(value)]


def _under(key: str, member: Any) -> list[str]:
    """`key: value` on one line; what is nested below, two spaces in."""
    lines = _yaml_lines(member)
    nested = isinstance(member, Mapping | list) and member
    return [key, *(f"  {line}" for line in lines)] if nested else [f"{key} {lines[0]}"]


def _item(lines: list[str]) -> list[str]:
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    """YAML 1.2, 5.7: what a double-quoted scalar can't have as it is."""
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
