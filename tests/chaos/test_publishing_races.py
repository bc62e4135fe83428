"""Drafts, prices, imports and earlier revisions, published at once: each revision is somebody's, and no row is lost."""

from __future__ import annotations

import pytest

from tests.harness.scenarios.publishing_races import each_revision_is_somebodys
from tests.harness.site import Site

pytestmark = pytest.mark.chaos


def test_each_revision_is_somebodys(site: Site) -> None:
    each_revision_is_somebodys(site, turns=40)
