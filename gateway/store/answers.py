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
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, one_of, run, values
from gateway.store.tables import receipts
from schemas.documents.application_response import Word

RECEIPT = "receipt"
REJECTED, QUERIED = "document_rejected", "document_queried"
CODES = (REJECTED, QUERIED)
"""Fault codes of what such a word leaves open."""
OVERDUE = "answer_due_at IS NOT NULL AND answer_due_at < ? AND status NOT IN ('waiting', 'sending', 'held', 'given_up')"
"""Of nobody is a word expected on what hasn't reached them."""
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
        if self.kind == RECEIPT and self.word == "received" and self.body is None:
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


def write_said(connection: Connection, said: Sequence[Said]) -> list[int]:
    """Keep the words, in few steps however many they are: messages of one batch may speak of thousands of documents.
    When each was said first, in microseconds since 1970, in the order of the documents and of their times."""
    if not said:
        return []
    documents = _locked(connection, sorted({one.document_id for one in said}))
    told = [
        (one, *documents[one.document_id].note(one))
        for one in sorted(said, key=lambda each: (each.document_id, each.at))
    ]
    rows = [
        (one.document_id, kept.number, one.account_id, one.at, one.kind, one.body, one.message_id, one.word, kept.key)
        for one, kept, is_new in told
        if is_new
    ]
    insert(connection, receipts, rows)
    heard = "UPDATE deliveries SET answer_due_at = NULL, updated_at = ? WHERE "
    run(connection, heard + one_of(connection, "document_id"), [(now_us(), values(connection, list(documents)))])
    stands = "UPDATE deliveries SET status = ?, code = ?, detail = ?, next_attempt_at = NULL WHERE document_id = ?"
    run(connection, stands, [(*each.stands, key) for key, each in documents.items() if each.stands is not None])
    return [kept.at for _, kept, _ in told]


def _locked(connection: Connection, document_ids: Sequence[str]) -> dict[str, _Document]:
    """The documents with what was said of them, nobody else's for the rest of the transaction; locked in their order,
    so that two processes don't wait for each other."""
    these, named = one_of(connection, "document_id"), [values(connection, document_ids)]
    lock = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    query = f"SELECT document_id, status FROM deliveries WHERE {these} ORDER BY document_id{lock}"
    statuses = dict(fetch(connection, query, named))
    documents = {one: _Document(statuses.get(one, "")) for one in document_ids}
    query = f"SELECT document_id, number, key, at, word FROM receipts WHERE {these} ORDER BY document_id, number"
    for document_id, *kept in fetch(connection, query, named):
        documents[document_id].know(_Kept(*kept))
    return documents


class _Kept(NamedTuple):
    """A word as it is kept."""

    number: int
    key: str
    at: int
    word: Word


class _Document:
    """How a document stands while words on it are kept. `stands`: (status, code, detail) where a word changes it."""

    def __init__(self, status: str) -> None:
        self._status = status
        self._known: dict[str, _Kept] = {}
        self._newest: _Kept | None = None
        self._judgement: _Kept | None = None
        self._verdict: _Kept | None = None
        """The same but for words that it is in process."""
        self.stands: tuple[str, str | None, str | None] | None = None

    def know(self, kept: _Kept) -> None:
        """A word that is kept, each behind those before it."""
        self._known[kept.key], self._newest = kept, kept
        if kept.word == "received":
            return
        self._judgement = _later(self._judgement, kept)
        if kept.word != "in_process":
            self._verdict = _later(self._verdict, kept)

    def note(self, one: Said) -> tuple[_Kept, bool]:
        """The word as it is kept, and whether it is a new one."""
        before, number = self._known.get(one.key), self._newest.number + 1 if self._newest else 1
        if before is not None and self._newest is not None:
            is_newest = self._newest.key.partition(":")[0] == one.key
            if not self._counts_again(one, is_newest=is_newest):
                return self._newest if is_newest else before, False
        kept = _Kept(number, one.key if before is None else f"{one.key}:{number}", one.at, one.word)
        self.know(kept)
        if self._tells() in (None, kept):
            self._status, code = _stands(one.word)
            self.stands = self._status, code, one.detail if code else None
        return kept, True

    def _tells(self) -> _Kept | None:
        """The word that tells how the document stands; None where nothing judges it."""
        if self._judgement and self._judgement.word == "in_process" and self._verdict:
            return self._verdict if self._verdict.word == "rejected" else self._judgement
        return self._judgement

    def _counts_again(self, one: Said, *, is_newest: bool) -> bool:
        """Whether a word that was said before is one of its own, and no resend. Its number would tell; without one it
        is where the document stands otherwise since: by another word, or because it is on its way again."""
        if one.number is not None or one.word == "received":
            return False
        return self._status in _ON_ITS_WAY or not (is_newest or self._status in ("dismissed", _stands(one.word)[0]))


def _later(one: _Kept | None, other: _Kept) -> _Kept:
    return other if one is None or (other.at, other.number) > (one.at, one.number) else one


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
            return write_said(connection, [one])[0]

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
        query = "SELECT document_id, key, message_id FROM receipts WHERE "
        with self._database.read() as connection:
            these = f"{one_of(connection, 'document_id')} AND {one_of(connection, 'key')}"
            named = [
                values(connection, {one.document_id for one in words}),
                values(connection, {one.key for one in words}),
            ]
            known = {(row[0], row[1]): row[2] for row in fetch(connection, query + these, named)}
        return [known[one.document_id, one.key] for one in words if (one.document_id, one.key) in known]
