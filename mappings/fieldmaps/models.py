"""A map's tree → its model, every mistake in keys and values at once."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from mappings.fieldmaps.mistakes import Mistakes, Place

_MOST_KEYS = 30
_TEST = {"from": "x", "exists": "true"}
_STANDS_IN: Mapping[str, Any] = {
    "reads": "json",
    "orders": "x",
    "order": {},
    "template": {"value": ""},
}
"""For what the rest of a map can't do without."""
_MEMBERS: Mapping[str, Any] = {
    "clean": "one_line",
    "date": "iso",
    "first": {"value": ""},
    "parts": {"value": ""},
    "list": {"value": ""},
    "when": {"if": _TEST, "use": {"value": ""}},
    "all": _TEST,
    "any": _TEST,
    "children": {"element": "x"},
}
"""For a member of these lists, so that the others keep their places."""


def whole_model(tree: Any, model: type[Any], mistakes: Mistakes) -> Any:
    """The map as its model; where keys or values are wrong, without those, so that the others and their expressions are
    judged as well. What is left may be wrong in its turn: some things are judged only where all of their parts are
    right. Raises MapRejected where nothing can be made of the rest."""
    rest = deepcopy(tree)
    while True:
        try:
            return model.model_validate(rest)
        except ValidationError as error:
            found = error.errors(include_url=False)
        for wrong in found:
            _add(mistakes, wrong, model)
        left_out = [_is_left_out(rest, tuple(wrong["loc"]), mistakes) for wrong in found]
        if not any(left_out):
            mistakes.raise_any()
            raise AssertionError("what is wrong has been said")


def _is_left_out(tree: Any, place: Place, mistakes: Mistakes) -> bool:
    """Takes the key at this place, or the one around it, out of the tree, or puts something harmless there. False where
    that isn't possible, or was done already."""
    if len(place) == 1 and isinstance(tree, dict) and place[0] in _STANDS_IN and not mistakes.has_lost(place):
        is_element = place == ("template",) and tree.get("writes") == "xml"
        tree[place[0]] = {"element": "x"} if is_element else deepcopy(_STANDS_IN[place[0]])
        mistakes.lose(place, stands_in=True)
        return True
    place = mistakes.known(place)
    if len(place) > 1 and isinstance(place[-1], int) and place[-2] in _MEMBERS and not mistakes.has_lost(place):
        _around(tree, place)[place[-1]] = deepcopy(_MEMBERS[place[-2]])
        mistakes.lose(place, stands_in=True)
        return True
    while place and isinstance(place[-1], int):
        place = place[:-1]
    around = _around(tree, place) if place else None
    if not isinstance(around, dict) or place[-1] not in around:
        return False
    del around[place[-1]]
    mistakes.lose(place)
    return True


def _around(tree: Any, place: Place) -> Any:
    """What the last step of the place is in; None where the way there ends before."""
    for step in place[:-1]:
        is_there = step in tree if isinstance(tree, dict) else isinstance(tree, list) and step in range(len(tree))
        if not is_there:
            return None
        tree = tree[step]
    return tree


def _add(mistakes: Mistakes, wrong: Any, model: type[BaseModel]) -> None:
    place = tuple(wrong["loc"])
    value = wrong["input"] if isinstance(wrong["input"], str) else None
    if wrong["type"] == "missing":
        mistakes.add(place, "is missing", "a value", code="missing_field")
    elif wrong["type"] == "extra_forbidden":
        mistakes.add(place, "is no key here", _known_key(model, place), str(place[-1]), code="unknown_field")
    else:
        place = mistakes.known(place)
        said = wrong["msg"].removeprefix("Value error, ")
        mistakes.add(place, said[:1].lower() + said[1:], None, value)


def _known_key(model: type[BaseModel], place: Place) -> str:
    keys = [field.alias or name for one in _models_at(model, place[:-1]) for name, field in one.model_fields.items()]
    near = get_close_matches(str(place[-1]), keys, 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(dict.fromkeys(keys[:_MOST_KEYS]))}"


def _models_at(model: type[BaseModel], place: Place) -> list[type[BaseModel]]:
    models = [model]
    for step in place:
        fields = [one for known in models for name, one in known.model_fields.items() if step in (name, one.alias)]
        models = [inner for one in fields for inner in _models_in(one.annotation)] or models
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]
