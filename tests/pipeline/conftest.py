"""The gateway of the examples, with their accounts and catalogue."""

from __future__ import annotations

from tests.examples.conftest import filled, gateway, today

__all__ = ["filled", "gateway", "today"]
