"""The bytes of a sample → its parts. Read safely, as every document is; of a large one the beginning is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Literal, NoReturn

from mappings.suggesting.parts import Part, Room
from mappings.suggesting.words import words_of, words_of_qualifier
from schemas.faults import DocumentRejected, Fault
from schemas.formats.xml import UTF_16_STARTS, Element, head, parse
from schemas.safe_json.reader import read_json
from schemas.safe_json.text import looks_like_json

MAX_SEEN = 30_000
"""Values, objects and elements of a sample that are looked at: some thousand lines say all that a layout has to say."""
MAX_PARTIES = 20
"""Groups side by side that a type or role may tell apart; where there are more they are rather lines."""
LONGEST_QUALIFIER = 40
LONGEST_NAMESPACE = 200
MAX_NAMESPACES = 100
"""What is in others no rule reads."""
_MARKS = "\ufeff\xef\xbb\xbf \t\r\n"
_TELLING = "TYPE"
_LOOKED_THROUGH = 2_000
"""Names inside a group that are looked through for a quantity's."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One document's parts. `prefixes` are those that the map declares: namespace → prefix, "" for names without."""

    language: Literal["json", "xml"]
    root: Part
    is_cut: bool
    prefixes: Mapping[str, str] = field(default_factory=dict)
    is_list: bool = False
    """JSON: whether the document is a list; `root` is then what its members are."""


def read_sample(body: bytes) -> Sample:
    """The parts of these bytes. Raises DocumentRejected with the faults that reading has: `empty_body`,
    `unknown_format` where it is neither XML nor JSON, and those of the safe readers."""
    if looks_like_json(body):
        return _of_json(body)
    if body[:2] in UTF_16_STARTS or head(body, 256).lstrip(_MARKS)[:1] in ("<", ""):
        return _of_xml(body)
    return _refuse(head(body, 40))


def _refuse(start: str) -> NoReturn:
    detail = "the sample is neither a JSON object or list nor XML"
    raise DocumentRejected([Fault("unknown_format", detail, value=start, expected="JSON or XML")])


# --- JSON ---------------------------------------------------------------------------------------------------------
def _of_json(body: bytes) -> Sample:
    found = read_json(body, nulls=False, exactly=False)
    root, room = Part(""), Room(MAX_SEEN)
    is_list = isinstance(found, list)
    root.is_listed, root.most = is_list, len(found) if is_list else 1
    for one in found if is_list else (found,):
        if room.takes() and isinstance(one, dict):
            _members(root, one, room)
    return Sample("json", root, room.is_cut, is_list=is_list)


def _members(part: Part, found: Mapping[str, Any], room: Room) -> None:
    part.groups += 1
    for name, value in found.items():
        if not room.takes():
            return
        if isinstance(value, list):
            _listed(part, name, value, room)
        else:
            _value(room.child(part, name), value, room)


def _listed(part: Part, name: str, found: Sequence[Any], room: Room) -> None:
    telling = _telling(found)
    for one in found:
        if not room.takes():
            return
        if telling is not None:
            _value(_told_apart(part, name, telling, one, room), one, room)
            continue
        child = room.child(part, name)
        if child is not None:
            child.is_listed, child.most = True, max(child.most, len(found))
        _value(child, one, room)


def _value(part: Part | None, value: Any, room: Room) -> None:
    if part is None:
        return
    part.most = max(part.most, 1)
    if isinstance(value, dict):
        _members(part, value, room)
    elif isinstance(value, list):
        part.is_beyond_rules = True
    elif value is not None:
        part.is_text = part.is_text or isinstance(value, str)
        part.says(_text_of(value))


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _telling(found: Sequence[Any]) -> str | None:
    """The member by which objects of a list are told apart."""
    if not 1 < len(found) <= MAX_PARTIES or not all(isinstance(one, dict) for one in found):
        return None
    if any(_names_a_quantity(islice(_names_in(one), _LOOKED_THROUGH)) for one in found):
        return None
    for name in found[0]:
        values = [one.get(name) for one in found]
        if _tells(name) and all(isinstance(value, str) for value in values) and _say_apart(values):
            return str(name)
    return None


def _told_apart(part: Part, name: str, telling: str, found: Mapping[str, Any], room: Room) -> Part | None:
    value = found[telling].strip()
    child = room.child(part, name, told_by=value)
    if child is not None:
        child.is_listed = True
        child.qualifier = child.qualifier or (child.child(telling), value)
    return child


def _names_in(found: Any) -> Iterator[str]:
    """Every name in a JSON value."""
    for name, value in found.items() if isinstance(found, dict) else (("", one) for one in found):
        yield name
        if isinstance(value, (dict, list)):
            yield from _names_in(value)


def _names_a_quantity(names: Iterable[str]) -> bool:
    """What has a quantity in it is a line, or has lines, and is no party."""
    return any("QUANTITY" in word for name in names for word in words_of(name))


def _tells(name: str) -> bool:
    words = words_of(name)
    return bool(words) and _TELLING in words[-1]


def _say_apart(values: Sequence[Any]) -> bool:
    """Whether each is another plain word, and one of them at least names what we know."""
    texts = [value.strip() for value in values]
    plain = all(text and len(text) <= LONGEST_QUALIFIER and text.replace("_", "").isalnum() for text in texts)
    apart = plain and all(text.isascii() for text in texts) and len(set(texts)) == len(texts)
    return apart and any(any(words_of_qualifier(text)) for text in texts)


# --- XML ----------------------------------------------------------------------------------------------------------
def _of_xml(body: bytes) -> Sample:
    element = parse(body)
    root, room = Part(str(element.tag)), Room(MAX_SEEN)
    root.most = 1
    _element(root, element, room)
    return Sample("xml", root, room.is_cut, _prefixes(element, root))


def _element(part: Part, element: Element, room: Room) -> None:
    for name, value in element.attrib.items():
        attribute = room.child(part, str(name), is_attribute=True) if room.takes() else None
        if attribute is not None:
            attribute.most = 1
            attribute.says(str(value))
    inner: dict[str, list[Element]] = {}
    for child in islice(element, MAX_SEEN):
        inner.setdefault(str(child.tag), []).append(child)
    room.is_cut = room.is_cut or len(element) > MAX_SEEN
    if inner or element.attrib:
        part.groups += 1
    part.is_mixed = part.is_mixed or bool(inner)
    if not inner:
        part.says(element.text or "")
    for name, alike in inner.items():
        _alike(part, name, alike, room)


def _alike(part: Part, name: str, elements: Sequence[Element], room: Room) -> None:
    telling = _telling_xml(elements)
    for one in elements:
        if not room.takes():
            return
        child = room.child(part, name) if telling is None else _told_apart_xml(part, name, telling, one, room)
        if child is not None:
            child.most = 1 if telling is not None else max(child.most, len(elements))
            _element(child, one, room)


def _telling_xml(elements: Sequence[Element]) -> tuple[str, bool] | None:
    """The attribute (True) or the element inside by which these are told apart."""
    if not 1 < len(elements) <= MAX_PARTIES:
        return None
    if any(_names_a_quantity(islice(_names_in_xml(one), _LOOKED_THROUGH)) for one in elements):
        return None
    names = [(str(name), True) for name in elements[0].attrib] + [(str(one.tag), False) for one in elements[0]]
    for name, is_attribute in names:
        if _tells(_local(name)):
            values = [_said(element, name, is_attribute) for element in elements]
            if _say_apart(values):
                return name, is_attribute
    return None


def _names_in_xml(element: Element) -> Iterator[str]:
    """Every name in an element."""
    for one in element.iter():
        yield from (_local(str(name)) for name in (one.tag, *one.attrib))


def _said(element: Element, name: str, is_attribute: bool) -> str:
    if is_attribute:
        return str(element.get(name) or "")
    inner = next((one for one in element if one.tag == name), None)
    return "" if inner is None or len(inner) else inner.text or ""


def _told_apart_xml(part: Part, name: str, telling: tuple[str, bool], element: Element, room: Room) -> Part | None:
    inner, is_attribute = telling
    value = _said(element, inner, is_attribute).strip()
    child = room.child(part, name, told_by=value)
    if child is not None:
        child.qualifier = child.qualifier or (child.child(inner, is_attribute=is_attribute), value)
    return child


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _namespace(name: str) -> str:
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def _prefixes(element: Element, root: Part) -> dict[str, str]:
    """A prefix for every namespace; none for the root's, unless names without any namespace stand in it too."""
    parts = [root, *root.below()]
    elements = {_namespace(one.name) for one in parts if not one.is_attribute}
    used = list(dict.fromkeys(_namespace(one.name) for one in parts))
    of_attributes = {_namespace(one.name) for one in parts if one.is_attribute}
    bare = _namespace(root.name) if "" not in elements else ""
    prefixes: dict[str, str] = {}
    for namespace in used[:MAX_NAMESPACES]:
        if not namespace or len(namespace) > LONGEST_NAMESPACE or not namespace.isprintable():
            continue
        if namespace == bare and namespace not in of_attributes:
            prefixes[namespace] = ""
        else:
            prefixes[namespace] = f"n{len(prefixes) + 1}"
    return prefixes
