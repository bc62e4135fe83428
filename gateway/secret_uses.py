"""What the accounts' published terms name secrets for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from gateway.cxml_health import cxml_terms
from gateway.delivery_health import outbound_terms, secrets_of
from gateway.kept_secrets import spelt
from gateway.pickup_places import pickup_secrets
from gateway.store.store import Store


def secret_uses(store: Store) -> dict[str, list[str]]:
    """Name, as it is spelt → for what: `acme-retail: order_response`, each once. Terms that can't be used name none."""
    uses: dict[str, list[str]] = defaultdict(list)
    for known in store.revisions.accounts():
        account_id = str(known["id"])
        for name, what in _named(store, account_id, int(known["revision"])):
            use = f"{account_id}: {what}"
            if use not in uses[spelt(name)]:
                uses[spelt(name)].append(use)
    return dict(uses)


def _named(store: Store, account_id: str, revision: int) -> Iterator[tuple[str, str]]:
    """(a secret's name, for what) of one account."""
    for kind, terms in outbound_terms(store, account_id, revision).items():
        for name in secrets_of(terms):
            yield name, kind
    for name, endpoint in pickup_secrets(store, account_id, revision):
        yield name, f"orders from {endpoint}"
    cxml = cxml_terms(store, account_id, revision)
    for sender in () if cxml is None else (*cxml.senders, *cxml.from_):
        if sender.secret is not None:
            yield sender.secret, f"cXML of {sender.identity}"
