"""What one UBL document may have at most, so that none takes memory or time that no order needs."""

from __future__ import annotations

MAX_MISUSED = 1_000
"""Elements that can't be taken as they stand, each of which would be a fault."""
MAX_REMARKS = 1_000
"""Warnings of one document."""
LONGEST_REMEMBERED = 4_096
"""Bytes of a group's XML."""
MAX_KEPT = 20_000
"""Values kept aside of the order, or of one line."""
MAX_ASIDE = 250_000_000
"""Bytes that all of an order's elements without a field may take: BYTES_ASIDE each, and the characters of their names.
That is 25 for each of 20,000 lines."""
BYTES_ASIDE = 500
"""What a value kept aside takes in memory, with its name."""
LONGEST_PATH = 2_000
"""Characters of the names down to an element that isn't UBL's. Each value below it is kept under all of them."""
MAX_CANCELLED = 500
"""Orders of one cancellation; each is kept with all that the document says."""
MAX_TOGETHER = 20_000
"""Elements of one group that are read alike (allowances, identifiers, parts of a delivery, files); in a large order all
elements besides its lines."""
