"""Erasing what accounts have agreed on to be kept no longer, by the clock, in batches."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from gateway.retention.forgetting import forget_content
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.ids import id_from, now_us
from gateway.store.retention import Batch, Retention
from gateway.store.store import Store
from mappings.account import Account, Policies

_DAY = 86_400_000_000
_MOST_SECONDS = 10.0
"""Of one turn: other tasks of the scheduler wait for it."""
_ACCOUNTS = 200

logger = logging.getLogger(__name__)


class Keeper:
    """What the scheduler does from time to time. It may be ended at any moment, and several may do it at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._retention = Retention(store.database, store.audit, forget_content)
        self._after = ""
        """Behind which account the next turn begins: where the time of the last was over."""

    def keep(self) -> int:
        """Erase and take out what is over, of every account, for some seconds at most; how much that was."""
        until, done = time.monotonic() + _MOST_SECONDS, 0
        after, self._after = self._after, ""
        for account_id, policies in self._policies(after):
            try:
                done += self._keep_one(account_id, policies, until)
            except StoreUnavailable:
                raise
            except Collision as collision:  # somebody else keeps it, or works on it, just now
                logger.info("retention of %s goes on at the next turn: %s", account_id, collision)
            except Exception:  # what is wrong with one account's messages keeps no other's
                logger.exception("retention of %s failed", account_id)
            if time.monotonic() > until:
                self._after = account_id
                break
        return done

    def _keep_one(self, account_id: str, policies: Policies, until: float) -> int:
        done = 0
        days = (policies.keep_payloads_days, policies.keep_messages_days)
        names = ("keep_payloads_days", "keep_messages_days")
        acts = (self._retention.erase_batch, self._retention.forget_batch)
        for name, count, act in zip(names, days, acts, strict=True):
            if count:
                done += _all(act, account_id, id_from(now_us() - count * _DAY), f"{name}: {count}", until)
        return done

    def _policies(self, after: str) -> Iterator[tuple[str, Policies]]:
        """Account → its policies, of those whose published terms can be used."""
        while True:
            found = self._store.revisions.accounts_after(after, _ACCOUNTS)
            for one in found:
                account = self._account(one)
                if account is not None:
                    yield str(one["id"]), account.policies
            if len(found) < _ACCOUNTS:
                return
            after = str(found[-1]["id"])

    def _account(self, known: Any) -> Account | None:
        try:
            return Account.model_validate(self._store.revisions.terms(str(known["id"]), int(known["revision"])))
        except (ValidationError, ValueError, LookupError):
            return None


def _all(act: Callable[..., Batch], account_id: str, until_id: str, policy: str, until: float) -> int:
    """Every batch there is, and once what was still needed the times before."""
    done, behind = 0, ""
    while time.monotonic() < until:
        batch = act(account_id, until_id, policy, again=True, behind=behind)
        done, behind = done + batch.done, batch.last
        if not batch.looked_at:
            break
    while time.monotonic() < until:
        batch = act(account_id, until_id, policy)
        done += batch.done
        if not batch.looked_at:
            break
    return done
