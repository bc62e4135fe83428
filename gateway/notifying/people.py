"""Who is told of an account, as its terms say it now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.remembered import Remembered
from gateway.store.store import Store
from mappings.account import Account, Person
from mappings.transports import BadTerms, mail_addresses

_KEPT, _AT_ONCE = 5_000, 500


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom an account's notices go to, and what they need to know of it."""

    account_id: str
    name: str
    time_zone: str = "UTC"
    calendar: str | None = None
    emails: tuple[str, ...] = ()
    """Each once, the manager's first."""
    unusable: tuple[str, ...] = ()
    """What stands as an address and is none."""
    webhook: bool = True
    silence: bool = True

    @classmethod
    def of(cls, account: Account) -> Whom:
        """As these terms say it."""
        policies = account.policies
        people: dict[str, list[Person | None]] = {
            "manager_and_team": [account.manager, *account.team],
            "manager": [account.manager],
            "team": [*account.team],
            "nobody": [],
        }
        named = list(dict.fromkeys(one.email.strip() for one in people[policies.notices_to] if one and one.email))
        emails = tuple(one for one in named if _is_address(one))
        return cls(
            account_id=account.id,
            name=account.name,
            time_zone=account.time_zone,
            calendar=account.calendar,
            emails=emails,
            unusable=tuple(one for one in named if one not in emails),
            webhook=policies.notices_webhook,
            silence=policies.notices_silence,
        )


class People:
    """Who is told, by account: terms are read once for each revision. One object a process, for one thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = Remembered(_KEPT)

    def of(self, account_id: str) -> Whom:
        """Of an account that is gone, or whose terms can't be read, our own system alone is told."""
        return self.several([account_id])[account_id]

    def several(self, account_ids: Iterable[str]) -> dict[str, Whom]:
        """The same of each of these."""
        wanted = sorted(set(account_ids))
        found: dict[str, Whom] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            numbers = self._store.revisions.current(some)
            found |= {one: self.at(one, numbers[one]) if one in numbers else Whom(one, one) for one in some}
        return found

    def at(self, account_id: str, number: int) -> Whom:
        """By its terms at this revision."""
        return self._known.made((account_id, number), lambda: self._read(account_id, number))

    def _read(self, account_id: str, number: int) -> Whom:
        terms: Mapping[str, Any] = self._store.revisions.terms(account_id, number)
        try:
            return Whom.of(Account.model_validate(terms))
        except ValueError:  # of an older program
            return Whom(account_id, account_id)


def _is_address(text: str) -> bool:
    try:
        mail_addresses({"email": text})
    except BadTerms:
        return False
    return True
