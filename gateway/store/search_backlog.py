"""Messages that earlier releases settled, which no words are kept of yet: which come next, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.store.database import Database
from gateway.store.search_words import Words, known, squeeze, write_words
from gateway.store.statements import fetch, one_of, run, values

_SETTLED = "status NOT IN ('received', 'processing')"


class SearchBacklog:
    """The repository of what the index lacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def before(self) -> str | None:
        """The id before which messages may have no words yet; None where all have theirs."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT before_id FROM search_backlog")
        return rows[0][0] if rows else None

    def begin(self) -> None:
        """Have every message looked at anew, the newest first."""
        with self._database.write() as connection:
            run(connection, "DELETE FROM search_backlog", [()])
            run(
                connection,
                "INSERT INTO search_backlog (before_id) SELECT max(id) || '~' FROM messages HAVING max(id) IS NOT NULL",
                [()],
            )

    def following(self, limit: int) -> list[str]:
        """The next messages to be looked at, the newest first. What isn't settled writes its words when it is."""
        query = f"SELECT id FROM messages WHERE id < ? AND {_SETTLED} ORDER BY id DESC LIMIT ?"
        before = self.before()
        if before is None:
            return []
        with self._database.read() as connection:
            return [row[0] for row in fetch(connection, query, [before, limit])]

    def write(self, rows: Sequence[Words], looked_at: Sequence[str]) -> None:
        """Keep these words, and that so far was looked at; none where none were left. What has words by now keeps them,
        and what was erased meanwhile gets none."""
        with self._database.write() as connection:
            ids = [one.message_id for one in rows]
            there = known(connection, ids)
            query = (
                "SELECT m.id FROM messages m JOIN payloads p ON p.account_id = m.account_id AND p.test = m.test "
                f"AND p.sha256 = m.payload_sha256 WHERE {one_of(connection, 'm.id')} AND p.body IS NOT NULL"
            )
            kept = {row[0] for row in fetch(connection, query, [values(connection, ids)])}
            write_words(connection, [one for one in rows if one.message_id in kept - there])
            if looked_at:
                run(connection, "UPDATE search_backlog SET before_id = ?", [(looked_at[-1],)])
            else:
                run(connection, "DELETE FROM search_backlog", [()])

    def squeeze(self) -> None:
        """Have what was forgotten gone from the file as well."""
        with self._database.write() as connection:
            squeeze(connection)
