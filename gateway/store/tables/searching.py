"""How far messages are in the index of words, and the searches that people keep.

The index itself, `search_words`, is another table on each database: `gateway.store.search_words` has it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table

from gateway.store.tables.common import SortedText, metadata

# One row while messages of earlier releases wait for their words; none once all have them.
search_backlog = Table(
    "search_backlog",
    metadata,
    Column("before_id", SortedText, primary_key=True, comment="older messages aren't in the index yet"),
)

saved_searches = Table(
    "saved_searches",
    metadata,
    Column("user_id", SortedText, nullable=False),
    Column("name", SortedText, nullable=False),
    Column("query", SortedText, nullable=False, comment="as an address has it"),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("user_id", "name"),
)
