"""Killed at every point of an attempt and at random: every document arrives, under its id, with its bytes."""

from __future__ import annotations

from tests.harness.scenarios.sending import SendingKills, documents_survive_kills
from tests.harness.site import Site


def test_documents_survive_kills(sqlite_site: Site) -> None:
    documents_survive_kills(sqlite_site, SendingKills(at_each_point=1, at_random=1))
