"""Who last changed what: each line of a file, or each key of account.yaml, with the version that it came with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from gateway.differences import leaves
from gateway.drafting.line_differences import blocks
from mappings.by_value import terms_by_value

_Version = TypeVar("_Version")


def blame(versions: Iterable[tuple[_Version, str]]) -> list[tuple[_Version, str]]:
    """The lines of the last text, each with the version that made it what it is. The earliest version comes first."""
    told: list[tuple[_Version, str]] = []
    for version, text in versions:
        lines, before = text.splitlines(), [line for _, line in told]
        now: list[tuple[_Version, str]] = []
        for block in blocks(before, lines):
            stayed = told[block.old_from : block.old_to]
            now += stayed if block.stayed else [(version, line) for line in lines[block.new_from : block.new_to]]
        told = now
    return told


def blame_terms(versions: Iterable[tuple[_Version, Mapping[str, Any]]]) -> list[tuple[_Version, str, str]]:
    """The same of account.yaml: version, key by its place (`policies.partial`), value. A number that is written
    otherwise is as it was."""
    told: dict[str, tuple[_Version, str, str]] = {}
    for version, terms in versions:
        values = dict(leaves(terms_by_value(terms)))
        told = {
            key: told[key] if key in told and told[key][2] == value else (version, key, value)
            for key, value in values.items()
        }
    return list(told.values())
