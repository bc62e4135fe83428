"""What would keep cXML senders out: a From that two accounts have, and secrets that are named and not set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pydantic import ValidationError

from gateway.named_secrets import NamedSecrets
from gateway.store.store import Store
from mappings.account import CxmlTerms
from schemas.formats.cxml_1_2.envelope import Credential


def cxml_problems(store: Store, secrets: NamedSecrets) -> Iterator[tuple[bool, str]]:
    """(whether it is wrong rather than a warning, a sentence) for each. Terms that can't be used are told elsewhere."""
    accounts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for known in store.revisions.accounts():
        terms = cxml_terms(store, str(known["id"]), int(known["revision"]))
        if terms is None:
            continue
        for one in terms.from_:
            accounts[Credential(one.domain, one.identity).key()].append(str(known["id"]))
        for sender in (*terms.senders, *terms.from_):
            if sender.secret is not None and secrets.of(sender.secret) is None:
                why = secrets.remedy(sender.secret)
                yield False, f"{known['id']}: {sender.identity} can't send by the secret {sender.secret}, which {why}"
    for (domain, identity), ids in accounts.items():
        if len(ids) > 1:
            yield True, f"{' and '.join(ids)} have the same From, {identity} ({domain}): what it sends is refused"


def cxml_terms(store: Store, account_id: str, number: int) -> CxmlTerms | None:
    """Who sends the account's cXML; None where nobody does, or the terms can't be used."""
    said = store.revisions.terms(account_id, number).get("cxml")
    try:
        return None if said is None else CxmlTerms.model_validate(said)
    except ValidationError:
        return None
