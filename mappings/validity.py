"""Whether a dated row is in force on a day."""

from __future__ import annotations

from datetime import date
from typing import Protocol, TypeVar


class Dated(Protocol):
    """A row with a validity; both ends count, an empty end is open."""

    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


Row = TypeVar("Row", bound=Dated)


def in_force(rows: tuple[Row, ...], on: date | None) -> tuple[Row, ...]:
    """The rows valid on that day; where nobody knows the day, those that never end."""
    if len(rows) == 1:
        return rows if _covers(rows[0], on) else ()
    return tuple([row for row in rows if _covers(row, on)]) if rows else ()


def during(row: Dated) -> str:
    """The row's days in words; an empty text where it is always valid."""
    if row.valid_from and row.valid_to:
        return f"from {row.valid_from} to {row.valid_to}"
    if row.valid_from:
        return f"from {row.valid_from} on"
    return f"until {row.valid_to}" if row.valid_to else ""


def _covers(row: Dated, on: date | None) -> bool:
    if on is None:
        return row.valid_to is None
    return (row.valid_from is None or row.valid_from <= on) and (row.valid_to is None or on <= row.valid_to)
