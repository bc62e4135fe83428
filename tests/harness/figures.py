"""What a scenario measured, printed at its end; and the seed of its chance."""

from __future__ import annotations

import os
import random
import secrets
import time
from typing import Any


class Figures:
    """Named numbers of one scenario, with its seed and duration. Set CHAOS_SEED to repeat a run's choices."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
        self.chance = random.Random(self.seed)
        self.began = time.monotonic()
        self.known: dict[str, Any] = {}
        print(f"{scenario}: seed {self.seed}", flush=True)

    def note(self, **numbers: Any) -> None:
        """Add or replace numbers."""
        self.known.update(numbers)

    def add(self, name: str, by: int = 1) -> None:
        """Count one up."""
        self.known[name] = self.known.get(name, 0) + by

    def show(self) -> None:
        """Print everything on one line."""
        told = ", ".join(
            f"{name.replace('_', ' ')} {value:.2f}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"
            for name, value in self.known.items()
        )
        seconds = time.monotonic() - self.began
        print(f"{self.scenario}: {told}, seed {self.seed}, {seconds:.1f} s in all", flush=True)
