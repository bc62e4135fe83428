"""The first page: what waits for somebody, and whether all is well."""

from __future__ import annotations

from typing import Any

from gateway.causes import of_documents, of_messages
from gateway.console.frame import console, needs, page, services, user
from gateway.delivery_health import endpoints_out
from gateway.lanes import LANES
from gateway.store.ids import now_us

_SHOWN = 20


@console.get("/")
@needs("viewer")
def home() -> Any:
    """What waits, worst first; of an account's people their account alone."""
    store, account = services().store, user().account_id
    problems, stuck = of_messages(services(), account), of_documents(services(), account)
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
    )
