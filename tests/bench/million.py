"""Filling a gateway with the history of a large one: so many messages of some 200 accounts, a few of them open.

Rows go in by the thousand, as they would stand there; of what pages read one by one (bodies, canonical orders) there is
a real one for each open message and each thousandth. Deterministic: the same count gives the same history.

Others add to it: `tables` has a row list for each table of a block of messages; what hangs on open messages is made in
`_open_rows`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from gateway.searching.words import words_of
from gateway.store.packing import packed
from gateway.store.search_words import Words, write_words
from gateway.store.statements import fetch, insert, run
from gateway.store.store import Store
from gateway.store.tables import (
    accounts,
    deliveries,
    documents,
    events,
    faults,
    messages,
    order_versions,
    orders,
    payloads,
)

ACCOUNTS, CAUSES, SKUS = 200, 300, 500
DAYS = 90
_BLOCK = 5_000
_DAY_US = 86_400_000_000
_LAST = 1_795_000_000_000_000
"""When the newest came: 2026-11-18."""
_OPEN, _REJECTED, _DUPLICATE, _DISMISSED = 0.005, 0.02, 0.01, 0.003
_KINDS = (("change", 0.03), ("cancel", 0.01), ("answer", 0.02))
_REAL_EVERY = 1_000
_NOUNS = ("drink", "milk", "bolt", "hammer", "paper", "pencil", "lamp", "glove", "filter", "hose", "soap", "towel")
_KIND_OF = ("oat", "steel", "blue", "large", "small", "organic", "folded", "heavy", "soft", "spare", "clear", "double")
_CODES = ("unknown_item", "unknown_unit", "price_mismatch", "unknown_ship_to", "fractional_unit")


@dataclass(slots=True)
class Filled:
    """What is there to ask about: an open message, its problem and so on."""

    count: int
    account_id: str = ""
    message_id: str = ""
    order_id: str = ""
    order_number: str = ""
    document_id: str = ""
    document_number: str = ""
    open_id: str = ""
    fingerprint: str = ""
    item: str = ""
    tables: dict[str, int] = field(default_factory=dict)
    """Rows by table."""


def account_name(number: int) -> str:
    """The id of one of the accounts."""
    return f"account-{number:03d}"


def fill(store: Store, count: int) -> Filled:
    """So many messages, into an empty database with its tables. The accounts have no published terms of their own."""
    filled = Filled(count)
    with store.database.write() as connection:
        rows = [(account_name(n), f"Account {n} Retail", "gold", 1, _LAST) for n in range(ACCOUNTS)]
        insert(connection, accounts, rows)
        if not store.database.is_sqlite:
            run(connection, "DROP INDEX ix_search_words_words", [()])  # made at once below: ten times as fast
    draw = random.Random(count)
    for start in range(0, count, _BLOCK):
        block = _Block(draw, start, min(_BLOCK, count - start), count, filled)
        with store.database.write_lightly() as connection:
            for table, some in block.tables():
                insert(connection, table, [_row(table, one) for one in some])
                filled.tables[table.name] = filled.tables.get(table.name, 0) + len(some)
            write_words(connection, block.words)
    with store.database.write() as connection:
        if store.database.is_sqlite:
            run(connection, "ANALYZE", [()])
        else:
            run(connection, "CREATE INDEX ix_search_words_words ON search_words USING gin (words)", [()])
    if not store.database.is_sqlite:
        with store.database.read() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    with store.database.read() as connection:
        (there,) = fetch(connection, "SELECT count(*) FROM messages")
        assert there[0] == count
    return filled


class _Block:
    """Some thousand messages and all that hangs on them."""

    def __init__(self, draw: random.Random, start: int, size: int, count: int, filled: Filled) -> None:
        self._draw, self._filled = draw, filled
        self._rows: dict[Any, list[dict[str, Any]]] = {
            one: [] for one in (payloads, messages, events, faults, orders, order_versions, documents, deliveries)
        }
        self.words: list[Words] = []
        for number in range(start, start + size):
            self._message(number, count)

    def tables(self) -> Iterator[tuple[Any, Sequence[dict[str, Any]]]]:
        """Each table with its rows."""
        yield from self._rows.items()

    def _message(self, number: int, count: int) -> None:
        draw = self._draw
        at = _LAST - DAYS * _DAY_US + DAYS * _DAY_US * number // count
        message_id = f"{at // 1000:012x}{at % 1000:03x}{draw.getrandbits(52):013x}"
        account_number = min(int(draw.expovariate(1 / 25)), ACCOUNTS - 1)
        account_id = account_name(account_number)
        status, kind = self._status(), self._kind()
        digest = draw.randbytes(32)
        order_number = f"PO-{number:08d}"
        common = {"account_id": account_id, "test": 0, "message_id": message_id}
        row = {
            "id": message_id,
            **common,
            "status": status,
            "lane": account_number % 4,
            "due_at": at + _DAY_US // 6,
            "received_at": at,
            "settled_at": at + 50_000,
            "source": "http",
            "format": "json-1",
            "media_type": "application/json",
            "payload_id": number + 1,
            "payload_sha256": digest,
            "size": 900,
            "run": 1,
            "losses": 0,
            "mapping_revision": 1,
            "catalogue_revision": 1,
            "content_sha256": digest,
            "order_number": order_number,
            "order_id": message_id if status == "done" and kind == "order" else None,
            "stages": f'{{"decoded":{at + 10_000},"mapped":{at + 20_000},"decided":{at + 30_000}}}',
            "fence": 1,
            "event_count": 2,
            "event_hash": digest,
            "is_test": 0,
            "kind": kind,
            "amount": f"{draw.randrange(100, 2_000_000)}.{draw.randrange(100):02d}",
            "currency": "EUR",
        }
        if status == "duplicate":
            row |= {"payload_id": None, "kind": None, "amount": None, "order_number": None, "duplicate_of": message_id}
        self._rows[messages].append(row)
        for event, kind_of in ((1, "received"), (2, "answered" if status == "done" else status)):
            self._rows[events].append(
                {"stream": message_id, "number": event, "at": at, "kind": kind_of, "actor": "gateway"}
                | {"body": f'{{"status":"{status}"}}', "hash": digest}
            )
        if status == "duplicate":
            return
        items = [f"I{account_number:03d}-{draw.randrange(SKUS):04d}" for _ in range(draw.randrange(2, 11))]
        is_real = number % _REAL_EVERY == 0 or status in ("held", "failed")
        body = _order(order_number, account_id, items) if is_real else ""
        self._rows[payloads].append(
            {"id": number + 1, **common, "sha256": digest, "size": 900, "body": packed(body.encode() or b"{}")}
        )
        self._note_words(message_id, account_id, order_number, items)
        if status in ("held", "failed", "rejected"):
            self._fault(message_id, account_id, status, account_number)
        if status == "done":
            self._answer(row, body, digest)

    def _status(self) -> str:
        chance = self._draw.random()
        for status, share in (
            ("held", _OPEN * 0.9),
            ("failed", _OPEN * 0.1),
            ("rejected", _REJECTED),
            ("duplicate", _DUPLICATE),
            ("dismissed", _DISMISSED),
        ):
            if chance < share:
                return status
            chance -= share
        return "done"

    def _kind(self) -> str:
        chance = self._draw.random()
        for kind, share in _KINDS:
            if chance < share:
                return kind
            chance -= share
        return "order"

    def _note_words(self, message_id: str, account_id: str, order_number: str, items: Sequence[str]) -> None:
        draw = self._draw
        said = [order_number, f"C-{account_id}", "4012345000009", f"40123451{draw.randrange(10**5):05d}", account_id]
        for item in items:
            said += [item, f"0401{hash_of(item):010d}", f"{draw.choice(_KIND_OF)} {draw.choice(_NOUNS)}"]
        self.words.append(Words(message_id, account_id, words_of(said), is_new=True))
        self._filled.item = items[0]

    def _fault(self, message_id: str, account_id: str, status: str, account_number: int) -> None:
        cause = (account_number * 7 + self._draw.randrange(3)) % CAUSES
        fingerprint = f"1-{cause:06x}{account_number:018x}"
        self._rows[faults].append(
            {"message_id": message_id, "run": 1, "number": 1, "stage": "map", "code": _CODES[cause % len(_CODES)]}
            | {"path": "/lines/0/buyer_item", "location": "/lines/0", "detail": "Not known.", "expected": "a known one"}
            | {"value": f"X-{cause}", "fingerprint": fingerprint}
        )
        if status in ("held", "failed"):
            self._filled.open_id, self._filled.fingerprint = message_id, fingerprint

    def _answer(self, row: Mapping[str, Any], body: str, digest: bytes) -> None:
        message_id, account_id, at = row["id"], row["account_id"], row["received_at"]
        number = f"OR-{row['payload_id']:08d}"
        common = {"account_id": account_id, "test": 0, "message_id": message_id, "mapping_revision": 1}
        document_id = message_id[:14] + "d" + message_id[15:]
        if row["order_id"] is not None:
            self._rows[orders].append(
                {"id": message_id, **common, "order_key": row["order_number"], "epoch": 0, "ordinal": 0}
                | {"order_number": row["order_number"], "version": 1, "status": "open", "outcome": "accepted"}
                | {"order_type": "stand_alone", "catalogue_revision": 1, "content_sha256": digest, "currency": "EUR"}
                | {"created_at": at, "updated_at": at, "precedence": 0, "ship_by": "2026-11-30", "lane": row["lane"]}
            )
            if body:
                self._rows[order_versions].append(
                    {"order_id": message_id, "version": 1, "message_id": message_id, "canonical": body, "says_all": 1}
                )
        self._rows[documents].append(
            {"transaction_id": 0, "id": document_id, **common, "type": "order_response", "number": number}
            | {"order_id": row["order_id"], "order_number": row["order_number"], "format": "json-1"}
            | {"media_type": "application/json", "body": packed(b"{}"), "canonical": "{}", "created_at": at}
        )
        self._rows[deliveries].append(
            {"document_id": document_id, "account_id": account_id, "transport": "mailbox", "status": "delivered"}
            | {"attempts": 1, "updated_at": at, "attempts_before": 0}
        )
        if body and row["order_id"] is not None:
            told = self._filled
            told.account_id, told.message_id, told.order_number = account_id, message_id, row["order_number"]
            told.order_id, told.document_id, told.document_number = message_id, document_id, number


@cache
def hash_of(item: str) -> int:
    """Digits for its GTIN."""
    return sum(ord(one) * 31**place for place, one in enumerate(item)) % 10**10


def _order(order_number: str, account_id: str, items: Sequence[str]) -> str:
    lines = [
        {"line_number": str(n), "buyer_item": item, "quantity": "10", "unit": "EA"} for n, item in enumerate(items, 1)
    ]
    return json.dumps({"order_number": order_number, "buyer": {"id": account_id}, "lines": lines})


def _row(table: Any, told: Mapping[str, Any]) -> tuple[Any, ...]:
    """In the order of the table's columns; serial numbers are the database's."""
    return tuple(map(told.get, _columns(table)))


@cache
def _columns(table: Any) -> tuple[str, ...]:
    return tuple(one.name for one in table.columns if one is not table.autoincrement_column)
