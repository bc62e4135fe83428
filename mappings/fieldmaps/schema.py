"""The JSON Schema (draft 2020-12) of a map, so that editors complete and check it while it is written."""

from __future__ import annotations

from collections.abc import Mapping
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
    found = _told_apart(found, found["$defs"])
    return {"$schema": _DIALECT, "title": "Field map", **{key: value for key, value in found.items() if key != "title"}}


_ALWAYS_LISTS = ("all", "any", "children", "clean", "false", "first", "in", "list", "lost", "parts", "true", "when")


def _alone_or_several(members: dict[str, Any]) -> None:
    for name, schema in members.items():
        lists = [one for one in (schema, *schema.get("anyOf", ())) if one.get("type") == "array"]
        if lists and name not in _ALWAYS_LISTS:
            members[name] = {"anyOf": [lists[0]["items"], *schema.get("anyOf", (schema,))]}


# --- so that an editor says which key is wrong ---------------------------------------------------------------------
def _told_apart(schema: Any, parts: Mapping[str, Any]) -> Any:
    """The same schema with its alternatives told apart by what is written: of a text, or of a mapping, only that one is
    tried, so that its wrong key is named. By `anyOf` an editor says no more than that none of them fits."""
    if isinstance(schema, list):
        return [_told_apart(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _told_apart(value, parts) for name, value in schema.items() if name != "anyOf"}
    alternatives = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if "anyOf" in schema and len(alternatives) < len(schema["anyOf"]) and told.get("default", ...) is None:
        del told["default"]  # nothing is written by leaving the key out
    if not alternatives:
        return told
    several = [_told_apart(one, parts) for one in alternatives]
    if len(several) == 1:
        return {**several[0], **told}
    first, *others = (_kinds(one, parts) for one in alternatives)
    if len(others) > 1 or first & others[0]:
        return {**told, "anyOf": several}
    return {**told, "if": {"type": sorted(first)}, "then": several[0], "else": several[1]}


def _kinds(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> set[str]:
    """What may be written for it: string, object, array, …"""
    if "$ref" in schema:
        return _kinds(parts[schema["$ref"].rpartition("/")[2]], parts)
    if "anyOf" in schema:
        return {kind for one in schema["anyOf"] for kind in _kinds(one, parts)}
    if "enum" in schema and "type" not in schema:
        return {"string"}
    found = schema.get("type", ())
    return {found} if isinstance(found, str) else set(found)
