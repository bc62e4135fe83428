"""One account with its people, formats, ways out, policies and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, url_for

from gateway.causes import causes
from gateway.console.frame import Missing, console, needs, own_account, page, services, user
from gateway.console.key_standings import standings
from gateway.console.terms.sections import SECTIONS
from gateway.delivery import TRANSPORTS
from gateway.store.ids import now_us
from gateway.store.keys import ApiKey
from mappings.account import Outbound
from mappings.pickups import endpoint_of
from mappings.revision import MappingRevision
from mappings.transports import BadTerms

_PROBLEMS = 20
"""That the page shows; the list of problems has them all."""


class Unusable(Exception):
    """The account's published terms can't be used."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of setting an account up: whether it is done, and what to do else."""

    title: str
    is_done: bool
    otherwise: str


@console.get("/accounts/<account_id>")
@needs("viewer")
def account(account_id: str) -> Any:
    """One account; what is set up and not published yet, at its set-up."""
    try:
        revision = revision_of(account_id)
    except Missing:
        if user().account_id is not None or not services().store.drafts.size(account_id):
            raise
        return redirect(url_for("console.set_up", account_id=account_id), 303)
    return page("account", **told_of(revision))


@console.errorhandler(Unusable)
def _unusable(_: Unusable) -> tuple[str, int]:
    said = (
        "Its published terms can't be used, so nothing of it is: gateway doctor says why, and a new revision cures it."
    )
    return page("trouble", 409, title="This account can't be shown", said=said)


def revision_of(account_id: str) -> MappingRevision:
    """The account's published mapping. Raises Missing and Unusable."""
    wanted = own_account(account_id)
    try:
        found = services().terms.current([wanted]).get(wanted)
    except ValueError:
        raise Unusable from None
    if found is None:
        raise Missing
    return found


def told_of(revision: MappingRevision) -> dict[str, Any]:
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
        "keys": standings(keys, now_us()),
        "steps": _steps(revision, keys),
        "problems": causes(services(), account.id)[:_PROBLEMS],
        "sections": SECTIONS,
        "edits": services().store.drafts.size(account.id) if user().account_id is None else 0,
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


def _steps(revision: MappingRevision, keys: list[ApiKey]) -> list[Step]:
    account, store = revision.account, services().store
    answered = any(one.status == "done" for one in store.messages.page(account_id=account.id, limit=20))
    live = any(one.is_live(now_us()) and not one.test for one in keys)
    return [
        Step("A manager is named", account.manager is not None, "Name one above: people ask for them."),
        Step(
            "Their items are mapped",
            bool(revision.items_by_sku or revision.items_by_gtin),
            "Map them in the tables, or agree that they order by our numbers.",
        ),
        Step(
            "Their places are known",
            bool(revision.sites),
            "Name them in the tables, so that orders find their supply site.",
        ),
        Step("There is a live key", live, "Make one below, and give it to them in a safe way."),
        Step("An order was answered", answered, "Send a sample as a test order at the set-up."),
    ]
