"""A row that is published with the replay of what waits for it: a crash leaves both or neither."""

from __future__ import annotations

from tests.harness.scenarios.fix_boundaries import every_fix_boundary_is_safe
from tests.harness.site import Site


def test_publishing_and_replaying_never_come_apart(sqlite_site: Site) -> None:
    killed = every_fix_boundary_is_safe(sqlite_site)
    assert killed == 2, "one commit is all it has: before it nothing, after it both"
