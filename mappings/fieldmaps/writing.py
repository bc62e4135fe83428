"""A compiled map that writes: a canonical document → the account's own JSON, XML or CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from json.encoder import encode_basestring as json_text

from mappings.fieldmaps.budget import TooMuchWork, beyond
from mappings.fieldmaps.contexts import Here, Level, Reading, Told
from mappings.fieldmaps.from_document import UNKNOWN, DocumentLevel, DocumentRules, DocumentSource
from mappings.fieldmaps.groups import FieldKind
from mappings.fieldmaps.language import Condition, Rule
from mappings.fieldmaps.mistakes import Mistakes, Place
from mappings.fieldmaps.templates import Element, Node, WriteMap
from mappings.fieldmaps.values import TEXT, Test
from schemas.documents.common import AnyDocument
from schemas.documents.order_response import OrderResponse
from schemas.documents.validation import Unreadable, shown
from schemas.faults import DocumentHeld, Fault
from schemas.formats.ubl_2_1.text import escaped, quoted

Write = Callable[[Reading, Here], "str | None"]
_MEDIA_TYPES = {"json": "application/json", "xml": "application/xml", "csv": "text/csv"}
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII).fullmatch
_NUMBER = re.compile(r"-?[0-9][0-9.,' ]*", re.ASCII).fullmatch
_WRITTEN = Level(None, 0)
"""No expression starts at a place of what is written but a path of its fields: nothing is found there beforehand."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class WritingMap:
    """A map for documents that go out."""

    def __init__(self, language: str, write: Write, warnings: tuple[Fault, ...] = ()) -> None:
        self._write = write
        self.warnings = warnings
        """What some documents will be written wrong or not at all for, with its line."""
        self.media_type = _MEDIA_TYPES[language]
        self.suffix = f".{language}"

    def write(self, document: AnyDocument) -> bytes:
        """The document in the account's layout, in UTF-8.

        Raises DocumentHeld where a required value is missing, a code is in no table, or the map asks for too much
        (`map_limit`).
        """
        return self.text(document, Reading(keeps=False)).encode()

    def text(self, document: AnyDocument, reading: Reading) -> str:
        """The same as text, within what this reading may cost."""
        return self._write(reading, Here(document, None, _WRITTEN)) or ""


class Templates:
    """Compiles the tree of a map that writes."""

    rules_of: type[DocumentRules] = DocumentRules

    def __init__(self, written: WriteMap, model: type[AnyDocument], mistakes: Mistakes) -> None:
        self._written = written
        self._mistakes = mistakes
        self._top = DocumentLevel(None, 0, kind=FieldKind(None, model, False))
        self._is_answer = model is OrderResponse
        self._rules = self.rules_of(written, mistakes, self._source_of)

    def compiled(self) -> WritingMap:
        """The map. Raises MapRejected."""
        written, template = self._written, self._written.template
        if isinstance(template, Node):
            write = _lines_end(self._node(template, self._top, ("template",)))
        elif isinstance(template, Element):
            write = self._document(template)
        else:
            write = self._table()
        self._mistakes.raise_any()
        self._warn_of_refusals()
        return WritingMap(written.writes, write, self._mistakes.warnings())

    def _warn_of_refusals(self) -> None:
        """A refusal as a whole has no lines and its reasons in `note`: an answer without it says no why."""
        if not self._is_answer:
            return
        place: Place = ("template",) if self._written.template is not None else ("columns",)
        if self._written.writes == "csv" and self._written.rows:
            place = ("otherwise",) if self._written.otherwise else ("rows",)
            if not self._written.otherwise:
                wrong = "the refusal of a whole order has no lines, so there is no row for it and it is held"
                expected = "otherwise: the columns of a row for it, note among them"
                self._mistakes.warn(place, wrong, expected, code="missing_field")
                return
        if "note" not in self._rules.written_fields:
            wrong = "no rule writes note, in which a refusal of a whole order has its reasons"
            self._mistakes.warn(place, wrong, "a rule for note", code="missing_field")

    def _source_of(self, text: str, scope: str, level: Level, place: Place, for_groups: bool) -> DocumentSource | None:
        known = self._rules.located(text, scope, level, place, for_groups)
        return None if known is None else known[0]

    def _told(self, place: Place) -> Told:
        return Told(place, self._mistakes.location(self._mistakes.mark(place)))

    def _text(self, rule: Rule, level: Level, place: Place) -> Write:
        """A rule's text, or None."""
        value, told = self._rules.value(rule, TEXT, level, place), self._told(place)

        def write(reading: Reading, here: Here) -> str | None:
            try:
                reading.budget.spend(1)
                found = None if value.evaluate is None else value.evaluate(reading, here)
            except TooMuchWork:
                raise beyond(told.name, told.location) from None
            found = value.fallback if found is None else found
            if isinstance(found, Unreadable):
                raise _held(told, found)
            if found is None and value.is_required:
                raise _held(told, Unreadable("", "missing_field", "a value"))
            return found  # type: ignore[no-any-return]

        return write

    @contextmanager
    def _under(self, condition: Condition | None) -> Iterator[None]:
        """What is compiled in it is written only where this holds."""
        held = condition is not None
        self._rules.conditions += held
        yield
        self._rules.conditions -= held

    def _test(self, condition: Condition | None, level: Level, place: Place) -> Test | None:
        return None if condition is None else self._rules.test(condition, level, (*place, "if"))

    def _inside(self, each: str, level: Level, place: Place) -> tuple[DocumentSource | None, DocumentLevel]:
        """What repeats with a list of the document, and the place of one of its members."""
        known = self._rules.located(each, "here", level, (*place, "each"), True)
        kind = None if known is None else FieldKind(known[1].value, known[1].model, False, known[1].choices)
        return (known[0] if known else None), DocumentLevel(level, level.depth + 1, kind=kind or UNKNOWN)

    # --- JSON ---
    def _node(self, node: Node, level: Level, place: Place) -> Write:
        kinds = [name for name in ("members", "each", "items") if getattr(node, name) is not None]
        if len(kinds) > 1 or (node.each is None) != (node.item is None):
            self._mistakes.add(place, "is more than one thing", "object, list, each with item, or a rule")
            self._judge_all(node, level, place)
            return _nothing
        test = self._test(node.condition, level, place)
        with self._under(node.condition):
            write = self._written_node(node, level, place)
        return _if(test, write, "null" if node.empty == "null" else None)

    def _written_node(self, node: Node, level: Level, place: Place) -> Write:
        if node.members is not None:
            return _object(
                {name: self._node(one, level, (*place, "object", name)) for name, one in node.members.items()}
            )
        if node.each is not None and node.item is not None:
            source, inner = self._inside(node.each, level, place)
            return _list(_repeated(source, self._node(node.item, inner, (*place, "item")), self._told(place)))
        if node.items is not None:
            several = [self._node(one, level, (*place, "list", index)) for index, one in enumerate(node.items)]
            return _list(lambda reading, here: [text for one in several if (text := one(reading, here)) is not None])
        return _scalar(self._text(node, level, place), node.kind, self._told(place))

    def _judge_all(self, node: Node, level: Level, place: Place) -> None:
        """A value that is written as several things: each of them."""
        inner = level if node.each is None else self._inside(node.each, level, place)[1]
        members = [((*place, "object", name), one, level) for name, one in (node.members or {}).items()]
        members += [((*place, "list", index), one, level) for index, one in enumerate(node.items or ())]
        members += [((*place, "item"), node.item, inner)] if node.item is not None else []
        for at, one, its_level in members:
            self._node(one, its_level, at)

    # --- XML ---
    def _document(self, root: Element) -> Write:
        if root.each is not None:
            self._mistakes.add(("template", "each"), "there is one root element", "no each here")
        spaces = "".join(
            f' xmlns{":" if prefix else ""}{prefix}="{quoted(uri)}"' for prefix, uri in self._written.namespaces.items()
        )
        write = self._element(root, self._top, ("template",), spaces)
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        return lambda reading, here: f"{head}{write(reading, here) or ''}\n"

    def _element(self, written: Element, level: Level, place: Place, spaces: str = "") -> Write:
        source, inner = None, level
        if written.each is not None:
            source, inner = self._inside(written.each, level, place)
        self._judge_prefixes(written, place)
        test = self._test(written.condition, inner, place)
        with self._under(written.condition):
            attributes = [
                (name, self._text(rule, inner, (*place, "attributes", name)))
                for name, rule in written.attributes.items()
            ]
            text = None if written.text is None else self._text(written.text, inner, (*place, "text"))
            children = [
                self._element(one, inner, (*place, "children", index)) for index, one in enumerate(written.children)
            ]
        keeps, name = written.empty == "keep" or bool(spaces), written.element

        def write(reading: Reading, here: Here) -> str | None:
            said = "".join(
                f' {attribute}="{quoted(found)}"'
                for attribute, one in attributes
                if (found := one(reading, here)) is not None
            )
            content = escaped(text(reading, here) or "") if text else ""
            content += "".join(child(reading, here) or "" for child in children)
            if not content:
                return f"<{name}{spaces}{said}/>" if said or keeps else None
            return f"<{name}{spaces}{said}>{content}</{name}>"

        once = _if(test, write, None)
        if written.each is None:
            return once
        several = _repeated(source, once, self._told(place))
        return lambda reading, here: "".join(several(reading, here))

    def _judge_prefixes(self, written: Element, place: Place) -> None:
        for name in (written.element, *written.attributes):
            prefix = name.rpartition(":")[0]
            if prefix and prefix not in self._written.namespaces and not self._mistakes.has_lost_of("namespaces"):
                self._mistakes.add(
                    (*place, "element"), f"the prefix {prefix} is not in namespaces", "a declared prefix"
                )

    # --- CSV ---
    def _table(self) -> Write:
        written, level = self._written, self._top
        sources = []
        if self._mistakes.has_lost(("rows",)):
            level = DocumentLevel(level, level.depth + 1, kind=UNKNOWN)
        if not written.columns and not self._mistakes.has_lost_of("columns"):
            self._mistakes.add((), "columns is missing", "a column at least", code="missing_field")
        for index, path in enumerate(written.rows):
            source, level = self._inside(path, level, ("rows", index))
            sources.append((source, self._told(("rows", index))))
        end = "\r\n" if written.newline == "crlf" else "\n"
        cell = self._cell()
        columns = [self._text(rule, level, ("columns", name)) for name, rule in written.columns.items()]
        row: Write = lambda reading, here: (  # noqa: E731  # one row, which repeats
            written.delimiter.join(cell(column(reading, here) or "") for column in columns) + end
        )
        for source, told in reversed(sources):
            row = _joined(_repeated(source, row, told))
        header = written.delimiter.join(map(cell, written.columns)) + end if written.header else ""
        if not sources:
            self._judge_otherwise()
            return lambda reading, here: header + (row(reading, here) or "")
        alone = self._row_alone(cell, end)
        return lambda reading, here: header + (row(reading, here) or alone(reading, here) or "")

    def _cell(self) -> Callable[[str], str]:
        return _cell(self._written.delimiter, self._written.quote == "all")

    def _row_alone(self, cell: Callable[[str], str], end: str) -> Write:
        """The row that stands where there is no other: a file without any would say nothing."""
        self._judge_otherwise()
        self._rules.written_fields.clear()
        written, told = self._written, self._told(("rows",))
        texts = {name: self._text(rule, self._top, ("otherwise", name)) for name, rule in written.otherwise.items()}
        columns = [texts.get(name, _nothing) for name in written.columns]

        def write(reading: Reading, here: Here) -> str | None:
            if not texts:
                detail = f"the document has none of rows ({', '.join(written.rows)}), so there is no row to write"
                expected = "otherwise: the columns of a row for that"
                raise DocumentHeld([Fault("missing_field", detail, "", told.location, None, expected)])
            return written.delimiter.join(cell(column(reading, here) or "") for column in columns) + end

        return write

    def _judge_otherwise(self) -> None:
        if self._written.otherwise and not self._written.rows and not self._mistakes.has_lost(("rows",)):
            self._mistakes.add(("otherwise",), "otherwise does nothing without rows", "rows")
        for name in self._written.otherwise:
            if name not in self._written.columns and not self._mistakes.has_lost_of("columns"):
                near = get_close_matches(name, self._written.columns, 1)
                expected = f"did you mean {near[0]}?" if near else f"one of {', '.join(self._written.columns)}"
                self._mistakes.add(("otherwise", name), "is no column", expected, name, code="unknown_field")


def _nothing(reading: Reading, here: Here) -> str | None:
    return None


def _joined(several: Callable[[Reading, Here], list[str]]) -> Write:
    return lambda reading, here: "".join(several(reading, here))


def _lines_end(write: Write) -> Write:
    return lambda reading, here: f"{write(reading, here) or 'null'}\n"


def _if(test: Test | None, write: Write, otherwise: str | None) -> Write:
    if test is None and otherwise is None:
        return write

    def conditional(reading: Reading, here: Here) -> str | None:
        found = write(reading, here) if test is None or test(reading, here) else None
        return otherwise if found is None else found

    return conditional


def _repeated(source: DocumentSource | None, write: Write, told: Told) -> Callable[[Reading, Here], list[str]]:
    def several(reading: Reading, here: Here) -> list[str]:
        members = [] if source is None else source.groups(reading, here)
        try:
            reading.budget.spend(len(members) + 1)
        except TooMuchWork:
            raise beyond(told.name, told.location) from None
        texts = []
        for index, member in enumerate(members):
            inner = Here(member, here, _WRITTEN)
            inner.position = index
            if (text := write(reading, inner)) is not None:
                texts.append(text)
        return texts

    return several


def _object(members: Mapping[str, Write]) -> Write:
    named = [(json_text(name), write) for name, write in members.items()]

    def write(reading: Reading, here: Here) -> str | None:
        written = [f"{name}:{text}" for name, one in named if (text := one(reading, here)) is not None]
        return f"{{{','.join(written)}}}" if written else None

    return write


def _list(several: Callable[[Reading, Here], list[str]]) -> Write:
    return lambda reading, here: f"[{','.join(several(reading, here))}]"


def _scalar(text: Write, kind: str, told: Told) -> Write:
    def write(reading: Reading, here: Here) -> str | None:
        found = text(reading, here)
        if found is None or kind == "text":
            return None if found is None else json_text(found)
        if not (found in ("true", "false") if kind == "flag" else _JSON_NUMBER(found)):
            raise _held(told, Unreadable(found, "bad_value", f"what JSON writes as a {kind}"))
        return found

    return write


def _cell(delimiter: str, quotes_all: bool) -> Callable[[str], str]:
    """A cell that no spreadsheet takes for a formula; a number stays bare."""
    special = re.compile(f'[{re.escape(delimiter)}"\r\n]|^ | $').search

    def cell(text: str) -> str:
        if text.lstrip(" ").startswith(_FORMULA) and not _NUMBER(text):
            text = f"'{text}"
        if quotes_all or special(text):
            return '"' + text.replace('"', '""') + '"'
        return text

    return cell


def _held(told: Told, wrong: Unreadable) -> DocumentHeld:
    detail = f"{told.name} must be {wrong.expected}"
    return DocumentHeld([Fault(wrong.code, detail, "", told.location, shown(wrong.text) or None, wrong.expected)])
