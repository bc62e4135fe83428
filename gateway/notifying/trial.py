"""A notice on trial: sent now to all of whom the account's notices would reach, and kept nowhere but on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.delivery.transport import Result
from gateway.notifying.people import People
from gateway.notifying.sending import EMAIL, WEBHOOK, Teller
from gateway.notifying.told import told_of
from gateway.services import Services
from gateway.store.ids import new_id, now_us
from gateway.store.notices import ClaimedNotice
from mappings.transports import BadTerms


@dataclass(frozen=True, slots=True)
class Tried:
    """To whom, and what came of it."""

    channel: str
    recipient: str
    outcome: str
    detail: str


def try_notices(services: Services, account_id: str, actor: str) -> list[Tried]:
    """Send a test to each; none where nobody would be told."""
    whom = People(services.store).of(account_id)
    recipients = [(EMAIL, one) for one in whom.emails]
    if whom.webhook and services.notices.webhook:
        recipients.append((WEBHOOK, ""))
    body, at = told_of(account_id, whom.name, whom.time_zone, []).as_text(), now_us()
    teller = Teller(services)
    try:
        tried = list(_tried(teller, [(one, new_id()) for one in recipients], account_id, body, at))
    finally:
        teller.close()
    if tried:
        said = [{"channel": one.channel, "recipient": one.recipient, "outcome": one.outcome} for one in tried]
        with services.store.database.write() as connection:
            services.store.audit.note(connection, f"notice/{account_id}", "tested", actor, {"sent": said})
    return tried


def _tried(
    teller: Teller, wanted: list[tuple[tuple[str, str], str]], account_id: str, body: str, at: int
) -> Iterator[Tried]:
    for (channel, recipient), notice_id in wanted:
        notice = ClaimedNotice(notice_id, account_id, "test", channel, recipient, 1, body, at, "")
        try:
            result = teller.send(notice)
        except BadTerms as fault:
            result = Result(outcome="failed", detail=str(fault))
        yield Tried(channel, recipient, result.outcome, result.detail)
