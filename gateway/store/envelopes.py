"""Which message a transmission's own id stands for: an SBDH InstanceIdentifier, a cXML payloadID.

An id stands for the first message that came with it and was not refused: a resend is known by it, and other content
under it is noticed. The table's key sees to it where two workers decide at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.states import STATUSES, on_resend
from gateway.store.database import Collision, Database
from gateway.store.statements import fetch, run

EnvelopeKey = tuple[str, bool, str]
"""(account, test key, the sender's id of the transmission)."""


@dataclass(frozen=True, slots=True)
class EnvelopeOwner:
    """The message that an envelope id stands for, or the one that this one repeats."""

    message_id: str
    status: str
    content_sha256: bytes
    """Of what the document said that came with the id."""


class Envelopes:
    """The repository of envelope ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owners(self, keys: Iterable[EnvelopeKey]) -> dict[EnvelopeKey, EnvelopeOwner]:
        """Key → the message that it stands for; ids that never came are left out."""
        wanted = sorted(set(keys))
        if not wanted:
            return {}
        tuples = ", ".join(["(?, ?, ?)"] * len(wanted))
        with self._database.read() as connection:
            rows = fetch(
                connection,
                "SELECT e.account_id, e.test, e.envelope_id, a.id, a.status, e.content_sha256 FROM envelopes e "
                "JOIN messages m ON m.id = e.message_id JOIN messages a ON a.id = coalesce(m.duplicate_of, m.id) "
                f"WHERE (e.account_id, e.test, e.envelope_id) IN (VALUES {tuples})",
                [value for account, test, envelope in wanted for value in (account, int(test), envelope)],
            )
        return {(row[0], bool(row[1]), row[2]): EnvelopeOwner(row[3], row[4], bytes(row[5])) for row in rows}


def take(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Let each id (account, test, id, message, content) stand for its message.

    Raises Collision where it stands for another one by now, unless that was refused or closed. What a corrected message
    came with goes on standing for that content, for which its corrected copy answers.
    """
    if run(connection, _TAKE, sorted(rows)) != len(rows):
        raise Collision("an envelope id was taken meanwhile")


_FREE = ", ".join(f"'{status}'" for status in STATUSES if on_resend(status) == "judge_afresh")
_OF_THE_ORIGINAL = "(SELECT o.duplicate_of FROM messages o WHERE o.id = envelopes.message_id) = excluded.message_id"
_TAKE = (
    "INSERT INTO envelopes (account_id, test, envelope_id, message_id, content_sha256) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (account_id, test, envelope_id) DO UPDATE SET "
    f"message_id = CASE WHEN {_OF_THE_ORIGINAL} THEN envelopes.message_id ELSE excluded.message_id END, "
    f"content_sha256 = CASE WHEN {_OF_THE_ORIGINAL} THEN envelopes.content_sha256 ELSE excluded.content_sha256 END "
    f"WHERE envelopes.message_id = excluded.message_id OR {_OF_THE_ORIGINAL} OR (SELECT a.status FROM messages m "
    "JOIN messages a ON a.id = coalesce(m.duplicate_of, m.id) WHERE m.id = envelopes.message_id) "
    f"IN ({_FREE})"
)
