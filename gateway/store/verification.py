"""Whether what is stored is what was recorded: every chain, and what the rows beside the chains should then be.

All tables are read once, in one snapshot, each in the order of an index and a few rows at a time. Streams of events and
the rows that they are of (messages, keys, people, named secrets, accounts' and the catalogue's revisions) are walked
side by side by name, so that a stream without its row is found as well as a row without its stream. Streams of no row
of their own end as it is noted beside them (`audit_heads`). What somebody made of both is found by the seals
(seal_check.py), and what retention took out is what its notices tell.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.engine import Connection

from gateway.sealing import MarkKey, Sealed
from gateway.store.chain import START, digest_of
from gateway.store.database import Database
from gateway.store.open_causes import astray
from gateway.store.packing import unpacked
from gateway.store.seal_check import Expected, SealCheck
from gateway.store.statements import stream

_L = TypeVar("_L")
_R = TypeVar("_R")

EVENTS = "SELECT stream, number, at, kind, actor, body, hash FROM events ORDER BY stream, number"
MESSAGES = (
    "SELECT m.id, m.status, m.event_count, m.event_hash, m.payload_sha256, m.payload_id, p.sha256 "
    "FROM messages m LEFT JOIN payloads p ON p.id = m.payload_id ORDER BY m.id"
)
HEADS = "SELECT stream, number, hash FROM audit_heads ORDER BY stream"
FORGOTTEN = "SELECT account_id, notice, stream, number, hash FROM forgotten_streams ORDER BY account_id, notice, stream"
SHIPMENTS = "SELECT 'shipment/' || id FROM shipments ORDER BY id"
INVOICES = "SELECT 'invoice/' || id FROM invoices ORDER BY id"
INVENTORY_REPORTS = "SELECT 'inventory_report/' || number FROM inventory_reports ORDER BY number"
DOCUMENTS = "SELECT message_id, id, type, number, sha256(body), sha256({canonical}) FROM documents ORDER BY message_id"
KEYS = "SELECT id, account_id, test, revoked_at FROM api_keys ORDER BY id"
USERS = "SELECT id, role, account_id, disabled_at FROM users ORDER BY id"
SECRETS = "SELECT name, number, ended_at, key_id, nonce, ciphertext FROM secrets ORDER BY name, number"
REVISIONS = (
    "SELECT 'account/' || id, 0 FROM accounts UNION ALL SELECT scope, number FROM revisions ORDER BY 1, 2"  # 0: none
)
PAYLOADS = (
    "SELECT id, account_id, message_id, sha256, sha256(body), size, length(body), erased_at, "
    "CASE WHEN length(body) <> size THEN body END FROM payloads ORDER BY id"
)
"""The body itself only where it may be a packed one."""


@dataclass(slots=True)
class _Chain:
    """What one stream's events say, taken together."""

    number: int = 0
    """Of its last event."""
    head: bytes = START
    kind: str = ""
    """Of its last event."""
    status: str | None = None
    """What a message should be by now."""
    first: dict[str, Any] = field(default_factory=dict)
    """What its first event tells."""
    documents: dict[str, Any] = field(default_factory=dict)
    """Document → the digests of its body and of its canonical form."""
    sealed: str | None = None
    """The digest of what a named secret was sealed as last."""
    role: str | None = None
    """The one that somebody was given last."""
    is_disabled: bool = False
    """Whether somebody is let in no more."""
    published: set[int] = field(default_factory=set)
    """The numbers of a scope's revisions."""
    forgotten: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Number of an event that tells of streams that retention took out → how many, and their digest."""
    erased: list[int] = field(default_factory=list)
    """Payloads whose bytes it tells were erased."""
    broken: list[str] = field(default_factory=list)


class _Row(NamedTuple):
    """What a stream is of: its name in sentences, and what is wrong with it beside a chain that is there."""

    name: str
    compare: Callable[[_Chain], Iterable[str]]


class Verification:
    """One look through everything."""

    def __init__(
        self,
        database: Database,
        keys: Sequence[MarkKey] = (),
        expected: Sequence[Expected] = (),
        progress: Callable[[str, int], None] | None = None,
    ) -> None:
        """`keys` are those that seals may be marked with, `expected` seals that are known from elsewhere. `progress`
        is told from time to time what is looked at, and how many of it were."""
        self._database = database
        self._expected = expected
        self._progress = progress or _nobody_asks
        self.seals = SealCheck(keys, expected)
        self.undigested = 0
        """Documents that were passed over: their message was settled before digests of documents were recorded."""
        self.streams = 0
        self.events = 0

    def broken(self) -> Iterator[str]:
        """Sentences, each naming something that isn't as it was recorded."""
        self.undigested = self.streams = self.events = 0
        erased = array("q")
        with self._database.snapshot() as connection:
            if self._database.is_sqlite:
                _teach_sha256(connection)
            others = (
                _keys(connection),
                _people(connection),
                _secrets(connection),
                _scopes(connection),
                _forgotten(connection),
            )
            rows = merge(self._messages(connection), *others, key=itemgetter(0))
            ends = ((row[0], (row[1], bytes(row[2]))) for row in stream(connection, HEADS))
            noted = ((name, (chain, end)) for name, chain, end in _side_by_side(self._chains(connection), ends))
            for name, both, row in _side_by_side(noted, rows):
                chain, end = both or (None, None)
                erased.extend(chain.erased if chain else ())
                yield from _compared(name, chain, row)
                yield from _broken_end(name, chain, end, is_named=row is not None)
            yield from _broken_payloads(connection, array("q", sorted(erased)))
            yield from astray(connection)
            yield from self.seals.broken(connection, self._seen_heads())

    def _chains(self, connection: Connection) -> Iterator[tuple[str, _Chain]]:
        for name, events in groupby(stream(connection, EVENTS), itemgetter(0)):
            chain = _Chain()
            before = self.events // _TOLD_EACH
            for event in events:
                _follow(chain, event)
                self.events += 1
            self.streams += 1
            if self.events // _TOLD_EACH != before:
                self._progress("events", self.events)
            yield name, chain

    def _seen_heads(self) -> Callable[[int], None]:
        seen = 0

        def add(heads: int) -> None:
            nonlocal seen
            seen += heads
            self._progress("sealed ends of chains", seen)

        return add

    def _messages(self, connection: Connection) -> Iterator[tuple[str, _Row]]:
        """Every message, inventory report, invoice and shipment with its documents, and documents whose source is
        gone."""
        canonical = "canonical" if self._database.is_sqlite else "convert_to(canonical, 'UTF8')"
        messages = ((row[0], row) for row in stream(connection, MESSAGES))
        shipments = ((row[0], _SHIPMENT) for row in stream(connection, SHIPMENTS))
        reports = ((row[0], _SHIPMENT) for row in stream(connection, INVENTORY_REPORTS))
        invoices = ((row[0], _SHIPMENT) for row in stream(connection, INVOICES))
        documents = _grouped(stream(connection, DOCUMENTS.format(canonical=canonical)))
        sources = merge(messages, reports, invoices, shipments, key=itemgetter(0))
        for source, row, made in _side_by_side(sources, documents):
            yield source, _Row(_named(source), self._comparing(source, row, made or []))

    def _comparing(self, source: str, row: Any, made: list[Any]) -> Callable[[_Chain], Iterator[str]]:
        def compare(chain: _Chain) -> Iterator[str]:
            if row is None:
                yield f"{_named(source)}: it is gone, though it had documents and events"
            elif row is not _SHIPMENT:
                yield from _broken_message(row, chain)
            yield from self._broken_documents(_named(source), made, chain)

        return compare

    def _broken_documents(self, source: str, made: list[Any], chain: _Chain) -> Iterator[str]:
        told = dict(chain.documents)
        for _, document_id, kind, number, body, canonical in made:
            name = f"document {document_id} ({kind} {number}) of {source}"
            digests = told.pop(document_id, None)
            if digests is None and not chain.documents:
                self.undigested += 1
            elif digests is None:
                yield f"{name}: its {source.rpartition(' ')[0]}'s chain doesn't know of it"
            else:
                if digests[0] != _hex(body):
                    yield f"{name}: its body was replaced (SHA-256 {_hex(body)}, made as {digests[0]})"
                if digests[1] != _hex(canonical):
                    yield f"{name}: its canonical form was replaced (SHA-256 {_hex(canonical)}, made as {digests[1]})"
        for document_id in told:
            yield f"document {document_id} of {source}: it is gone"


_TOLD_EACH = 5000
"""Events, between two times that somebody is told how far it is."""


def _nobody_asks(_: str, __: int) -> None:
    """In place of a progress that nobody looks at."""


_OTHER_SOURCES = ("inventory_report", "invoice", "shipment")
_SHIPMENT = object()
"""In place of a shipment's row, or an invoice's or report's, of which the chain tells nothing but the documents."""


def _named(source: str) -> str:
    """A message, a shipment, an invoice or an inventory report, as sentences name it."""
    kind, slash, number = source.partition("/")
    return f"{kind.replace('_', ' ')} {number}" if slash and kind in _OTHER_SOURCES else f"message {source}"


def _teach_sha256(connection: Connection) -> None:
    """SQLite's `sha256`, as PostgreSQL has it: documents are read one by one and none is kept."""

    def digest(value: bytes | str | None) -> bytes | None:
        if value is None:
            return None
        return hashlib.sha256(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value).digest()

    driver: Any = connection.connection.driver_connection
    driver.create_function("sha256", 1, digest, deterministic=True)


def _side_by_side(
    left: Iterable[tuple[str, _L]], right: Iterable[tuple[str, _R]]
) -> Iterator[tuple[str, _L | None, _R | None]]:
    """Two walks in the order of their names as one; None where only the other has the name."""
    lefts, rights = ((name, 0, found) for name, found in left), ((name, 1, found) for name, found in right)
    both: Iterator[tuple[str, int, Any]] = merge(lefts, rights, key=itemgetter(0, 1))
    for name, members in groupby(both, itemgetter(0)):
        found = {side: value for _, side, value in members}
        yield name, found.get(0), found.get(1)


def _grouped(rows: Iterable[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Rows that stand together under the same first column."""
    return ((name, list(members)) for name, members in groupby(rows, itemgetter(0)))


def _compared(name: str, chain: _Chain | None, row: _Row | None) -> Iterator[str]:
    """What is wrong with one stream and the row that it is of."""
    if chain is not None:
        yield from chain.broken
    if chain is not None and row is not None:
        yield from row.compare(chain)
    elif row is not None:
        yield f"{row.name}: its whole chain is gone"
    elif chain is not None and chain.forgotten:
        yield from _broken_notices(f"stream {name}", {}, chain)
    elif chain is not None and (what := _what_it_was_of(name)):
        yield f"{what}: it is gone, though it had {chain.number} events"


def _what_it_was_of(stream_name: str) -> str | None:
    """What a stream without its row was of; None for streams that are of no row."""
    if re.fullmatch(r"[0-9a-f]{28}", stream_name):
        return f"message {stream_name}"
    kind, slash, name = stream_name.partition("/")
    if slash and kind in ("key", "user", "secret", "account", *_OTHER_SOURCES):
        return f"{kind.replace('_', ' ')} {name}"
    return "the catalogue" if stream_name == "catalogue" else None


# --- chains ------------------------------------------------------------------------------------------------------


def _follow(chain: _Chain, event: Any) -> None:
    """Take the next event into what the chain says."""
    name, number, _, kind, _, body, head = event
    if number != chain.number + 1 or digest_of(chain.head, *event[:6]) != bytes(head):
        chain.broken.append(f"stream {name}: event {number} doesn't follow from the one before it")
    told = _told(body)
    if not chain.number:
        chain.first = told
    chain.number, chain.head, chain.kind = number, bytes(head), kind
    chain.status = "received" if kind == "resent" else told.get("status", chain.status)
    documents = told.get("documents")
    if isinstance(documents, dict):
        chain.documents.update(documents)
    chain.sealed = told.get("sealed", chain.sealed)
    chain.role = told.get("role", chain.role)
    if kind in ("disabled", "enabled"):
        chain.is_disabled = kind == "disabled"
    elif kind == "published":
        chain.published.add(told.get("number", 0))
    elif kind == FORGOT:
        chain.forgotten[number] = (told.get("messages", 0), told.get("streams", ""))
    elif kind == ERASED:
        chain.erased.extend(one for one in told.get("payloads", ()) if isinstance(one, int))


FORGOT = "messages forgotten"
"""What the event is called that tells of streams that retention took out."""
ERASED = "payloads erased"
"""And that which tells of bytes that it erased, or a person did."""


def _is_noted(name: str) -> bool:
    """Whether a stream has no row that says where it ends."""
    return "/" in name or name in ("catalogue", "system")


def _broken_end(name: str, chain: _Chain | None, end: tuple[int, bytes] | None, *, is_named: bool) -> Iterator[str]:
    """What is wrong with where a stream ends, beside what is noted of it."""
    if end is None:
        if chain is not None and _is_noted(name):
            yield f"stream {name}: nothing is noted of where it ends"
    elif chain is None:
        if not is_named:
            yield f"stream {name}: its whole chain is gone"
    elif (chain.number, chain.head) != end:
        yield f"stream {name}: it doesn't end with event {end[0]} as noted, but with event {chain.number}"


def _told(body: str) -> dict[str, Any]:
    """What an event's body tells; one that was edited into no JSON breaks its chain and tells nothing."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


# --- the rows beside them ----------------------------------------------------------------------------------------


def _broken_message(row: Any, chain: _Chain) -> Iterator[str]:
    message_id, status, count, head, sha256, payload_id, payload_sha256 = row
    name = f"message {message_id}"
    if (chain.number, chain.head) != (count, bytes(head)):
        yield f"{name}: its chain doesn't end with event {count} as it had it, but with event {chain.number}"
    if status != chain.status and (status, chain.status) != ("processing", "received"):  # a claim is no event
        yield f"{name}: it is {status}, but its chain says {chain.status or 'nothing of that'}"
    if chain.first.get("sha256", _hex(sha256)) != _hex(sha256):
        yield f"{name}: it has the digest of other bytes than it came with ({chain.first['sha256']})"
    if payload_id is not None and payload_sha256 is None:
        yield f"{name}: the row of its bytes (payload {payload_id}) is gone"
    elif payload_id is not None and payload_sha256 != sha256:
        yield f"{name}: the bytes that it points at (payload {payload_id}) are others than it came with"


def _keys(connection: Connection) -> Iterator[tuple[str, _Row]]:
    for key in stream(connection, KEYS):
        yield f"key/{key[0]}", _Row(f"key {key[0]}", partial(_broken_key, key))


def _broken_key(row: Any, chain: _Chain) -> Iterator[str]:
    key_id, account_id, test, revoked_at = row
    made = chain.first
    if chain.first and (made.get("account"), bool(made.get("test"))) != (account_id, bool(test)):
        owner, kind = made.get("account") or "the back office", "a test key" if made.get("test") else "a live key"
        yield f"key {key_id}: it was made as {kind} of {owner}, and is another by now"
    if (revoked_at is not None) != (chain.kind == "revoked"):
        now, then = ("revoked", "live") if revoked_at is not None else ("live", "revoked")
        yield f"key {key_id}: it is {now}, but its chain says {then}"


def _people(connection: Connection) -> Iterator[tuple[str, _Row]]:
    for somebody in stream(connection, USERS):
        yield f"user/{somebody[0]}", _Row(f"user {somebody[0]}", partial(_broken_user, somebody))


def _broken_user(row: Any, chain: _Chain) -> Iterator[str]:
    user_id, role, account_id, disabled_at = row
    name = f"user {user_id} ({chain.first.get('name')})"
    if chain.role != role:
        yield f"{name}: the role is {role}, but the chain says {chain.role or 'nothing of that'}"
    if chain.first.get("account") != account_id:
        owner = chain.first.get("account") or "us"
        yield f"{name}: was made as one of {owner}, and is one of {account_id or 'us'} by now"
    if (disabled_at is not None) != chain.is_disabled:
        now, then = ("out", "in") if disabled_at is not None else ("in", "out")
        yield f"{name}: is let {now}, but the chain says {then}"


def _secrets(connection: Connection) -> Iterator[tuple[str, _Row]]:
    for name, rows in _grouped(stream(connection, SECRETS)):
        yield f"secret/{name}", _Row(f"secret {name}", partial(_broken_secret, name, rows))


def _broken_secret(name: str, rows: list[Any], chain: _Chain) -> Iterator[str]:
    _, _, ended_at, key_id, nonce, ciphertext = rows[-1]
    is_removed = chain.kind == "removed"
    if (ended_at is not None) != is_removed:
        now, then = ("ended", "set") if ended_at is not None else ("live", "removed")
        yield f"secret {name}: it is {now}, but its chain says that it was {then} last"
    elif not is_removed and (
        nonce is None or ciphertext is None or Sealed(key_id, bytes(nonce), bytes(ciphertext)).digest != chain.sealed
    ):
        yield f"secret {name}: what is sealed was replaced"


def _scopes(connection: Connection) -> Iterator[tuple[str, _Row]]:
    """Every account, and the catalogue where it has revisions."""
    for scope, rows in _grouped(stream(connection, REVISIONS)):
        stored = {number for _, number in rows if number}
        name = scope.replace("/", " ")
        yield scope, _Row(name, partial(_broken_scope, name, stored))


def _broken_scope(name: str, stored: set[int], chain: _Chain) -> Iterator[str]:
    for number in sorted(stored - chain.published):
        yield f"{name}: no event tells of its revision {number}"
    for number in sorted(chain.published - stored):
        yield f"{name}: its revision {number} is gone"


def streams_digest(ends: Iterable[tuple[str, int, bytes]]) -> str:
    """By which retention's notice knows the streams that it took out; they come in the order of their names."""
    digest = hashlib.sha256()
    for name, number, head in ends:
        digest.update(f"{name} {number} {bytes(head).hex()}\n".encode())
    return digest.hexdigest()


def _forgotten(connection: Connection) -> Iterator[tuple[str, _Row]]:
    """What retention took out, by accounts."""
    for account_id, rows in groupby(stream(connection, FORGOTTEN), itemgetter(0)):
        found: dict[int, tuple[int, str]] = {}
        for notice, streams in groupby(rows, itemgetter(1)):
            ends = [(row[2], row[3], row[4]) for row in streams]
            found[notice] = (len(ends), streams_digest(ends))
        name = f"what retention took out of {account_id}"
        yield f"retention/{account_id}", _Row(name, partial(_broken_notices, name, found))


def _broken_notices(name: str, found: dict[int, tuple[int, str]], chain: _Chain) -> Iterator[str]:
    for notice in sorted(found.keys() | chain.forgotten.keys()):
        if found.get(notice) != chain.forgotten.get(notice):
            yield f"{name}: it isn't what event {notice} of its chain tells"


def _is_in(numbers: array[int], number: int) -> bool:
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number


def _broken_payloads(connection: Connection, erased: array[int]) -> Iterator[str]:
    """`erased`: those of which some chain tells that their bytes were erased, in order."""
    for payload_id, account_id, message_id, sha256, found, size, length, erased_at, other in stream(
        connection, PAYLOADS
    ):
        name = f"payload {payload_id} of {account_id} (message {message_id})"
        if other is not None:
            body = _as_it_came(bytes(other))
            found, length = hashlib.sha256(body).digest(), len(body)
        if found is None:
            if erased_at is None or not _is_in(erased, payload_id):
                yield f"{name}: its bytes are gone, and were not erased by retention"
        elif found != sha256:
            yield f"{name}: its bytes were replaced (SHA-256 {_hex(found)}, not {_hex(sha256)})"
        elif size != length:
            yield f"{name}: it says {size} bytes and has {length}"


def _as_it_came(stored: bytes) -> bytes:
    """The document, of what is stored; the latter, where somebody has put it there."""
    try:
        return unpacked(stored)
    except zlib.error:
        return stored


def _hex(digest: Any) -> str:
    return bytes(digest).hex()
