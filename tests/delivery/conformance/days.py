"""What a partner may do with us, as every way out must bear it, and what is then known of the document."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Day(StrEnum):
    """How the partner behaves."""

    WELL = "takes it"
    REJECTS = "rejects the document for good"
    BUSY = "has no time just now"
    SHUT = "doesn't let us in"
    AWAY = "doesn't listen"
    RESETS_AT_ONCE = "resets each connection"
    SILENT = "says nothing from the beginning"
    DRIPS = "drips from the beginning"
    FLOODS = "says far too much from the beginning"
    CLOSES_BEFORE = "closes before it asked for the document"
    DEAF = "reads nothing of a large document"
    HANGS = "takes it and hangs before it answers"
    DRIPS_ANSWER = "takes it and drips its answer"
    RESETS = "takes it and resets"
    CLOSES = "takes it and closes"
    HALF_ANSWER = "takes it and says half of its answer"
    FLOODS_ANSWER = "takes it and answers far too much"
    HANGS_AFTER = "says that it has it and never comes to an end"
    ECHOES = "repeats what it was told"
    ODD = "says what is no text"


OUTCOMES: Mapping[Day, str] = {
    Day.WELL: "delivered",
    Day.REJECTS: "rejected",
    Day.BUSY: "failed",
    Day.SHUT: "failed",
    Day.AWAY: "failed",
    Day.RESETS_AT_ONCE: "failed",
    Day.SILENT: "failed",
    Day.DRIPS: "failed",
    Day.FLOODS: "failed",
    Day.CLOSES_BEFORE: "failed",
    Day.DEAF: "unknown",
    Day.HANGS: "unknown",
    Day.DRIPS_ANSWER: "unknown",
    Day.RESETS: "unknown",
    Day.CLOSES: "unknown",
    Day.HALF_ANSWER: "unknown",
    Day.FLOODS_ANSWER: "unknown",
    Day.HANGS_AFTER: "delivered",
    Day.ECHOES: "failed",
    Day.ODD: "failed",
}
"""What comes of each day, where a transport doesn't say otherwise."""

WORDS = "the quota of today is used up"
"""What the partner says where it has something to say."""
NO_TEXT = b"odd \xff\0\xc3\x28\xed\xa0\x80 odd"
"""Bytes that are no UTF-8, with a NUL and half of a pair among them."""
FLOOD = 1_000_000_000
"""Bytes that are offered where far too much is said."""
MOST_OF_A_FLOOD = 100_000_000
"""Of which no more than this can have been sent, buffers of both systems included."""
