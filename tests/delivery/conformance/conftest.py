"""Each case is run with each adapter to which it applies; what doesn't apply, the adapter states with its reason."""

from __future__ import annotations

from typing import Any

from tests.delivery.conformance.adapter import Adapter
from tests.delivery.conformance.adapters import ADAPTERS
from tests.delivery.conformance.days import Day


def pytest_generate_tests(metafunc: Any) -> None:
    """`adapter` alone, or with each `day` that is marked; a case's own name is what `@case` says."""
    if "adapter" not in metafunc.fixturenames:
        return
    named = getattr(metafunc.function, "case", None)
    if "day" in metafunc.fixturenames:
        days = getattr(metafunc.function, "days", tuple(Day))
        chosen = [(one, day) for one in ADAPTERS for day in days if day not in one.inapplicable]
        metafunc.parametrize(("adapter", "day"), chosen, ids=[f"{one.name}: {day}" for one, day in chosen])
        return
    adapters: list[Adapter] = [one for one in ADAPTERS if named not in one.inapplicable]
    metafunc.parametrize("adapter", adapters, ids=[one.name for one in adapters])
