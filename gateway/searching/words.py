"""The words that a message is found by, made in one place, so that both databases find exactly the same.

A word is a run of letters and digits, whatever their case. Runs that only signs like `-` or `.` hold together are one
code: `PL-0042` is found by `PL-0042`, by `pl` and by `0042`, and `PL-00421` by none of them. Of a code of a few runs
each part that hangs together is a word as well: `PL-0042/7` is found by `PL-0042`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from schemas.documents.application_response import ApplicationResponse
from schemas.documents.common import Party
from schemas.documents.order import Order, OrderLine

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
    return _joined(chain(more, _told_by_header(order), _told_by_lines(order.lines)))


def words_of_answer(answer: ApplicationResponse, more: Iterable[str | None] = ()) -> str:
    """The words of what an account's system says of our documents: their numbers, and the reasons."""
    numbers = (one.number for one in answer.answers)
    reasons = (reason for one in answer.answers for reason in one.reasons)
    return _joined(chain(more, (answer.number,), numbers, reasons))


def words_of(texts: Iterable[str | None]) -> str:
    """The words of these texts, each once, between spaces; no more than a message may have."""
    return _joined(texts)


def _told_by_header(order: Order) -> Iterator[str | None]:
    yield from (order.order_number, order.change_number, order.contract)
    for party in (order.buyer, order.bill_to, order.ship_to, order.final_recipient):
        yield from _told_by(party)
    yield order.note


def _told_by(party: Party | None) -> Iterator[str | None]:
    if party is not None:
        yield party.id
        yield from (one.id for one in party.identifiers)
        yield from (party.name, party.legal_name)


def _told_by_lines(lines: tuple[OrderLine, ...]) -> Iterator[str | None]:
    for line in lines:
        yield from (line.buyer_item, line.seller_item, line.buyer_line_reference)
        if line.gtin is not None:
            yield from (line.gtin, line.gtin.zfill(_GTIN_DIGITS), line.gtin.lstrip("0"))
        if line.ship_to is not None:
            yield from _told_by(line.ship_to)
    for line in lines:
        yield from (line.description, line.note)


def _joined(texts: Iterable[str | None]) -> str:
    found: dict[str, None] = {}
    seen: set[str] = set()
    room = MOST_CHARACTERS
    for text in texts:
        if text is None or text in seen:
            continue
        seen.add(text)
        for word in _words(_folded(text)):
            if word in found:
                continue
            room -= len(word) + 1
            if room < 0 or len(found) >= MOST_WORDS:
                return " ".join(found)
            found[word] = None
    return " ".join(found)


def _words(folded: str) -> Iterator[str]:
    for code in _CODE.findall(folded):
        yield _shortened(code)
        runs = list(_RUN.finditer(code))
        if len(runs) == 1:
            continue
        for first, opening in enumerate(runs):
            yield _shortened(opening[0])
            if len(runs) <= _FEW_RUNS:
                yield from (_shortened(code[opening.start() : ending.end()]) for ending in runs[first + 1 :])


def _shortened(word: str) -> str:
    return word[:LONGEST_WORD]


def _folded(text: str) -> str:
    """Without case, and with one sign for what only looks different (NFKC: full-width digits, ligatures)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()
