"""The parts that pages are made of, on a page of their own: for whoever builds the next one."""

from __future__ import annotations

from typing import Any

from gateway.console.frame import console, needs, page

_EXAMPLE = """\
# what the editor is shown with
name: Acme Retail
format: csv-9
tier: gold
contacts:
  - name: Dana Reyes
    role: buyer
"""
"""Its schema is static/example-schema.json."""


@console.get("/style")
@needs("viewer")
def style() -> Any:
    """Tokens and components."""
    return page("style", example=_EXAMPLE)
