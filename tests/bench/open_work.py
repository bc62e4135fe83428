"""What there is little of in a large history, and what pages read whole: open messages by cause, their replays, orders
that are really answered, one of thousands of lines, and orders that should have left."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gateway.causes import follow
from gateway.searching.words import words_of
from gateway.store.fault_rows import fault_rows
from gateway.store.ids import new_id, now_us
from gateway.store.open_causes import HeldMessage, cause_rows
from gateway.store.packing import packed
from gateway.store.search_words import Words, write_words
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import (
    events,
    faults,
    messages,
    open_causes,
    payloads,
    problem_states,
    replay_messages,
    replays,
)
from schemas.faults import Fault
from tests.api.builders import Gateway, order
from tests.bench.million import ACCOUNTS, LAST_US, Filled, account_name

OPEN, CAUSES, RESOLVED, REPLAYS, STUCK, OVERDUE = 10_000, 300, 5_000, 2_000, 300, 30
FEW, MANY = 37, 2_000
"""Messages of one problem."""
_DAY_US = 86_400_000_000
_BY_HAND = 1_000_000_000
"""Numbers of payloads that are ours: the history's are lower."""


@dataclass(slots=True)
class Work:
    """What there is to ask about."""

    few: str = ""
    """A problem of 37 messages."""
    many: str = ""
    open_id: str = ""
    answered_id: str = ""
    order_id: str = ""
    document_id: str = ""
    account_id: str = ""
    """Whose these three are."""
    large_id: str = ""
    """A message of thousands of lines, answered."""
    large_order_id: str = ""
    replay_id: str = ""
    first_replay_id: str = ""
    older_id: str = ""
    """A message from long ago."""
    numbers: dict[str, str] = field(default_factory=dict)


def add_open_work(gateway: Gateway, filled: Filled, lines: int, most_open: int = OPEN) -> Work:
    """All of it, behind the history. `lines` are those of the large order."""
    work = Work()
    _answered(gateway, work, lines)
    ids = _open(gateway, work, most_open)
    _replays(gateway, work, ids)
    _stuck(gateway)
    _resolved(gateway)
    follow(gateway.services)
    work.older_id = filled.message_id
    return work


# --- open messages --------------------------------------------------------------------------------------------------
def _sizes(most: int) -> list[int]:
    """Messages of each cause: one of 2,000, one of 37, and the rest alike."""
    if most < OPEN:
        return [FEW, *[max(1, most // CAUSES)] * (CAUSES - 1)]
    rest = (most - FEW - MANY) // (CAUSES - 2)
    return [FEW, MANY, *[rest] * (CAUSES - 2)]


def _open(gateway: Gateway, work: Work, most: int) -> list[str]:
    draw, rows = random.Random(11), {one: [] for one in (messages, payloads, faults, open_causes, events)}
    words: list[Words] = []
    sizes = _sizes(most)
    place, total = 0, sum(sizes)
    for cause, size in enumerate(sizes):
        account_id = account_name(cause * 7 % ACCOUNTS)
        found = [
            Fault("unknown_item", "No item of ours is known by it.", "/lines/0/buyer_item", "line 1", f"IT-{cause}")
        ]
        for _ in range(size):
            at = LAST_US + (place * 7919 % total) * 3 * _DAY_US // total
            message_id = _open_one(draw, rows, place, account_id, at, found)
            number = f"XO-{place:06d}"
            words.append(Words(message_id, account_id, words_of([number, f"IT-{cause}", "steel hammer"]), is_new=True))
            place += 1
        if cause < 2:
            setattr(work, ("few", "many")[cause], rows[open_causes][-1][0])
    work.open_id = rows[messages][0][0]
    with gateway.services.store.database.write() as connection:
        text = (
            "INSERT INTO payloads (id, account_id, test, sha256, message_id, size, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        run(connection, text, rows.pop(payloads))
        for table, some in rows.items():
            insert(connection, table, some)
        write_words(connection, words)
    return [row[0] for row in rows[messages]]


def _open_one(
    draw: random.Random, rows: dict[Any, list[Any]], place: int, account_id: str, at: int, found: list[Fault]
) -> str:
    message_id = f"{at // 1000:012x}{at % 1000:03x}{draw.getrandbits(52):013x}"
    digest = draw.randbytes(32)
    amount, currency = Decimal(draw.randrange(1, 10_000_000)).scaleb(-2), ("EUR", "USD")[place % 7 == 0]
    number = f"XO-{place:06d}"
    common = {"account_id": account_id, "test": 0, "message_id": message_id}
    row = {
        **common,
        "id": message_id,
        "status": "failed" if place % 10 == 0 else "held",
        "lane": 1,
        "order_number": number,
        "due_at": at + _DAY_US // 6,
        "received_at": at,
        "settled_at": at + 50_000,
        "source": "http",
        "format": "json-1",
        "media_type": "application/json",
        "payload_id": _BY_HAND + place,
        "payload_sha256": digest,
        "size": 900,
        "run": 1,
        "losses": 0,
        "mapping_revision": 1,
        "catalogue_revision": 1,
        "content_sha256": digest,
        "stages": f'{{"decoded":{at + 9_000}}}',
        "fence": 1,
        "event_count": 2,
        "event_hash": digest,
        "is_test": 0,
        "kind": "order",
        "amount": f"{amount}",
        "currency": currency,
    }
    rows[messages].append(_row(messages, row))
    line = f'{{"line_number":"1","buyer_item":"{found[0].value}","quantity":"10","unit":"EA"}}'
    body = f'{{"order_number":"{number}","lines":[{line}]}}'.encode()
    rows[payloads].append((_BY_HAND + place, account_id, 0, digest, message_id, len(body), packed(body)))
    for event, kind in ((1, "received"), (2, "held")):
        told = {"stream": message_id, "number": event, "at": at, "kind": kind, "actor": "gateway"}
        rows[events].append(_row(events, {**told, "body": "{}", "hash": digest}))
    held = HeldMessage(message_id, account_id, 1, at, at + _DAY_US // 6, False, amount, currency)
    rows[faults] += fault_rows(message_id, account_id, 1, "decide", found)
    rows[open_causes] += cause_rows(held, found, None)
    return message_id


# --- what was done with them ----------------------------------------------------------------------------------------
def _replays(gateway: Gateway, work: Work, open_ids: list[str]) -> None:
    """Many of a few messages, and one of 5,000 that is paused half way."""
    heads, members = [], []
    for number in range(REPLAYS + 1):
        is_large = number == REPLAYS
        replay_id = new_id(LAST_US - (REPLAYS - number) * 3_600_000_000)
        some = open_ids[: 5_000 if is_large else 3]
        done = len(some) // 2 if is_large else len(some)
        told = {
            "id": replay_id,
            "asked_for": '{"words":"a selection"}',
            "mapping": "current",
            "reason": "Mended.",
            "asked_by": "user/ann",
            "asked_at": LAST_US,
            "status": "paused" if is_large else "done",
            "total": len(some),
            "reached": done,
            "asked": 0,
            "done": done,
            "failed": 0,
            "skipped": 0,
            "returned": 0,
            "streak": 0,
            "tries_first": 1,
            "careful": 1,
            "is_open": 0,
            "looked_at": 0,
            "losses": 0,
        }
        heads.append(_row(replays, told))
        for position, message_id in enumerate(some, 1):
            state = "done" if position <= done else "waiting"
            one = {"replay_id": replay_id, "position": position, "message_id": message_id, "run": 2, "state": state}
            members.append(_row(replay_messages, one))
        work.first_replay_id = work.first_replay_id or replay_id
        work.replay_id = replay_id
    with gateway.services.store.database.write() as connection:
        insert(connection, replays, heads)
        insert(connection, replay_messages, members)


def _stuck(gateway: Gateway) -> None:
    """Documents that didn't arrive."""
    with gateway.services.store.database.write() as connection:
        query = "SELECT document_id FROM deliveries WHERE status = 'delivered' AND transport <> 'mailbox' LIMIT ?"
        ids = [row[0] for row in fetch(connection, query, [STUCK])]
        change = (
            "UPDATE deliveries SET status = 'given_up', code = 'not_reached', detail = 'No answer.', "
            "endpoint = 'https://partner.example/in' WHERE document_id = ?"
        )
        run(connection, change, [(one,) for one in ids])


def _resolved(gateway: Gateway) -> None:
    rows = [
        {
            "fingerprint": f"1-{number:024d}",
            "account_id": account_name(number % ACCOUNTS),
            "code": "unknown_item",
            "what": "message",
            "value": f"OLD-{number}",
            "path": "/lines/0/buyer_item",
            "detail": "Not known.",
            "state": "resolved",
            "opened_at": LAST_US - 2 * _DAY_US,
            "resolved_at": LAST_US - _DAY_US + number,
            "changed_by": "gateway",
            "changed_at": LAST_US,
            "times_reopened": 0,
        }
        for number in range(RESOLVED)
    ]
    with gateway.services.store.database.write() as connection:
        insert(connection, problem_states, [_row(problem_states, one) for one in rows])


# --- what was answered by the gateway itself ------------------------------------------------------------------------
def _answered(gateway: Gateway, work: Work, lines: int) -> None:
    sender = gateway.account("really")
    sizes = [3, *[40] * OVERDUE, lines]
    for number, size in enumerate(sizes):
        line = order()["lines"][0]
        many = [{**line, "line_number": str(one)} for one in range(1, size + 1)]
        assert gateway.send(sender, {"order_number": f"REAL-{number}", "lines": many}).status_code in (201, 202)
    gateway.work()
    store = gateway.services.store
    found = {one.order_number: one for one in store.messages.page(account_id="really", limit=len(sizes))}
    first, large = found["REAL-0"], found[f"REAL-{len(sizes) - 1}"]
    wrong = {one.order_number: store.messages.faults(one.id) for one in found.values() if one.status != "done"}
    assert not wrong, wrong
    work.account_id, work.answered_id, work.order_id = "really", first.id, str(first.order_id)
    work.document_id = store.documents.of_messages([first.id])[0].id
    work.large_id, work.large_order_id = large.id, str(large.order_id)
    due = [(now_us() - _DAY_US, str(found[f"REAL-{one}"].order_id)) for one in range(1, OVERDUE + 1)]
    with store.database.write() as connection:
        run(connection, "UPDATE orders SET notice_due = ? WHERE id = ?", due)


def _row(table: Any, told: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(told.get(one.name) for one in table.columns if one is not table.autoincrement_column)
