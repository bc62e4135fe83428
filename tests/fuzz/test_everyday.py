"""A tenth of `./test chaos`'s fuzzing: every target for a moment, with the same seeds each time."""

from __future__ import annotations

import pytest

from tests.fuzz.runs import fuzz
from tests.fuzz.targets import targets

TARGETS = targets()
CPU_SECONDS = 0.5


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_nothing_but_its_own_faults_comes_out(name: str) -> None:
    assert fuzz(TARGETS[name], CPU_SECONDS, first_seed=1) > 0
