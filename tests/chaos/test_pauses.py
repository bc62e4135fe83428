"""Twenty pauses of each kind, fewer where each takes long and tells no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.harness.scenarios.pauses import stale_worker_commits_nothing, stopped_worker_blocks_nobody
from tests.harness.site import Site
from tests.store.postgres import fresh_database

pytestmark = pytest.mark.chaos


def test_stale_worker_commits_nothing(site: Site) -> None:
    stale_worker_commits_nothing(site, pauses=20)


def test_stopped_worker_blocks_nobody(site: Site) -> None:
    """Twenty where a writer locks the others out; elsewhere nobody waits at all, and each pause takes a heartbeat."""
    stopped_worker_blocks_nobody(site, pauses=20 if site.kind == "sqlite" else 5)


def test_frozen_machine_blocks_nobody(postgres: Any, folder: Path) -> None:
    with fresh_database(postgres) as url, Site(folder, url) as site:
        stale_worker_commits_nothing(site, pauses=1, point="save:commit")
