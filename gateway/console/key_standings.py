"""How an account's keys stand, and of one that is being replaced whether it is still in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.store.keys import ApiKey


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """One key. `replaced_by` is the newer live key of its kind, where there is one and this is live as well."""

    key: ApiKey
    state: str
    replaced_by: ApiKey | None = None

    @property
    def is_active(self) -> bool:
        """Whether it lets somebody in."""
        return self.state == "active"

    @property
    def is_still_used(self) -> bool:
        """Whether somebody used it after the newer one was made. Uses are noted once a minute."""
        newer, used = self.replaced_by, self.key.last_used_at
        return newer is not None and used is not None and used > newer.created_at

    @property
    def may_go(self) -> bool:
        """Whether the newer one is in use, and this is not."""
        newer = self.replaced_by
        return newer is not None and newer.last_used_at is not None and not self.is_still_used


def standings(keys: Sequence[ApiKey], now: int) -> list[KeyStanding]:
    """Of each key, in their order."""
    return [KeyStanding(one, _state(one, now), _newer(one, keys, now)) for one in keys]


def _state(key: ApiKey, now: int) -> str:
    return "active" if key.is_live(now) else "revoked" if key.revoked_at else "expired"


def _newer(key: ApiKey, keys: Sequence[ApiKey], now: int) -> ApiKey | None:
    live = (one for one in keys if one.is_live(now) and one.test == key.test and one.created_at > key.created_at)
    return max(live, key=lambda one: one.created_at, default=None) if key.is_live(now) else None
