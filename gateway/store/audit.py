"""The audit chain's streams: noting in them, reading one, and whether all of them hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gateway.sealing import MarkKey
from gateway.store.chain import START, next_event
from gateway.store.database import Database
from gateway.store.noting import append
from gateway.store.seal_check import Expected
from gateway.store.statements import fetch
from gateway.store.verification import Verification


class Audit:
    """Events that don't belong to a message: accounts, keys, settings; and whether all that is recorded holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, connection: Any, stream: str, kind: str, actor: str, body: Mapping[str, Any]) -> int:
        """Append one event to a stream inside the caller's write transaction; its number."""
        last = fetch(
            connection, "SELECT number, hash FROM events WHERE stream = ? ORDER BY number DESC LIMIT 1", [stream]
        )
        number, previous = (last[0][0], bytes(last[0][1])) if last else (0, START)
        append(connection, [next_event(stream, number + 1, previous, kind, actor, body)])
        return int(number) + 1

    def of(self, stream: str) -> list[dict[str, Any]]:
        """A stream's events in order, for a timeline."""
        with self._database.read() as connection:
            rows = fetch(
                connection,
                "SELECT number, at, kind, actor, body FROM events WHERE stream = ? ORDER BY number",
                [stream],
            )
        return [
            {"number": number, "at": at, "kind": kind, "actor": actor, "body": json.loads(body)}
            for number, at, kind, actor, body in rows
        ]

    def verification(
        self,
        keys: Sequence[MarkKey] = (),
        expected: Sequence[Expected] = (),
        progress: Callable[[str, int], None] | None = None,
    ) -> Verification:
        """A look through all that is recorded, begun when it is asked for what is wrong: with what seals are marked
        by, and with seals that are known from elsewhere."""
        return Verification(self._database, keys, expected, progress)

    def broken(self) -> Iterator[str]:
        """Sentences, each naming something that isn't as it was recorded; none where all is."""
        return self.verification().broken()
