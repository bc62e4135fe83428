"""What our people are told of what waits for them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.opening import opened
from gateway.commands.screen import DONE, FAILED, PARTLY, Failed, Screen, person, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.store.notices import Notice

_STATUSES = ("waiting", "sending", "sent", "given_up")
_COLUMNS = ["created_at", "account", "kind", "channel", "recipient", "status", "attempts", "said", "detail", "id"]


@click.group()
def notices() -> None:
    """What our people are told: by e-mail, and at our own system."""


@notices.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those that stand so.")
@click.option("--before", metavar="ID", help="Go on behind this notice.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
def list_notices(screen: Screen, account: str | None, status: str | None, before: str | None, limit: int) -> None:
    """List notices, newest first.

    `opened` tells what began to wait for somebody, `digest` what is still open an hour later, `resolved` what is over.
    They are kept for 90 days.
    """
    with opened() as services:
        found = services.store.notices.page(account_id=account, status=status, before=before, limit=limit)
    screen.table([_row(one) for one in found], _COLUMNS, "No notices.", limit)


@notices.command()
@reports
@click.option("--account", "account_id", metavar="ID", required=True, help="Whose people are told.")
def test(screen: Screen, account_id: str) -> int:
    """Send a test to all who would be told.

    It goes to the people of the account and to our own system, and what came of it is shown; it is kept nowhere.
    This process sends it, with the settings of this shell: where the gateway has others (GATEWAY_SMTP_URL,
    GATEWAY_NOTICE_WEBHOOK), set them here as well.

    Exit code 0: all of them were reached; 3: some were; 1: none was, or nobody would be told.
    """
    from gateway.notifying.trial import try_notices

    with opened() as services:
        if not services.store.revisions.current([account_id]):
            raise Failed(f"There is no account {account_id}.")
        tried = try_notices(services, account_id, person())
    if not tried:
        raise Failed(
            f"Nobody would be told: {account_id} has no manager or team with an e-mail address, or its policy "
            "notices_to says nobody; and GATEWAY_NOTICE_WEBHOOK isn't set, or it isn't to be called."
        )
    reached = sum(one.outcome == "delivered" for one in tried)
    screen.result(
        {"account": account_id, "sent": [asdict(one) for one in tried]},
        *(f"{one.recipient or one.channel}: {one.outcome}, {one.detail}" for one in tried),
    )
    if reached == len(tried):
        return DONE
    return PARTLY if reached else FAILED


def _row(one: Notice) -> dict[str, Any]:
    from gateway.notifying.told import Told
    from gateway.notifying.words import headline

    return {
        "id": one.id,
        "account": one.account_id,
        "kind": one.kind,
        "channel": one.channel,
        "recipient": one.recipient or None,
        "status": one.status,
        "attempts": one.attempts,
        "said": headline(one.kind, Told.of_text(one.body)),
        "detail": one.detail,
        "created_at": moment(one.created_at),
        "sent_at": moment(one.sent_at),
    }
