"""Keys that follow one another, on both databases."""

from __future__ import annotations

from gateway.store.ids import now_us
from gateway.store.store import Store

HOUR = 3_600_000_000


def test_a_rotated_key_goes_on_beside_the_new_one(store: Store) -> None:
    old, old_text = store.keys.create("acme", actor="test", test=True)
    made = store.keys.rotate(old.id, actor="Kim")
    assert made is not None
    key, text = made
    assert (key.account_id, key.test, key.expires_at) == ("acme", True, None)
    found = [store.keys.verify(one) for one in (old_text, text)]
    assert [one and one.id for one in found] == [old.id, key.id]
    events = [(one["kind"], one["actor"]) for one in store.audit.of(f"key/{old.id}")]
    assert events == [("created", "test"), ("rotated", "Kim")]


def test_the_old_key_ends_when_it_is_told_to_and_never_later_than_it_would_have(store: Store) -> None:
    now = now_us()
    for own_end, told, ends in (
        (None, now + HOUR, now + HOUR),
        (now + HOUR, now + 2 * HOUR, now + HOUR),
        (now + HOUR, None, now + HOUR),
    ):
        old, _ = store.keys.create("acme", actor="test", expires_at=own_end)
        store.keys.rotate(old.id, actor="Kim", ends_at=told)
        assert next(one.expires_at for one in store.keys.all("acme") if one.id == old.id) == ends


def test_what_is_no_live_key_is_not_rotated(store: Store) -> None:
    revoked, _ = store.keys.create("acme", actor="test")
    store.keys.revoke(revoked.id, actor="test")
    over, _ = store.keys.create("acme", actor="test", expires_at=now_us() - 1)
    assert [store.keys.rotate(one, actor="Kim") for one in (revoked.id, over.id, "nobody")] == [None, None, None]
    assert len(store.keys.all("acme")) == 2


def test_accounts_are_read_a_page_at_a_time(store: Store) -> None:
    for number in range(3):
        terms = {"id": f"acme-{number}", "name": "Acme"}
        store.revisions.publish_account(terms, [], author="test", reason="test")
    first = store.revisions.accounts_after("", 2)
    assert [one["id"] for one in first] == ["acme-0", "acme-1"]
    assert [one["id"] for one in store.revisions.accounts_after("acme-1", 2)] == ["acme-2"]
    assert store.revisions.accounts_after("acme-2", 2) == []
