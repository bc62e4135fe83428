"""What else holds what messages say, besides their own tables: all of it forgets with them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from gateway.store.resubmissions import forget_corrections
from gateway.store.search_words import forget


def forget_content(connection: Connection, message_ids: Sequence[str]) -> None:
    """Take what these messages say out of everything that was made of it, inside the caller's write transaction. Their
    bytes are erased in the same one, or they are taken out altogether."""
    forget(connection, message_ids)
    forget_corrections(connection, message_ids)
