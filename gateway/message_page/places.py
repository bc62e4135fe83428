"""Where in a document's text its faults stand: by what each says of its place, else by the value that it saw.

The readers say it in words (`line 62: cac:OrderLine[1]/cac:LineItem/cbc:Quantity`, `/lines/0/unit (line 8)`,
`line 45, column 8`), because most documents have no faults; here the words are looked up in the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from mappings.tracing.tag_text import ATTRIBUTE, TOKEN
from schemas.faults import Fault
from schemas.safe_json.places import span_of

Steps = Sequence[tuple[str, int]]
"""(name, which of that name in its group) of elements from the outermost on; 0: it is the only one, or any."""
How = Literal["exactly", "around", "line", "value", ""]
LARGEST_WALK = 2_000_000
"""Characters of an XML text that is gone through from its beginning for the places of faults."""
LARGEST_SCAN = 2_000_000
"""The same of JSON, once for each fault."""
_XML = re.compile(
    r"(?:line (?P<line>\d{1,9}): )?(?P<path>/?[\w.:\-]+(?:\[\d{1,9}\])?(?:/@?[\w.:\-]+(?:\[\d{1,9}\])?)*)"
)
_POSITION = re.compile(r"line (?P<line>\d{1,9}),? column (?P<column>\d{1,9})")
_POINTER = re.compile(r"(?P<pointer>(?:/[^/\s]*)+)(?: \(line (?P<line>\d{1,9})\))?")
_LINE = re.compile(r"\bline (\d{1,9})\b")
_MISSING = re.compile(r" \(missing\)$")
_STEP = re.compile(r"(?:[\w.\-]+:)?([\w.\-]+)(?:\[(\d+)\])?$")
_LONGEST_LINE = 100_000
"""Characters of a line whose tags are looked through by themselves."""
_LONGEST_LIT = 2_000
"""Characters of a line that is lit as a whole: a longer one, such as a document in one line, would say nothing."""
_SHORTEST_VALUE = 3
"""Characters of a value that is looked for by itself: a shorter one stands anywhere."""


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a text, and how sure it is that the fault is about these: `exactly` what it names; what is `around`
    something that isn't there; the `line` that it names; the only place where its `value` stands."""

    start: int
    end: int
    how: How


class Lines:
    """What of a text's lines is asked here: `span(number)` are the characters of one, without its end."""

    def __init__(self, text: str, span: Callable[[int], tuple[int, int] | None]) -> None:
        self.text = text
        self.span = span


class _Element(NamedTuple):
    name: str
    attributes: tuple[int, int]
    start: int
    """Of its first tag."""
    end: int


def places_of(faults: Sequence[Fault], lines: Lines, *, part: int = 1) -> list[Place | None]:
    """Of each fault where it stands, or None where nobody can say; of a document with several orders alike, of order
    `part`."""
    walk = _Walk(lines.text, part)
    return [_place(fault, lines, walk) for fault in faults]


def _place(fault: Fault, lines: Lines, walk: _Walk) -> Place | None:
    found = _by_location(fault.location, lines, walk) if fault.location else None
    return found or _by_value(fault, lines.text)


def _by_location(location: str, lines: Lines, walk: _Walk) -> Place | None:
    text = lines.text
    position = _POSITION.search(location)
    if position is not None:
        return _at(lines, int(position["line"]), int(position["column"]))
    is_xml = text.lstrip()[:1] == "<"
    pointer = _POINTER.match(location)
    if pointer is not None and not is_xml:
        return _by_pointer(pointer, lines)
    words = _MISSING.sub("", location)
    path = _XML.match(words)
    if path is not None and is_xml:
        return _by_path(path, lines, walk, is_missing=words != location)
    named = _LINE.search(location)
    return _whole_line(lines, int(named[1])) if named else None


def _at(lines: Lines, line: int, column: int) -> Place | None:
    """A sign of a line; of one that ends before the last sign."""
    span = lines.span(line)
    if span is None:
        return None
    start = min(span[0] + max(0, column - 1), max(span[0], span[1] - 1))
    return Place(start, min(start + 1, span[1]), "exactly") if span[1] > span[0] else _whole_line(lines, line - 1)


def _whole_line(lines: Lines, line: int) -> Place | None:
    span = lines.span(line)
    if span is None or span[1] - span[0] > _LONGEST_LIT or not lines.text[span[0] : span[1]].strip():
        return None
    shown = lines.text[span[0] : span[1]]
    return Place(span[0] + len(shown) - len(shown.lstrip()), span[0] + len(shown.rstrip()), "line")


# --- JSON ---------------------------------------------------------------------------------------------------------
def _by_pointer(found: re.Match[str], lines: Lines) -> Place | None:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in found["pointer"].split("/")[1:]]
    if len(lines.text) <= LARGEST_SCAN:
        span = span_of(lines.text, steps)
        if span is not None and span[1] > span[0]:
            is_value = lines.text[span[0]] not in "{["
            end = lines.text.find("\n", span[0], span[1])
            return Place(span[0], span[1] if end < 0 else end, "exactly" if is_value else "around")
    return _whole_line(lines, int(found["line"])) if found["line"] else None


# --- XML ----------------------------------------------------------------------------------------------------------
def _by_path(found: re.Match[str], lines: Lines, walk: _Walk, *, is_missing: bool) -> Place | None:
    steps = [(one[1], int(one[2] or 0)) for step in found["path"].split("/") if (one := _STEP.match(step.lstrip("@")))]
    attribute = steps.pop()[0] if "/@" in found["path"] or found["path"].startswith("@") else None
    line = int(found["line"]) if found["line"] else None
    element = _on_line(lines, line, steps, attribute if not is_missing else None) if line else None
    if element is None:
        element, steps_left = walk.find(steps, line, lines)
        is_missing = is_missing or steps_left > 0
    if element is None:
        return _whole_line(lines, line) if line else None
    if attribute is not None and not is_missing:
        for one in ATTRIBUTE.finditer(lines.text, *element.attributes):
            if one[1].rpartition(":")[2] == attribute:
                start, end = one.span(2 if one[2] is not None else 3)
                return Place(start, end, "exactly") if end > start else Place(*one.span(), "exactly")
        is_missing = True
    return Place(element.start, element.end, "around") if is_missing else _inside(lines.text, element)


def _on_line(lines: Lines, line: int, steps: Steps, attribute: str | None) -> _Element | None:
    """The only element of this name whose first tag ends on the line, as the reader counts."""
    span = lines.span(line)
    if span is None or not steps or span[1] - span[0] > _LONGEST_LINE:
        return None
    begun = lines.text.rfind("<", 0, span[0])
    start = begun if begun >= 0 and ">" not in lines.text[begun : span[0]] else span[0]
    names = {name for name, _ in steps[-1:]}
    found = [one for one in _tags(lines.text, start, span[1]) if one.name in names]
    if attribute is not None and len(found) > 1:
        found = [one for one in found if attribute in lines.text[slice(*one.attributes)]]
    return found[0] if len(found) == 1 else None


def _tags(text: str, start: int, end: int) -> Iterator[_Element]:
    for token in TOKEN.finditer(text, start, end):
        if token["name"] is not None and not token["end"]:
            yield _Element(token["name"].rpartition(":")[2], token.span("attributes"), *token.span())


def _inside(text: str, element: _Element) -> Place:
    """What stands between its tags, where that is plain text; else its first tag."""
    end = text.find("<", element.end)
    value = text[element.end : end] if end >= 0 else ""
    if not value.strip() or text[element.end - 2] == "/":
        return Place(element.start, element.end, "exactly")
    return Place(end - len(value.lstrip()), end - len(value) + len(value.rstrip()), "exactly")


class _Walk:
    """All elements of a text with the steps that lead to them, gone through once and only when somebody asks."""

    def __init__(self, text: str, part: int) -> None:
        self._text = text
        self._part = part
        self._known: dict[str, list[tuple[Steps, _Element]]] | None = None
        """By their names."""

    def find(self, steps: Steps, line: int | None, lines: Lines) -> tuple[_Element | None, int]:
        """The element at the end of these steps, or of as many as lead to one, and how many more there are."""
        if len(self._text) > LARGEST_WALK:
            return None, 0
        if self._known is None:
            self._known = {}
            for path, element in _with_steps(self._text):
                self._known.setdefault(element.name, []).append((path, element))
        for left in range(len(steps)):
            wanted = steps[: len(steps) - left]
            found = [element for path, element in self._known.get(wanted[-1][0], ()) if _ends(path, wanted)]
            if found:
                span = lines.span(line) if line else None
                there = [one for one in found if span and span[0] <= one.end <= span[1] + 1]
                return (there or found)[min(self._part, len(there or found)) - 1], left
        return None, 0


def _ends(path: Steps, wanted: Steps) -> bool:
    if len(path) < len(wanted):
        return False
    return all(
        name == given and (number in (0, counted) if number else True)
        for (given, counted), (name, number) in zip(path[len(path) - len(wanted) :], wanted, strict=True)
    )


def _with_steps(text: str) -> Iterator[tuple[Steps, _Element]]:
    path: list[tuple[str, int]] = []
    counts: list[Counter[str]] = [Counter()]
    for token in TOKEN.finditer(text):
        if token["name"] is None:
            continue
        if token["end"]:
            if path:
                path.pop()
                counts.pop()
            continue
        name = token["name"].rpartition(":")[2]
        counts[-1][name] += 1
        here = (*path, (name, counts[-1][name]))
        yield here, _Element(name, token.span("attributes"), *token.span())
        if not token[0].endswith("/>"):
            path.append(here[-1])
            counts.append(Counter())


# --- by what it saw -----------------------------------------------------------------------------------------------
def _by_value(fault: Fault, text: str) -> Place | None:
    value = (fault.value or "").strip()
    if len(value) < _SHORTEST_VALUE or "\n" in value:
        return None
    at = text.find(value)
    if at < 0 or text.find(value, at + 1) >= 0:
        return None
    return Place(at, at + len(value), "value")
