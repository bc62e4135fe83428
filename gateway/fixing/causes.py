"""The cause that is mended, and the open messages that wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.services import Services
from gateway.store.messages import StoredMessage

MOST_JUDGED = 500
"""Messages that are judged to show what a fix does; of more the oldest."""
_MOST_BYTES = 6_000_000
"""Of their bodies together: what is judged while somebody waits."""


class Cause(Protocol):
    """What a fix needs to know of a problem."""

    @property
    def fingerprint(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def value(self) -> str | None: ...
    @property
    def path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class NamedCause:
    """One cause of held and failed messages."""

    fingerprint: str
    account_id: str
    code: str
    value: str | None
    path: str
    detail: str


def cause_of(services: Services, fingerprint: str, account_id: str | None = None) -> NamedCause | None:
    """The open cause with this fingerprint; None where no message waits for it, or it is another account's."""
    for one in services.store.problems.all(account_id, fingerprint):
        return NamedCause(one.fingerprint, one.account_id, one.code, one.value, one.path, one.detail)
    return None


def open_messages(services: Services, cause: Cause) -> list[str]:
    """The ids of the messages that wait for this cause, oldest first."""
    return services.store.problems.messages(cause.fingerprint)


def to_judge(services: Services, message_ids: Sequence[str]) -> list[tuple[StoredMessage, bytes]]:
    """As many of these messages as are judged at once, in their order, with their bytes; the first in any case. Those
    whose bytes are erased are left out."""
    fits = services.store.messages.fitting(services.store.messages.several(message_ids[:MOST_JUDGED]), _MOST_BYTES)
    found = services.store.messages.bodies([one.id for one in fits])
    return [(one, found[one.id]) for one in fits if one.id in found]
