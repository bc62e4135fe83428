"""An account's keys: made, rotated with an overlap, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for

from gateway.console.accounts import revision_of, told_of
from gateway.console.frame import Missing, actor, console, needs, own_account, page, services
from gateway.store.ids import now_us
from gateway.store.keys import ApiKey
from mappings.revision import MappingRevision

_DAY_US = 86_400_000_000
_OVERLAPS = ("1", "7", "30")
"""Days for which an old key may go on working; else until it is revoked."""


@console.get("/accounts/<account_id>/keys")
@needs("admin", ours_alone=True)
def keys_again(account_id: str) -> Any:
    """For whoever comes back to the address at which a key was made: it is shown no more."""
    return _to_keys(own_account(account_id))


@console.post("/accounts/<account_id>/keys")
@needs("admin", ours_alone=True)
def make_key(account_id: str) -> Any:
    """A new key, shown on the page that answers, this once. Sent again, as by loading that page anew, it makes none:
    the form names the newest key that it knew."""
    revision = revision_of(account_id)
    if (again := _made_since(revision)) is not None:
        return again
    is_test = request.form.get("kind") == "test"
    key, text = services().store.keys.create(account_id, actor=actor(), test=is_test)
    return page("account", **told_of(revision), made=(key, text))


@console.get("/accounts/<account_id>/keys/<key_id>/rotate")
@needs("admin", ours_alone=True)
def rotated_again(account_id: str, key_id: str) -> Any:
    """As for a key that was made."""
    return _to_keys(own_account(account_id))


@console.post("/accounts/<account_id>/keys/<key_id>/rotate")
@needs("admin", ours_alone=True)
def rotate_key(account_id: str, key_id: str) -> Any:
    """A new key beside this one, which goes on working for so many days, or until it is revoked."""
    revision = revision_of(account_id)
    old = next((one for one in services().store.keys.all(account_id) if one.id == key_id), None)
    if old is None:
        raise Missing
    if (again := _made_since(revision)) is not None:
        return again
    days = request.form.get("days", "")
    ends_at = now_us() + int(days) * _DAY_US if days in _OVERLAPS else None
    made = services().store.keys.rotate(key_id, actor=actor(), ends_at=ends_at)
    if made is None:
        return page("account", 409, **told_of(revision), ended=key_id)
    return page("account", **told_of(revision), made=made, instead_of=key_id)


@console.post("/accounts/<account_id>/keys/<key_id>/revoke")
@needs("admin", ours_alone=True)
def revoke_key(account_id: str, key_id: str) -> Any:
    """End a key of this account."""
    keys = services().store.keys  # those of an account whose terms can't be used end as well
    if key_id not in {one.id for one in keys.all(own_account(account_id))}:
        raise Missing
    keys.revoke(key_id, actor=actor())
    return _to_keys(account_id)


def _to_keys(account_id: str) -> Any:
    return redirect(url_for("console.account", account_id=account_id) + "#keys", 303)


def _made_since(revision: MappingRevision) -> Any | None:
    """The page that says that a key was made since the form was loaded; None where none was."""
    known: Sequence[ApiKey] = services().store.keys.all(revision.account.id)
    newest = next((one.id for one in known), "")
    if request.form.get("newest", "") == newest:
        return None
    return page("account", 409, **told_of(revision), made_before=newest)
