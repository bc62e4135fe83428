"""Who sends a cXML request, and for which account: Sender authenticates, From selects.

A Sender is admitted for every account that lists it and whose secret it knows. That is one of the account's own API
keys, or the secret that the account names beside the Sender: so a network that sends for several accounts has one.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from gateway.named_secrets import NamedSecrets
from gateway.store.keys import ApiKey
from gateway.store.store import Store
from mappings.account import CxmlTerms
from schemas.formats.cxml_1_2.envelope import Credential, ReadEnvelope, Secret

_FRESH_SECONDS = 1.0
_NOBODYS = Secret("nobody's")
"""Compared with where there is nothing to compare with, so that a Sender that nobody lists takes as long as another."""
_Key = tuple[str, str]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who a request comes from, once it is known. `key_id` None: by a secret that the account names."""

    account_id: str
    test: bool = False
    """Sent with a test key."""
    key_id: str | None = None


class NotAdmitted(Exception):
    """Nobody whom we know; the sentence is for the sender, and doesn't tell what of it is wrong."""


@dataclass(slots=True)
class _Listed:
    """What the accounts' terms say, by credential."""

    revisions: dict[str, int] = field(default_factory=dict)
    terms: dict[str, CxmlTerms] = field(default_factory=dict)
    senders: dict[_Key, dict[str, tuple[str, ...]]] = field(default_factory=lambda: defaultdict(dict))
    """Sender → the accounts that it serves, each with the names of the secrets that it may know."""


class CxmlSenders:
    """Whom each Sender serves, as the accounts' published terms say, at most a second old. Safe between threads."""

    def __init__(self, store: Store, secrets: NamedSecrets) -> None:
        self._store = store
        self._secrets = secrets
        self._listed = _Listed()
        self._looked_at = 0.0

    def admit(self, envelope: ReadEnvelope) -> Admitted:
        """Whose request this is. Raises NotAdmitted."""
        admitted = self._authenticated(envelope.sender, envelope.secret)
        if not admitted:
            raise NotAdmitted("The Sender isn't known here, or its SharedSecret is wrong, expired or revoked.")
        meant = [one for one in admitted if _has_any(self._listed.terms[one.account_id].from_, envelope.from_)]
        if len(meant) == 1:
            return meant[0]
        if meant:
            logger.error("several accounts have the same From: %s", ", ".join(one.account_id for one in meant))
        raise NotAdmitted("The From is none that this Sender may send for.")

    def _authenticated(self, sender: Iterable[Credential], secret: Secret | None) -> list[Admitted]:
        """The accounts that list the Sender, and whose secret this is."""
        listed = self._fresh()
        serves: dict[str, list[str]] = defaultdict(list)
        for credential in sender:
            for account_id, names in listed.senders.get(credential.key(), {}).items():
                serves[account_id] += names
        said = secret.reveal() if secret is not None else ""
        key = self._store.keys.verify(said) if said else None
        return [one for account_id, names in serves.items() if (one := self._by(account_id, names, key, said))] or (
            _nobody(said)
        )

    def _by(self, account_id: str, names: Iterable[str], key: ApiKey | None, said: str) -> Admitted | None:
        if key is not None and key.account_id == account_id:
            return Admitted(account_id, key.test, key.id)
        known = [secret for name in names if (secret := self._secrets.of(name)) is not None]
        fits = [secret.is_(said) for secret in known]
        return Admitted(account_id) if said and any(fits) else None

    def _fresh(self) -> _Listed:
        if time.monotonic() - self._looked_at < _FRESH_SECONDS:
            return self._listed
        revisions = {known["id"]: known["revision"] for known in self._store.revisions.accounts()}
        if revisions != self._listed.revisions:
            self._listed = self._read(revisions, self._listed)
        self._looked_at = time.monotonic()
        return self._listed

    def _read(self, revisions: dict[str, int], before: _Listed) -> _Listed:
        listed = _Listed(revisions)
        for account_id, number in revisions.items():
            same = before.revisions.get(account_id) == number
            terms = before.terms.get(account_id) if same else self._terms(account_id, number)
            if terms is not None:
                listed.terms[account_id] = terms
                for key, name in _credentials(terms):
                    named = listed.senders[key].get(account_id, ())
                    listed.senders[key][account_id] = named if name is None else (*named, name)
        return listed

    def _terms(self, account_id: str, number: int) -> CxmlTerms | None:
        said = self._store.revisions.terms(account_id, number).get("cxml")
        try:
            return None if said is None else CxmlTerms.model_validate(said)
        except ValidationError:  # one account's broken terms are not its neighbours'
            logger.exception("the cXML terms of %s can't be used", account_id)
            return None


def _nobody(said: str) -> list[Admitted]:
    _NOBODYS.is_(said)
    return []


def _credentials(terms: CxmlTerms) -> Iterator[tuple[_Key, str | None]]:
    """Every Sender that the account lists, itself included, with the name of its secret."""
    for one in (*terms.senders, *terms.from_):
        yield Credential(one.domain, one.identity).key(), one.secret


def _has_any(listed: Iterable[object], said: Iterable[Credential]) -> bool:
    mine = {Credential(one.domain, one.identity).key() for one in listed}  # type: ignore[attr-defined]
    return any(one.key() in mine for one in said)
