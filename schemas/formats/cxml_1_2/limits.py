"""What one cXML document may have at most besides what any order may (`xml_order.limits`)."""

from __future__ import annotations

MAX_PARTS = 200
"""Parts of a multipart body."""
LONGEST_PART_HEADER = 16_384
"""Bytes before a part's content."""
