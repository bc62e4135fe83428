"""Everything that is open just now and that somebody is told of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from gateway.holding import holding_faults
from gateway.notifying.told import Open
from gateway.services import Services
from gateway.store.columns import in_full
from schemas.fault_codes import FAULTS

_NAMES_ITS_CAUSE = ("unknown_item", "unknown_unit", "item_conflict", "unknown_ship_to")
"""Codes whose value is what our people look for."""
_LONGEST_VALUE = 80


def everything_open(services: Services, now: int) -> list[Open]:
    """Problems, late answers, late despatch notices and silent accounts, at this moment in microseconds since 1970."""
    return list(
        chain(current_problems(services), late_answers(services, now), late_notices(services, now), silent(services))
    )


def current_problems(services: Services) -> Iterator[Open]:
    """What waits for one of our people, by cause: messages, documents that don't arrive, places to pick orders up."""
    store = services.store
    for one in store.problems.all(holds=holding_faults(services.terms)):
        said = one.value if one.code in _NAMES_ITS_CAUSE else None
        yield _problem(one.fingerprint, one.account_id, one.code, said, one.messages, "order", one.first_at)
    for document in store.delivery_problems.all():
        found = document.fingerprint, document.account_id, document.code, None, document.documents
        yield _problem(*found, "document", document.first_at)
    for place in store.pickups.problems():
        found = place.fingerprint, place.account_id, place.code, None, place.files
        yield _problem(*found, "file", place.first_at)


def _problem(
    fingerprint: str, account_id: str, code: str, value: str | None, count: int, of: str, oldest_at: int
) -> Open:
    title = FAULTS[code].title if code in FAULTS else code
    return Open(
        subject=f"problem/{fingerprint}",
        kind="problem",
        account_id=account_id,
        title=f"{title} {shortened(value)}" if value else title,
        path=f"/problems/{fingerprint}",
        count=count,
        of=of,
        oldest_at=oldest_at,
    )


def late_answers(services: Services, now: int) -> Iterator[Open]:
    """Orders that should have been answered by now, by account."""
    for one in services.store.lateness.answers(now):
        yield Open(
            subject=f"late_answer/{one.account_id}",
            kind="late_answer",
            account_id=one.account_id,
            title="Order responses are overdue",
            path=f"/accounts/{one.account_id}",
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
            path=f"/accounts/{account_id}",
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
