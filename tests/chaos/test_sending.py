"""Who sends is killed a hundred times; and partners that misbehave in every way get what is theirs in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.scenarios.bad_partners import bad_partners_get_their_documents
from tests.harness.scenarios.sending import SendingKills, documents_survive_kills, documents_survive_postgres_restarts
from tests.harness.site import Site
from tests.store.postgres import fresh_database, postgres_server

pytestmark = pytest.mark.chaos


def test_documents_survive_kills(site: Site) -> None:
    documents_survive_kills(site, SendingKills(at_each_point=10, at_random=30))


def test_bad_partners_get_their_documents(site: Site) -> None:
    bad_partners_get_their_documents(site, each=100)


def test_documents_survive_postgres_restarts(folder: Path) -> None:
    with postgres_server(durable=True) as own, fresh_database(own) as url, Site(folder, url) as site:
        documents_survive_postgres_restarts(site, own, restarts=10, documents_each=200)
