"""The way to a part as an expression of a map: XPath or JMESPath, or None where neither can say it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from mappings.fieldmaps.jmes import parse_jmespath
from mappings.fieldmaps.xpath import parse_xpath
from mappings.suggesting.parts import Part
from mappings.suggesting.samples import Sample

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HERE = {"json": "@", "xml": "."}


class Says(Protocol):
    """The way as an expression."""

    def __call__(self, steps: Sequence[Part]) -> str | None: ...


def says_for(sample: Sample) -> Says:
    """What writes expressions for parts of this sample. No expression that it writes is one that a map refuses."""
    return _xpath_for(sample.prefixes) if sample.language == "xml" else _jmespath


# --- JMESPath -----------------------------------------------------------------------------------------------------
def _jmespath(steps: Sequence[Part]) -> str | None:
    """A list on the way is its first member: more there never is where this is asked for one value."""
    if any(part.is_beyond_rules for part in steps):
        return None
    written, last = "", len(steps) - 1
    for index, part in enumerate(steps):
        name = _member(part.name)
        if part.qualifier is not None:
            inner, value = part.qualifier
            written += f"{'.' if written else ''}{name}[?{_member(inner.name)}=='{value}'] | [0]"
        else:
            written += f"{'.' if written else ''}{name}{'[0]' if part.is_listed and index < last else ''}"
    return _taken_json(written)


def _member(name: str) -> str:
    if _BARE.fullmatch(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _taken_json(text: str) -> str | None:
    try:
        parse_jmespath(text)
    except ValueError:
        return None
    return text if text.isprintable() else None


# --- XPath --------------------------------------------------------------------------------------------------------
def _xpath_for(prefixes: Mapping[str, str]) -> Says:
    def written(steps: Sequence[Part]) -> str | None:
        parts = [_step(part, prefixes) for part in steps]
        if None in parts:
            return None
        text = "/".join(part for part in parts if part is not None)
        return _taken_xml(text, prefixes)

    return written


def _step(part: Part, prefixes: Mapping[str, str]) -> str | None:
    name = _name(part, prefixes)
    if name is None or part.qualifier is None:
        return name
    inner, value = part.qualifier
    told_by = _name(inner, prefixes)
    return None if told_by is None else f"{name}[{told_by}='{value}']"


def _name(part: Part, prefixes: Mapping[str, str]) -> str | None:
    namespace, _, local = part.name.rpartition("}")
    prefix = prefixes.get(namespace.removeprefix("{")) if namespace else ""
    if prefix is None:
        return None
    return f"{'@' if part.is_attribute else ''}{prefix + ':' if prefix else ''}{local}"


def _taken_xml(text: str, prefixes: Mapping[str, str]) -> str | None:
    try:
        parse_xpath(text, {prefix: namespace for namespace, prefix in prefixes.items()})
    except ValueError:
        return None
    return text if text.isprintable() else None
