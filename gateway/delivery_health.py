"""What keeps documents from the accounts' systems: those that wait or are stuck, endpoints that rest or are gone, and
secrets that transports name and nobody has set here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from gateway.named_secrets import NamedSecrets
from gateway.store.deliveries import STUCK, Endpoint
from gateway.store.ids import now_us
from gateway.store.store import Store
from mappings.account import Outbound
from mappings.transports import WAYS, BadTerms, secrets_named

_ANSWERS = {
    "document_rejected": "refused by the account's system once it had read it",
    "document_queried": "asked about by the account's system",
    "answer_overdue": "not answered in the time that the account's terms give",
}
_LATE_SECONDS = 900
"""So long nothing that is due waits where somebody sends."""


def waiting_documents(store: Store) -> tuple[bool, str]:
    """(whether somebody should look, a sentence): how many wait, and how many wait for us."""
    counts, oldest = store.deliveries.by_status(), store.deliveries.oldest_due_seconds()
    waiting, stuck = counts["waiting"] + counts["sending"], {one: counts[one] for one in STUCK if counts[one]}
    said = f"{waiting} wait or are being sent" if waiting else "none waits"
    if oldest is not None:
        said += f"; the oldest that is due was made {_moment(now_us() - int(oldest * 1_000_000))}"
    if stuck:
        named = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in stuck.items())
        said += f"; {named}: `gateway problems list` says why"
    return bool(stuck) or (oldest is not None and oldest > _LATE_SECONDS), said


def answers_wanted(store: Store) -> Iterator[str]:
    """A sentence for each kind of answer that somebody should look at: refusals, questions, and what didn't come."""
    said: Counter[str] = Counter()
    for one in store.delivery_problems.all():
        said[one.code] += one.documents
    for code, words in _ANSWERS.items():
        if said[code]:
            yield f"{words}: {said[code]} of our documents; `gateway problems list` says which"


def endpoints_out(store: Store, *, with_command: bool = True) -> Iterator[str]:
    """A sentence for each endpoint that nothing is sent to just now; with the command that ends it."""
    for one in store.deliveries.endpoints():
        if one.gone_at is not None:
            command = "; where it does again: `gateway deliveries retry --endpoint`" if with_command else ""
            yield f"{one.endpoint} wants nothing more (HTTP 410) since {_moment(one.gone_at)}{command}"
        elif one.rests_until is not None:
            yield f"{one.endpoint} {_failing(one)}; it is tried again {_moment(one.rests_until)}"


def _failing(one: Endpoint) -> str:
    since = "" if one.failing_since is None else f" since {_moment(one.failing_since)}"
    return f"has failed {one.failures} times in a row{since} ({one.detail})"


def settings_missing(store: Store, secrets: NamedSecrets, *, has_mail: bool) -> Iterator[str]:
    """A sentence for each secret that an account's transport names and that isn't set here, and for each that needs a
    mail server where there is none. Terms that can't be used are told elsewhere."""
    for known in store.revisions.accounts():
        account_id = str(known["id"])
        for kind, terms in outbound_terms(store, account_id, int(known["revision"])).items():
            if terms.way == "email" and not has_mail:
                yield f"{account_id}: its {kind} can't be sent by e-mail: GATEWAY_SMTP_URL isn't set"
            for name in secrets_of(terms):
                if secrets.of(name) is None:
                    yield f"{account_id}: its {kind} can't be sent by the secret {name}, which {secrets.remedy(name)}"


def outbound_terms(store: Store, account_id: str, revision: int) -> Mapping[str, Outbound]:
    """How each kind of the account's documents leaves; nothing where its terms can't be used."""
    said = store.revisions.terms(account_id, revision).get("outbound") or {}
    try:
        return {kind: Outbound.model_validate(terms) for kind, terms in said.items()}
    except ValidationError:
        return {}


def secrets_of(terms: Outbound) -> list[str]:
    """The names of the secrets by which they leave."""
    if terms.way not in WAYS or not isinstance(terms.transport, dict):
        return []
    try:
        return list(secrets_named(terms.way, terms.transport))
    except BadTerms:
        return []


def _moment(at: int) -> str:
    """Microseconds since 1970 to the second, in UTC."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
