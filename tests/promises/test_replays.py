"""A bulk replay whose workers and gateway are killed: each message exactly once, and progress that is so."""

from __future__ import annotations

from tests.harness.scenarios.replay_boundaries import every_replay_boundary_is_safe
from tests.harness.scenarios.replays import ReplayKills, a_replay_survives_kills
from tests.harness.site import Site


def test_a_replay_survives_kills(sqlite_site: Site) -> None:
    a_replay_survives_kills(sqlite_site, ReplayKills(messages=300, workers=2, gateways=0))


def test_every_replay_boundary_is_safe(sqlite_site: Site) -> None:
    every_replay_boundary_is_safe(sqlite_site, most=8)
