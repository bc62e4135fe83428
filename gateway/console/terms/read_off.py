"""The fields of a model of account.yaml, in the models' own words: what it can be, what it decides, what is usual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, PlainSerializer

from gateway.console.terms.fields import Field, Part, Ticks, text_of

Labels = Mapping[str, str]
"""Key, or dotted place → what people call it, where its name doesn't say so."""
_YES_OR_NO = (("true", "yes"), ("false", "no"))
_NOTHING = ("", "nothing said")


def fields_of(model: type[BaseModel], place: tuple[str, ...] = (), labels: Labels | None = None) -> tuple[Part, ...]:
    """A part for each field of the model that is a value or a few words; for what is nested in it, in its turn."""
    return tuple(_parts(model, place, labels or {}))


def values_of(model: type[BaseModel], labels: Labels | None = None) -> tuple[Field, ...]:
    """The fields that are single values: of a model that stands in a list."""
    return tuple(part for part in fields_of(model, (), labels) if isinstance(part, Field))


def field_of(model: type[BaseModel], name: str, place: tuple[str, ...], label: str) -> Part:
    """One field of the model, where it stands in account.yaml."""
    return _part(model, name, place, label)


def _parts(model: type[BaseModel], place: tuple[str, ...], labels: Labels) -> Iterator[Part]:
    for name, info in model.model_fields.items():
        key = info.alias or name
        here = (*place, key)
        kind = plain(info.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _parts(kind, here, labels)
        else:
            label = labels.get(".".join(here)) or labels.get(key) or key.replace("_", " ").capitalize()
            yield _part(model, name, here, label)


def _part(model: type[BaseModel], name: str, place: tuple[str, ...], label: str) -> Part:
    info = model.model_fields[name]
    kind, said, usual = plain(info.annotation), info.description or "", _usual(model).get(info.alias or name)
    words = text_of(usual).replace("_", " ")
    if get_origin(kind) is Literal:
        options = tuple((str(one), str(one).replace("_", " ")) for one in get_args(kind))
        may_lack = info.default is None or _may_lack(model)
        return Field(place, label, said, (_NOTHING, *options) if may_lack else options, words)
    if kind is bool:
        return Field(place, label, said, _YES_OR_NO, dict(_YES_OR_NO).get(words, ""))
    is_list = get_origin(kind) is tuple and not any(isinstance(one, PlainSerializer) for one in info.metadata)
    if is_list and get_origin(plain(get_args(kind)[0])) is Literal:
        several = tuple(map(str, get_args(plain(get_args(kind)[0]))))
        return Ticks(place, label, several, f"{said} Usually: {words}." if words else said)
    return Field(place, label, said, usual=text_of(usual), is_list=is_list)


def _may_lack(model: type[BaseModel]) -> bool:
    """Whether nothing may be said of it at all: what it is by default counts once something is."""
    return any(info.is_required() for info in model.model_fields.values())


def _usual(model: type[BaseModel]) -> Mapping[str, Any]:
    """The defaults as account.yaml has them."""
    if _may_lack(model):
        plainly = (str, int, bool)
        return {
            info.alias or name: info.default
            for name, info in model.model_fields.items()
            if isinstance(info.default, plainly)
        }
    found: Mapping[str, Any] = model().model_dump(mode="json", by_alias=True)
    return found


def plain(annotation: Any) -> Any:
    """`X | None` is X, `Annotated[X, …]` is X."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        inner = [one for one in get_args(annotation) if one is not NoneType]
        return plain(inner[0]) if len(inner) == 1 else annotation
    return annotation
