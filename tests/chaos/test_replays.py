"""The issue's own count: a replay of 5,000 killed 10 times, and one killed at every commit."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.replay_boundaries import every_replay_boundary_is_safe
from tests.harness.scenarios.replays import ReplayKills, a_replay_survives_kills
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_a_replay_survives_kills(site: Site) -> None:
    a_replay_survives_kills(site, ReplayKills(messages=5_000, workers=7, gateways=3))


def test_every_replay_boundary_is_safe(site: Site) -> None:
    every_replay_boundary_is_safe(site, most=60)
