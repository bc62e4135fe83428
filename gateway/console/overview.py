"""The first page: what waits for somebody, what is at risk by it, and whether all is well.

Everything here costs what is open or waits, never what ever was.
"""

from __future__ import annotations

from typing import Any

from gateway.causes import Cause, gather, tell
from gateway.console.frame import console, needs, page, services, user
from gateway.delivery_health import endpoints_out
from gateway.lanes import LANES
from gateway.notifying import silent_accounts
from gateway.store.delivery_problems import OVERDUE
from gateway.store.ids import now_us

_SHOWN = 10
_MOST_WAITING = 1_000
_ORDERS = 5
_SILENT = 10
_MOST_CORRECTIONS = 100


@console.get("/")
@needs("viewer")
def home() -> Any:
    """What waits, most at risk first; of an account's people their account alone."""
    store, account, now = services().store, user().account_id, now_us()
    ours = account is None
    every = gather(store, account)
    found = [one for one in every if one.state in ("open", "acknowledged")]
    mine = [one for one in found if one.assigned_to == user().id] if ours else []
    others = [one for one in found if one not in mine[:_SHOWN]]
    overdue = sum(count for one, count in store.worklist.overdue_counts(now).items() if account in (None, one))
    waiting = store.queue.oldest_waiting_seconds() if ours else {}
    return page(
        "home",
        now=now,
        mine=tell(services(), mine[:_SHOWN]),
        more_mine=max(0, len(mine) - _SHOWN),
        problems=tell(services(), others[:_SHOWN]),
        more_problems=max(0, len(others) - _SHOWN),
        count=len(found),
        ignored=sum(one.state == "ignored" for one in every),
        at_risk=store.problems.at_risk(account, now),
        late=store.backlog.late(now, account, _MOST_WAITING),
        most_waiting=_MOST_WAITING,
        unanswered=_count(found, OVERDUE),
        overdue=overdue,
        overdue_orders=store.worklist.overdue(now, account, _ORDERS) if overdue else [],
        endpoints=list(endpoints_out(store, with_command=False)) if ours else [],
        lanes=[(name, waiting[number]) for number, name in enumerate(LANES) if number in waiting],
        silent=silent_accounts(services())[: _SILENT + 1] if ours else [],
        most_silent=_SILENT,
        corrections=len(store.resubmissions.waiting(limit=_MOST_CORRECTIONS + 1)) if ours else 0,
        most_corrections=_MOST_CORRECTIONS,
        newest=next(iter(store.messages.page(account_id=account, limit=1)), None),
    )


def _count(found: list[Cause], code: str) -> int:
    return sum(one.count for one in found if one.code == code)
