"""Finding messages: the words that each is found by, the filters of a search, and exports of what fits."""

from __future__ import annotations

from gateway.searching.filters import Search

__all__ = ["Search"]
