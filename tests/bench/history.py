"""Filling a SQLite gateway with a past: so many messages, answered or held, with every row that they leave behind.

Bodies are short (the rows that hold them are found by key, so their length changes no search); every index, and the
stock movements of the very products that are ordered next, are as they would be.
"""

from __future__ import annotations

from gateway.store.statements import fetch
from gateway.store.store import Store
from tests.bench.orders import ACCOUNT, PRODUCTS

_HELD_EVERY = 100
_ID = "printf('%012x%016x', 1600000000000 + i, i * 2654435761)"
_AT = "1600000000000000 + i * 1000"
_DIGEST = "randomblob(32)"
_NUMBER = "printf('H-%09d', i)"
_HELD = f"WHERE i % {_HELD_EVERY} = 0"
_ANSWERED = f"WHERE i % {_HELD_EVERY} <> 0"
_PRODUCTS = "CROSS JOIN json_each('[" + ", ".join(f'"{product}"' for product in PRODUCTS) + "]') line"
_EACH = {"account_id": f"'{ACCOUNT}'", "test": "0", "message_id": _ID, "mapping_revision": "1", "at": _AT}

_ROWS: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    (
        "payloads",
        "",
        ("account_id", "test", "message_id"),
        {"id": "i - 1000000000", "sha256": _DIGEST, "size": "300", "body": "zeroblob(300)"},
    ),
    (
        "messages",
        "",
        ("account_id", "test", "mapping_revision"),
        {
            "id": _ID,
            "status": f"CASE WHEN i % {_HELD_EVERY} = 0 THEN 'held' ELSE 'done' END",
            "lane": "1",
            "due_at": _AT,
            "received_at": _AT,
            "settled_at": _AT,
            "source": "'http'",
            "format": "'ubl-2.1'",
            "media_type": "'application/xml'",
            "payload_id": "i - 1000000000",
            "payload_sha256": _DIGEST,
            "size": "300",
            "run": "1",
            "losses": "0",
            "catalogue_revision": "1",
            "content_sha256": _DIGEST,
            "order_number": _NUMBER,
            "order_id": _ID,
            "stages": "'{}'",
            "fence": "1",
            "event_count": "2",
            "event_hash": "zeroblob(32)",
        },
    ),
    (
        "events",
        "CROSS JOIN (SELECT 1 AS number UNION ALL SELECT 2) event",
        ("at",),
        {
            "stream": _ID,
            "number": "event.number",
            "kind": "'received'",
            "actor": "'gateway'",
            "body": "'{}'",
            "hash": "zeroblob(32)",
        },
    ),
    (
        "faults",
        _HELD,
        ("message_id",),
        {
            "run": "1",
            "number": "1",
            "stage": "'decide'",
            "code": "'unknown_item'",
            "path": "'/lines/0'",
            "location": "''",
            "detail": "'Not known.'",
            "value": "printf('PL-%d', i % 50)",
            "fingerprint": "printf('1-%024x', i % 50)",
        },
    ),
    (
        "orders",
        _ANSWERED,
        ("account_id", "test", "message_id", "mapping_revision"),
        {
            "id": _ID,
            "order_key": _NUMBER,
            "epoch": "0",
            "order_number": _NUMBER,
            "version": "1",
            "status": "'open'",
            "outcome": "'accepted'",
            "order_type": "'stand_alone'",
            "catalogue_revision": "1",
            "content_sha256": _DIGEST,
            "currency": "'EUR'",
            "created_at": _AT,
            "updated_at": _AT,
        },
    ),
    ("order_versions", _ANSWERED, ("message_id",), {"order_id": _ID, "version": "1", "canonical": "'{}'"}),
    (
        "quantity_movements",
        f"{_PRODUCTS} {_ANSWERED}",
        ("message_id", "at"),
        {
            "order_id": _ID,
            "line_number": "line.key",
            "number": "1",
            "position": "line.key",
            "product": "line.value",
            "unit": "'XCS'",
            "base_unit": "'EA'",
            "base_ordered": "'120'",
            "ordered": "'10'",
            "confirmed": "'10'",
            **dict.fromkeys(("backordered", "rejected", "cancelled", "shipped", "returned", "invoiced"), "'0'"),
            "credited": "'0'",
        },
    ),
    (
        "stock_movements",
        _PRODUCTS,
        ("account_id", "message_id", "at"),
        {
            "product": "line.value",
            "site": "'HAMBURG'",
            "number": "{moved} + i - {start}",
            "order_id": _ID,
            "line_number": "line.key",
            "quantity": "'120'",
            "taken": "printf('%d', ({moved} + i) * 120)",
            "taken_by_account": "printf('%d', ({moved} + i) * 120)",
        },
    ),
    (
        "documents",
        _ANSWERED,
        ("account_id", "message_id", "test", "mapping_revision"),
        {
            "position": "i - 1000000000",
            "transaction_id": "0",
            "id": f"printf('d%s', {_ID})",
            "type": "'order_response'",
            "number": _NUMBER,
            "order_id": _ID,
            "order_number": _NUMBER,
            "format": "'peppol-bis-3'",
            "media_type": "'application/xml'",
            "body": "zeroblob(300)",
            "canonical": "'{}'",
            "created_at": _AT,
        },
    ),
    (
        "deliveries",
        _ANSWERED,
        ("account_id",),
        {
            "document_id": f"printf('d%s', {_ID})",
            "transport": "'mailbox'",
            "status": "'available'",
            "attempts": "0",
            "updated_at": _AT,
        },
    ),
)


def add_history(store: Store, start: int, end: int) -> None:
    """Messages number `start` + 1 to `end` of the past, a table at a time. Every hundredth is held."""
    with store.database.read() as connection:
        moved = fetch(connection, "SELECT coalesce(max(number), 0) FROM stock_movements")[0][0]
    numbers = f"WITH RECURSIVE n (i) AS (SELECT {start + 1} UNION ALL SELECT i + 1 FROM n WHERE i < {end})"
    for table, tail, shared, own in _ROWS:
        columns = {**{name: _EACH[name] for name in shared}, **own}
        values = ", ".join(columns.values()).replace("{moved}", str(moved)).replace("{start}", str(start))
        with store.database.write() as connection:
            connection.exec_driver_sql(
                f"INSERT INTO {table} ({', '.join(columns)}) {numbers} SELECT {values} FROM n {tail}"
            )
