"""Locked, full: refused with Retry-After, never a false 202, and it works again."""

from __future__ import annotations

from tests.harness.scenarios.no_room import full_database_is_no_bug, full_disk_is_a_503, locked_database_is_a_503
from tests.harness.site import Site


def test_locked_database_is_a_503(sqlite_site: Site) -> None:
    locked_database_is_a_503(sqlite_site)


def test_full_disk_is_a_503(sqlite_site: Site) -> None:
    full_disk_is_a_503(sqlite_site)


def test_full_database_is_no_bug(sqlite_site: Site) -> None:
    full_database_is_no_bug(sqlite_site)
