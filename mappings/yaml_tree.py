"""YAML as texts, mappings and lists, with the line and column of each: how account.yaml, supplier.yaml and field maps
are read.

Every scalar is the text that was written: `NO`, `0042` and `1.10` stay so, and the model says what is a number or a
switch. What YAML has beyond that is refused: a key twice (it would lose a value silently), an alias (it can expand
without end), a tag, a key that is no text, what is nested without end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_DEPTH = 40
Place = tuple[Any, ...]
"""Keys and indexes from the root: `("order", "lines", 0, "quantity", "number")`."""
_NULLS = ("", "~", "null", "Null", "NULL")
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp", "merge")
)


class Mark(NamedTuple):
    """Where something stands in the text, both from 1."""

    line: int
    column: int


class Offence(NamedTuple):
    """What isn't taken, at its place: `place` has a mark of its own."""

    place: Place
    wrong: str
    expected: str
    value: str | None = None


class NotYaml(Exception):
    """The text is no YAML; `mark` is where that shows, where that is known."""

    def __init__(self, mark: Mark | None, problem: str) -> None:
        self.mark = mark
        self.problem = problem
        super().__init__(problem)


@dataclass(slots=True)
class YamlTree:
    """What a text says, and what of it isn't taken."""

    value: Any = None
    marks: dict[Place, Mark] = field(default_factory=lambda: {(): Mark(1, 1)})
    """Place → where it stands; of a member, its key."""
    offences: list[Offence] = field(default_factory=list)
    empty: list[Place] = field(default_factory=list)
    """Where there is a key, or a member of a list, without a value (nothing, `~` or `null`, unquoted). Members of
    mappings are left out; members of lists are None."""
    lost: set[Place] = field(default_factory=set)
    """What was written there was not taken."""

    def has_lost(self, place: Place) -> bool:
        """Whether what was written there, or around it, was not taken: it isn't missing, then."""
        return any(place[:size] in self.lost for size in range(len(place) + 1))


def read_tree(text: str) -> YamlTree:
    """The text's tree; nothing at all is an empty mapping. Raises NotYaml."""
    reading = _Reading()
    root = _composed(text)
    reading.tree.value = {} if root is None else reading.value(root, ())
    return reading.tree


def _composed(text: str) -> Node | None:
    try:
        return YAML(typ="safe", pure=True).compose(text)  # type: ignore[no-any-return]
    except (YAMLError, RecursionError, ValueError, AttributeError, TypeError, IndexError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is nested too deeply or not text"
        raise NotYaml(Mark(mark.line + 1, mark.column + 1) if mark else None, problem) from error


class _Reading:
    def __init__(self) -> None:
        self.tree = YamlTree()
        self._seen: set[int] = set()

    def value(self, node: Node, place: Place) -> Any:
        """The node at this place as a text, dict or list; None where it is empty or not taken."""
        tree = self.tree
        tree.marks.setdefault(place, _mark(node))
        if id(node) in self._seen:
            return self._lose(place, "aliases aren't taken", "the value itself")
        self._seen.add(id(node))
        if len(place) > MAX_DEPTH:
            return self._lose(place, "is nested too deeply", "a plain value")
        if node.tag not in _PLAIN_TAGS:
            return self._lose(place, f"the tag {node.tag} isn't taken", "a plain value")
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._members(node, place)
        if isinstance(node, ScalarNode) and not (node.style is None and node.value in _NULLS):
            return str(node.value)
        tree.empty.append(place)
        return None

    def _lose(self, place: Place, wrong: str, expected: str) -> None:
        self.tree.offences.append(Offence(place, wrong, expected))
        self.tree.lost.add(place)

    def _members(self, node: MappingNode, place: Place) -> dict[str, Any]:
        members: dict[str, Any] = {}
        keys = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.tree.offences.append(Offence(place, "has a key that is no text", "texts as keys"))
                continue
            key = str(key_node.value)
            here = (*place, key)
            if key in keys:
                self.tree.marks[(*here, "twice")] = _mark(key_node)
                self.tree.offences.append(Offence((*here, "twice"), f"{key} is there twice", "each key once", key))
                continue
            keys.add(key)
            self.tree.marks[here] = _mark(key_node)
            found = self.value(value_node, here)
            if found is not None:
                members[key] = found
        return members


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
