"""A field's name → the words in it, each with what it may name.

`bestellNr`, `PO_NUMBER` and `ordrenummer` all are ORDER and NUMBER.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache

from mappings.suggesting.vocabulary import CONCEPTS, LINKS, PAIRS, QUALIFIED

Word = frozenset[str]
"""What one word may name; nothing where it is unknown."""
Words = tuple[Word, ...]
UNKNOWN: Word = frozenset()

LONGEST_NAME = 80
"""Characters of a name that are looked at."""
_LIKE = 0.86
"""How alike (difflib's ratio) a word must be to a known one of five letters or more to count as a misspelling of it."""
_PIECE = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ß": "ss", "å": "a", "Å": "A", "ł": "l", "Ł": "L"})


def _named(concepts: Mapping[str, str]) -> dict[str, Word]:
    known: dict[str, set[str]] = {}
    for concept, words in concepts.items():
        for word in words.split():
            known.setdefault(word, set()).add(concept)
    return {word: frozenset(found) for word, found in known.items()}


_KNOWN = _named(CONCEPTS)
_QUALIFIED = _named(QUALIFIED)


def _by_start() -> dict[tuple[str, int], list[str]]:
    """Words of five letters or more, by their first letter and length."""
    found: dict[tuple[str, int], list[str]] = {}
    for word in _KNOWN:
        if len(word) >= 5:
            found.setdefault((word[0], len(word)), []).append(word)
    return found


_BY_START = _by_start()


@lru_cache(maxsize=10_000)
def words_of(name: str) -> Words:
    """The words of a field's name, an attribute's `@` left out."""
    plain = _without_accents(name[:LONGEST_NAME])
    whole = "".join(_PIECE.findall(plain)).lower()
    if whole in _KNOWN:
        return (_KNOWN[whole],)
    return _paired(tuple(word for piece in _PIECE.findall(plain) for word in _words_in(piece.lower())))


@lru_cache(maxsize=2_000)
def words_of_qualifier(value: str) -> Words:
    """The words of a type or role that stands as a value beside what it is about: `delivery`, `BY`."""
    code = _QUALIFIED.get(value.strip().lower())
    return words_of(value) if code is None else (code,)


def _without_accents(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


@lru_cache(maxsize=10_000)
def _words_in(piece: str) -> Words:
    """One piece between capitals and signs: a known word, several glued together, or one that is nearly known."""
    if piece.isdigit():
        return ()
    if piece in _KNOWN:
        return (_KNOWN[piece],)
    glued = _unglued(piece)
    if glued is not None:
        return tuple(_KNOWN[word] for word in glued)
    near = get_close_matches(piece, _like(piece), 1, _LIKE) if len(piece) >= 5 else ()
    return (_KNOWN[near[0]],) if near else () if piece in LINKS else (UNKNOWN,)


def _like(piece: str) -> list[str]:
    """The known words of about its length that begin as it does: to compare with all would take too long."""
    return [word for size in range(len(piece) - 1, len(piece) + 2) for word in _BY_START.get((piece[0], size), ())]


def _unglued(piece: str) -> tuple[str, ...] | None:
    """`bestellnummer` as bestell and nummer: the fewest known words that make it up, with the links between them."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(piece)
    for end in range(2, len(piece) + 1):
        for start in range(max(0, end - 20), end - 1):
            before, word = best[start], piece[start:end]
            if before is None or not _may_be_glued(word, start, end == len(piece)):
                continue
            found = (*before, word) if word in _KNOWN else before
            known = best[end]
            if known is None or len(found) < len(known):
                best[end] = found
        best[end] = _after_link(best, piece, end)
    return best[-1] or None


def _may_be_glued(word: str, start: int, is_last: bool) -> bool:
    """A word of two letters stands at an end only: anywhere else it is rather a part of one."""
    return word in _KNOWN and (len(word) > 2 or start == 0 or is_last)


def _after_link(best: list[tuple[str, ...] | None], piece: str, end: int) -> tuple[str, ...] | None:
    """With the link that ends here left out, where nothing else does."""
    if best[end] is not None or end == len(piece):
        return best[end]
    for size in (1, 2):
        if end > size and piece[end - size : end] in LINKS and best[end - size]:
            return best[end - size]
    return None


def _paired(words: Words) -> Words:
    """With two words that are one joined: ship and to."""
    joined: list[Word] = []
    for word in words:
        pair = _pair(joined[-1], word) if joined else None
        if pair is None:
            joined.append(word)
        else:
            joined[-1] = frozenset((pair,))
    return tuple(joined)


def _pair(left: Word, right: Word) -> str | None:
    return next((one for (first, second), one in PAIRS.items() if first in left and second in right), None)
