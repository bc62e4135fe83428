"""YAML files as pydantic models, with every fault at its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mappings.files.text import FilesRejected, text_of, unreadable
from mappings.files.wording import keys_at, shown, takes
from schemas.faults import Fault

Lines = Mapping[tuple[Any, ...], int]
"""Place in the YAML → the line where it stands."""


def read_model(
    path: Path, model: type[Any], judge: Callable[[str, Any, Lines], Iterable[Fault]] = lambda *_: ()
) -> Any:
    """The YAML file as this pydantic model. `judge` finds what is wrong beyond the model, from the file's name, what it
    says and where. Raises FilesRejected with every fault, each at the line of its key."""
    reading = _reading_of(text_of(path), path.name)
    tree, lines = reading.tree, reading.lines
    faults = [*reading.faults, *judge(path.name, tree, lines)]
    try:
        read = model.model_validate(tree)
    except ValidationError as error:
        found = [one for one in error.errors(include_url=False) if not reading.has_lost(one["loc"])]
        faults += [_model_fault(path.name, lines, one, model) for one in found]
        read = None
    if faults:
        raise FilesRejected(sorted(faults, key=_line))
    return read


def _line(fault: Fault) -> int:
    """Every fault of a file that could be read says its line last."""
    return int(fault.location.rpartition(" ")[2])


def _model_fault(name: str, lines: Lines, wrong: Any, model: type[BaseModel]) -> Fault:
    """A fault of the model, at the line of the key it is about or of the nearest key above that."""
    place = tuple(wrong["loc"])
    known = next(place[:size] for size in range(len(place), -1, -1) if place[:size] in lines)
    location = f"{name} line {lines[known]}"
    pointer, dotted = "/" + "/".join(map(str, place)), ".".join(map(str, place)) or "the file"
    if wrong["type"] == "missing":
        return Fault("missing_field", f"{location}: {dotted} is missing", pointer, location, None, takes(model, place))
    value = shown(wrong["input"])
    if wrong["type"] == "extra_forbidden":
        expected = _known_key(model, place)
        return Fault("unknown_field", f"{location}: there is no key {dotted}", pointer, location, value, expected)
    expected = str(wrong["ctx"]["error"]) if wrong["type"] == "value_error" else takes(model, place)
    return Fault("bad_value", f"{location}: {dotted} can't be {value!r}", pointer, location, value, expected)


def _known_key(model: type[BaseModel], place: Sequence[Any]) -> str:
    """The key that was meant, or all that could be."""
    keys = keys_at(model, place[:-1])
    near = get_close_matches(str(place[-1]), keys, 1)
    return f"perhaps {near[0]}" if near else f"one of {', '.join(keys)}"


def _reading_of(text: str, name: str) -> _Reading:
    """The YAML as texts, dicts and lists, with the line of each key; the model says what is a number or a switch.

    So `NO`, `0042` and `1.10` stay what was written. Nothing, `~` and `null` unquoted are None. Keys twice and aliases
    are faults: the first would lose a value silently, the second can expand without end.
    """
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        reading = _Reading(name)
        reading.tree = reading.value(root, ()) if root is not None else {}
    except (YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        location = f"{name} line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or "is nested too deeply or not text"
        raise unreadable(location, f"can't be read as YAML: {problem}", "YAML 1.2") from error
    return reading


class _Reading:
    """One file's nodes as values: the line of each key, and what is wrong, as they are met."""

    def __init__(self, name: str) -> None:
        self.tree: Any = None
        self.lines: dict[tuple[Any, ...], int] = {(): 1}
        self.faults: list[Fault] = []
        self._name = name
        self._seen: set[int] = set()
        self._lost: set[tuple[Any, ...]] = set()

    def has_lost(self, place: Sequence[Any]) -> bool:
        """Whether what was written there, or around it, was not taken: it isn't missing, then."""
        return any(tuple(place[:size]) in self._lost for size in range(len(place) + 1))

    def value(self, node: Node, place: tuple[Any, ...]) -> Any:
        """The node at this place as a text, dict or list."""
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self._seen:
            self._refuse(self.lines[place], "aliases aren't taken", None, "the value itself")
            self._lost.add(place)
            return None
        self._seen.add(id(node))
        if isinstance(node, ScalarNode):
            is_null = node.style is None and node.value in ("", "~", "null", "Null", "NULL")
            return None if is_null else node.value
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return dict(self._members(node, place))
        return None

    def _members(self, node: MappingNode, place: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
        keys = set()
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in keys:
                self._refuse(line, f"{key} is there twice", key, "each key once")
                continue
            keys.add(key)
            self.lines[*place, key] = line
            value = self.value(value_node, (*place, key))
            if value is not None:
                yield key, value

    def _refuse(self, line: int, wrong: str, value: str | None, expected: str) -> None:
        location = f"{self._name} line {line}"
        self.faults.append(Fault("bad_value", f"{location}: {wrong}", "", location, value, expected))
