"""Accounts: how each stands, and one with its people, formats, ways out, policies and keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from pydantic import ValidationError

from gateway.console.causes import of_documents, of_messages
from gateway.console.frame import Missing, actor, console, needs, own_account, page, services, user
from gateway.delivery import TRANSPORTS
from gateway.store.ids import now_us
from gateway.store.keys import ApiKey
from mappings.account import Account, Outbound
from mappings.pickups import endpoint_of
from mappings.revision import MappingRevision
from mappings.transports import BadTerms


@dataclass(frozen=True, slots=True)
class Row:
    """One account in the list."""

    account: Account
    problems: int
    last_order_at: int | None


class Unusable(Exception):
    """The account's published terms can't be used."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of setting an account up: whether it is done, and what to do else."""

    title: str
    is_done: bool
    otherwise: str


@console.get("/accounts")
@needs("viewer")
def account_list() -> Any:
    """All accounts that whoever looks may see."""
    store, own = services().store, user().account_id
    known = {str(one["id"]): int(one["revision"]) for one in store.revisions.accounts() if own in (None, one["id"])}
    open_problems: Counter[str] = Counter()
    for one in (*of_messages(services(), own), *of_documents(services(), own)):
        open_problems[one.account_id] += one.count or 1
    found = {one: _usable(store.revisions.terms(one, number)) for one, number in known.items()}
    rows = [_row(one, open_problems[one.id]) for one in found.values() if one is not None]
    return page("account_list", rows=rows, broken=[one for one, account in found.items() if account is None])


@console.get("/accounts/<account_id>")
@needs("viewer")
def account(account_id: str) -> Any:
    """One account."""
    revision = _revision(account_id)
    return page("account", **_told(revision))


@console.errorhandler(Unusable)
def _unusable(_: Unusable) -> tuple[str, int]:
    said = (
        "Its published terms can't be used, so nothing of it is: gateway doctor says why, and a new revision cures it."
    )
    return page("trouble", 409, title="This account can't be shown", said=said)


@console.get("/accounts/<account_id>/keys")
@needs("admin", ours_alone=True)
def keys_again(account_id: str) -> Any:
    """For whoever comes back to the address at which a key was made: it is shown no more."""
    return redirect(url_for("console.account", account_id=own_account(account_id)) + "#keys", 303)


@console.post("/accounts/<account_id>/keys")
@needs("admin", ours_alone=True)
def make_key(account_id: str) -> Any:
    """A new key, shown on the page that answers, this once. Sent again, as by loading that page anew, it makes none:
    the form names the newest key that it knew."""
    revision = _revision(account_id)
    newest = next((one.id for one in services().store.keys.all(account_id)), "")
    if request.form.get("newest", "") != newest:
        return page("account", 409, **_told(revision), made_before=newest)
    is_test = request.form.get("kind") == "test"
    key, text = services().store.keys.create(account_id, actor=actor(), test=is_test)
    return page("account", **_told(revision), made=(key, text))


@console.post("/accounts/<account_id>/keys/<key_id>/revoke")
@needs("admin", ours_alone=True)
def revoke_key(account_id: str, key_id: str) -> Any:
    """End a key of this account."""
    keys = services().store.keys  # those of an account whose terms can't be used end as well
    if key_id not in {one.id for one in keys.all(own_account(account_id))}:
        raise Missing
    keys.revoke(key_id, actor=actor())
    return redirect(url_for("console.account", account_id=account_id) + "#keys", 303)


def _revision(account_id: str) -> MappingRevision:
    """The account's published mapping. Raises Missing and Unusable."""
    wanted = own_account(account_id)
    try:
        found = services().terms.current([wanted]).get(wanted)
    except ValueError:
        raise Unusable from None
    if found is None:
        raise Missing
    return found


def _usable(terms: Mapping[str, Any]) -> Account | None:
    """The account of these terms, without its tables: there may be 1,000 accounts with 100,000 items each."""
    try:
        return Account.model_validate(terms)
    except ValidationError:
        return None


def _row(account: Account, problems: int) -> Row:
    newest = next(iter(services().store.messages.page(account_id=account.id, limit=1)), None)
    return Row(account, problems, newest.received_at if newest else None)


def _told(revision: MappingRevision) -> dict[str, Any]:
    account = revision.account
    keys = services().store.keys.all(account.id)
    ways = {kind: _way(one) for kind, one in account.outbound.items()}
    return {
        "account": account,
        "within": "console.account_list",
        "revision": revision.number,
        "ways": ways,
        "policies": account.policies.model_dump(mode="json"),
        "usual": type(account.policies)().model_dump(mode="json"),
        "keys": [(one, _state(one)) for one in keys],
        "steps": _steps(revision, keys),
        "problems": [*of_messages(services(), account.id), *of_documents(services(), account.id)],
        "places_picked_up": [_place(one) for one in account.inbound.pickup or ()],
    }


def _way(terms: Outbound) -> str:
    """Where documents go, in a few words. Secrets stand in the terms by name alone, but for a URL's query, which may be
    one: it is left out, as everywhere where endpoints are shown."""
    if isinstance(terms.transport, str):
        return "mailbox"
    try:
        return f"{terms.way} {TRANSPORTS[terms.way].endpoint(terms.transport)}"
    except (KeyError, BadTerms):
        return f"{terms.way}, which can't be used"


def _place(terms: Mapping[str, Any]) -> str:
    try:
        return endpoint_of(terms)
    except BadTerms:
        return "a place whose terms can't be used"


def _state(key: ApiKey) -> str:
    return "revoked" if key.revoked_at else "active" if key.is_live(now_us()) else "expired"


def _steps(revision: MappingRevision, keys: list[ApiKey]) -> list[Step]:
    account, store = revision.account, services().store
    answered = any(one.status == "done" for one in store.messages.page(account_id=account.id, limit=20))
    live = any(_state(one) == "active" and not one.test for one in keys)
    return [
        Step(
            "A manager is named", account.manager is not None, "Put `manager` into account.yaml: people ask for them."
        ),
        Step(
            "Their items are mapped",
            bool(revision.items_by_sku or revision.items_by_gtin),
            "Fill items.csv, or agree that they order by our numbers.",
        ),
        Step("Their places are known", bool(revision.sites), "Fill sites.csv, so that orders find their supply site."),
        Step("There is a live key", live, "Make one below, and give it to them in a safe way."),
        Step("An order was answered", answered, "Send a sample order with a test key."),
    ]
