"""The gateway of the examples on either database, and orders in a crate that nobody knows."""

from tests.pipeline.conftest import (
    database_url,
    empty_database_url,
    filled,
    filled_postgres,
    filled_today,
    gateway,
    on_either,
    postgres,
    postgres_with_tables,
    today,
)

__all__ = [
    "database_url",
    "empty_database_url",
    "filled",
    "filled_postgres",
    "filled_today",
    "gateway",
    "on_either",
    "postgres",
    "postgres_with_tables",
    "today",
]
