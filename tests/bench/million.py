"""Filling a gateway with a year of a large one's history, in minutes: so many messages of 200 accounts, all answered,
refused, repeated or closed. What is open, and whatever else there is little of, is in `tests.bench.open_work`.

Some ten thousand messages are made one by one, with all that hangs on them; the database itself repeats them, each time
later, with other numbers and the same items. Indexes are made when the rows are there. Deterministic.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy.engine import Connection

from gateway.searching.words import words_of
from gateway.store.packing import packed
from gateway.store.search_words import first_of_time
from gateway.store.statements import fetch, run
from gateway.store.store import Store
from gateway.store.tables import deliveries, documents, events, faults, messages, orders, payloads

ACCOUNTS, SKUS = 200, 500
DAYS = 365
PATTERN = 10_000
"""Messages that are made one by one."""
LAST_US = 1_795_000_000_000_000
"""When the newest of the history came: 2026-11-18."""
FIRST_PAYLOAD = 10_000_000
"""What is sent afterwards has lower numbers on PostgreSQL, which counts from 1."""
BIG = (payloads, messages, events, faults, orders, documents, deliveries)
_DAY_US = 86_400_000_000
_SHARES = (("rejected", 0.02), ("duplicate", 0.01), ("dismissed", 0.003), ("superseded", 0.002))
_KINDS = (("change", 0.03), ("cancel", 0.01), ("answer", 0.02))
_NOUNS = ("drink", "milk", "bolt", "hammer", "paper", "pencil", "lamp", "glove", "filter", "hose", "soap", "towel")
_KIND_OF = ("oat", "steel", "blue", "large", "small", "organic", "folded", "heavy", "soft", "spare", "clear", "double")
_PEOPLE = ("ann", "ben", "cleo", "dan")


@dataclass(slots=True)
class Filled:
    """What is there to ask about: something from the middle of the history."""

    count: int
    message_id: str = ""
    account_id: str = ""
    order_number: str = ""
    document_number: str = ""
    item: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def account_name(number: int) -> str:
    """The id of one of the accounts."""
    return f"account-{number:03d}"


def fill(store: Store, count: int) -> Filled:
    """So many messages, into a database in which nothing came yet."""
    filled = Filled(count)
    size = min(PATTERN, count)
    times = count // size
    span_us = DAYS * _DAY_US // times // 1000 * 1000
    pattern = _Pattern(random.Random(7), size, LAST_US - span_us * times, span_us, filled)
    began = time.perf_counter()
    _accounts(store)
    with _without_indexes(store, filled):
        with store.database.write() as connection:
            _keep_pattern(connection, pattern)
        filled.seconds["pattern"] = time.perf_counter() - began
        step = 10
        for first in range(0, times, step):
            with store.database.write_lightly() as connection:
                _repeat(connection, first, min(times, first + step), size, span_us)
        filled.seconds["rows"] = time.perf_counter() - began
    with store.database.write() as connection:
        for name in ("words", *(table.name for table in BIG)):
            run(connection, f"DROP TABLE p_{name}", [()])
        assert fetch(connection, "SELECT count(*) FROM messages")[0][0] == count // size * size
    filled.seconds["indexes"] = time.perf_counter() - began
    return filled


def _accounts(store: Store) -> None:
    """They all have the same terms, as the first has them."""
    first = account_name(0)
    store.revisions.publish_account({"id": first, "name": "Retail 000", "policies": {}}, [], author="a", reason="r")
    copied = (
        "INSERT INTO revisions (scope, number, published_at, author, reason, terms, sha256) "
        "SELECT 'account/' || a.id, r.number, r.published_at, r.author, r.reason, replace(r.terms, ?, a.id), r.sha256 "
        "FROM revisions r CROSS JOIN accounts a WHERE r.scope = ? AND a.id LIKE 'account-%' AND a.id <> ?"
    )
    others = [(account_name(n), f"Retail {n:03d}", "gold", 1, LAST_US) for n in range(1, ACCOUNTS)]
    with store.database.write() as connection:
        run(connection, "INSERT INTO accounts (id, name, tier, revision, created_at) VALUES (?, ?, ?, ?, ?)", others)
        run(connection, copied, [(first, f"account/{first}", first)])


def count_rows(store: Store) -> None:
    """Have the planner know how much there is, as it would by itself after a while."""
    if store.database.is_sqlite:
        with store.database.write() as connection:
            run(connection, "ANALYZE", [()])
        return
    with store.database.read() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def _without_indexes(store: Store, filled: Filled) -> Iterator[None]:
    """Without those that aren't keys, which are made again at the end, at once."""
    is_sqlite = store.database.is_sqlite
    names = [*(table.name for table in BIG), "search_words"]
    which = ", ".join(f"'{name}'" for name in names)
    query = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({which})"
    if not is_sqlite:
        query = (
            f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({which}) "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
    with store.database.write() as connection:
        indexes = fetch(connection, query)
        for name, _ in indexes:
            run(connection, f"DROP INDEX {name}", [()])
    yield
    for _, made_by in indexes:
        with store.database.write_lightly() as connection:
            if not is_sqlite:
                run(connection, "SET LOCAL maintenance_work_mem = '512MB'", [()])
            run(connection, made_by, [()])


# --- repeating ----------------------------------------------------------------------------------------------------
def _keep_pattern(connection: Connection, pattern: _Pattern) -> None:
    """What is repeated, apart from the tables that it goes into."""
    is_sqlite = connection.dialect.name == "sqlite"
    for table, rows in pattern.rows.items():
        names = _names(table)
        run(connection, f"CREATE TABLE p_{table.name} AS SELECT {', '.join(names)} FROM {table.name} LIMIT 0", [()])
        text = f"INSERT INTO p_{table.name} VALUES ({', '.join('?' * len(names))})"
        run(connection, text, [tuple(map(one.get, names)) for one in rows])
    kind = "TEXT" if is_sqlite else "TSVECTOR"
    run(connection, f"CREATE TABLE p_words (message_id TEXT, number BIGINT, place BIGINT, words {kind})", [()])
    run(connection, "INSERT INTO p_words VALUES (?, ?, ?, ?)", list(pattern.words(is_sqlite=is_sqlite)))


def _repeat(connection: Connection, first: int, end: int, size: int, span_us: int) -> None:
    """The pattern for each k from `first` on."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        driver: Any = connection.connection.driver_connection
        driver.create_function("later", 2, lambda text, k: _later(text, k, span_us), deterministic=True)
    rounds = (
        f"(WITH RECURSIVE r(k) AS (SELECT {first} UNION ALL SELECT k + 1 FROM r WHERE k < {end - 1}) SELECT k FROM r) r"
        if is_sqlite
        else f"(SELECT generate_series({first}, {end - 1}) AS k) r"
    )
    for table in BIG:
        own: dict[str, str] = {}
        if table is payloads:
            own = {"id": f"p.id + k * {size}"}
        elif table is documents:
            own = {"number": _numbered("p.number", size, is_sqlite=is_sqlite)}
        names = _names(table)
        values = ", ".join(own.get(one) or _repeated(one, size, span_us, is_sqlite=is_sqlite) for one in names)
        source = f"FROM {rounds} CROSS JOIN p_{table.name} p"
        run(connection, f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} {source}", [()])
    later = _repeated("message_id", size, span_us, is_sqlite=is_sqlite)
    from_words = f"FROM {rounds} CROSS JOIN p_words p"
    if is_sqlite:
        place = f"p.place + k * {_places(span_us)}"
        numbered = f"printf('%08d', p.number + k * {size})"
        words = f"'po-' || {numbered} || ' po ' || {numbered} || ' ' || p.words"
        run(connection, f"INSERT INTO search_words_messages SELECT {place}, {later} {from_words}", [()])
        run(connection, f"INSERT INTO search_words (rowid, words) SELECT {place}, {words} {from_words}", [()])
    else:
        number = f"lpad((p.number + k * {size})::text, 8, '0')"
        words = f"array_to_tsvector(ARRAY['po', {number}, 'po-' || {number}]) || p.words"
        run(connection, f"INSERT INTO search_words (message_id, words) SELECT {later}, {words} {from_words}", [()])


def _repeated(column: str, size: int, span_us: int, *, is_sqlite: bool) -> str:
    """What a column of the pattern is in the round k."""
    own = f"p.{column}"
    if column in ("id", "message_id", "order_id", "stream", "document_id", "duplicate_of"):
        if is_sqlite:
            return f"later({own}, k)"
        ms = f"('x' || substr({own}, 1, 12))::bit(48)::bigint + k::bigint * {span_us // 1000}"
        return f"lpad(to_hex({ms}), 12, '0') || substr({own}, 13)"
    if column in ("due_at", "received_at", "settled_at", "at", "created_at", "updated_at"):
        return f"{own} + k * {span_us}" if is_sqlite else f"{own} + k::bigint * {span_us}"
    if column == "payload_id":
        return f"{own} + k * {size}"
    if column in ("order_number", "order_key"):
        return _numbered(own, size, is_sqlite=is_sqlite)
    if column in ("payload_sha256", "sha256", "content_sha256"):
        if is_sqlite:
            return f"CAST(CAST(substr({own}, 1, 24) AS TEXT) || printf('%08d', k) AS BLOB)"
        return f"substr({own}, 1, 24) || convert_to(lpad(k::text, 8, '0'), 'UTF8')"
    return own


def _numbered(own: str, size: int, *, is_sqlite: bool) -> str:
    """Eight digits behind two letters and a dash."""
    if is_sqlite:
        return f"substr({own}, 1, 3) || printf('%08d', CAST(substr({own}, 4) AS INTEGER) + k * {size})"
    return f"substr({own}, 1, 3) || lpad((substr({own}, 4)::bigint + k * {size})::text, 8, '0')"


def _later(text: str | None, k: int, span_us: int) -> str | None:
    return None if text is None else f"{int(text[:12], 16) + k * (span_us // 1000):012x}{text[12:]}"


def _places(span_us: int) -> int:
    """How much higher the number of a message's words is, of one that came so much later."""
    return first_of_time(_later("01a1ebed6000" + "0" * 16, 1, span_us) or "") - first_of_time("01a1ebed6000" + "0" * 16)


# --- the pattern --------------------------------------------------------------------------------------------------
class _Pattern:
    """Some thousand messages and all that hangs on them."""

    def __init__(self, draw: random.Random, size: int, start: int, span_us: int, filled: Filled) -> None:
        self._draw, self._filled = draw, filled
        self.rows: dict[Any, list[dict[str, Any]]] = {one: [] for one in BIG}
        self._words: list[tuple[str, str, int, str]] = []
        for number in range(size):
            self._message(number, start + span_us * number // size)

    def words(self, *, is_sqlite: bool) -> Iterator[tuple[str, int, int, str]]:
        """Of each message: its id, its number, its place among the words, and the words as the database has them."""
        for message_id, account_id, number, text in self._words:
            own = f"={account_id} {text}"
            said = own if is_sqlite else " ".join(f"'{one}'" for one in own.split(" "))
            yield message_id, number, first_of_time(message_id) + int(message_id[15:18], 16) % 2048, said

    def _message(self, number: int, at: int) -> None:
        draw = self._draw
        message_id = f"{at // 1000:012x}{at % 1000:03x}{draw.getrandbits(52):013x}"
        account_number = min(int(draw.expovariate(1 / 25)), ACCOUNTS - 1)
        status, kind = _drawn(draw, _SHARES, "done"), _drawn(draw, _KINDS, "order")
        common = {"account_id": account_name(account_number), "test": 0, "message_id": message_id}
        digest = f"{draw.getrandbits(96):024x}00000000".encode()
        row = {
            **common,
            "id": message_id,
            "status": status,
            "lane": account_number % 4,
            "due_at": at + _DAY_US // 6,
            "received_at": at,
            "settled_at": at + 50_000,
            "source": "http",
            "format": "json-1",
            "media_type": "application/json",
            "payload_id": FIRST_PAYLOAD + number,
            "payload_sha256": digest,
            "size": 900,
            "run": 1,
            "losses": 0,
            "mapping_revision": 1,
            "catalogue_revision": 1,
            "content_sha256": digest,
            "order_number": f"PO-{number:08d}",
            "fence": 1,
            "event_count": 2,
            "event_hash": digest,
            "is_test": 0,
            "order_id": message_id if status == "done" and kind == "order" else None,
            "stages": f'{{"decoded":{at + 10_000},"mapped":{at + 20_000},"decided":{at + 30_000}}}',
            "kind": kind,
            "amount": f"{draw.randrange(100, 2_000_000)}.{draw.randrange(100):02d}",
            "currency": "EUR" if account_number % 7 else "USD",
        }
        if status == "duplicate":
            row |= {"payload_id": None, "kind": None, "amount": None, "order_number": None, "duplicate_of": message_id}
        self.rows[messages].append(row)
        self._note_events(message_id, at, status, digest)
        if status == "duplicate":
            return
        items = [f"I{account_number:03d}-{draw.randrange(SKUS):04d}" for _ in range(draw.randrange(2, 11))]
        body = {"sha256": digest, "size": 900, "body": packed(b"{}")}
        self.rows[payloads].append({"id": FIRST_PAYLOAD + number, **common, **body})
        self._note_words(message_id, common["account_id"], number, items)
        if status == "rejected":
            self._fault(message_id, account_number)
        if status == "done":
            self._answer(row)

    def _note_events(self, message_id: str, at: int, status: str, digest: bytes) -> None:
        is_ours = status in ("dismissed", "superseded")
        actor = f"user/{self._draw.choice(_PEOPLE)}" if is_ours else "gateway"
        for number, (kind, who) in enumerate((("received", "gateway"), ("answered", actor)), 1):
            kind_of = kind if number == 1 or status == "done" else status
            told = {"stream": message_id, "number": number, "at": at + number, "kind": kind_of, "actor": who}
            self.rows[events].append({**told, "body": f'{{"reason":"{status}"}}', "hash": digest})

    def _note_words(self, message_id: str, account_id: str, number: int, items: Sequence[str]) -> None:
        draw = self._draw
        said = [f"C-{account_id}", "4012345000009", f"40123451{draw.randrange(10**5):05d}", account_id]
        for item in items:
            said += [item, f"0401{_digits(item):010d}", f"{draw.choice(_KIND_OF)} {draw.choice(_NOUNS)}"]
        self._words.append((message_id, account_id, number, words_of(said)))
        self._filled.item = items[0]

    def _fault(self, message_id: str, account_number: int) -> None:
        cause = account_number * 7 + self._draw.randrange(3)
        self.rows[faults].append(
            {"message_id": message_id, "run": 1, "number": 1, "stage": "map", "code": "unknown_item"}
            | {"path": "/lines/0/buyer_item", "location": "/lines/0", "detail": "Not known.", "expected": "a known one"}
            | {"value": f"X-{cause}", "fingerprint": f"1-{cause:06x}{account_number:018x}"}
        )

    def _answer(self, row: Mapping[str, Any]) -> None:
        message_id, at = row["id"], row["received_at"]
        common = {"account_id": row["account_id"], "test": 0, "message_id": message_id, "mapping_revision": 1}
        document_id = f"{message_id[:14]}d{message_id[15:]}"
        number = f"HR-{row['payload_id'] - FIRST_PAYLOAD:08d}"
        if row["order_id"] is not None:
            self.rows[orders].append(
                {"id": message_id, **common, "order_key": row["order_number"], "epoch": 0, "ordinal": 0}
                | {"order_number": row["order_number"], "version": 1, "status": "open", "outcome": "accepted"}
                | {"order_type": "stand_alone", "catalogue_revision": 1, "content_sha256": row["content_sha256"]}
                | {"created_at": at, "updated_at": at, "precedence": 1, "ship_by": "2026-11-30", "lane": row["lane"]}
            )
        self.rows[documents].append(
            {"transaction_id": 0, "id": document_id, **common, "type": "order_response", "number": number}
            | {"order_id": row["order_id"], "order_number": row["order_number"], "format": "json-1"}
            | {"media_type": "application/json", "body": packed(b"{}"), "canonical": "{}", "created_at": at}
        )
        transport = "webhook" if row["payload_id"] % 3 == 0 else "mailbox"
        self.rows[deliveries].append(
            {"document_id": document_id, "account_id": row["account_id"], "transport": transport, "status": "delivered"}
            | {"attempts": 1, "updated_at": at, "attempts_before": 0}
        )
        told = self._filled
        told.account_id, told.message_id, told.order_number = row["account_id"], message_id, row["order_number"]
        told.document_number = number


def _drawn(draw: random.Random, shares: Sequence[tuple[str, float]], else_: str) -> str:
    chance = draw.random()
    for name, share in shares:
        if chance < share:
            return name
        chance -= share
    return else_


def _digits(item: str) -> int:
    return sum(ord(one) * 31**place for place, one in enumerate(item)) % 10**10


@cache
def _names(table: Any) -> tuple[str, ...]:
    """Its columns, but those whose numbers are the database's."""
    return tuple(one.name for one in table.columns if one is not table.autoincrement_column or table is payloads)
