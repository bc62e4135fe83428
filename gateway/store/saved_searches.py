"""The searches that somebody keeps, by name: each person's are theirs alone."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, run

MOST_SAVED = 50
LONGEST_NAME = 60


class CantSave(ValueError):
    """The search isn't kept under this name; the text says why, as a sentence."""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """One search; `query` as an address has it behind the `?`."""

    name: str
    query: str


class SavedSearches:
    """The repository of searches that people keep."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, user_id: str) -> list[SavedSearch]:
        """Somebody's, by name."""
        query = "SELECT name, query FROM saved_searches WHERE user_id = ? ORDER BY lower(name), name"
        with self._database.read() as connection:
            return [SavedSearch(*row) for row in fetch(connection, query, [user_id])]

    def save(self, user_id: str, name: str, query: str) -> None:
        """Keep it, in place of what had this name. Raises CantSave."""
        name = " ".join(name.split())
        if not name:
            raise CantSave("Give the search a name.")
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise CantSave(f"A name has {LONGEST_NAME} characters at most, all of them to be seen.")
        if not query:
            raise CantSave("There is nothing to keep: this search has no filter.")
        with self._database.write() as connection:
            others = fetch(
                connection, "SELECT count(*) FROM saved_searches WHERE user_id = ? AND name <> ?", [user_id, name]
            )
            if others[0][0] >= MOST_SAVED:
                raise CantSave(f"You have {MOST_SAVED} searches already: remove one first.")
            run(connection, "DELETE FROM saved_searches WHERE user_id = ? AND name = ?", [(user_id, name)])
            kept = "INSERT INTO saved_searches (user_id, name, query, at) VALUES (?, ?, ?, ?)"
            run(connection, kept, [(user_id, name, query, now_us())])

    def remove(self, user_id: str, name: str) -> bool:
        """Forget it; whether there was one."""
        with self._database.write() as connection:
            gone = "DELETE FROM saved_searches WHERE user_id = ? AND name = ?"
            return run(connection, gone, [(user_id, name)]) == 1
