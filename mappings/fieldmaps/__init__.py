"""Field maps: rules in YAML from an account's own XML or JSON to canonical orders, and back. README.md is the language.

compile_reading_map(text, "order_map.yaml").read(body)                  MapRejected: every mistake, with its line
compile_writing_map(text, "order_response_map.yaml").write(response)    DocumentRejected: every fault of the document
"""

from __future__ import annotations

from mappings.fieldmaps.compile import CompiledMap, compile_map, compile_reading_map, compile_writing_map
from mappings.fieldmaps.mistakes import MapRejected
from mappings.fieldmaps.schema import map_schema

__all__ = ["CompiledMap", "MapRejected", "compile_map", "compile_reading_map", "compile_writing_map", "map_schema"]
