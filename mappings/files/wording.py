"""What a key of a YAML file takes, in our words: its faults say that, and nothing of the library that found them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

_SHOWN = 80
"""So many letters of a list or mapping that stands at a wrong place are shown."""
_Kind = tuple[Any, tuple[Any, ...]]
"""An annotation without what wraps it, and its bounds."""


def takes(model: type[BaseModel], place: Sequence[Any]) -> str:
    """What could stand at this place of the YAML."""
    kinds: list[_Kind] = [(model, ())]
    for part in place:
        kinds = [inner for kind, _ in kinds for inner in _inside(kind, part)]
    return " or ".join(dict.fromkeys(_words(kind, bounds) for kind, bounds in kinds)) or "nothing"


def keys_at(model: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """The keys that the mapping at this place of the YAML can have."""
    kinds: list[_Kind] = [(model, ())]
    for part in place:
        kinds = [inner for kind, _ in kinds for inner in _inside(kind, part)]
    return [key for kind, _ in kinds if _is_model(kind) for key in _keys(kind)]


def shown(value: Any) -> str:
    """A value of the YAML on one line, cut where it is long."""
    text = _flow(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return "" if value is None else str(value)


def _inside(kind: Any, part: Any) -> Iterator[_Kind]:
    """What can stand under this key, or at this place of the list."""
    if _is_model(kind):
        for name, field in kind.model_fields.items():
            if part in (name, field.alias):
                yield from _kinds(field.annotation, tuple(field.metadata))
    elif get_origin(kind) is tuple:
        yield from _kinds(get_args(kind)[0], ())
    elif get_origin(kind) is dict:
        yield from _kinds(get_args(kind)[1], ())


def _kinds(annotation: Any, bounds: tuple[Any, ...]) -> Iterator[_Kind]:
    """`X | None` is X, `Annotated[X, …]` is X with its bounds."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _kinds(inner, (*bounds, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for inner in get_args(annotation):
            yield from _kinds(inner, bounds)
    elif annotation is not NoneType:
        yield annotation, bounds


def _words(kind: Any, bounds: tuple[Any, ...]) -> str:
    if _is_model(kind):
        return f"keys and their values, of {', '.join(_keys(kind))}"
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    if get_origin(kind) is tuple:
        return f"a list, each member {_each(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return "keys and their values"
    if kind in (int, Decimal):
        return ("a whole number" if kind is int else "a plain decimal number such as 1.5") + _range(bounds)
    if kind is date:
        return "a day such as 2026-12-01"
    return "true or false" if kind is bool else "a text"


def _each(annotation: Any) -> str:
    return " or ".join(_words(*kind) for kind in _kinds(annotation, ()))


def _range(bounds: tuple[Any, ...]) -> str:
    least = [bound.ge for bound in bounds if hasattr(bound, "ge")]
    most = [bound.le for bound in bounds if hasattr(bound, "le")]
    if least and most:
        return f" from {least[0]} to {most[0]}"
    if least:
        return f", {least[0]} or more"
    above = [bound.gt for bound in bounds if hasattr(bound, "gt")]
    return f" above {above[0]}" if above else ""


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
