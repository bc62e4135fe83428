"""The JSON Schema (draft 2020-12) of a map, so that editors complete and check it while it is written."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel

from mappings.fieldmaps.groups import ReadMap
from mappings.fieldmaps.templates import MODELS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def map_schema(writes: str | None = None) -> dict[str, Any]:
    """The schema of a map that reads, or of one that writes json, xml or csv, read off the models. Where several groups
    may stand, one alone may. Raises KeyError for another language."""
    model: type[BaseModel] = ReadMap if writes is None else MODELS[writes]
    found = model.model_json_schema(by_alias=True)
    _alone_or_several(found.get("properties", {}))
    for part in found["$defs"].values():
        for one in (part, *part.get("anyOf", ())):
            _alone_or_several(one.get("properties", {}))
    return {"$schema": _DIALECT, "title": "Field map", **{key: value for key, value in found.items() if key != "title"}}


_ALWAYS_LISTS = ("all", "any", "children", "clean", "false", "first", "in", "list", "lost", "parts", "true", "when")


def _alone_or_several(members: dict[str, Any]) -> None:
    for name, schema in members.items():
        lists = [one for one in (schema, *schema.get("anyOf", ())) if one.get("type") == "array"]
        if lists and name not in _ALWAYS_LISTS:
            members[name] = {"anyOf": [lists[0]["items"], *schema.get("anyOf", (schema,))]}
