"""Killed at every commit of an import, of publishing and of a test: the draft or the revision, and never half."""

from __future__ import annotations

from tests.harness.scenarios.draft_boundaries import every_draft_boundary_is_safe
from tests.harness.site import Site


def test_every_draft_boundary_is_safe(sqlite_site: Site) -> None:
    every_draft_boundary_is_safe(sqlite_site)
