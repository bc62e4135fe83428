"""Where every value of a document came from: what the mapping editor shows of a map and one sample.

trace_reading(map_text, body)              a map that reads, a document: each canonical value, its rule, its source
trace_writing(map_text, name, document)    a map that writes, a canonical document: each value, its rule, where it went

Both tell what is wrong with the map, all at once, and what the strip above the editor counts. A traced map is compiled
apart, by rules that note what they read (`noting`), so that the maps which orders are read by carry nothing of it.
"""

from __future__ import annotations

from mappings.tracing.deadline import InTime
from mappings.tracing.json_places import pointed_spans
from mappings.tracing.places import readable, shown_until
from mappings.tracing.reading import MAX_SOURCE, trace_reading
from mappings.tracing.told import (
    NOTHING,
    MapPlace,
    Origin,
    Strip,
    TracedReading,
    TracedValue,
    TracedWriting,
    Unused,
    WrittenValue,
)
from mappings.tracing.writing import trace_writing

__all__ = [
    "MAX_SOURCE",
    "NOTHING",
    "InTime",
    "MapPlace",
    "Origin",
    "Strip",
    "TracedReading",
    "TracedValue",
    "TracedWriting",
    "Unused",
    "WrittenValue",
    "pointed_spans",
    "readable",
    "shown_until",
    "trace_reading",
    "trace_writing",
]
