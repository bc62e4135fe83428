"""The first page: what waits for somebody, and whether all is well."""

from __future__ import annotations

from typing import Any

from gateway.console.frame import console, needs, page, services, user
from gateway.delivery_health import endpoints_out
from gateway.holding import holding_faults
from gateway.lanes import LANES
from gateway.store.ids import now_us
from schemas.fault_codes import FAULTS

_SHOWN = 20


@console.get("/")
@needs("viewer")
def home() -> Any:
    """What waits, worst first; of an account's people their account alone."""
    store, account = services().store, user().account_id
    problems = store.problems.all(account, holds=holding_faults(services().terms))
    stuck = store.delivery_problems.all(account)
    ours = account is None
    overdue = store.worklist.overdue_counts(now_us())
    waiting = store.queue.oldest_waiting_seconds() if ours else {}
    newest = next(iter(store.messages.page(account_id=account, limit=1)), None)
    return page(
        "home",
        problems=problems[:_SHOWN],
        more_problems=max(0, len(problems) - _SHOWN),
        stuck=stuck[:_SHOWN],
        overdue={one: count for one, count in sorted(overdue.items()) if account in (None, one)},
        endpoints=list(endpoints_out(store)) if ours else [],
        lanes=[(name, waiting[number]) for number, name in enumerate(LANES) if number in waiting],
        newest=newest,
        titles={code: one.title for code, one in FAULTS.items()},
    )
