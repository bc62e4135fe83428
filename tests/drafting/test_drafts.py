"""A draft is the published mapping with what was edited; it is published whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.accounts import table_rows
from gateway.drafting.drafts import (
    Conflicting,
    Draft,
    Unpublishable,
    draft_faults,
    draft_of,
    draft_revision,
    edit,
    publish_draft,
    terms_text,
)
from gateway.services import Services
from gateway.store.database import Collision
from gateway.store.drafts import Change
from gateway.store.revisions import Row
from mappings.revision import ItemRow, UnitRow
from tests.api.builders import services_at

OAT = ItemRow("PL-0042", None, "OAT-1L")


def unit(word: str, factor: str) -> UnitRow:
    return UnitRow(word, None, "EA", Decimal(factor))


CASE, CARTON = unit("KRT", "12"), unit("PAL", "480")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = services_at(f"sqlite:///{tmp_path / 'gateway.db'}", f"unix://{tmp_path / 'nobody.sock'}")
    yield opened
    opened.store.close()


def row(one: object) -> Row:
    (found,) = table_rows([one])
    return found


def published(services: Services, *rows: object, name: str = "Acme") -> None:
    terms = {"id": "acme", "name": name}
    services.store.revisions.publish_account(terms, [row(one) for one in rows], author="test", reason="test")


def put(services: Services, one: object, *, seen: object | None = None) -> None:
    wanted = row(one)
    body = None if seen is None else row(seen).body

    def changes(draft: Draft) -> list[Change]:
        return [draft.change(wanted.kind, wanted.natural_key, body, wanted.body)]

    edit(services, "acme", changes, author="user Kim", note="because")


def test_a_draft_is_the_published_mapping_with_what_was_edited(services: Services) -> None:
    published(services, OAT, CASE)
    put(services, CARTON)
    put(services, unit("KRT", "120"), seen=CASE)
    draft = draft_of(services, "acme")
    compiled = draft_revision(services, draft)
    assert (compiled.number, set(compiled.units), set(compiled.items_by_sku)) == (
        0,
        {("KRT", None), ("PAL", None)},
        {"PL-0042"},
    )
    assert compiled.units["KRT", None].factor == 120
    assert [one.text() for one in draft.differences] == ["KRT: factor 12 → 120", "PAL: unit EA, factor 480"]
    assert services.terms.current(["acme"])["acme"].units["KRT", None].factor == 12


def test_a_draft_is_read_once_a_version_and_earlier_ones_are_forgotten(services: Services) -> None:
    published(services, OAT)
    for factor in ("2", "3", "4"):
        put(services, unit("KRT", factor), seen=None if factor == "2" else unit("KRT", str(int(factor) - 1)))
        seen = draft_of(services, "acme")
        draft_revision(services, seen)
        assert draft_of(services, "acme") is seen
    assert len(services.terms.drafts._kept) == 3  # what is published, the draft, the same compiled


def test_publishing_makes_it_the_mapping_and_ends_it(services: Services) -> None:
    published(services, OAT, CASE)
    put(services, CARTON)
    done = publish_draft(services, draft_of(services, "acme"), author="user Kim", reason="pallets")
    assert (done.number, done.added, done.removed) == (2, 1, 0)
    assert set(services.terms.current(["acme"])["acme"].units) == {("KRT", None), ("PAL", None)}
    assert draft_of(services, "acme").edits == ()
    newest = services.store.revisions.history("account/acme")[0]
    assert (newest["author"], newest["reason"]) == ("user Kim", "pallets")
    assert list(services.store.audit.broken()) == []


def test_rows_that_nobody_touched_follow_what_others_publish(services: Services) -> None:
    published(services, OAT, CASE)
    put(services, CARTON)
    published(services, CASE)
    draft = draft_of(services, "acme")
    assert (draft.number, draft.conflicts) == (2, ())
    publish_draft(services, draft, author="Kim", reason="both")
    current = services.terms.current(["acme"])["acme"]
    assert (set(current.units), dict(current.items_by_sku)) == ({("KRT", None), ("PAL", None)}, {})


def test_a_row_that_was_published_otherwise_meanwhile_is_a_conflict(services: Services) -> None:
    published(services, CASE)
    put(services, unit("KRT", "24"), seen=CASE)
    published(services, unit("KRT", "6"))
    draft = draft_of(services, "acme")
    (conflict,) = draft.conflicts
    assert (json.loads(conflict.edit.body or "")["factor"], json.loads(conflict.now or "")["factor"]) == ("24", "6")
    with pytest.raises(Conflicting):
        publish_draft(services, draft, author="Kim", reason="mine")
    services.store.drafts.rebase("acme", [(conflict.edit, conflict.now)], author="Kim")
    publish_draft(services, draft_of(services, "acme"), author="Kim", reason="mine")
    assert services.terms.current(["acme"])["acme"].units["KRT", None].factor == 24


def test_what_both_made_alike_is_no_conflict(services: Services) -> None:
    published(services, CASE)
    put(services, CARTON)
    published(services, CASE, CARTON)
    draft = draft_of(services, "acme")
    assert draft.conflicts == ()
    assert publish_draft(services, draft, author="Kim", reason="same").changed is False
    assert draft_of(services, "acme").edits == ()


def test_a_draft_that_was_edited_since_is_not_published_unseen(services: Services) -> None:
    published(services, CASE)
    put(services, CARTON)
    seen = draft_of(services, "acme")
    put(services, OAT)
    with pytest.raises(Collision):
        publish_draft(services, seen, author="Kim", reason="old")
    assert services.store.revisions.current(["acme"]) == {"acme": 1}


def test_a_new_account_is_a_draft_first(services: Services) -> None:
    terms = {"id": "acme", "name": "Acme", "inbound": {"formats": ["custom"]}}
    edit(services, "acme", lambda draft: [draft.change("terms", "", None, terms_text(terms))], author="Kim")
    put(services, OAT)
    draft = draft_of(services, "acme")
    assert (draft.number, draft_revision(services, draft).account.name) == (0, "Acme")
    faults, _ = draft_faults(services, draft)
    assert [fault.detail for fault in faults] == ["acme may send custom, but there is no order_map.yaml"]
    with pytest.raises(Unpublishable):
        publish_draft(services, draft, author="Kim", reason="new")
    good = {**terms, "inbound": {"formats": ["json-1"]}}
    change = [("terms", "", terms_text(terms), terms_text(good))]
    edit(services, "acme", lambda draft: [draft.change(*one) for one in change], author="Kim")
    assert publish_draft(services, draft_of(services, "acme"), author="Kim", reason="new").number == 1
    assert services.terms.current(["acme"])["acme"].account.inbound.formats == ("json-1",)
    assert list(services.store.audit.broken()) == []


def test_terms_that_cannot_be_used_are_not_published(services: Services) -> None:
    published(services)
    seen = draft_of(services, "acme").body("terms", "")
    bad = terms_text({"id": "acme", "name": "Acme", "tier": "gilded"})
    edit(services, "acme", lambda draft: [draft.change("terms", "", seen, bad)], author="Kim")
    (fault,), _ = draft_faults(services, draft_of(services, "acme"))
    assert (fault.path, fault.location) == ("/tier", "account.yaml")
