"""Values out of XML: one walk for all plain paths of a place, XPath for the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mappings.fieldmaps.budget import Budget
from mappings.fieldmaps.contexts import Branch, Here, Level, Reading, Several, Source, up
from mappings.fieldmaps.sent import Glued
from mappings.fieldmaps.xpath import Node, XPath, string_value
from schemas.formats.xml import Element


def scan(reading: Reading, here: Here, level: Level) -> None:
    """Everything that plain paths of this place name, into its slots."""
    branch = level.branch
    if branch.is_empty() and not reading.keeps:
        return
    element: Element = here.node
    if branch.slot is not None:
        _put(here.slots, branch.slot, _value(element, reading.budget))
    if attributes := element.items():
        _attributes(here, element, attributes, branch, reading.keeps, "")
    _into(reading, here, element, branch, reading.keeps, "")


def _into(reading: Reading, here: Here, element: Element, branch: Branch, keeps: bool, path: str) -> None:
    children = element[:]
    reading.budget.left -= len(children) + 1
    step_for: Any = branch.members.get
    slots = here.slots
    if keeps and element.text is not None and branch.slot is None:
        _beside(here, path, element.text)
    for child in children:
        step = step_for(child.tag)
        if step is None:
            if keeps:
                here.unread.append((path, child))
            continue
        slot = step.slot
        if slot is not None:
            text = (child.text or "").strip() if not len(child) else _value(child, reading.budget)
            if text:
                if slots[slot] is None:
                    slots[slot] = text
                else:
                    _put(slots, slot, text)
        inside = keeps
        if step.group is not None:  # what is in it is for the place that it becomes
            inside = False
            if slots[step.group] is None:
                slots[step.group] = [child]
            else:
                slots[step.group].append(child)
        if attributes := child.items():
            _attributes(here, child, attributes, step, inside, path)
        if step.members or (inside and slot is None):
            _into(reading, here, child, step, inside, f"{path}{_local(str(child.tag))}/" if inside else "")
        if keeps and child.tail is not None:
            _beside(here, path, child.tail)


def _value(element: Element, budget: Budget) -> str:
    """All text in the element; `Glued` where elements inside it have some of it."""
    text = string_value(Node(element), budget).strip()
    has_inside = len(element) and any(isinstance(child.tag, str) for child in element)
    return Glued(text) if has_inside else text


def _attributes(
    here: Here, element: Element, attributes: list[tuple[str, str]], branch: Branch, keeps: bool, path: str
) -> None:
    wanted = branch.attributes
    for name, text in attributes:
        slot = wanted.get(name)
        if slot is not None:
            if text := text.strip():
                _put(here.slots, slot, text)
        elif keeps:
            here.unread.append((path, Node(element, name)))


def _put(slots: list[Any], slot: int, text: str) -> None:
    found = slots[slot]
    if found is None:
        slots[slot] = text or None
    elif type(found) is Several:
        found.append(text)
    else:
        slots[slot] = Several((found, text))


def _beside(here: Here, path: str, text: str) -> None:
    if text := text.strip():
        here.unread.append((path, text))


def leaves(reading: Reading, here: Here, prefix: str, lost: set[str]) -> Iterator[tuple[str, str]]:
    """What no rule read of this place: names, which begin with the prefix, and texts."""
    for name, found in here.left_over():
        yield from ((prefix + name, text) for text in (found if type(found) is Several else (found,)))
    for inside, found in here.unread:
        path = prefix + inside
        if isinstance(found, str):
            yield path.rstrip("/") or ".", found
        elif isinstance(found, tuple):
            name = f"{path}{'' if found[0] is here.node else _local(str(found[0].tag)) + '/'}@{_local(found[1] or '')}"
            if found not in reading.seen and found[1] is not None and name not in lost:
                yield name, found[0].get(found[1]) or ""
        else:
            yield from _inside(reading, found, path, lost)


def _inside(reading: Reading, element: Element, path: str, lost: set[str]) -> Iterator[tuple[str, str]]:
    name = path + _local(str(element.tag))
    if name in lost or element in reading.entered:
        return
    reading.budget.spend(1)
    text = (element.text or "").strip()
    if text and Node(element) not in reading.seen:
        yield name, text
    for attribute, value in element.items():
        named = f"{name}/@{_local(attribute)}"
        if Node(element, attribute) not in reading.seen and value.strip() and named not in lost:
            yield named, value.strip()
    for child in element[:]:
        yield from _inside(reading, child, f"{name}/", lost)
        if child.tail is not None and (tail := child.tail.strip()):
            yield name, tail


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


# --- sources ------------------------------------------------------------------------------------------------------
class XmlSource(Source):
    """An XPath, from a place so many levels outwards."""

    def __init__(self, xpath: XPath, hops: int) -> None:
        self._xpath = xpath
        self._out = up(hops)

    def values(self, reading: Reading, here: Here) -> Any:
        """The texts of what it names."""
        texts = []
        for node in self._nodes(reading, self._out(here)):
            found = (
                string_value(node, reading.budget).strip()
                if node.attribute is not None
                else _value(node.element, reading.budget)
            )
            if found:
                texts.append(found)
        return None if not texts else texts[0] if len(texts) == 1 else Several(texts)

    def groups(self, reading: Reading, here: Here) -> list[Any]:
        """The elements that it names."""
        found = [node.element for node in self._nodes(reading, self._out(here))]
        reading.entered.update(found)
        return found

    def nodes(self, reading: Reading, here: Here) -> list[Node]:
        """Where its values stand, in the document's order."""
        return self._nodes(reading, self._out(here))

    def _nodes(self, reading: Reading, place: Here) -> list[Node]:
        """Worked out once a place, and once a document where it doesn't start here."""
        while place.parent is not None and self._xpath.start != "here":
            place = place.parent
        above: Any = place.node
        for _ in range(self._xpath.ups):
            above = None if above is None else above.getparent()
        if self._xpath.ups:
            while place.parent is not None and place.node is not above:
                place = place.parent
        memo = place.memo
        if memo is None:
            memo = place.memo = {}
        key = (id(self._xpath), above)
        if key not in memo:  # type: ignore[comparison-overlap]
            reading.budget.spend(1)
            nodes = [] if above is None else self._xpath.inside(above, reading.budget)
            memo[key] = nodes  # type: ignore[index]
            reading.seen.update(nodes)
        return memo[key]  # type: ignore[index,no-any-return]

    def located(self, here: Here) -> str:
        """`line 4: /Order/Head/@number`."""
        element = self._out(here).node
        nodes = self._xpath.nodes(element, Budget())
        if nodes:
            found = nodes[1] if len(nodes) > 1 and nodes[0].element is not nodes[1].element else nodes[0]
            return place_of(*found)
        return f"{place_of(element)} has no {self._xpath.text}"


class XmlSlot(XmlSource):
    """A plain path, which the walk has read already."""

    def __init__(self, xpath: XPath, hops: int, slot: int, target: Level) -> None:
        super().__init__(xpath, hops)
        self.slot = slot
        self._target = target
        self.own_slot = None if hops else slot

    def is_read(self, is_choice: bool) -> None:
        """Under its path."""
        names = [_local(name) for name in self._xpath.plain or ()]
        attribute = [f"@{_local(self._xpath.attribute)}"] if self._xpath.attribute else []
        self._target.reads(self.slot, "/".join([*names, *attribute]) or ".", is_choice)

    def is_chosen(self, here: Here) -> None:
        """At the place where it starts."""
        self._out(here).choose(self.slot)

    def values(self, reading: Reading, here: Here) -> Any:
        """What the walk put there."""
        return self._out(here).slots[self.slot]

    def groups(self, reading: Reading, here: Here) -> list[Any]:
        """The elements that the walk put there."""
        return self._out(here).slots[self.slot] or []


def place_of(element: Element, attribute: str | None = None) -> str:
    """Line and path of an element or attribute; a number where several of a name stand together."""
    steps: list[str] = []
    one: Element | None = element
    while one is not None:
        parent = one.getparent()
        steps.append(_local(str(one.tag)) + ("" if parent is None else _number(one, parent)))
        one = parent
    path = "/" + "/".join(reversed(steps)) + (f"/@{_local(attribute)}" if attribute else "")
    return f"line {element.sourceline}: {path}"


def _number(element: Element, parent: Element) -> str:
    alike = list(parent.iterchildren(str(element.tag)))
    return "" if len(alike) == 1 else f"[{alike.index(element) + 1}]"


def source_of(xpath: XPath, level: Level, target: Level, for_groups: bool) -> XmlSource:
    """The source of this expression, used at `level` and starting at `target`."""
    hops, names = level.depth - target.depth, xpath.plain
    if names is None or (for_groups and (xpath.attribute or not names)):
        return XmlSource(xpath, hops)
    if for_groups:
        return XmlSlot(xpath, hops, target.group_slot(names), target)
    return XmlSlot(xpath, hops, target.value_slot(names, xpath.attribute), target)
