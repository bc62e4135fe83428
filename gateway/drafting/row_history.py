"""A row's history: who published what of it, when and why, and which row took its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.services import Services
from gateway.store.account_tables import Publication, TableRow, Version
from mappings.tables import TABLES, Kind, from_fields, key_part

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowEvent:
    """What one revision did to the row: `before` and `after` are its cells, None where there was or is none. `other` is
    the key of the one row about the same that came as this one went, or went as it came."""

    published: Publication
    before: Cells | None
    after: Cells | None
    other: str | None

    @property
    def changed(self) -> list[tuple[str, str | None, str | None]]:
        """The columns that are different, with their values before and after."""
        return changed_cells(self.before or {}, self.after or {})


@dataclass(frozen=True, slots=True)
class RowHistory:
    """All events, the newest first, and the row as it stands now with what the draft does to it."""

    row: TableRow
    events: tuple[RowEvent, ...]


def changed_cells(before: Cells, after: Cells) -> list[tuple[str, str | None, str | None]]:
    """The columns that are different, with their values before and after."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [(name, before.get(name), after.get(name)) for name in names]


def history_of(services: Services, account_id: str, kind: Kind, row: TableRow) -> RowHistory:
    """The history of the row with this key."""
    tables = services.store.account_tables
    versions = tables.versions(account_id, kind, row.natural_key)
    others = [one for one in _about_the_same(services, account_id, kind, row) if one.natural_key != row.natural_key]
    numbers = sorted({one.added_in for one in versions} | {one.removed_in for one in versions if one.removed_in})
    publications = tables.publications(account_id, numbers)
    events = [_event(publications[number], versions, others) for number in numbers if number in publications]
    return RowHistory(row, tuple(reversed(events)))


def _about_the_same(services: Services, account_id: str, kind: Kind, row: TableRow) -> Sequence[Version]:
    table = TABLES[kind]
    if table.about == len(table.key):
        return ()
    body = row.body or row.published or next(iter(_bodies(services, account_id, kind, row)), None)
    if body is None:
        return ()
    said = from_fields(kind, json.loads(body))
    subject = "|".join(key_part(name, getattr(said, name)) for name in table.subject)
    return services.store.account_tables.versions_below(account_id, kind, subject)


def _bodies(services: Services, account_id: str, kind: Kind, row: TableRow) -> Iterator[str]:
    if row.edit is not None and row.edit.was is not None:
        yield row.edit.was
    for one in services.store.account_tables.versions(account_id, kind, row.natural_key):
        yield one.body


def _event(published: Publication, versions: Sequence[Version], others: Sequence[Version]) -> RowEvent:
    number = published.number
    before = next((one.body for one in versions if one.removed_in == number), None)
    after = next((one.body for one in versions if one.added_in == number), None)
    came = {one.natural_key for one in others if one.added_in == number}
    went = {one.natural_key for one in others if one.removed_in == number}
    swapped = () if before and after else tuple(came - went) if before else tuple(went - came)
    other = swapped[0] if len(swapped) == 1 else None
    return RowEvent(published, _cells(before), _cells(after), other)


def _cells(body: str | None) -> Cells | None:
    return None if body is None else json.loads(body)
