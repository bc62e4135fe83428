"""The replay that a fix begins, as rows that are written with what it publishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.engine import Connection

from gateway.fixing.causes import Cause
from gateway.services import Services


class Prepared(Protocol):
    """A replay that is begun by writing it."""

    @property
    def replay_id(self) -> str: ...
    @property
    def messages(self) -> int: ...
    def write(self, connection: Connection) -> None: ...
    def ring(self, services: Services) -> None: ...


def prepared(services: Services, cause: Cause, message_ids: Sequence[str], *, reason: str, actor: str) -> Prepared:
    """The replay of these messages under the mapping that is current then."""
    return _OneByOne("", tuple(message_ids), reason, actor)


@dataclass(frozen=True, slots=True)
class _OneByOne:
    replay_id: str
    message_ids: tuple[str, ...]
    reason: str
    actor: str

    @property
    def messages(self) -> int:
        return len(self.message_ids)

    def write(self, connection: Connection) -> None:
        pass

    def ring(self, services: Services) -> None:
        for one in self.message_ids:
            services.store.messages.try_again(one, self.actor, self.reason)
