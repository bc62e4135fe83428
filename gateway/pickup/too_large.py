"""What is said of a file that is larger than what we take."""

from __future__ import annotations

from gateway.pickup.source import Unfit


def too_large(most_bytes: int) -> Unfit:
    """It is refused unread, at least beyond that."""
    return Unfit(f"is larger than {most_bytes:,} bytes, the most that one document may have")
