"""Field maps: rules in YAML from an account's own XML or JSON to canonical orders, and back. README.md is the language.

map = compile_map(text, "order_map.yaml")   # MapRejected: every mistake with its line
for read in map.read(body): …               # DocumentRejected: every fault of the document
"""

from __future__ import annotations

from mappings.fieldmaps.compile import CompiledMap, compile_map
from mappings.fieldmaps.mistakes import MapRejected
from mappings.fieldmaps.schema import map_schema

__all__ = ["CompiledMap", "MapRejected", "compile_map", "map_schema"]
