"""What the routes share in one web process, and who is calling."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from flask import current_app, g, request

from gateway.api.problems import Refused
from gateway.api.rates import OrderRate
from gateway.api.waiting import Waiting
from gateway.lanes import Bell
from gateway.metrics import Metrics
from gateway.refusal_log import RefusalLog
from gateway.services import Services
from gateway.store.keys import ApiKey
from mappings.account import Account
from mappings.revision import MappingRevision

_TERMS_SECONDS = 1.0
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="gateway"'}
KEY_TEXT = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key it is."""

    key_id: str
    account_id: str
    test: bool


@dataclass(slots=True)
class Door:
    """The services, and what counts and waits in this process."""

    services: Services
    rate: OrderRate
    waiting: Waiting
    metrics: Metrics
    bell: Bell
    max_wait: float
    refusals: RefusalLog = field(default_factory=RefusalLog)
    _mappings: dict[str, tuple[float, MappingRevision]] = field(default_factory=dict)

    def mapping(self, account_id: str) -> MappingRevision:
        """The account's published mapping, at most a second old: it is needed for each order at the door.

        Raises Refused where none is published.
        """
        known = self.known_mapping(account_id)
        if known is not None:
            return known
        revision = self.services.terms.current([account_id]).get(account_id)
        if revision is None:
            raise no_terms()
        self._mappings[account_id] = (time.monotonic(), revision)
        return revision

    def known_mapping(self, account_id: str) -> MappingRevision | None:
        """The same where it was looked up a moment ago, else None. Asks nobody."""
        known = self._mappings.get(account_id)
        return known[1] if known is not None and time.monotonic() - known[0] < _TERMS_SECONDS else None

    def account(self, account_id: str) -> Account:
        """The account's published terms. Raises as `mapping`."""
        return self.mapping(account_id).account

    def known_caller(self, key_text: str) -> Caller | None:
        """Whose live account key this is, where it was looked up a moment ago, else None. Asks nobody."""
        key = self.services.store.keys.known(key_text)
        return None if key is None or key.account_id is None else Caller(key.id, key.account_id, key.test)

    def close(self) -> None:
        """End what runs beside the requests."""
        self.waiting.stop()
        self.bell.stop()


def no_terms() -> Refused:
    """That the caller's account has nothing published yet."""
    return Refused("key_not_allowed", "No terms are published for this key's account yet; ask your contact.")


def door() -> Door:
    """This application's door."""
    found: Door = current_app.extensions["door"]
    return found


def caller() -> Caller:
    """Who signed this request, once `sign_in` has let it pass."""
    found: Caller = g.caller
    return found


def sign_in() -> None:
    """Let a live key of an account pass. Raises Refused for anything else."""
    key = _live_key("the account's key")
    if key.account_id is None:
        raise Refused("key_not_allowed", "This is a back-office key; here an account's own key is needed.")
    g.caller = Caller(key.id, key.account_id, key.test)


def sign_in_back_office() -> None:
    """Let a live key of the back office pass. Raises Refused for anything else."""
    key = _live_key("a back-office key")
    if key.account_id is not None:
        raise Refused("key_not_allowed", "This is an account's key; here a back-office key is needed.")


def back_office_author() -> str:
    """Who is behind a request that `sign_in_back_office` has let pass, as revisions and the audit name it."""
    return f"back office, key {g.key_id}"


def _live_key(wanted: str) -> ApiKey:
    """The key that signed this request. Raises Refused where there is none, or none that is live."""
    text = bearer(request.headers.get("Authorization", ""))
    if not text:
        raise Refused("key_missing", f"Send {wanted} as Authorization: Bearer <key>.", headers=_CHALLENGE)
    key = door().services.store.keys.verify(text)
    if key is None:
        key_id, route = door().services.store.keys.named(text), request.url_rule
        who = "a key that there isn't, or mistyped" if key_id is None else f"key {key_id}"
        door().refusals.note(who, f"unknown, revoked or expired, at {request.method} {route.rule if route else '-'}")
        raise Refused("key_unknown", "The key is unknown, revoked or expired.", headers=_CHALLENGE)
    g.key_id = key.id
    return key


def bearer(authorization: str) -> str:
    """The key in an Authorization header (RFC 6750 2.1); empty where it has none."""
    scheme, _, text = authorization.partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def idempotency_key() -> str | None:
    """The request's Idempotency-Key, or None. Raises Refused for one that can't be kept."""
    text = request.headers.get("Idempotency-Key")
    if text is not None and not KEY_TEXT.fullmatch(text):
        raise Refused("bad_parameter", "Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return text


def in_path(name: str) -> str:
    """The part of the address that names the thing asked for."""
    values: dict[str, str] = request.view_args or {}
    return values[name]


def parameter(name: str) -> str | None:
    """A query parameter, or None. Raises Refused for one that is given twice, empty, or no text that can be stored."""
    values = request.args.getlist(name)
    if not values:
        return None
    if len(values) > 1:
        raise Refused("bad_parameter", f"{name} is given more than once.")
    if not values[0] or len(values[0]) > 1000 or "\0" in values[0]:
        raise Refused("bad_parameter", f"{name} is empty, or no text that anything here is named by.")
    return values[0]


def whole_number(name: str, default: int, least: int, most: int) -> int:
    """A query parameter that counts. Raises Refused for anything but a whole number in that range."""
    text = parameter(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
        raise Refused("bad_parameter", f"{name} must be a whole number from {least} to {most}.")
    return int(text)
