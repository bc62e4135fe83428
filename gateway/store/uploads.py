"""Files that somebody is importing into an account's table: kept between the steps, a day at most.

Whoever uploaded one alone sees it. It is packed as it is kept, outside the transaction that keeps it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from gateway.store.database import Database
from gateway.store.ids import new_id, now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import uploads

_KEPT_US = 24 * 3_600 * 1_000_000
MOST_OF_ONE = 5
"""Files that one person has under way; the oldest goes as a further one comes."""
_COLUMNS = "id, account_id, user_id, kind, name, choices, at"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file without its content. `choices` is how it is to be read, as JSON; None: nobody said yet."""

    id: str
    account_id: str
    user_id: str
    kind: str
    name: str
    choices: str | None
    at: int


class Uploads:
    """The repository of files on their way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, account_id: str, user_id: str, kind: str, name: str, body: bytes) -> Upload:
        """Keep a file; the oldest ones of this person go, so that no more than MOST_OF_ONE are left."""
        made = Upload(new_id(), account_id, user_id, kind, name, None, now_us())
        row = (made.id, account_id, user_id, kind, name, zlib.compress(body, 1), None, made.at)
        with self._database.write() as connection:
            query = "SELECT id FROM uploads WHERE user_id = ? ORDER BY at DESC, id DESC"
            gone = fetch(connection, query, [user_id])[MOST_OF_ONE - 1 :]
            run(connection, "DELETE FROM uploads WHERE id = ?", [(one[0],) for one in gone])
            insert(connection, uploads, [row])
        return made

    def of(self, account_id: str, user_id: str, kind: str, upload_id: str) -> Upload | None:
        """The file; None where it is gone, or somebody else's, or of another table."""
        query = (
            f"SELECT {_COLUMNS} FROM uploads WHERE id = ? AND account_id = ? AND user_id = ? AND kind = ? AND at > ?"
        )
        with self._database.read() as connection:
            rows = fetch(connection, query, [upload_id, account_id, user_id, kind, now_us() - _KEPT_US])
        return Upload(*rows[0]) if rows else None

    def body(self, upload_id: str) -> bytes:
        """Its content. Raises LookupError where it is gone."""
        with self._database.read() as connection:
            rows: list[Any] = fetch(connection, "SELECT body FROM uploads WHERE id = ?", [upload_id])
        if not rows:
            raise LookupError(f"the upload {upload_id} is gone")
        return zlib.decompress(bytes(rows[0][0]))

    def choose(self, upload_id: str, choices: str) -> None:
        """From now on it is to be read so."""
        with self._database.write() as connection:
            run(connection, "UPDATE uploads SET choices = ? WHERE id = ?", [(choices, upload_id)])

    def drop(self, upload_id: str) -> None:
        """It is applied, or nobody wants it."""
        with self._database.write() as connection:
            run(connection, "DELETE FROM uploads WHERE id = ?", [(upload_id,)])

    def drop_old(self) -> int:
        """Those of yesterday go; how many there were. Costs no write where there are none."""
        before = now_us() - _KEPT_US
        with self._database.read() as connection:
            if not fetch(connection, "SELECT 1 FROM uploads WHERE at <= ? LIMIT 1", [before]):
                return 0
        with self._database.write() as connection:
            return run(connection, "DELETE FROM uploads WHERE at <= ?", [(before,)])
