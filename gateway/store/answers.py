"""What the accounts' systems say of documents of ours: each word kept beside the document, and what it makes of it.

Words are append-only (`receipts`). One of a kind counts once, however often it is sent; but one without a number of its
own counts again where another was said since, or where the document was sent again. How the document stands is told by
the latest word that judges it; that it arrived is no judgement, and takes none back. That it is in process takes back a
question and no refusal: a partner's messages overtake one another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import receipts
from schemas.documents.application_response import Word

RECEIPT = "receipt"
REJECTED, QUERIED = "document_rejected", "document_queried"
CODES = (REJECTED, QUERIED)
"""Fault codes of what such a word leaves open."""
_OPEN: Mapping[str, tuple[str, str | None]] = {"rejected": ("rejected", REJECTED), "queried": ("queried", QUERIED)}
_ON_ITS_WAY = ("waiting", "sending", "delivered")
_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One word on one document. `at`: microseconds since 1970, when it was received; `message_id`: the message that
    said it, None where it was said of the document by its address; `number`: the sender's own of that message."""

    document_id: str
    account_id: str
    at: int
    kind: str
    """receipt, application_response or status_update."""
    word: Word = "received"
    code: str | None = None
    reasons: tuple[str, ...] = ()
    number: str | None = None
    message_id: str | None = None

    @property
    def body(self) -> str | None:
        """What stands beside the word, as JSON; None where nothing does."""
        told = {"number": self.number, "code": self.code, "reasons": list(self.reasons)}
        known = {name: value for name, value in told.items() if value}
        return json.dumps(known, ensure_ascii=False, separators=(",", ":")) if known else None

    @property
    def key(self) -> str:
        """The same for the same word sent again; a receipt is said once."""
        if self.kind == RECEIPT:
            return RECEIPT
        return hashlib.sha256("\n".join((self.kind, self.word, self.body or "")).encode()).hexdigest()

    @property
    def detail(self) -> str:
        """For people: what was said, shortly."""
        code = f" ({self.code})" if self.code else ""
        return (
            f"the account's system says {self.word.replace('_', ' ')}{code}: {'; '.join(self.reasons) or 'no reason'}"[
                :_DETAIL
            ]
        )


@dataclass(frozen=True, slots=True)
class AnsweredDocument:
    """A document that a message spoke of, and what it said."""

    document_id: str
    type: str
    number: str
    word: str


def write_said(connection: Connection, said: Sequence[Said]) -> None:
    """Keep the words, documents in one order, so that two processes don't wait for each other."""
    for one in sorted(said, key=lambda each: (each.document_id, each.at)):
        _keep(connection, one)


def _keep(connection: Connection, one: Said) -> int:
    """When it was said first, in microseconds since 1970."""
    lock = "UPDATE deliveries SET answer_due_at = NULL, updated_at = ? WHERE document_id = ?"
    run(connection, lock, [(now_us(), one.document_id)])
    query = "SELECT number, key, at FROM receipts WHERE document_id = ? ORDER BY number DESC LIMIT 1"
    newest, newest_key, newest_at = (fetch(connection, query, [one.document_id]) or [(0, "", 0)])[0]
    known = fetch(connection, "SELECT at FROM receipts WHERE document_id = ? AND key = ?", [one.document_id, one.key])
    is_newest = newest_key.partition(":")[0] == one.key
    if known and not _counts_again(connection, one, is_newest=is_newest):
        return int(newest_at if is_newest else known[0][0])
    number, key = newest + 1, f"{one.key}:{newest + 1}" if known else one.key
    row = (one.document_id, number, one.account_id, one.at, one.kind, one.body, one.message_id, one.word, key)
    insert(connection, receipts, [row])
    if _judgement(connection, one.document_id) in (None, number):
        status, code = _stands(one.word)
        stands = "UPDATE deliveries SET status = ?, code = ?, detail = ?, next_attempt_at = NULL WHERE document_id = ?"
        run(connection, stands, [(status, code, one.detail if code else None, one.document_id)])
    return one.at


def _judgement(connection: Connection, document_id: str) -> int | None:
    """The number of the word that tells how the document stands; None where nothing judges it."""
    of_it = "SELECT number, word FROM receipts WHERE document_id = ? AND word <> 'received'"
    newest = "ORDER BY at DESC, number DESC LIMIT 1"
    latest = fetch(connection, f"{of_it} {newest}", [document_id])
    if latest and latest[0][1] == "in_process":
        before = fetch(connection, f"{of_it} AND word <> 'in_process' {newest}", [document_id])
        latest = before if before and before[0][1] == "rejected" else latest
    return int(latest[0][0]) if latest else None


def _counts_again(connection: Connection, one: Said, *, is_newest: bool) -> bool:
    """Whether a word that was said before is one of its own, and no resend. Its number would tell; without one it is
    where the document stands otherwise since: by another word, or because it is on its way again."""
    if one.number is not None or one.word == "received":
        return False
    ((status,),) = fetch(connection, "SELECT status FROM deliveries WHERE document_id = ?", [one.document_id])
    return status in _ON_ITS_WAY or not (is_newest or status in ("dismissed", _stands(one.word)[0]))


def _stands(word: Word) -> tuple[str, str | None]:
    """(status, fault code) of a document of which this is said."""
    return _OPEN.get(word, ("received", None))


class Answers:
    """The repository of words on our documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, one: Said) -> int:
        """Keep a word that no message brought; when the same was said first, in microseconds since 1970."""
        with self._database.write() as connection:
            return _keep(connection, one)

    def of_message(self, message_id: str) -> list[AnsweredDocument]:
        """The documents that a message spoke of, and what it said of each."""
        query = (
            "SELECT r.document_id, d.type, d.number, r.word FROM receipts r JOIN documents d ON d.id = r.document_id "
            "WHERE r.message_id IS NOT NULL AND r.message_id = ? ORDER BY r.document_id"
        )
        with self._database.read() as connection:
            return [AnsweredDocument(*row) for row in fetch(connection, query, [message_id])]

    def said_by(self, words: Collection[Said]) -> list[str | None]:
        """Of each word that was kept already, the message that said it first."""
        query = "SELECT message_id FROM receipts WHERE document_id = ? AND key = ?"
        with self._database.read() as connection:
            return [row[0] for one in words for row in fetch(connection, query, [one.document_id, one.key])]
