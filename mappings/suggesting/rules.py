"""A place that was chosen → its rule as a map says it, and what a person should know of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mappings.suggesting.codes import are_glns, are_gtins
from mappings.suggesting.days import interval_sign
from mappings.suggesting.expressions import Says
from mappings.suggesting.finding import Choice
from mappings.suggesting.formats import Days, Numbers, numbers_in
from mappings.suggesting.layout import Leaf
from mappings.suggesting.numbers import PLAIN, NumberSigns, are_numbers_with_units
from mappings.suggesting.suggestion import TODO, Found, Place, SuggestedField
from mappings.suggesting.words import words_of

LONGEST_SHOWN = 60
GLN = "a GLN with its check digit"
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_YAML_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True, slots=True)
class Writing:
    """What rules are written with: the sample's expressions, numbers and days, and the signs that the map's defaults
    name."""

    says: Says
    numbers: Numbers
    days: Days
    is_json: bool
    signs: NumberSigns = PLAIN


def suggested(choice: Choice, writing: Writing) -> SuggestedField | None:
    """The field with its rule; None where no expression can say the place. What is not clear has its rule as well, to
    be decided: it stands as a comment in the map."""
    where = writing.says(choice.leaf.steps)
    if where is None:
        return None
    keys, doubt = _keys(choice, writing)
    if choice.leaf.is_around:
        keys = {"of": "document", **keys}
    also = tuple(_place(leaf, writing) for leaf in choice.also)
    said = "; ".join(filter(None, (doubt, _remark(choice))))
    found: Found = "unclear" if doubt else choice.fit.found
    sure = min(100, round(100 * choice.fit.score)) if not doubt else min(50, round(100 * choice.fit.score))
    return SuggestedField(
        choice.wanted.path, found, where, shown(choice.leaf.values[0]), sure,
        tuple(one for one in also if one is not None), said, _rule(where, keys),
    )  # fmt: skip


def _keys(choice: Choice, writing: Writing) -> tuple[dict[str, str], str]:
    """What a rule says besides its expression, and what about that is not clear."""
    values, wanted = choice.leaf.values, choice.wanted
    several = {"several": "first"} if choice.leaf.is_in_lines and not writing.is_json else {}
    if choice.leaf.is_several:
        return {"several": "join", "between": '"; "'}, ""
    if wanted.looks in ("number", "price"):
        keys, doubt = _number(choice.leaf, writing)
        return several | keys, doubt or _in_hundredths(choice)
    if wanted.path == "lines.unit" and are_numbers_with_units(values):
        return {"clean": "[{extract: '([A-Za-z]+)$'}]", "emptied": "empty"}, ""
    if wanted.looks == "date":
        keys, doubt = _day(wanted.path, values, writing)
        return several | keys, doubt
    if (
        wanted.looks in ("currency", "country")
        and max(map(len, values)) <= 3
        and any(text != text.upper() for text in values)
    ):
        return several | {"clean": "[upper]"}, ""
    return several, ""


def _number(leaf: Leaf, writing: Writing) -> tuple[dict[str, str], str]:
    texts = numbers_in(leaf.values)
    clean = {"clean": "[{extract: '^[0-9.,]+'}]"} if are_numbers_with_units(leaf.values) else {}
    if writing.is_json and not leaf.part.is_text:
        return clean, ""
    signs = writing.numbers.of(texts)
    doubt = "" if len(signs) == 1 else _doubtful_number(texts, signs)
    keys = clean if signs[0] == writing.signs else clean | {"number": number_format(signs[0])}
    return keys, doubt


def _doubtful_number(texts: Sequence[str], signs: Sequence[NumberSigns]) -> str:
    text = next((one for one in texts if "." in one or "," in one), texts[0])
    forms = " or ".join(f"number: {number_format(one)}" for one in signs)
    return f"{shown(text)} may be two numbers: {forms}"


def _in_hundredths(choice: Choice) -> str:
    words = words_of(choice.leaf.part.local)
    return "may be in hundredths: number: {implied: 2}" if any("CENT" in word for word in words) else ""


def number_format(signs: NumberSigns) -> str:
    """As a map writes it."""
    decimal, thousands = signs
    between = f', thousands: "{thousands}"' if thousands else ""
    return f'{{decimal: "{decimal}"{between}}}'


def _day(path: str, values: Sequence[str], writing: Writing) -> tuple[dict[str, str], str]:
    sign = interval_sign(values)
    if sign is not None:
        part = 2 if path.endswith(".end") else 1
        keys = {"clean": f'[{{split: {{at: "{sign}", part: {part}}}}}]'}
        return (keys | {"emptied": "empty"} if part == 2 else keys), ""
    forms = writing.days.of(values)
    keys = {} if forms[0] == "iso" else {"date": quoted(forms[0])}
    if len(forms) == 1:
        return keys, ""
    return keys, f"{shown(values[0])} may be two days: {' or '.join(f'date: {quoted(one)}' for one in forms)}"


def _remark(choice: Choice) -> str:
    """What was seen beside the name."""
    leaf, path = choice.leaf, choice.wanted.path
    if leaf.is_in_lines and path == "order_number":
        return "TODO every line says it: lines of several orders in one document would be read as one order"
    if leaf.is_in_lines:
        return "as every line says"
    if path == "lines.gtin":
        return "GTINs with their check digits" if are_gtins(leaf.values) else "TODO no GTIN with its check digit"
    if path in ("lines.buyer_item", "lines.seller_item") and are_gtins(leaf.values):
        return "every one is also a GTIN with its check digit"
    if path.endswith(".id") and are_glns(leaf.values):
        return GLN
    return ""


def _place(leaf: Leaf, writing: Writing) -> Place | None:
    where = writing.says(leaf.steps)
    return None if where is None else Place(where, shown(leaf.values[0]))


# --- writing ------------------------------------------------------------------------------------------------------
def _rule(where: str, keys: Mapping[str, str]) -> str:
    if not keys:
        return quoted(where)
    return f"{{from: {quoted(where)}, {', '.join(f'{name}: {said}' for name, said in keys.items())}}}"


def quoted(text: str) -> str:
    """A text as YAML has it, also inside braces."""
    if _BARE.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def shown(text: str) -> str:
    """A value for people, on one line of a comment."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return plain if len(plain) <= LONGEST_SHOWN else plain[: LONGEST_SHOWN - 1] + "…"


def missing(path: str) -> SuggestedField:
    """A required field that was not found: what stands in its place."""
    rule = "{position: {}}" if path == "lines.line_number" else TODO
    said = {
        "lines.line_number": "TODO no line number was found: this is the place of the line",
        "lines": "TODO no lines were found",
    }.get(path, f"TODO not found: put in where the {path.rpartition('.')[2].replace('_', ' ')} stands")
    return SuggestedField(path, "not_found", said=said, rule=rule)
