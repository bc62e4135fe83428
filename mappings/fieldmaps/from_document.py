"""Values out of a canonical document, as the account writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from mappings.fieldmaps.contexts import Here, Level, Reading, Source, Text, up
from mappings.fieldmaps.dates import judge_format, moment_writer
from mappings.fieldmaps.groups import FieldKind, kind_of
from mappings.fieldmaps.language import AnyMap, Join, Rule
from mappings.fieldmaps.mistakes import Mistakes, Place
from mappings.fieldmaps.numbers import number_writer
from mappings.fieldmaps.values import Rules, SourceOf
from schemas.documents.common import fields_of
from schemas.documents.validation import Unreadable

_FORMATS = {"number": ("number",), "date": ("date", "time", "moment"), "flag": ("flag",)}


_TEXT = FieldKind("text", None, False)
_NOWHERE = Here(None, None, Level(None, 0))


@dataclass(slots=True)
class DocumentLevel(Level):
    """A place of the canonical document: what stands there."""

    kind: FieldKind | None = None


class DocumentSource(Source):
    """A canonical field, by the names on the way to it."""

    def __init__(self, names: tuple[str, ...], hops: int) -> None:
        self.names = names
        self._out = up(hops)

    def place(self, here: Here) -> Here:
        """Where it starts."""
        return self._out(here)

    def found(self, here: Here) -> Any:
        """The value itself."""
        found = self._out(here).node
        for name in self.names:
            if found is None:
                return None
            found = getattr(found, name)
        return found

    def values(self, reading: Reading, here: Here) -> Any:
        """The value as we write it."""
        found = self.found(here)
        return None if found is None else plain_text(found)

    def groups(self, reading: Reading, here: Here) -> list[Any]:
        """The members of a list."""
        return list(self.found(here) or ())


def plain_text(value: Any) -> str:
    """A canonical value as our own documents write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, (date, time, datetime)) else str(value)


def resolved(path: str, kind: FieldKind, is_list: bool) -> tuple[tuple[str, ...], FieldKind]:
    """The names on a path from what stands at a place, and what is at its end. Raises ValueError."""
    names = () if path == "." else tuple(path.split("."))
    for name in names:
        if kind.model is None or kind.is_several:
            raise ValueError("goes through a value that has no fields" if kind.model is None else "goes through a list")
        fields = fields_of(kind.model)
        if name not in fields:
            near = get_close_matches(name, fields, 1)
            meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(fields)}"
            raise ValueError(f"{name} is no field of {kind.model.__name__}; {meant}")
        kind = kind_of(fields[name].annotation)
    if is_list and not kind.is_several:
        raise ValueError("is no list")
    if not is_list and (kind.is_several or kind.model is not None):
        raise ValueError("is a list: each goes through it" if kind.is_several else "is a group: name one of its fields")
    return names, kind


UNKNOWN = FieldKind(None, None, False)
"""Of the members of a list whose path is wrong: no path from there is judged."""


class DocumentRules(Rules):
    """The rules of a map that writes: a value is written in the account's way, then cleaned and looked up."""

    def __init__(self, written: AnyMap, mistakes: Mistakes, source_of: SourceOf) -> None:
        super().__init__(written, mistakes, source_of)
        self.written_fields: set[str] = set()
        """The outermost fields of the document that rules write."""
        self._fields_kind = _TEXT
        """That of the field which the rule that is compiled writes."""
        self.conditions = 0
        """How many conditions stand around the rule that is compiled: which values it meets is then not known."""

    def located(self, text: str, scope: str, level: Level, place: Place, is_list: bool) -> tuple[Any, FieldKind] | None:
        """The source of a path and its kind; None where a mistake was added."""
        target = level.named(scope) if scope != "order" else None
        if not isinstance(target, DocumentLevel) or target.kind is None:
            self.mistakes.add(
                (*place[:-1], "of"), f"there is no {scope} around this", "here, parent or document", scope
            )
            return None
        if target.kind is UNKNOWN:
            return None
        try:
            names, kind = resolved(text, target.kind, is_list)
        except ValueError as error:
            self.mistakes.add(place, str(error), "a path of canonical fields", text, code="unknown_field")
            return None
        return DocumentSource(names, level.depth - target.depth), kind

    def _judge_kind(self, rule: Rule, kind: FieldKind, place: Place) -> None:
        """It is the field's that is written, not the text's."""

    def _join(self, join: Join, kind: FieldKind, level: Level, place: Place) -> Text:
        joined = super()._join(join, kind, level, place)
        self._fields_kind = _TEXT
        return joined

    def _source(self, rule: Rule, _: FieldKind, level: Level, place: Place) -> Text | None:
        known = self.located(rule.source or "", rule.of, level, (*place, "from"), False)
        if known is None:
            self.are_formats(rule.date or (), (*place, "date"), judge_format)
            return None
        target = level.named(rule.of)
        if target is not None and not target.depth:
            self.written_fields.add((rule.source or "").partition(".")[0])
        source, self._fields_kind = known
        kind = self._fields_kind
        for name, kinds in _FORMATS.items():
            if getattr(rule, name) is not None and kind.value not in kinds:
                self.mistakes.add((*place, name), f"{rule.source} can't be written by {name}", f"no {name} here")
        try:
            write = self._writer(rule, kind)
        except ValueError as error:
            self.mistakes.add((*place, "date"), str(error), "a format such as DD.MM.YYYY")
            return None
        return _written(source, write)

    def _looked_up(self, rule: Rule, text: Text, place: Place) -> Text:
        self._warn_of_missing_codes(rule, place)
        return super()._looked_up(rule, text, place)

    def _warn_of_missing_codes(self, rule: Rule, place: Place) -> None:
        """A field of a few words whose table has not all of them: a document that says another can't be written."""
        if self._fields_kind.value != "choice" or rule.unknown != "fault" or self.conditions or self._choices:
            return
        table = self.table_of(rule, place)
        missing = [code for code in self._fields_kind.choices if self._as_cleaned(rule, code, place) not in table]
        if table and missing:
            wrong = f"no entry for {', '.join(missing)}: a document that says so can't be written, and is held"
            self.mistakes.warn((*place, "table"), wrong, "an entry for each; or unknown: keep, default or empty")

    def _as_cleaned(self, rule: Rule, code: str, place: Place) -> object:
        if not rule.clean:
            return code
        return self._cleaned(rule, lambda reading, here: code, place)(Reading(keeps=False), _NOWHERE)

    def _writer(self, rule: Rule, kind: FieldKind) -> Callable[[Any], str]:
        defaults = self._written.defaults
        number, flag, forms = rule.number or defaults.number, rule.flag or defaults.flag, rule.date or self._dates
        if kind.value == "number" and number is not None:
            return number_writer(number.decimal, number.thousands, number.implied, number.places)
        if kind.value == "flag" and flag is not None:
            yes, no = flag.true[0], flag.false[0]
            return lambda value: yes if value else no
        if kind.value in ("date", "time", "moment") and forms:
            if len(forms) > 1:
                raise ValueError("one format is written")
            return moment_writer(kind.value, forms[0], self._zone)
        return plain_text


def _written(source: DocumentSource, write: Callable[[Any], str]) -> Text:
    def read(reading: Reading, here: Here) -> str | Unreadable | None:
        reading.budget.spend(1)
        found = source.found(here)
        try:
            return None if found is None else write(found) or None
        except (ValueError, ArithmeticError) as error:
            return Unreadable(plain_text(found), "bad_value", f"a value that can be written so: {error}")

    return read
