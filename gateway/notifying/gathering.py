"""Everything that is open just now and that somebody is told of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlencode

from gateway.causes import causes
from gateway.causes.cause import THINGS
from gateway.notifying.told import Open
from gateway.services import Services
from gateway.store.columns import in_full

_NAMES_ITS_CAUSE = ("unknown_item", "unknown_unit", "item_conflict", "unknown_ship_to")
"""Codes whose value is what our people look for."""
_LONGEST_VALUE = 80


def everything_open(services: Services, now: int) -> list[Open]:
    """Problems, late answers, late despatch notices and silent accounts, at this moment in microseconds since 1970."""
    return list(
        chain(current_problems(services), late_answers(services, now), late_notices(services, now), silent(services))
    )


def current_problems(services: Services) -> Iterator[Open]:
    """What waits for one of our people, by cause: messages, documents that don't arrive, places to pick orders up.
    Nobody is told of what is ignored, or of test orders alone."""
    for one in causes(services):
        said = one.value if one.code in _NAMES_ITS_CAUSE else None
        yield Open(
            subject=f"problem/{one.fingerprint}",
            kind="problem",
            account_id=one.account_id,
            title=f"{one.title} {shortened(said)}" if said else one.title,
            path=f"/problems/{one.fingerprint}",
            count=one.count,
            of=THINGS[one.what],
            amounts=tuple((in_full(amount), currency) for currency, amount in one.worth),
            oldest_at=one.first_at,
            due_at=one.due_at,
            is_quiet=one.state == "ignored" or one.tests == one.count,
        )


def late_answers(services: Services, now: int) -> Iterator[Open]:
    """Orders that should have been answered by now, by account."""
    for one in services.store.lateness.answers(now):
        yield Open(
            subject=f"late_answer/{one.account_id}",
            kind="late_answer",
            account_id=one.account_id,
            title="Order responses are overdue",
            path=f"/messages?{urlencode({'account': one.account_id, 'late': 'yes'})}",
            count=one.orders,
            of="order",
            amounts=tuple((in_full(amount), currency) for currency, amount in one.amounts.items()),
            oldest_at=one.oldest_at,
            due_at=one.first_due_at,
        )


def late_notices(services: Services, now: int) -> Iterator[Open]:
    """Orders whose despatch advice should have been sent by now, by account."""
    worklist = services.store.worklist
    for account_id, count in worklist.overdue_counts(now).items():
        first = next(iter(worklist.overdue(now, account_id, 1)), None)
        yield Open(
            subject=f"late_notice/{account_id}",
            kind="late_notice",
            account_id=account_id,
            title="Despatch notices are overdue",
            path=f"/orders/overdue?{urlencode({'account': account_id})}",
            count=count,
            of="order",
            due_at=None if first is None else first.notice_due,
        )


def silent(services: Services) -> Iterator[Open]:
    """Accounts that usually have sent by now and haven't."""
    for one in services.store.silences.all():
        yield Open(
            subject=f"silence/{one.account_id}",
            kind="silence",
            account_id=one.account_id,
            title="No orders yet, though they usually have come by now",
            path=f"/accounts/{one.account_id}",
            due_at=one.usual_by,
            oldest_at=one.last_sent_at,
        )


def shortened(value: str) -> str:
    """What was sent, in one line and no longer than says it."""
    line = " ".join("".join(one if one.isprintable() else " " for one in value).split())
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1]}…"
