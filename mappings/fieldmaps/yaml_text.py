"""A map's YAML as texts, mappings and lists, with the line and column of each.

Every scalar is the text that was written: `NO`, `0042` and `1.10` stay so, and the model says what is a number or a
switch. What YAML has beyond that is a mistake: a key twice, an alias (it can expand without end), a tag, a key that is
no text, a key without a value.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mappings.fieldmaps.mistakes import Mark, Mistakes, Place

MAX_CHARACTERS = 200_000
"""Of a map. Nobody writes a longer one, and no work follows from it that isn't bounded."""
MAX_DEPTH = 40
_NULLS = ("", "~", "null", "Null", "NULL")
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp", "merge")
)


def read_yaml(text: str, name: str) -> tuple[Any, Mistakes]:
    """The tree, and where mistakes in it are added to. Raises MapRejected where it isn't such YAML."""
    marks: dict[Place, Mark] = {(): Mark(1, 1)}
    mistakes = Mistakes(name, marks)
    if len(text) > MAX_CHARACTERS:
        mistakes.add((), f"the map has {len(text):,} characters", f"at most {MAX_CHARACTERS:,} characters")
        mistakes.raise_any()
    tree = _Reading(marks, mistakes).value(_composed(text, marks, mistakes), ())
    mistakes.raise_any()
    return tree, mistakes


def _composed(text: str, marks: dict[Place, Mark], mistakes: Mistakes) -> Node | None:
    try:
        return YAML(typ="safe", pure=True).compose(text)  # type: ignore[no-any-return]
    except (YAMLError, RecursionError, ValueError, AttributeError, TypeError, IndexError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        marks[()] = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
        problem = getattr(error, "problem", None) or "it is nested too deeply or not text"
        mistakes.add((), f"can't be read as YAML: {problem}", "YAML 1.2", code="file_not_readable")
    mistakes.raise_any()
    raise AssertionError("a mistake was just added")


class _Reading:
    def __init__(self, marks: dict[Place, Mark], mistakes: Mistakes) -> None:
        self._marks = marks
        self._mistakes = mistakes
        self._seen: set[int] = set()

    def value(self, node: Node | None, place: Place) -> Any:
        """The node at this place as a text, dict or list."""
        if node is None:
            return {}
        self._marks.setdefault(place, _mark(node))
        if id(node) in self._seen:
            self._mistakes.add(place, "aliases aren't taken", "the value itself")
            return None
        self._seen.add(id(node))
        if node.tag not in _PLAIN_TAGS or len(place) > MAX_DEPTH:
            wrong = f"the tag {node.tag} isn't taken" if len(place) <= MAX_DEPTH else "is nested too deeply"
            self._mistakes.add(place, wrong, "a plain value")
            return None
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._members(node, place)
        return self._text(node, place) if isinstance(node, ScalarNode) else None

    def _text(self, node: ScalarNode, place: Place) -> str | None:
        if node.style is None and node.value in _NULLS:
            self._mistakes.add(place, "has no value", "a value; the empty text is written ''")
            return None
        return str(node.value)

    def _members(self, node: MappingNode, place: Place) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else ""
            here = (*place, key)
            if key in members:
                self._marks[(*here, "twice")] = _mark(key_node)
                self._mistakes.add((*here, "twice"), f"{key} is there twice", "each key once", key)
            elif not isinstance(key_node, ScalarNode):
                self._mistakes.add(place, "has a key that is no text", "texts as keys")
            else:
                self._marks[here] = _mark(key_node)
                members[key] = self.value(value_node, here)
        return members


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
