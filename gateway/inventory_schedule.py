"""Inventory reports on schedule: each account's own, into its mailbox, once for each time that its schedule names.

The next time is a row. Whoever sends the report moves that row on in the same transaction, so that of several
schedulers one has sent it, and the others find that out when they save. After an outage one late report is sent, of the
last time that passed; the others would say the same.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.inventory import KIND, Asked, ask, formats, sent_report
from gateway.services import Services
from gateway.store.inventory_reports import Due, Sent, stream_of
from gateway.store.outbox import Outbound
from mappings.schedules import checked, last_slot, next_slot
from schemas.faults import DocumentHeld, TryAgain
from schemas.formats.json_1 import JSON_1

_PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Schedules:
    """What one scheduler knows of the accounts' schedules: read anew where an account's terms are others."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[tuple[str, int], tuple[str, str] | None] = {}
        self._not_before: dict[Due, float] = {}

    def send_due(self, now: datetime | None = None) -> int:
        """Send every report that is due, and note when the next ones are. Returns how many were sent."""
        at = now or datetime.now(UTC)
        self._reschedule(at)
        waiting = self._services.store.inventory_reports.due().values()
        due = sorted((one for one in waiting if one.at <= _microseconds(at)), key=lambda one: one.at)
        self._not_before = {one: self._not_before[one] for one in due if one in self._not_before}
        return sum(self._sent(one, at) for one in due)

    def _sent(self, due: Due, at: datetime) -> bool:
        """Send one. What fails for one account keeps no other from its report; it is tried again after a while."""
        if time.monotonic() < self._not_before.get(due, 0.0):
            return False
        try:
            return send(self._services, due, at)
        except TryAgain:  # the database is away, for all of them
            raise
        except Exception:
            logger.exception("The inventory report of %s failed; it is tried again", due.account_id)
            self._not_before[due] = time.monotonic() + _PAUSE_SECONDS
            return False

    def _reschedule(self, at: datetime) -> None:
        """Bring the rows to the accounts' terms: a schedule that is new, or another one, begins with its next time."""
        known, wanted = self._services.store.inventory_reports.due(), self._wanted()
        changed = [
            Due(account, _microseconds(next_slot(*terms, after=at)), *terms)
            for account, terms in wanted.items()
            if account not in known or (known[account].schedule, known[account].time_zone) != terms
        ]
        no_more = known.keys() - wanted.keys()
        if changed or no_more:
            self._services.store.inventory_reports.reschedule(changed, no_more)

    def _wanted(self) -> dict[str, tuple[str, str]]:
        """Account → its schedule and its time zone."""
        revisions = self._services.store.revisions
        current = {(one["id"], one["revision"]) for one in revisions.accounts()}
        for account, number in current - self._known.keys():
            self._known[account, number] = _schedule_in(account, revisions.terms(account, number))
        self._known = {one: self._known[one] for one in current}
        return {account: terms for (account, _), terms in self._known.items() if terms is not None}


def _schedule_in(account: str, terms: Mapping[str, Any]) -> tuple[str, str] | None:
    """The schedule and time zone in an account's terms. One that nobody can read, of an older program, is none."""
    schedule = ((terms.get("outbound") or {}).get(KIND) or {}).get("schedule")
    try:
        return (checked(schedule), terms.get("time_zone", "UTC")) if schedule else None
    except ValueError as wrong:
        logger.error("The inventory reports of %s have the schedule %r, which is not %s", account, schedule, wrong)
        return None


def send(services: Services, due: Due, at: datetime) -> bool:
    """Send the report of the last time that passed. False where another scheduler has."""
    zone = due.time_zone
    slot = max(due.at, _microseconds(last_slot(due.schedule, zone, until=at)))
    following = _microseconds(next_slot(due.schedule, zone, after=at))
    asked = ask(services, due.account_id, at)
    number = f"IR-{services.store.numbers.take(KIND, 1)[0]:08d}"
    document, why_not = _written(services, asked, number)
    told: dict[str, object] = {"slot": slot, "lines": len(asked.items)}
    if why_not is not None:
        told["unwritable"] = why_not
        logger.error("Inventory report %s of %s is sent as json-1: %s", number, due.account_id, why_not)
    if asked.left_out:
        told["left_out"] = [fault.as_json() for fault in asked.left_out[:100]]
    return services.store.inventory_reports.keep(due, Sent(document, slot, following, str(asked.cursor), told))


def _written(services: Services, asked: Asked, number: str) -> tuple[Outbound, str | None]:
    """The report in the format that the account has agreed; as json-1 where that can't hold it, and why it couldn't."""
    terms, known = asked.plan.account.outbound.get(KIND), formats(services, asked.plan)
    chosen = known.get(terms.format, JSON_1) if terms else JSON_1
    why_not = None
    try:
        body, canonical = sent_report(services, asked, chosen, number)
    except DocumentHeld as held:
        chosen, why_not = JSON_1, held.faults[0].detail
        body, canonical = sent_report(services, asked, chosen, number)
    outbound = Outbound(
        account_id=asked.plan.account.id,
        kind=KIND,
        number=number,
        source=stream_of(number),
        order_id=None,
        order_number=None,
        test=False,
        revision=asked.plan.mapping,
        format_name=chosen.name,
        media_type=chosen.media_type_of(KIND),
        body=body,
        canonical=canonical,
        transport=terms.way if terms else "mailbox",
        answer_within=terms.answer_within if terms else None,
    )
    return outbound, why_not


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000
