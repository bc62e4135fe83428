"""The words that a message is found by, made in one place, so that both databases find exactly the same.

A word is a run of letters and digits, whatever their case. Runs that only signs like `-` or `.` hold together are one
code: `PL-0042` is found by `PL-0042`, by `pl` and by `0042`, and `PL-00421` by none of them. Of a code of a few runs
each part that hangs together is a word as well: `PL-0042/7` is found by `PL-0042`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from schemas.documents.application_response import ApplicationResponse
from schemas.documents.common import Party
from schemas.documents.order import Order

MOST_WORDS = 20_000
"""Of one message: an order of 20,000 lines has its numbers, and what room is left for descriptions."""
MOST_CHARACTERS = 240_000
"""Of them together: a text that is searched in takes 1 MB on PostgreSQL, in whatever letters."""
LONGEST_WORD = 100
MOST_ASKED = 12
"""Words of one search."""
SHORTEST_BEGINNING = 4
"""Characters of a word of which only the beginning is told."""
_CODE = re.compile(r"[^\W_]+(?:[-._/:#+@]+[^\W_]+)*")
_RUN = re.compile(r"[^\W_]+")
_FEW_RUNS = 4
_GTIN_DIGITS = 14
Found = Mapping[str, None]
"""Words, each once, in their order."""


class Wanted(NamedTuple):
    """What a search asks of a message: each of these words, and one that begins with `beginning`."""

    words: tuple[str, ...]
    beginning: str | None = None


class BadQuery(ValueError):
    """Nothing can be looked for like that; the text says why, as a sentence."""


def wanted(text: str) -> Wanted:
    """The words of a search, as somebody typed it: all of them have to be there; the last one's beginning is enough
    where a `*` stands behind it. Raises BadQuery."""
    text = text.strip()
    found = [one for one in map(_shortened, _CODE.findall(_folded(text))) if one]
    if not found:
        raise BadQuery("Type a number, a name or a word: letters or digits.")
    if len(found) > MOST_ASKED:
        raise BadQuery(f"A search has {MOST_ASKED} words at most; this one has {len(found)}.")
    if not text.endswith("*"):
        return Wanted(tuple(dict.fromkeys(found)))
    if len(found[-1]) < SHORTEST_BEGINNING:
        raise BadQuery(f"Type {SHORTEST_BEGINNING} characters or more before the *.")
    return Wanted(tuple(dict.fromkeys(found[:-1])), found[-1])


def words_of_order(order: Order, more: Iterable[str | None] = ()) -> str:
    """The words of an order, each once, between spaces: what identifies it first, then its items, then what it says."""
    found: dict[str, None] = {}
    for text in (*more, order.order_number, order.change_number, order.contract, order.note):
        if text is not None:
            found.update(_words_in(text))
    for party in (order.buyer, order.bill_to, order.ship_to, order.final_recipient):
        if party is not None:
            found.update(_of_party(party))
    for line in order.lines:
        found.update(_of_numbers(line.buyer_item, line.seller_item, line.gtin, line.buyer_line_reference))
        if line.ship_to is not None:
            found.update(_of_party(line.ship_to))
        if len(found) > MOST_WORDS:
            return _within_bounds(found)
    for line in order.lines:
        for text in (line.description, line.note):
            if text is not None:
                found.update(_words_in(text))
        if len(found) > MOST_WORDS:
            break
    return _within_bounds(found)


def words_of_answer(answer: ApplicationResponse, more: Iterable[str | None] = ()) -> str:
    """The words of what an account's system says of our documents: their numbers, and the reasons."""
    numbers = (one.number for one in answer.answers)
    reasons = (reason for one in answer.answers for reason in one.reasons)
    return _joined(chain(more, (answer.number,), numbers, reasons))


def words_of(texts: Iterable[str | None]) -> str:
    """The words of these texts, each once, between spaces; no more than a message may have."""
    return _joined(texts)


def _joined(texts: Iterable[str | None]) -> str:
    found: dict[str, None] = {}
    for text in texts:
        if text is not None:
            found.update(_words_in(text))
            if len(found) > MOST_WORDS:
                break
    return _within_bounds(found)


def _within_bounds(found: Iterable[str]) -> str:
    joined = " ".join(islice(found, MOST_WORDS))
    return joined if len(joined) <= MOST_CHARACTERS else joined[:MOST_CHARACTERS].rpartition(" ")[0]


def _of_party(party: Party) -> dict[str, None]:
    found: dict[str, None] = {}
    for text in (party.id, *(one.id for one in party.identifiers), party.name, party.legal_name):
        if text is not None:
            found.update(_words_in(text))
    return found


# Items, parties and descriptions come again and again; remembered they take a tenth of the time.
@lru_cache(maxsize=16_384)
def _of_numbers(buyer_item: str | None, seller_item: str | None, gtin: str | None, reference: str | None) -> Found:
    found: dict[str, None] = {}
    for text in (buyer_item, seller_item, gtin, reference):
        if text is not None:
            found.update(_words(text))
    if gtin is not None:
        found.update(dict.fromkeys((*_words(gtin.zfill(_GTIN_DIGITS)), *_words(gtin.lstrip("0")))))
    return found


def _words_in(text: str) -> Found:
    return _remembered(text) if len(text) <= LONGEST_WORD else _words(text)


def _words(text: str) -> Found:
    """Each once, in their order."""
    found: dict[str, None] = {}
    for code in _CODE.findall(_folded(text)):
        found[_shortened(code)] = None
        if code.isalnum():
            continue
        runs = list(_RUN.finditer(code))
        for first, opening in enumerate(runs):
            found[_shortened(opening[0])] = None
            if len(runs) <= _FEW_RUNS:
                for ending in runs[first + 1 :]:
                    found[_shortened(code[opening.start() : ending.end()])] = None
    return found


_remembered = lru_cache(maxsize=8_192)(_words)


def _shortened(word: str) -> str:
    return word[:LONGEST_WORD]


def _folded(text: str) -> str:
    """Without case, and with one sign for what only looks different (NFKC: full-width digits, ligatures)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()
