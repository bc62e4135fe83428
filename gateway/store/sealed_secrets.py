"""The secrets that accounts' terms name, sealed: nothing here can open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.sealing import Sealed
from gateway.store.audit import Audit
from gateway.store.database import Database
from gateway.store.ids import now_us
from gateway.store.statements import fetch, insert, run
from gateway.store.tables import secrets


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """The secret that a name stands for now. `number` counts what the name has stood for, from 1."""

    name: str
    number: int
    sealed: Sealed
    created_at: int
    created_by: str


class SealedSecrets:
    """The repository. A secret that is replaced or removed leaves its row, emptied, so that numbers are never given
    twice and the list can say what there was."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def live(self) -> list[SealedSecret]:
        """Every secret that there is now, by name."""
        text = (
            "SELECT name, number, key_id, nonce, ciphertext, created_at, created_by FROM secrets "
            "WHERE ended_at IS NULL ORDER BY name"
        )
        with self._database.read() as connection:
            return [_secret(row) for row in fetch(connection, text)]

    def next_number(self, name: str) -> int:
        """The number that the name's next secret will have."""
        with self._database.read() as connection:
            text = "SELECT number FROM secrets WHERE name = ? ORDER BY number DESC LIMIT 1"
            rows = fetch(connection, text, [name])
        return int(rows[0][0]) + 1 if rows else 1

    def put(self, name: str, number: int, sealed: Sealed, actor: str) -> bool:
        """Have the name stand for this from now on; whether it takes another's place. Raises Collision where somebody
        else gave the name this number meanwhile."""
        at = now_us()
        with self._database.write() as connection:
            is_instead = self._end(connection, name, at)
            row = (name, number, sealed.key_id, sealed.nonce, sealed.ciphertext, at, actor, None)
            insert(connection, secrets, [row])
            self._audit.note(connection, stream_of(name), "set", actor, {"number": number, **_told(sealed)})
        return is_instead

    def end(self, name: str, actor: str, reason: str) -> bool:
        """Forget the name's secret; False where it has none."""
        with self._database.write() as connection:
            is_ended = self._end(connection, name, now_us())
            if is_ended:
                self._audit.note(connection, stream_of(name), "removed", actor, {"reason": reason})
        return is_ended

    def reseal(self, before: SealedSecret, sealed: Sealed, actor: str) -> bool:
        """The same secret under another key; False where it was replaced, removed or sealed anew meanwhile."""
        text = (
            "UPDATE secrets SET key_id = ?, nonce = ?, ciphertext = ? "
            "WHERE name = ? AND number = ? AND nonce = ? AND ended_at IS NULL"
        )
        changed = (sealed.key_id, sealed.nonce, sealed.ciphertext, before.name, before.number, before.sealed.nonce)
        told = {"number": before.number, "key_before": before.sealed.key_id, **_told(sealed)}
        with self._database.write() as connection:
            is_resealed = bool(run(connection, text, [changed]))
            if is_resealed:
                self._audit.note(connection, stream_of(before.name), "reencrypted", actor, told)
        return is_resealed

    def _end(self, connection: Any, name: str, at: int) -> bool:
        text = "UPDATE secrets SET ended_at = ?, nonce = NULL, ciphertext = NULL WHERE name = ? AND ended_at IS NULL"
        return bool(run(connection, text, [(at, name)]))


def stream_of(name: str) -> str:
    """The chain that tells what became of a name's secrets."""
    return f"secret/{name}"


def _told(sealed: Sealed) -> dict[str, str]:
    return {"key": sealed.key_id, "sealed": sealed.digest}


def _secret(row: Any) -> SealedSecret:
    name, number, key_id, nonce, ciphertext, created_at, created_by = row
    return SealedSecret(name, number, Sealed(key_id, bytes(nonce), bytes(ciphertext)), created_at, created_by)
