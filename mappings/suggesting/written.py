"""A suggestion's fields → order_map.yaml, every rule with what was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mappings.suggesting.rules import quoted
from mappings.suggesting.suggestion import SuggestedField

_WIDEST_RULE = 44
"""Where comments begin, if the rule isn't longer."""
_ORDER = (
    "order_number", "function", "version", "issue_date", "currency", "contract", "note", "buyer", "seller", "bill_to",
    "ship_to", "requested_delivery", "lines",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """What a map says around its rules. `each` are the expressions down to the lines; none where the order is its only
    line."""

    language: str
    root: str | None
    orders: str | None
    namespaces: Mapping[str, str]
    number: str | None
    each: Sequence[str]
    remarks: Sequence[str]
    """Comments at the beginning."""
    line_remark: str = ""


def order_map(frame: Frame, fields: Sequence[SuggestedField]) -> str:
    """The whole text. Fields whose rule is empty are left out; what is unclear is a comment."""
    lines = [*(f"# {one}" for one in frame.remarks), f"reads: {frame.language}"]
    if frame.root is not None:
        lines.append(f"root: {quoted(frame.root)}")
    if frame.namespaces:
        known = ", ".join(f"{quoted(prefix) or _EMPTY}: {quoted(name)}" for prefix, name in frame.namespaces.items())
        lines.append(f"namespaces: {{{known}}}")
    if frame.orders is not None:
        lines.append(f"orders: {quoted(frame.orders)}")
    if frame.number is not None:
        lines.append(f"defaults: {{number: {frame.number}}}")
    lines.append("order:")
    lines += _group(fields, (), 1, frame)
    return "\n".join(lines) + "\n"


_EMPTY = '""'


def _group(fields: Sequence[SuggestedField], at: tuple[str, ...], depth: int, frame: Frame) -> Iterator[str]:
    """The rules inside this group, groups after their names."""
    inside = [one for one in fields if tuple(one.path.split("."))[: len(at)] == at and one.rule]
    names = dict.fromkeys(one.path.split(".")[len(at)] for one in inside)
    margin = "  " * depth
    for name in sorted(names, key=_place) if not at else names:
        path = ".".join((*at, name))
        own = next((one for one in inside if one.path == path), None)
        if own is not None and path != "lines":
            for one in (one for one in inside if one.path == path):
                yield from _rule(one, name, margin)
            continue
        inner = [one for one in inside if one.path.startswith(f"{path}.")]
        unclear = [one for one in inner if one.found == "unclear"]
        if len(inner) > len(unclear):
            yield f"{margin}{name}:"
            if path == "lines":
                yield from _each(frame, own, margin + "  ")
            yield from _group(inner, (*at, name), depth + 1, frame)
        else:
            for one in unclear:
                yield from _rule(one, one.path.removeprefix(".".join(at) + "." if at else ""), margin)


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _each(frame: Frame, missing: SuggestedField | None, margin: str) -> Iterator[str]:
    if missing is not None:
        yield _with_comment(f"{margin}each: {missing.rule}", missing.said)
    elif frame.each:
        each = quoted(frame.each[0]) if len(frame.each) == 1 else f"[{', '.join(map(quoted, frame.each))}]"
        yield _with_comment(f"{margin}each: {each}", frame.line_remark)


def _rule(one: SuggestedField, name: str, margin: str) -> Iterator[str]:
    said = _comment(one)
    if one.found == "unclear":
        yield f"{margin}# TODO {_nested(name, one.rule)}  # {said}"
    else:
        yield _with_comment(f"{margin}{name}: {one.rule}", said)


def _nested(name: str, rule: str) -> str:
    """`price: {amount: RULE}` of price.amount."""
    outer, dot, inner = name.partition(".")
    return f"{outer}: {{{_nested(inner, rule)}}}" if dot else f"{name}: {rule}"


def _with_comment(line: str, said: str) -> str:
    return f"{line.ljust(_WIDEST_RULE)}  # {said}" if said else line


def _comment(one: SuggestedField) -> str:
    """`4711 (by name); or Kopf/Ref: 99`"""
    seen = "" if one.example is None or one.found == "unclear" else f"{one.example} (by {one.found})"
    others = f"TODO or {', or '.join(f'{place.where}: {place.example}' for place in one.also)}" if one.also else ""
    return "; ".join(filter(None, (seen, one.said, others)))
