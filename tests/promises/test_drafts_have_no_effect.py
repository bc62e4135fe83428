"""Whoever tries out a draft, or looks at what a map makes of a sample, changes nothing that anybody else could see."""

from __future__ import annotations

import hashlib
from typing import Any

from gateway.drafting import draft_tests
from gateway.drafting.drafts import Draft, draft_of, draft_revision, edit
from gateway.previewing import preview
from gateway.store.drafts import Change
from gateway.store.tables import metadata
from tests.harness.accounts import ACCOUNTS, acme_order, garden_order, nordic_order
from tests.harness.editors import DOZEN
from tests.harness.site import Site
from tests.harness.storing import keep
from tests.harness.working import services_on, work_once

_OWN = {"draft_tests", "events", "audit_heads"}


def test_a_test_and_a_preview_leave_every_table_as_it_was(site: Site) -> None:
    orders = [make(f"E-{number}", [1, 2]) for make in (acme_order, nordic_order, garden_order) for number in range(3)]
    keep(site.store, orders)
    services = services_on(site.store)
    while site.books.waiting():
        work_once(services)
    edit(services, "garden-world", _other_pieces, author="user Kim")
    before, events = _content(site), site.books.count("events")
    for account_id in ACCOUNTS:
        found = draft_tests.begin(services, account_id, 200, "user Kim")
        while draft_tests.step(services):
            pass
        tried = draft_tests.found(services, found)
        assert tried is not None
        assert (tried.test.status, tried.effects.messages) == ("done", 3)
        draft = draft_of(services, account_id)
        sent = next(one for one in orders if one.account_id == account_id)
        known: dict[str, Any] = {"maps": {}, "chosen": "order_map.yaml", "sample_name": "1", "body": sent.body}
        made = preview(services, draft_revision(services, draft), **known)
        assert [one.status for one in made.orders] == ["answered"]
    assert _content(site) == before
    kinds = site.books.rows("SELECT DISTINCT kind FROM events ORDER BY kind")
    assert site.books.count("events") - events == len(ACCOUNTS), kinds
    site.books.audit_holds()


def _other_pieces(draft: Draft) -> list[Change]:
    row = next(row for row in draft.rows if row.kind == "item" and row.natural_key.startswith(DOZEN))
    return [draft.change(row.kind, row.natural_key, row.body, row.body.replace('"12"', '"120"'))]


def _content(site: Site) -> dict[str, str]:
    """Table → a digest of all that is in it."""
    told = {}
    for table in sorted(set(metadata.tables) - _OWN):
        rows = site.books.rows(f"SELECT * FROM {table}")
        told[table] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    return told
