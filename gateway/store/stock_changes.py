"""Which transaction changed what stands at which places: noted with the change, for reports of what changed since."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.engine import Connection

from gateway.store.statements import given, run
from gateway.trade.stock import Place


def note_changes(connection: Connection, places: Collection[Place]) -> None:
    """That this transaction changes what stands at these places. Inside it, as often as it does."""
    if not places:
        return
    number = "pg_current_xact_id()::text::bigint"
    if connection.dialect.name == "sqlite":
        number = "(SELECT coalesce(max(change), 0) + 1 FROM stock_changes)"
    table, parameters = given(connection, sorted(places), "w_product", "w_site")
    statement = (
        f"INSERT INTO stock_changes (change, product, site) SELECT {number}, w_product, w_site FROM {table} w "
        "WHERE true ON CONFLICT DO NOTHING"
    )
    run(connection, statement, [parameters])
