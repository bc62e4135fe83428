"""Stopped workers: what they held is another's, what they write late is refused, and nobody waits long."""

from __future__ import annotations

from tests.harness.scenarios.pauses import stale_worker_commits_nothing, stopped_worker_blocks_nobody
from tests.harness.site import Site


def test_stale_worker_commits_nothing(site: Site) -> None:
    stale_worker_commits_nothing(site, pauses=2)


def test_stopped_worker_blocks_nobody(sqlite_site: Site) -> None:
    """On SQLite, where one that stops in a transaction would lock everybody out; on both in ./test chaos."""
    stopped_worker_blocks_nobody(sqlite_site, pauses=1)
