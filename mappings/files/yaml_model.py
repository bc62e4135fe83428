"""YAML files as pydantic models, with every fault at its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mappings.files.text import FilesRejected, text_of, unreadable
from schemas.faults import Fault

Lines = Mapping[tuple[Any, ...], int]
"""Place in the YAML → the line where it stands."""


def read_model(
    path: Path, model: type[Any], judge: Callable[[str, Any, Lines], Iterable[Fault]] = lambda *_: ()
) -> Any:
    """The YAML file as this pydantic model. `judge` finds what is wrong beyond the model, from the file's name, what it
    says and where. Raises FilesRejected with every fault, each at the line of its key."""
    tree, lines = _yaml_tree(text_of(path), path.name)
    faults = list(judge(path.name, tree, lines))
    try:
        read = model.model_validate(tree)
    except ValidationError as error:
        wrong = [_model_fault(path.name, lines, one, model) for one in error.errors(include_url=False)]
        raise FilesRejected([*wrong, *faults]) from error
    if faults:
        raise FilesRejected(faults)
    return read


def _model_fault(name: str, lines: Lines, wrong: Any, model: type[BaseModel]) -> Fault:
    """A fault of the model, at the line of the key it is about or of the nearest key above that."""
    place = tuple(wrong["loc"])
    known = next(place[:size] for size in range(len(place), -1, -1) if place[:size] in lines)
    location = f"{name} line {lines[known]}"
    code = {"missing": "missing_field", "extra_forbidden": "unknown_field"}.get(wrong["type"], "bad_value")
    dotted = ".".join(str(part) for part in place) or "the file"
    value = wrong["input"] if isinstance(wrong["input"], str) else None
    message = {"missing": "is missing", "extra_forbidden": "is no key here"}.get(wrong["type"], wrong["msg"])
    expected = wrong["msg"] if code != "unknown_field" else _known_key(model, place)
    return Fault(code, f"{location}: {dotted}: {message}", "/" + "/".join(map(str, place)), location, value, expected)


def _known_key(model: type[BaseModel], place: Sequence[Any]) -> str:
    """The key that was meant, or all that could be."""
    keys = _keys_at(model, place[:-1])
    near = get_close_matches(str(place[-1]), keys, 1)
    said = f"did you mean {near[0]}?" if near else f"known are {', '.join(keys)}"
    return f"no key of this name; {said}"


def _keys_at(model: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """The keys that the mapping at this place of the YAML can have."""
    models = [model]
    for part in place:
        found = [field for one in models for name, field in one.model_fields.items() if part in (name, field.alias)]
        models = [inner for field in found for inner in _models_in(field.annotation)] or models
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in `X | None`, `tuple[X, ...]`, `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _yaml_tree(text: str, name: str) -> tuple[Any, dict[tuple[Any, ...], int]]:
    """The YAML as texts, dicts and lists, with the line of each key; the model says what is a number or a switch.

    So `NO`, `0042` and `1.10` stay what was written. Nothing, `~` and `null` unquoted are None. Keys twice and aliases
    are faults: the first would lose a value silently, the second can expand without end.
    """
    try:
        root = YAML(typ="safe", pure=True).compose(text)
        reading = _Reading(name)
        tree = reading.value(root, ()) if root is not None else {}
    except (YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        location = f"{name} line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or "is nested too deeply or not text"
        raise unreadable(location, f"can't be read as YAML: {problem}", "YAML 1.2") from error
    if reading.faults:
        raise FilesRejected(reading.faults)
    return tree, reading.lines


class _Reading:
    """One file's nodes as values: the line of each key, and what is wrong, as they are met."""

    def __init__(self, name: str) -> None:
        self.lines: dict[tuple[Any, ...], int] = {(): 1}
        self.faults: list[Fault] = []
        self._name = name
        self._seen: set[int] = set()

    def value(self, node: Node, place: tuple[Any, ...]) -> Any:
        """The node at this place as a text, dict or list."""
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if id(node) in self._seen:
            self._refuse(line, "aliases aren't taken", None, "the value itself")
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
