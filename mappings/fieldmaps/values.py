"""Rules → functions that read one value each, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mappings.fieldmaps.cleaning import Emptied, cleaned, step_of, wanted_by
from mappings.fieldmaps.contexts import Here, Level, Reading, Source, Text
from mappings.fieldmaps.conversions import SHOWN_CODES, conversion
from mappings.fieldmaps.dates import judge_format, time_zone
from mappings.fieldmaps.groups import FieldKind, ValueKind
from mappings.fieldmaps.language import AnyMap, Condition, Join, Position, Rule, Table
from mappings.fieldmaps.mistakes import Mistakes, Place
from mappings.fieldmaps.patterns import compiled_pattern
from mappings.fieldmaps.texts import read_text, read_texts, within
from schemas.documents.validation import Unreadable

Evaluate = Callable[[Reading, Here], Any]
Test = Callable[[Reading, Here], bool]
SourceOf = Callable[[str, str, Level, Place, bool], "Source | None"]
"""(expression, `of`, level, place, for groups) → its source; None where a mistake was added."""

_SOURCES = ("source", "first", "join", "value", "position", "when")
_KEYS = {"source": "from"}
TEXT = FieldKind("text", None, False)
_PROSE = FieldKind("text", None, False, is_prose=True)


@dataclass(frozen=True, slots=True)
class Value:
    """A rule, compiled for one field."""

    evaluate: Evaluate | None
    """None where it is a constant."""
    fallback: Any
    """The constant, or the default; None where there is none."""
    is_required: bool
    sources: tuple[Source, ...]


class Rules:
    """Compiles the rules of one map; what is wrong with them goes to `mistakes`."""

    def __init__(self, written: AnyMap, mistakes: Mistakes, source_of: SourceOf) -> None:
        self._written = written
        self.mistakes = mistakes
        self.source_of = source_of
        self._zone = self._time_zone()
        self._dates = self._default_dates()
        self._sources: list[Source] = []
        self._choices = 0
        """How many rules, of which one is taken, stand around the one that is compiled."""

    def _time_zone(self) -> ZoneInfo | None:
        name = self._written.time_zone
        if name is None:
            return None
        try:
            return time_zone(name)
        except ValueError as error:
            self.mistakes.add(("time_zone",), str(error), "an IANA time zone such as Europe/Berlin", name)
            return None

    def _default_dates(self) -> tuple[str, ...] | None:
        """The map's formats of dates; judged here, as no rule may use them."""
        forms = self._written.defaults.date
        return forms if self.are_formats(forms or (), ("defaults", "date"), judge_format) else None

    def are_formats(self, forms: tuple[str, ...], place: Place, judge: Callable[[str], object]) -> bool:
        """Whether each of them is a format of dates, which `judge` raises ValueError for where it isn't."""
        are_right = True
        for form in forms:
            try:
                judge(form)
            except ValueError as error:
                self.mistakes.add(place, str(error), _DATE_FORMAT, form)
                are_right = False
        return are_right

    # --- a rule ---
    def value(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Value:
        """The rule, for a field of this kind."""
        self._sources = []
        self._judge_keys(rule, kind, place)
        is_constant = rule.value is not None and rule.source is None  # with both, both are judged
        evaluate = None if is_constant else self._evaluate(rule, kind, level, place)
        constant, key = (rule.value, "value") if rule.value is not None else (rule.default, "default")
        fallback = None if constant is None else self._constant(constant, rule, kind, (*place, key))
        return Value(evaluate, fallback, rule.required, tuple(self._sources))

    def _judge_keys(self, rule: Rule, kind: FieldKind, place: Place) -> None:
        given = [name for name in _SOURCES if getattr(rule, name) is not None]
        names = [_KEYS.get(name, name) for name in given]
        if len(given) != 1:
            wrong = "says no source" if not given else f"has {' and '.join(names)}"
            self.mistakes.add(place, wrong, "one of from, first, join, value, position, when")
        self._judge_kind(rule, kind, place)
        if len(given) != 1:
            return
        (source,) = given
        for name, needs in _NEEDS.items():
            if name in rule.model_fields_set and source not in needs:
                allowed = ", ".join(_KEYS.get(one, one) for one in needs)
                self.mistakes.add((*place, name), f"{name} does nothing with {names[0]}", f"only with {allowed}")
        if "unknown" in rule.model_fields_set and rule.table is None and not self._has_lost("table", place):
            self.mistakes.add((*place, "unknown"), "unknown does nothing without table", "a table")
        if "emptied" in rule.model_fields_set and not rule.clean and not self._has_lost("clean", place):
            self.mistakes.add((*place, "emptied"), "emptied does nothing without clean", "clean")
        has_default = rule.default is not None or self._has_lost("default", place)
        if rule.unknown == "default" and rule.table is not None and not has_default:
            self.mistakes.add((*place, "unknown"), "there is no default", "default beside it")
        if rule.between != " " and rule.several != "join" and not self._has_lost("several", place):
            self.mistakes.add((*place, "between"), "between does nothing without several: join", "several: join")

    def _has_lost(self, key: str, place: Place) -> bool:
        return self.mistakes.has_lost((*place, key))

    def _judge_kind(self, rule: Rule, kind: FieldKind, place: Place) -> None:
        for name, kinds in _FORMATS.items():
            if getattr(rule, name) is not None and kind.value not in kinds:
                wrong = f"{name} is for fields that are {_OF_KIND[name]}, and this one is {_KIND_NAMES[kind.value]}"
                self.mistakes.add((*place, name), wrong, f"no {name} here")
        if rule.number is not None and rule.number.places is not None:
            self.mistakes.add((*place, "number", "places"), "places is for what is written", "no places here")

    def _constant(self, text: str, rule: Rule, kind: FieldKind, place: Place) -> Any:
        """A constant is written as we write values, whatever the account does."""
        convert = conversion(kind, None, None, None, None)
        found = convert(text) if text or kind.value != "text" else None
        if isinstance(found, Unreadable):
            self.mistakes.add(place, f"must be {found.expected}", found.expected, text)
            return None
        return found

    def _evaluate(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Evaluate | None:
        if rule.first is not None:
            return self._first(
                [self.choice(one, kind, level, (*place, "first", index)) for index, one in enumerate(rule.first)]
            )
        if rule.when is not None:
            return self._when(rule, kind, level, place)
        text = self._text(rule, kind, level, place)
        convert = self._convert(rule, kind, place)
        if convert is not None:
            self._judge_table(rule, convert, place)
        if text is None:
            return None
        return text if convert is None else _converted(text, convert)

    def _judge_table(self, rule: Rule, convert: Callable[[str], Any], place: Place) -> None:
        """What a table gives is the field's: one that the field doesn't take would refuse every order that has it."""
        if rule.table is None or self.mistakes.has_lost_of("defaults"):
            return
        if any(self._has_lost(name, place) for name in _FORMATS):
            return
        field = ".".join(str(step) for step in place if not isinstance(step, int))
        at, whose = (*place, "table"), ""
        if isinstance(rule.table, str):
            at, whose = ("tables", rule.table), f", for {field}"
        for code, text in self._table(rule).items():
            found = convert(text.strip()) if text.strip() else None
            if isinstance(found, Unreadable):
                self.mistakes.add((*at, code), f"must be {found.expected}{whose}", found.expected, text)

    def choice(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Evaluate:
        """A rule that is one of several: what it reads counts as read only where it is taken."""
        self._choices += 1
        try:
            return self.inner(rule, kind, level, place)
        finally:
            self._choices -= 1

    def inner(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Evaluate:
        """A rule inside another: its constants and defaults are values like others."""
        kept, self._sources = self._sources, []
        value = self.value(rule, kind, level, place)
        self._sources = [*kept, *value.sources]
        evaluate, fallback = value.evaluate, value.fallback
        if self._choices and rule.source is not None and evaluate is not None and value.sources:
            evaluate = _marking(evaluate, value.sources[0])
        if value.is_required:
            self.mistakes.add((*place, "required"), "required stands at the field's own rule", "no required here")
        if evaluate is None:
            return lambda reading, here: fallback
        if fallback is None:
            return evaluate

        def with_default(reading: Reading, here: Here) -> Any:
            found = evaluate(reading, here)
            return fallback if found is None else found

        return with_default

    def _first(self, choices: list[Evaluate]) -> Evaluate:
        """A choice of which its steps left nothing says nothing here; it is a fault where no other says something."""

        def first(reading: Reading, here: Here) -> Any:
            emptied = None
            for choice in choices:
                found = choice(reading, here)
                if type(found) is Emptied:
                    emptied = emptied or found
                elif found is not None:
                    return found
            return emptied

        return first

    def _when(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Evaluate:
        cases = []
        for index, case in enumerate(rule.when or ()):
            at = (*place, "when", index)
            cases.append(
                (self.test(case.condition, level, (*at, "if")), self.choice(case.use, kind, level, (*at, "use")))
            )
        otherwise = rule.otherwise and self.choice(rule.otherwise, kind, level, (*place, "otherwise"))

        def when(reading: Reading, here: Here) -> Any:
            for holds, use in cases:
                if holds(reading, here):
                    return use(reading, here)
            return otherwise(reading, here) if otherwise else None

        return when

    # --- its text ---
    def _text(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Text | None:
        if rule.join is not None:
            text: Text | None = self._join(rule.join, kind, level, (*place, "join"))
        elif rule.position is not None:
            text = _position(rule.position)
        else:
            text = None if rule.source is None else self._source(rule, kind, level, place)
        made = text or _nothing  # what is made of it is judged in any case
        if rule.clean:
            made = self._cleaned(rule, made, place)
        if rule.table is not None:
            made = self._looked_up(rule, made, place)
        return None if text is None else made

    def _source(self, rule: Rule, kind: FieldKind, level: Level, place: Place) -> Text | None:
        source = self.source_of(rule.source or "", rule.of, level, (*place, "from"), False)
        if source is None:
            return None
        self._sources.append(source)
        source.is_read(is_choice=self._choices > 0)
        return read_text(source, rule.several, rule.between, is_prose=kind.is_prose)

    def _join(self, join: Join, kind: FieldKind, level: Level, place: Place) -> Text:
        parts = [
            self.inner(one, _PROSE if kind.is_prose else TEXT, level, (*place, "parts", index))
            for index, one in enumerate(join.parts)
        ]
        between = join.between

        def joined(reading: Reading, here: Here) -> str | Unreadable | None:
            texts: list[str] = []
            for part in parts:
                text = part(reading, here)
                if isinstance(text, Unreadable):
                    return text
                if text is not None:
                    texts.append(text)
            return within(between.join(texts)) or None

        return joined

    def _cleaned(self, rule: Rule, text: Text, place: Place) -> Text:
        steps = []
        for index, one in enumerate(rule.clean):
            try:
                steps.append((step_of(one), wanted_by(one)))
            except ValueError as error:
                self.mistakes.add((*place, "clean", index), str(error), "a step that can be taken")
        clean = cleaned(tuple(steps), is_fault=rule.emptied == "fault")

        def read(reading: Reading, here: Here) -> str | Unreadable | None:
            found = text(reading, here)
            return clean(found, reading.budget) if isinstance(found, str) else found

        return read

    def _table(self, rule: Rule) -> Table:
        return (self._written.tables.get(rule.table) if isinstance(rule.table, str) else rule.table) or {}

    def table_of(self, rule: Rule, place: Place) -> Table:
        """The rule's table."""
        is_known = not isinstance(rule.table, str) or rule.table in self._written.tables
        if not is_known and not self.mistakes.has_lost(("tables", str(rule.table))):
            expected = f"one of {', '.join(self._written.tables) or 'none, as there are no tables'}"
            self.mistakes.add((*place, "table"), f"there is no table {rule.table}", expected, rule.table)
        return self._table(rule)

    def _looked_up(self, rule: Rule, text: Text, place: Place) -> Text:
        table, unknown = self.table_of(rule, place), rule.unknown
        expected = "one of " + ", ".join(list(table)[:SHOWN_CODES]) + (", …" if len(table) > SHOWN_CODES else "")

        def look_up(reading: Reading, here: Here) -> str | Unreadable | None:
            code = text(reading, here)
            if not isinstance(code, str):
                return code
            if (found := table.get(code)) is not None:
                return found.strip() or None
            if unknown == "fault":
                return Unreadable(code, "bad_value", expected)
            return code if unknown == "keep" else None

        return look_up

    # --- its value ---
    def _convert(self, rule: Rule, kind: FieldKind, place: Place) -> Callable[[str], Any] | None:
        defaults = self._written.defaults
        number, flag = rule.number or defaults.number, rule.flag or defaults.flag
        forms = rule.date or self._dates
        if kind.value in ("text", "choice"):
            return None if kind.value == "text" else conversion(kind, None, None, None, None)
        if kind.value in _DATES and not self.are_formats(
            forms or (), (*place, "date"), lambda form: conversion(kind, None, (form,), None, self._zone)
        ):
            return None
        return conversion(kind, number, forms, flag, self._zone)

    # --- conditions ---
    def test(self, condition: Condition, level: Level, place: Place) -> Test:
        """The condition, compiled."""
        together = [name for name in ("every", "some", "none") if getattr(condition, name) is not None]
        tests = [name for name in ("equals", "among", "matches", "exists") if getattr(condition, name) is not None]
        if len(together) + (condition.source is not None) != 1 or (condition.source is None and tests):
            self.mistakes.add(place, "must be one test", "from with a test, or all, any, not")
        elif not together and len(tests) != 1:
            self.mistakes.add(place, f"has {len(tests)} tests", "one of equals, in, matches, exists")
        several = self._together(condition, level, place)
        single = self._test(condition, self._tested(condition, level, place), place)
        return several or single

    def _tested(self, condition: Condition, level: Level, place: Place) -> Callable[[Reading, Here], list[str]]:
        if condition.source is None:
            return _no_texts
        source = self.source_of(condition.source, condition.of, level, (*place, "from"), False)
        if source is None:
            return _no_texts
        source.is_read(is_choice=False)
        return read_texts(source)

    def _together(self, condition: Condition, level: Level, place: Place) -> Test | None:
        """What several conditions, or one that mustn't hold, come to; the last kind of them where there are more."""
        test: Test | None = None
        for name, several in (("all", condition.every), ("any", condition.some)):
            if several is not None:
                test = _of_all(name, [self.test(one, level, (*place, name, at)) for at, one in enumerate(several)])
        if condition.none is not None:
            refused = self.test(condition.none, level, (*place, "not"))
            return lambda reading, here: not refused(reading, here)
        return test

    def _test(self, condition: Condition, texts: Callable[[Reading, Here], list[str]], place: Place) -> Test:
        if condition.exists is not None:
            wanted = condition.exists
            return lambda reading, here: bool(texts(reading, here)) == wanted
        if condition.matches is not None:
            return self._matching(condition.matches, texts, place)
        codes = frozenset(condition.among or (condition.equals or "",))
        return lambda reading, here: any(text in codes for text in texts(reading, here))

    def _matching(self, pattern: str, texts: Callable[[Reading, Here], list[str]], place: Place) -> Test:
        try:
            compiled = compiled_pattern(pattern)
        except ValueError as error:
            self.mistakes.add((*place, "matches"), str(error), "a pattern that RE2 takes", pattern)
            return _never

        def matches(reading: Reading, here: Here) -> bool:
            found = texts(reading, here)
            reading.budget.spend(sum(map(len, found)) // 16)
            return any(compiled.search(text) is not None for text in found)

        return matches


def _marking(evaluate: Evaluate, source: Source) -> Evaluate:
    """The same, which tells its source when it says something."""

    def marked(reading: Reading, here: Here) -> Any:
        found = evaluate(reading, here)
        if found is not None and type(found) is not Emptied:
            source.is_chosen(here)
        return found

    return marked


def _nothing(reading: Reading, here: Here) -> None:
    return None


def _no_texts(reading: Reading, here: Here) -> list[str]:
    return []


def _of_all(name: str, tests: list[Test]) -> Test:
    if name == "all":
        return lambda reading, here: all(test(reading, here) for test in tests)
    return lambda reading, here: any(test(reading, here) for test in tests)


def _never(reading: Reading, here: Here) -> bool:
    return False


def _position(position: Position) -> Text:
    start, step = position.start, position.step
    return lambda reading, here: str(start + step * here.position)


def _converted(text: Text, convert: Callable[[str], Any]) -> Evaluate:
    def evaluate(reading: Reading, here: Here) -> Any:
        found = text(reading, here)
        return convert(found) if isinstance(found, str) else found

    return evaluate


_DATE_FORMAT = "a format such as DD.MM.YYYY, iso or epoch_seconds"
_DATES: tuple[ValueKind, ...] = ("date", "time", "moment")
_FORMATS: Mapping[str, tuple[ValueKind, ...]] = {"number": ("number",), "date": _DATES, "flag": ("flag",)}
_OF_KIND = {"number": "numbers", "date": "dates or times", "flag": "true or false"}
_KIND_NAMES: Mapping[ValueKind | None, str] = {
    "text": "a text", "choice": "one of a few words", "number": "a number", "whole": "a whole number",
    "flag": "true or false", "date": "a date", "time": "a time", "moment": "a date and time", None: "a group",
}  # fmt: skip
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "of": ("source",),
    "several": ("source",),
    "between": ("source",),
    "otherwise": ("when",),
    "clean": ("source", "join", "position"),
    "table": ("source", "join"),
    "number": ("source", "join"),
    "date": ("source", "join"),
    "flag": ("source", "join"),
    "default": ("source", "join", "first", "when"),
}
"""Keys that mean something only with some sources."""
