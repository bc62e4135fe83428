"""The table of what held and failed messages wait for, kept in step with them.

Whatever holds a message writes its causes in the same transaction (`keep_causes`); whatever moves a held, failed or
rejected one on does so by `move_on`, which takes them away and outdates a correction that waits. `astray` finds where
the two have come apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from gateway.holding import REMARKS, holding_faults
from gateway.store.chain import Event
from gateway.store.columns import in_full
from gateway.store.fault_rows import fingerprint
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import open_causes
from mappings.account import Policies
from schemas.faults import Fault
from schemas.values import EXACT

JUDGED_AGAIN = "The message was judged again meanwhile."
"""Why a correction of it is outdated."""
_MOST_HUNDREDTHS = 10**12


class HeldMessage(NamedTuple):
    """What is known of a message as it is held. Times are microseconds since 1970."""

    id: str
    account_id: str
    run: int
    received_at: int
    due_at: int
    is_test: bool
    amount: Decimal | None = None
    """What it says that it is worth; None where it doesn't say."""
    currency: str | None = None


def cause_rows(message: HeldMessage, faults: Sequence[Fault], policies: Policies | None) -> list[tuple[Any, ...]]:
    """Rows of `open_causes`, in its column order: one for each cause for which the message waits, judged by the
    policies that it was judged under."""
    found: dict[str, int] = {}
    for index in holding_faults(faults, policies):
        found.setdefault(fingerprint(message.account_id, faults[index]), index)
    worth, hundredths = _kept(message.amount)
    return [
        (
            *(cause, message.id, message.account_id, faults[index].code, message.run, index + 1, place),
            *(message.received_at, message.due_at, worth, message.currency, hundredths, int(message.is_test)),
        )
        for place, (cause, index) in enumerate(found.items(), 1)
    ]


def _kept(amount: Decimal | None) -> tuple[str | None, int | None]:
    """An amount in full and, where it is so many and their sum fits into 64 bits, in hundredths."""
    if amount is None:
        return None, None
    scaled = amount.scaleb(2, EXACT)
    is_whole = scaled == scaled.to_integral_value() and abs(scaled) < _MOST_HUNDREDTHS
    return in_full(amount), int(scaled) if is_whole else None


def keep_causes(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """These messages wait for these causes, from this transaction on."""
    insert(connection, open_causes, rows)


def wait_no_more(connection: Connection, message_ids: Sequence[str], why: str) -> None:
    """Inside the transaction that moves these messages on: they wait for no cause any more, and a correction of one
    that waits for a second person is outdated: it was of the message as it stood. `why` says so in a sentence."""
    run(connection, "DELETE FROM open_causes WHERE message_id = ?", [(one,) for one in message_ids])
    at = now_us()
    run(
        connection,
        "UPDATE resubmissions SET status = 'outdated', decided_by = 'gateway', decided_at = ?, decided_why = ? "
        "WHERE message_id = ? AND status = 'waiting'",
        [(at, why, one) for one in message_ids],
    )


def move_on(
    connection: Connection, message_id: str, status: str, number: int, settled_at: int | None, event: Event
) -> None:
    """A held, failed or rejected message has this status from now on: it waits to be judged again as this run, or is
    settled at that moment. Its causes go with it; `event` is the last of its chain, and is written by the caller."""
    wait_no_more(connection, [message_id], JUDGED_AGAIN if status == "received" else "The message was dismissed.")
    run(
        connection,
        "UPDATE messages SET status = ?, run = ?, losses = 0, not_before = NULL, mapping_revision = NULL, "
        "settled_at = ?, event_count = ?, event_hash = ? WHERE id = ?",
        [(status, number, settled_at, event.number, event.hash, message_id)],
    )


_NOT_OPEN = (
    "SELECT c.message_id, c.fingerprint FROM open_causes c LEFT JOIN messages m ON m.id = c.message_id "
    "WHERE m.id IS NULL OR m.status NOT IN ('held', 'failed') OR m.run <> c.run OR m.account_id <> c.account_id "
    "OR coalesce(m.is_test, m.test) <> c.is_test OR m.received_at <> c.received_at OR m.due_at <> c.due_at "
    "OR coalesce(m.amount <> c.amount, (m.amount IS NULL) <> (c.amount IS NULL)) "
    "OR coalesce(m.currency, '') <> coalesce(c.currency, '')"
)
_NO_FAULT = (
    "SELECT c.message_id, c.fingerprint FROM open_causes c LEFT JOIN faults f ON f.message_id = c.message_id "
    "AND f.run = c.run AND f.number = c.number WHERE f.fingerprint IS NULL OR f.fingerprint <> c.fingerprint "
    "OR f.code <> c.code"
)
_WITHOUT = (
    "SELECT m.id FROM messages m WHERE m.status IN ('held', 'failed') "
    "AND EXISTS (SELECT 1 FROM faults f WHERE f.message_id = m.id AND f.run = m.run) "
    "AND NOT EXISTS (SELECT 1 FROM open_causes c WHERE c.message_id = m.id AND c.place = 1)"
)
_A_REMARK = (
    f"SELECT c.message_id, c.fingerprint FROM open_causes c WHERE c.code IN ({', '.join(map(repr, sorted(REMARKS)))}) "
    "AND EXISTS (SELECT 1 FROM open_causes o WHERE o.message_id = c.message_id AND o.code <> c.code)"
)


def astray(connection: Connection) -> Iterator[str]:
    """Sentences, each naming a message whose causes aren't those that it waits for; none where all is well. Costs what
    is open, not what ever was."""
    for message_id, cause in fetch(connection, _NOT_OPEN):
        yield f"the cause {cause} of message {message_id} isn't as its message is"
    for message_id, cause in fetch(connection, _NO_FAULT):
        yield f"the cause {cause} of message {message_id} is none of its faults"
    for message_id, cause in fetch(connection, _A_REMARK):
        yield f"the cause {cause} of message {message_id} holds nothing"
    for (message_id,) in fetch(connection, _WITHOUT):
        yield f"message {message_id} waits for one of us, and no cause says why"
