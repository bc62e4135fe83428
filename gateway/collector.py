"""Python's cycle collector, out of the way of large documents."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without Python's cycle collector for one batch or shipment. Documents have no cycles, so counting references
    frees them; the collector would only walk the lines of a large one again and again (half the time of deciding
    20,000 lines, a quarter of that of shipping 5,000). It is the whole process's: of several threads that pause it
    the one that found it running has it run again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
