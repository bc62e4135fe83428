"""Killed at every commit of an import, of publishing and of a test: the draft or the revision, and never half."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.draft_boundaries import every_draft_boundary_is_safe
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_every_draft_boundary_is_safe(site: Site) -> None:
    every_draft_boundary_is_safe(site)
