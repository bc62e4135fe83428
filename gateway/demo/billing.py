"""The demo's accounting: what left is invoiced at once where it is due, as the scheduler does it by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.billing_schedule import bill_due
from gateway.demo.accounts import DemoAccount
from gateway.demo.mailboxes import Billed, billed_since
from gateway.services import Services

_MOST = 200
_LATER = {
    "delivered": "once the back office says that it is there",
    "daily": "with all that leaves on the day",
    "weekly": "with all that leaves in the week",
    "monthly": "with all that leaves in the month",
}


@dataclass(frozen=True, slots=True)
class BilledNow:
    """What was invoiced to one account, and what of it waits: when it is invoiced, or why it could not be."""

    sender: DemoAccount
    billed: list[Billed]
    waits: list[str]


def bill_what_left(
    services: Services, base: str, accounts: Sequence[DemoAccount], known: Mapping[str, Collection[str]]
) -> Iterator[BilledNow]:
    """Invoice what is due, and tell each account's invoices beside those that it had (account → their ids). Raises
    DemoFailed."""
    bill_due(services)
    waiting: dict[str, list[str]] = {}
    for one in services.store.invoices.waiting(_MOST):
        later = f"Later, {_LATER.get(one.waits_for, 'soon')}."
        why = [f"Not yet: {fault['detail']}" for fault in one.told()] or [later]
        waiting.setdefault(one.account_id, []).extend(why)
    for sender in accounts:
        billed = billed_since(base, sender, known[sender.account.id])
        yield BilledNow(sender, billed, list(dict.fromkeys(waiting.get(sender.account.id, ()))))
