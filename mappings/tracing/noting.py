"""Rules that note what they read, for one reading that is traced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.fieldmaps.budget import Budget
from mappings.fieldmaps.cleaning import Emptied
from mappings.fieldmaps.contexts import Here, Level, Reading, Source, Text
from mappings.fieldmaps.from_document import DocumentRules, DocumentSource
from mappings.fieldmaps.groups import FieldKind
from mappings.fieldmaps.language import Rule
from mappings.fieldmaps.mistakes import Place
from mappings.fieldmaps.plans import Scan
from mappings.fieldmaps.values import Evaluate, Rules, Value


class Note(NamedTuple):
    """A source that gave a rule something at a place of the document."""

    here: Here
    field: Place
    """Of the field's own rule, also where the source is one inside it."""
    source: Source


class NotedReading(Reading):
    """One that keeps what rules note, and every place that was walked through."""

    __slots__ = ("entries", "notes")

    def __init__(self, budget: Budget) -> None:
        super().__init__(keeps=True, is_placed=True)
        self.budget = budget
        self.notes: list[Note] = []
        self.entries: list[tuple[Here, Level]] = []

    def by_field(self) -> Mapping[tuple[int, Place], list[Source]]:
        """The sources that said something, by the place of the document (its id) and the field."""
        found: dict[tuple[int, Place], list[Source]] = defaultdict(list)
        for note in self.notes:
            found[id(note.here), note.field].append(note.source)
        return found


def noting(scan: Scan) -> Scan:
    """The same walk, which tells a noted reading where it was."""

    def walk(reading: Reading, here: Here, level: Level) -> None:
        if isinstance(reading, NotedReading):
            reading.entries.append((here, level))
        scan(reading, here, level)

    return walk


class _Noting(Rules):
    """What both kinds of rules note."""

    _field: Place | None = None

    def _begin(self) -> None:
        self.constants: list[Place] = []
        """Rules of a value."""

    def value(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Value:
        """The rule; those inside it are the same field's."""
        if rule.value is not None:
            self.constants.append(place)
        if self._field is not None:
            return super().value(rule, kind, level, place)
        self._field = place
        try:
            return super().value(rule, kind, level, place)
        finally:
            self._field = None

    def choice(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Evaluate:
        """What was noted for one that says nothing is forgotten: another is taken."""
        evaluate = super().choice(rule, kind, level, place)

        def taken(reading: Reading, here: Here) -> Any:
            before = len(reading.notes) if isinstance(reading, NotedReading) else 0
            found = evaluate(reading, here)
            if (found is None or type(found) is Emptied) and isinstance(reading, NotedReading):
                del reading.notes[before:]
            return found

        return taken

    def _noted(self, text: Text, source: Source) -> Text:
        field = self._field or ()

        def read(reading: Reading, here: Here) -> Any:
            found = text(reading, here)
            if found is not None and isinstance(reading, NotedReading):
                reading.notes.append(Note(here, field, source))
            return found

        return read


class NotingRules(_Noting):
    """Of a map that reads."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._begin()

    def _source(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Text | None:
        text = super()._source(rule, kind, level, place)
        return None if text is None else self._noted(text, self._sources[-1])


class NotingDocumentRules(_Noting, DocumentRules):
    """Of a map that writes."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._begin()
        self._found: DocumentSource | None = None

    def located(self, text: str, scope: str, level: Level, place: Place, is_list: bool) -> tuple[Any, FieldKind] | None:
        """Remembers the source for the rule that asks for it."""
        known = super().located(text, scope, level, place, is_list)
        self._found = known[0] if known else None
        return known

    def _source(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Text | None:
        text = super()._source(rule, kind, level, place)
        return text if text is None or self._found is None else self._noted(text, self._found)
