"""How well a place fits a canonical field: by the words of its name and of those around it, and by its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mappings.suggesting.codes import are_currencies, are_gtins, are_line_numbers, are_units, are_whole
from mappings.suggesting.days import date_formats, interval_sign
from mappings.suggesting.layout import Leaf
from mappings.suggesting.numbers import are_numbers_with_units, number_signs
from mappings.suggesting.parts import Part
from mappings.suggesting.suggestion import Found
from mappings.suggesting.wanted import PARTY_CONCEPTS, PARTY_WORDS, Looks, Wanted
from mappings.suggesting.words import Word, Words, words_of, words_of_qualifier

LEAST = 0.45
"""A place that fits less is not suggested."""
_AROUND, _CONTEXT, _BASE = 0.9, 0.97, 0.85
_UNKNOWN_WORD, _OTHER_WORD, _OTHER_CONTEXT = 0.88, 0.8, 0.97
_OF_ANOTHER = 0.8
"""A number in a group of references is rather another order's."""
_GTIN_IN_ITEM = 0.8
_OF_BASE = frozenset(("ORDER", "LINE", "ITEM"))
"""What the name of an order or a line itself may add to the names inside."""
_NAMELESS = frozenset(("value", "val", "text", "#text", "$", "_", "content", "wert", "valeur", "valor", "verdi"))
"""Names that say nothing: what is around has the name."""
_LETTERS = re.compile(r"[A-Za-z]{3}")
_FLAGS = frozenset(("true", "false"))
_PARTIES = tuple((party, PARTY_WORDS.intersection(concepts.split())) for party, concepts in PARTY_CONCEPTS.items())


class Fit(NamedTuple):
    """How well a place fits, and by what that is known."""

    score: float
    found: Found


NONE = Fit(0.0, "not_found")


class Named(NamedTuple):
    """The words of a place: of its own name, of those around it (the nearest first), of its order or line."""

    own: Words
    around: tuple[Words, ...]
    base: Words
    party: str
    """The party that the place is about, by the nearest word that names one; empty where none does."""


def named(leaf: Leaf, base: Part) -> Named:
    """The words of a place in an order or line."""
    *around, own = [_words(part) for part in leaf.steps]
    if around and leaf.part.name.lower() in _NAMELESS:
        own = (*around.pop(), *own)
    nearest_first = tuple(reversed(around))
    return Named(own, nearest_first, () if leaf.is_around else _words(base), _party((own, *nearest_first)))


def _words(part: Part) -> Words:
    words = words_of(part.local)
    if part.qualifier is None:
        return words
    said = words_of_qualifier(part.qualifier[1])
    return said if any(said) and any(word & PARTY_WORDS for word in said) else (*words, *said)


def _party(levels: Sequence[Words]) -> str:
    for level in levels:
        for party, concepts in _PARTIES:
            if any(word & concepts for word in level) or _is_place(party, level):
                return party
    return ""


def _is_place(party: str, level: Words) -> bool:
    return party == "ship_to" and frozenset(("PLACE",)) in level


def fit(wanted: Wanted, leaf: Leaf, words: Named) -> Fit:
    """How well the place fits the field."""
    if (wanted.party and words.party != wanted.party) or not looks_like(wanted.looks, leaf):
        return NONE
    by_name = _by_name(wanted, leaf, words)
    by_shape = _by_shape(wanted, leaf, words)
    return max(by_name, by_shape, key=lambda one: one.score)


def _by_name(wanted: Wanted, leaf: Leaf, words: Named) -> Fit:
    best = max(_phrase(phrase, weight, wanted, words) for phrase, weight in wanted.phrases)
    best *= _AROUND if leaf.is_around else 1.0
    best *= _by_values(wanted.looks, wanted.path, leaf)
    return Fit(best, "name") if best >= LEAST else NONE


def _phrase(phrase: tuple[str, ...], weight: float, wanted: Wanted, words: Named) -> float:
    """What the words say of one phrase: nothing, unless all of it is there and some of it in the place's own name."""
    needed = sorted((_concepts(one, wanted) for one in phrase), key=len)  # a party's words may be others' too: ort
    own = list(words.own)
    around = [word for level in words.around for word in level]
    base = list(words.base)
    score, is_own = weight, False
    for concepts in needed:
        if _taken(own, concepts):
            is_own = True
        elif _taken(around, concepts):
            score *= _CONTEXT
        elif concepts <= _OF_BASE and wanted.looks != "version" and _taken(base, concepts):
            score *= _BASE
        else:
            return 0.0
    return score * _others(own, around, wanted, needed) if is_own else 0.0


def _concepts(name: str, wanted: Wanted) -> frozenset[str]:
    return frozenset(PARTY_CONCEPTS[wanted.party].split()) if name == "ROLE" else frozenset((name,))


def _taken(words: list[Word], concepts: frozenset[str]) -> bool:
    """Takes the first word that names one of these away; False where none does."""
    index = next((index for index, word in enumerate(words) if word & concepts), None)
    if index is not None:
        del words[index]
    return index is not None


def _others(own: Sequence[Word], around: Sequence[Word], wanted: Wanted, needed: Sequence[frozenset[str]]) -> float:
    """What the words beside the phrase leave of it."""
    fine = wanted.neutral.union(*needed)
    score = 1.0
    for word in own:
        if wanted.party and "ORDER" in word:
            return 0.0  # the customer's order is no customer
        if word & fine:
            continue
        if word & wanted.never:
            return 0.0
        score *= _OTHER_WORD if word else _UNKNOWN_WORD
    for word in around:
        if "REFERENCE" in word and wanted.path == "order_number":
            score *= _OF_ANOTHER
        if word & fine or not word:
            continue
        if word & wanted.never:
            return 0.0
        score *= _OTHER_CONTEXT
    return score


# --- values -------------------------------------------------------------------------------------------------------
def looks_like(looks: Looks, leaf: Leaf) -> bool:
    """Whether its values can be the field's at all."""
    values = leaf.values
    if leaf.is_several and looks != "text":
        return False
    match looks:
        case "date":
            return bool(date_formats(values)) or interval_sign(values) is not None
        case "number":
            return bool(number_signs(values)) or are_numbers_with_units(values)
        case "price":
            return bool(number_signs(values))
        case "version":
            return are_whole(values) and all(len(text) < 18 for text in values)
        case "currency":
            return all(_LETTERS.fullmatch(text) for text in values)
        case "unit":
            return all(len(text) <= 20 for text in values) and not number_signs(values)
        case "gtin":
            return all(len(text) <= 20 and any(map(str.isdigit, text)) for text in values)
        case _:
            most = 1_000 if looks == "text" else 100
            return all(len(text) < most for text in values) and not _FLAGS.issuperset(values)


def _by_values(looks: Looks, path: str, leaf: Leaf) -> float:
    """How far the values speak for or against what the name says."""
    values = leaf.values
    if looks == "line_number":
        return 1.05 if are_line_numbers(values) else 0.6
    if path == "lines.buyer_item" and are_line_numbers(values) and len(values) > 1:
        return 0.7
    if path in ("lines.buyer_item", "lines.seller_item") and are_gtins(values):
        return _GTIN_IN_ITEM
    if looks == "gtin":
        return 1.0 if are_gtins(values) else 0.9
    if path.endswith(".name") and are_whole(values):
        return 0.5
    if path == "lines.description" and not any(" " in text for text in values):
        return 0.8
    if path.endswith((".id", "_item")) and any(" " in text for text in values):
        return 0.5
    return 1.0


def _by_shape(wanted: Wanted, leaf: Leaf, words: Named) -> Fit:
    """What the values alone show, for the few fields whose values look like nothing else."""
    own = {concept for word in words.own for concept in word}
    values = leaf.values
    if wanted.path == "lines.gtin" and are_gtins(values) and not own & {"QUANTITY", "PRICE", "GLN", "SELLER", "BUYER"}:
        return Fit(0.78, "shape")
    if wanted.path == "currency" and are_currencies(values) and not own & {"COUNTRY", "NUMBER", "UNIT", "ITEM"}:
        return Fit(0.5, "shape")
    if wanted.path == "lines.unit" and are_units(values) and not own & {"PRICE", "PACK", "COUNTRY"}:
        return Fit(0.5, "shape")
    if wanted.path == "lines.line_number" and not own and len(values) > 1 and are_line_numbers(values):
        return Fit(0.45, "shape")
    return NONE
