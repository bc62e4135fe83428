"""Where values of an XML document stand: line and path, and the characters of its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from mappings.fieldmaps.contexts import Here, Level
from mappings.fieldmaps.from_xml import XmlSource, place_of
from mappings.fieldmaps.xpath import Node, string_value
from mappings.tracing.noting import NotedReading
from mappings.tracing.places import Leaf, Places, is_lost, shown_until
from mappings.tracing.tag_text import ATTRIBUTE, TOKEN
from mappings.tracing.told import Origin
from schemas.formats.xml import UTF_16_STARTS, Element

MAX_INDEXED = 100_000
"""Elements whose path is known."""


class _Tags(NamedTuple):
    """An element in the text."""

    attributes: tuple[int, int]
    inside: tuple[int, int]
    """What is between its tags."""


def tags(text: str, until: int) -> list[_Tags]:
    """Every element that begins before `until`, in the document's order."""
    found: list[_Tags] = []
    open_ones: list[int] = []
    for token in TOKEN.finditer(text):
        if token["name"] is None:
            continue
        if token["end"]:
            if open_ones:
                index = open_ones.pop()
                found[index] = found[index]._replace(inside=(found[index].inside[0], token.start()))
            continue
        if token.start() >= until:
            break
        is_empty = token[0].endswith("/>")
        found.append(_Tags(token.span("attributes"), (token.end(), token.end())))
        if not is_empty:
            open_ones.append(len(found) - 1)
    return found


class XmlPlaces(Places):
    """The places of one XML document."""

    def __init__(self, body: bytes, root: Element, until: int) -> None:
        self.text = _text(body, root)
        self.shown_until = shown_until(self.text, until)
        self._tags = tags(self.text, self.shown_until)
        self._elements = list(islice(root.iter(), MAX_INDEXED))
        """Kept, so that each is the same object wherever it is met."""
        self._index = {element: index for index, element in enumerate(self._elements)}
        self._paths = _paths(self._elements)

    def origins(self, reading: NotedReading, source: Any, here: Here) -> list[Origin]:
        """Where the values stand that this source has here."""
        if not isinstance(source, XmlSource):
            return []
        return [one for node in source.nodes(reading, here) if (one := self._origin(reading, node)).text]

    def unread(self, reading: NotedReading, here: Here, level: Level, prefix: str, lost: set[str]) -> Iterator[Leaf]:
        """The values of this place that no rule used."""
        for name, _ in here.left_over():
            yield from (Leaf(prefix + name, self._origin(reading, node)) for node in _named(here.node, name))
        for inside, found in here.unread:
            path = prefix + inside
            if isinstance(found, str):
                yield Leaf(path.rstrip("/") or ".", Origin(self._place(here.node, None), found))
            elif isinstance(found, Node):
                owner = "" if found.element is here.node else _local(found.element.tag) + "/"
                name = f"{path}{owner}@{_local(found.attribute)}"
                if found not in reading.seen and not is_lost(name, lost, "/"):
                    yield Leaf(name, self._origin(reading, found))
            else:
                yield from self._inside(reading, found, path, lost)

    def _inside(self, reading: NotedReading, element: Element, path: str, lost: set[str]) -> Iterator[Leaf]:
        name = path + _local(element.tag)
        if is_lost(name, lost, "/") or element in reading.entered:
            return
        if (element.text or "").strip() and Node(element) not in reading.seen:
            yield Leaf(name, self._origin(reading, Node(element)))
        for attribute, value in element.items():
            node, named = Node(element, str(attribute)), f"{name}/@{_local(attribute)}"
            if node not in reading.seen and value.strip() and not is_lost(named, lost, "/"):
                yield Leaf(named, self._origin(reading, node))
        for child in element[:]:
            yield from self._inside(reading, child, f"{name}/", lost)

    def _origin(self, reading: NotedReading, node: Node) -> Origin:
        text = " ".join(string_value(node, reading.budget).split())
        return Origin(self._place(node.element, node.attribute), text, *self._span(node))

    def _place(self, element: Element, attribute: str | None) -> str:
        index = self._index.get(element)
        if index is None:
            return place_of(element, attribute)
        path = self._paths[index] + (f"/@{_local(attribute)}" if attribute else "")
        return f"line {element.sourceline}: {path}"

    def _span(self, node: Node) -> tuple[int | None, int | None]:
        index = self._index.get(node.element, len(self._tags))
        if index >= len(self._tags):
            return None, None
        start, end = self._tags[index].inside
        if node.attribute is not None:
            for found in ATTRIBUTE.finditer(self.text, *self._tags[index].attributes):
                if found[1].rpartition(":")[2] == _local(node.attribute):
                    return found.span(2 if found[2] is not None else 3)
            return None, None
        inside = self.text[start:end]
        if not inside.strip():
            return None, None
        return end - len(inside.lstrip()), start + len(inside.rstrip())


def _text(body: bytes, root: Element) -> str:
    encoding = UTF_16_STARTS.get(body[:2]) or root.getroottree().docinfo.encoding or "utf-8"
    return body.decode(encoding, "replace").removeprefix("\ufeff")


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _paths(elements: list[Element]) -> list[str]:
    """The path of each, with a number where several of a name stand together; all in one walk."""
    counts = Counter((element.getparent(), element.tag) for element in elements)
    met: Counter[Any] = Counter()
    found: dict[Element | None, str] = {None: ""}
    for element in elements:
        parent = element.getparent()
        alike = (parent, element.tag)
        met[alike] += 1
        number = f"[{met[alike]}]" if counts[alike] > 1 else ""
        found[element] = f"{found[parent]}/{_local(element.tag)}{number}"
    return list(found.values())[1:]


def _named(element: Element, path: str) -> list[Node]:
    """What stands at these plain local names."""
    *names, last = [one for one in path.split("/") if one != "."] or [""]
    attribute = last[1:] if last.startswith("@") else None
    here = [element]
    for name in names if attribute else [*names, last]:
        here = [child for one in here for child in one if not name or _local(child.tag) == name]
    if attribute is None:
        return [Node(one) for one in here]
    return [Node(one, key) for one in here for key in map(str, one.keys()) if _local(key) == attribute]
