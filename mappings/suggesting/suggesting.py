"""One sample of an unknown foreign order → the field map that it suggests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mappings.suggesting.expressions import HERE, Says, says_for
from mappings.suggesting.finding import ROWS, Choice, Places, choices, places_of
from mappings.suggesting.formats import days_of, numbers_in, numbers_of
from mappings.suggesting.identities import identities
from mappings.suggesting.layout import MAX_LEAVES, Layout, layout_of
from mappings.suggesting.parts import Part
from mappings.suggesting.rules import (
    GLN,
    PLAIN,
    NumberSigns,
    Writing,
    missing,
    number_format,
    quoted,
    shown,
    suggested,
)
from mappings.suggesting.samples import Sample, read_sample
from mappings.suggesting.suggestion import TODO, Place, SuggestedField, Suggestion
from mappings.suggesting.wanted import HEADER, LINES, PARTIES, Wanted
from mappings.suggesting.written import Frame, order_map

MAX_UNUSED = 500
"""Places that no rule takes of which is told."""


def suggest(body: bytes) -> Suggestion:
    """The map that this sample suggests: of where fields stand, never of what a unit, a product or a price means.

    Names and values are judged, nothing is looked up. Raises DocumentRejected with the faults of bytes that can't be
    read safely as JSON or XML (`empty_body`, `unknown_format`, and those of the readers).
    """
    sample = read_sample(body)
    layout, says = layout_of(sample), says_for(sample)
    if layout.line is not None and _each(layout, says) is None:
        layout = Layout(layout.order, layout.orders)
    places = places_of(sample, layout)
    if max(len(places.header), len(places.lines)) >= MAX_LEAVES:
        sample = replace(sample, is_cut=True)
    found = choices(places)
    fields, signs = _fields(sample, layout, found, says)
    kept = [*_function(places, says), *_without_halves(fields)]
    frame = _frame(sample, layout, says, signs, kept)
    return Suggestion(
        language=sample.language,
        text=order_map(frame, kept),
        fields=_all_fields(kept),
        unused=_unused(sample, kept, found),
        identifiers=identities(places, found, says),
        placeholders=tuple(one.path for one in kept if one.found == "not_found"),
        is_cut=sample.is_cut,
    )


# --- fields -------------------------------------------------------------------------------------------------------
def _fields(
    sample: Sample, layout: Layout, found: Mapping[str, Choice], says: Says
) -> tuple[list[SuggestedField], NumberSigns]:
    """Every field that was found, and a placeholder for each required one that wasn't; the map's number signs."""
    parts = [sample.root, *sample.root.below()]
    in_json = sample.language == "json"
    numbers, days = numbers_of(parts, in_json=in_json), days_of(parts)
    signs = _usual_signs(found, Writing(says, numbers, days, in_json))
    writing = Writing(says, numbers, days, in_json, signs)
    fields: list[SuggestedField] = []
    for wanted in (*HEADER, *PARTIES, *LINES):
        choice = found.get(wanted.path)
        one = None if choice is None else suggested(choice, writing)
        if one is not None:
            fields.append(one)
        if wanted.is_required and (one is None or one.found == "unclear"):
            fields.append(missing(wanted.path))
    if layout.line is None:
        fields.append(missing("lines"))
    return [one for field in fields for one in (field, *_scheme(field))], signs


def _usual_signs(found: Mapping[str, Choice], writing: Writing) -> NumberSigns:
    """Those of most rules that read numbers: the map says them once."""
    seen: list[NumberSigns] = []
    for path in ("lines.quantity", "lines.price.amount", "lines.price.base_quantity"):
        choice = found.get(path)
        if choice is not None and not (writing.is_json and not choice.leaf.part.is_text):
            texts = numbers_in(choice.leaf.values)
            if any("." in text or "," in text for text in texts) and len(signs := writing.numbers.of(texts)) == 1:
                seen += signs
    return max(seen, key=seen.count) if seen else PLAIN


def _scheme(one: SuggestedField) -> tuple[SuggestedField, ...]:
    """0088 beside a party's number that is a GLN."""
    if not one.path.endswith(".id") or one.said != GLN or one.found == "unclear":
        return ()
    path = f"{one.path.removesuffix('.id')}.scheme"
    return (SuggestedField(path, "shape", sure=one.sure, rule='{value: "0088"}'),)


def _function(places: Places, says: Says) -> list[SuggestedField]:
    """Where an order may say that it is a change or a cancellation. What its words mean is not for us to say."""
    for leaf, words in places.header:
        own = {concept for word in words.own for concept in word}
        if "FUNCTION" in own and not words.party and all(len(text) <= 20 for text in leaf.values):
            where = says(leaf.steps)
            if where is not None:
                example = shown(leaf.values[0])
                said = f"{example}: says perhaps what is original, change or cancel, by a table of its words"
                return [SuggestedField("function", "unclear", where, example, 30, said=said, rule=quoted(where))]
    return []


def _without_halves(fields: Sequence[SuggestedField]) -> list[SuggestedField]:
    """What a price is for says nothing without a price."""
    clear = {one.path for one in fields if one.found in ("name", "shape")}
    return [one for one in fields if one.path != "lines.price.base_quantity" or "lines.price.amount" in clear]


def _all_fields(kept: Sequence[SuggestedField]) -> tuple[SuggestedField, ...]:
    """Those of the map, and behind them those that were looked for in vain."""
    known = {one.path for one in kept}
    wanted: tuple[Wanted, ...] = (*HEADER, *PARTIES, *LINES)
    return (*kept, *(SuggestedField(one.path, "not_found") for one in wanted if one.path not in known))


# --- the map ------------------------------------------------------------------------------------------------------
def _frame(sample: Sample, layout: Layout, says: Says, signs: NumberSigns, fields: Sequence[SuggestedField]) -> Frame:
    each = _each(layout, says) if layout.line is not None else None
    rules = " ".join([*(one.rule for one in fields), *(each or ()), _orders(sample, layout, says) or ""])
    root = says((sample.root,)) if sample.language == "xml" else None
    return Frame(
        sample.language,
        root,
        _orders(sample, layout, says),
        _used_namespaces(sample, f"{rules} {root or ''}"),
        None if signs == PLAIN else number_format(signs),
        each or (),
        _remarks(sample, layout, fields),
        _line_remark(layout),
    )


def _orders(sample: Sample, layout: Layout, says: Says) -> str | None:
    if layout.is_rows:
        return f"{{{ROWS.name}: {HERE['json']}}}"
    if not layout.orders:
        return None
    return says(layout.orders[1:]) if len(layout.orders) > 1 else HERE["json"]


def _each(layout: Layout, says: Says) -> tuple[str, ...] | None:
    """The expressions down to the lines; None where one can't be said."""
    if layout.is_rows:
        return (ROWS.name,)
    found = [says(way) for way in layout.groups]
    return None if None in found else tuple(one for one in found if one is not None)


def _used_namespaces(sample: Sample, rules: str) -> dict[str, str]:
    return {prefix: namespace for namespace, prefix in sample.prefixes.items() if not prefix or f"{prefix}:" in rules}


def _remarks(sample: Sample, layout: Layout, fields: Sequence[SuggestedField]) -> list[str]:
    decide = [one.path for one in fields if one.found in ("unclear", "not_found") or "TODO" in one.said or one.also]
    remarks = ["Suggested from one sample, by the names of its fields and how their values look: read it with care."]
    if decide:
        remarks.append(f"{TODO} marks what is to be decided: {', '.join(dict.fromkeys(decide))}.")
    if sample.is_cut:
        remarks.append("The sample is large: only its beginning was looked at.")
    if layout.is_rows:
        remarks.append("TODO The document is a list of lines: all of them are read as one order.")
    return remarks


def _line_remark(layout: Layout) -> str:
    if layout.line is None or not layout.groups:
        return ""
    count = layout.line.groups
    return f"{count} in the sample" if count != 1 else "one in the sample"


def _unused(sample: Sample, fields: Sequence[SuggestedField], found: Mapping[str, Choice]) -> tuple[Place, ...]:
    """The places that no rule reads; what is in doubt is read by none."""
    clear = {one.path for one in fields if one.found in ("name", "shape")}
    taken: set[Part] = {choice.leaf.part for path, choice in found.items() if path in clear}
    told_by = {part.qualifier[0] for part in sample.root.below() if part.qualifier is not None}
    free = [
        part
        for part in (sample.root, *sample.root.below())
        if part.values and part not in taken and part not in told_by
    ]
    return tuple(Place(_named(sample, part), shown(part.values[0])) for part in free[:MAX_UNUSED])


def _named(sample: Sample, part: Part) -> str:
    """As the gateway names what no rule reads, from the document on."""
    steps = sample.root.steps_to(part)
    names = [("@" if one.is_attribute else "") + one.local for one in steps]
    return shown(("/" if sample.language == "xml" else ".").join(names) or ".")
