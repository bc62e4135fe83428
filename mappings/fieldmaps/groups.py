"""The canonical order as a map writes it: for every field of every model a rule, a group, or groups that repeat.

Made from the models of `schemas.documents`, so a field is known to maps as soon as the order has it.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BeforeValidator, Field, create_model

from mappings.fieldmaps.language import AnyMap, Condition, Expression, Flag, Part, Rule
from schemas.documents.common import AnyDocument, Document, OwnDocument, Text, fields_of
from schemas.documents.order import Order

ValueKind = Literal["text", "choice", "number", "whole", "flag", "date", "time", "moment"]


@dataclass(frozen=True, slots=True)
class FieldKind:
    """What a canonical field holds: a value of a kind or a model, one or several."""

    value: ValueKind | None
    model: type[AnyDocument] | None
    is_several: bool
    choices: tuple[str, ...] = ()
    is_prose: bool = False
    """Whether it is a text for people, which an account may mark up."""


_VALUES: Mapping[type, ValueKind] = {
    str: "text", Decimal: "number", int: "whole", bool: "flag", date: "date", time: "time", datetime: "moment",
}  # fmt: skip


def kind_of(annotation: Any) -> FieldKind:
    """The kind of a canonical field with this annotation."""
    origin = get_origin(annotation)
    if annotation == Text:
        return FieldKind("text", None, False, is_prose=True)
    if origin is Annotated or hasattr(annotation, "__metadata__"):
        return kind_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        (inner,) = (one for one in get_args(annotation) if one is not type(None))
        return kind_of(inner)
    if origin is tuple:
        inner = kind_of(get_args(annotation)[0])
        return FieldKind(inner.value, inner.model, True, inner.choices, inner.is_prose)
    if origin is Literal:
        return FieldKind("choice", None, False, get_args(annotation))
    if issubclass(annotation, (Document, OwnDocument)):
        return FieldKind(None, annotation, False)
    return FieldKind(_VALUES[annotation], None, False)


def _as_list(found: Any) -> Any:
    return [found] if isinstance(found, (dict, str)) else found


class Group(Part):
    """Fields of a part of the order; absent where nothing in the document says one of them."""

    condition: Condition | None = Field(
        default=None, alias="if", description="the group is there only where this holds"
    )


class Repeated(Group):
    """A group that is there once, or for each that `each` names."""

    each: Annotated[tuple[Expression, ...], BeforeValidator(_as_list)] = Field(
        default=(), max_length=5, description="what it repeats with; several: each inside the one before"
    )


_made: dict[tuple[type[AnyDocument], type[Group]], type[Group]] = {}


def group_of(model: type[AnyDocument], base: type[Group]) -> type[Group]:
    """The group of rules that makes this model."""
    known = _made.get((model, base))
    if known is None:
        fields: dict[str, Any] = {name: _member(field.annotation) for name, field in fields_of(model).items()}
        known = _made[model, base] = create_model(model.__name__ + base.__name__, __base__=base, **fields)
    return known


def _member(annotation: Any) -> Any:
    kind = kind_of(annotation)
    if kind.model is None and not kind.is_several:
        return (Rule | None, None)
    if kind.model is None:
        return (Annotated[tuple[Rule, ...], BeforeValidator(_as_list)], ())
    if not kind.is_several:
        return (group_of(kind.model, Group) | None, None)
    inner: Any = group_of(kind.model, Repeated)
    return (Annotated[tuple[inner, ...], BeforeValidator(_as_list)], ())


class ReadMap(AnyMap):
    """A map from an account's own document to canonical orders."""

    reads: Literal["xml", "json"]
    root: Expression | None = Field(default=None, description="XML: the name of the document's root element")
    orders: Expression | None = Field(default=None, description="where orders repeat; absent: the document is one")
    unread: Literal["keep", "warn"] = Field(
        default="keep", description="what no rule reads: kept aside as extensions, or named in a warning and lost"
    )
    lost: tuple[Expression, ...] = Field(default=(), description="what is left out on purpose, and kept nowhere")
    order: group_of(Order, Group)  # type: ignore[valid-type]


ReadMap.model_rebuild()
__all__ = ["FieldKind", "Flag", "Group", "ReadMap", "Repeated", "ValueKind", "group_of", "kind_of"]
