"""A field map suggested from one sample of an unknown order: where fields stand, found by their names and values.

suggest(body) → Suggestion: the text of an order_map.yaml, and what was seen. README.md says how it is found.
"""

from __future__ import annotations

from mappings.suggesting.suggesting import suggest
from mappings.suggesting.suggestion import TODO, Identity, Place, SuggestedField, Suggestion

__all__ = ["TODO", "Identity", "Place", "SuggestedField", "Suggestion", "suggest"]
