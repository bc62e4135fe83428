"""The parts that pages are made of, on a page of their own: for whoever builds the next one."""

from __future__ import annotations

from typing import Any

from gateway.console.frame import console, needs, page


@console.get("/style")
@needs("viewer")
def style() -> Any:
    """Tokens and components."""
    return page("style")
