"""People who use the console."""

from __future__ import annotations

from typing import Any

from gateway.console.frame import console, needs, page, services


@console.get("/people")
@needs("admin", ours_alone=True)
def people() -> Any:
    """Everybody, by name."""
    return page("people", people=services().store.users.all())
