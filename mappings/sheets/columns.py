"""Which column of ours a file's column is: by its name, by a word that others have for it, by one that is nearly so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from mappings.sheets.words import words
from mappings.tables import TABLES

_NEARLY = 0.84
_SHORTEST = 4
"""Letters of a word that may be misspelt: of fewer, one that is wrong is another word."""
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "å": "a", "đ": "d"})
_NUMBER = re.compile(r"(?<=...)(?:nummer|number|numero|nr|no)$")
"""`Artikel`, `Artikelnr.` and `Artikelnummer` are one word."""


def matched_columns(kind: str, header: Sequence[str]) -> tuple[str | None, ...]:
    """For each of a file's columns the one of ours that it is, None where nothing fits. None of ours is meant twice."""
    table = TABLES[kind]
    found: list[str | None] = [None] * len(header)
    for matches in (_is_named, _is_called, _is_nearly):
        for position, said in enumerate(header):
            if found[position] is None:
                free = [one for one in table.names if one not in found]
                found[position] = next((one for one in free if matches(kind, one, said)), None)
    return tuple(found)


def _is_named(_kind: str, column: str, said: str) -> bool:
    return re.sub(r"[\s-]+", "_", said.strip().lower()) == column


def _is_called(kind: str, column: str, said: str) -> bool:
    bare = _bare(said)
    return bool(bare) and any(_bare(word) == bare for word in (column, *words(kind, column)))


def _is_nearly(kind: str, column: str, said: str) -> bool:
    bare = _bare(said)
    if len(bare) < _SHORTEST:
        return False
    known = (_bare(word) for word in (column, *words(kind, column)))
    return any(len(one) >= _SHORTEST and SequenceMatcher(None, one, bare).ratio() >= _NEARLY for one in known)


@lru_cache(maxsize=4096)
def _bare(said: str) -> str:
    """The word without accents, signs, spaces and what says that it is a number."""
    plain = unicodedata.normalize("NFKD", said.casefold().translate(_LETTERS))
    return _NUMBER.sub("", "".join(letter for letter in plain if letter.isalnum()))
