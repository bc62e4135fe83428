"""YAML files as pydantic models, with every fault at its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mappings.files.text import FilesRejected, refuse_irregular, text_of, unreadable
from mappings.files.wording import keys_at, shown, takes
from mappings.yaml_tree import NotYaml, Offence, YamlTree, read_tree
from schemas.faults import Fault

Lines = Mapping[tuple[Any, ...], int]
"""Place in the YAML → the line where it stands."""


def read_model(
    path: Path, model: type[Any], judge: Callable[[str, Any, Lines], Iterable[Fault]] = lambda *_: ()
) -> Any:
    """The YAML file as this pydantic model. `judge` finds what is wrong beyond the model, from the file's name, what it
    says and where. Raises FilesRejected with every fault, each at the line of its key."""
    refuse_irregular(path)
    return model_in(text_of(path), path.name, model, judge)


def model_in(
    text: str, name: str, model: type[Any], judge: Callable[[str, Any, Lines], Iterable[Fault]] = lambda *_: ()
) -> Any:
    """The same of the text of a file of that name. Raises FilesRejected as `read_model`."""
    read = _tree_of(text, name)
    tree, lines = read.value, {place: mark.line for place, mark in read.marks.items()}
    faults = [*(_refused(one, name, lines) for one in read.offences), *judge(name, tree, lines)]
    try:
        found = model.model_validate(tree)
    except ValidationError as error:
        wrong = [one for one in error.errors(include_url=False) if not read.has_lost(tuple(one["loc"]))]
        faults += [_model_fault(name, lines, one, model) for one in wrong]
        found = None
    if faults:
        raise FilesRejected(sorted(faults, key=_line))
    return found


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


def _tree_of(text: str, name: str) -> YamlTree:
    """The YAML as texts, dicts and lists. Nothing, `~` and `null` unquoted are as if the key weren't there. Raises
    FilesRejected where it is none."""
    try:
        return read_tree(text)
    except NotYaml as wrong:
        location = name if wrong.mark is None else f"{name} line {wrong.mark.line}"
        raise unreadable(location, f"can't be read as YAML: {wrong.problem}", "YAML 1.2") from wrong


def _refused(offence: Offence, name: str, lines: Lines) -> Fault:
    location = f"{name} line {lines[offence.place]}"
    return Fault("bad_value", f"{location}: {offence.wrong}", "", location, offence.value, offence.expected)
