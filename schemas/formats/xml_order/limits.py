"""What one order of any XML format may have at most, so that none takes memory or time that no order needs."""

from __future__ import annotations

MAX_MISUSED = 1_000
"""Elements that can't be taken as they stand, each of which would be a fault."""
MAX_REMARKS = 1_000
"""Warnings of one document."""
MAX_FAULTS = 10_000
"""Faults of values that are told of one order, besides those of elements."""
MAX_KEPT = 20_000
"""Values kept aside of the order, or of one line."""
MAX_ASIDE = 250_000_000
"""Bytes that all of an order's elements without a field may take: BYTES_ASIDE each, and the characters of their names.
That is 25 for each of 20,000 lines."""
BYTES_ASIDE = 500
"""What a value kept aside takes in memory, with its name."""
LONGEST_PATH = 2_000
"""Characters of the names down to an element that is kept aside. Each value below it is kept under all of them."""
MAX_TOGETHER = 20_000
"""Elements of one group that are read alike: charges, identifiers, parts of a delivery, files."""
LONGEST_REMEMBERED = 4_096
"""Bytes of a group's XML."""
