"""A sample order that somebody dropped: what it is, whose it seems to be, and the field map that reads it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mappings.account import SchemedId
from mappings.fieldmaps import compile_reading_map
from mappings.own_format import CUSTOM, ORDER_MAP
from mappings.suggesting import Suggestion, suggest
from schemas.documents.order import Order
from schemas.faults import DocumentFailure, DocumentRejected, Fault
from schemas.formats.registry import FORMATS
from schemas.safe_json.reader import read_json
from schemas.safe_json.text import looks_like_json

LARGEST = 1_000_000
"""Bytes of a sample: it is kept with the mapping, and read at each look at the set-up."""
_OF_JSON_1 = ("order_number", "lines")
"""The names that an order in json-1 can't do without."""
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 100
_LEGAL_FORMS = frozenset(
    ("ab", "ag", "as", "bv", "co", "gmbh", "inc", "kg", "limited", "llc", "ltd", "nv", "oy", "plc", "sa", "sarl", "se")
)
_LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a sample is. `order` is the first one in it; None where `faults` say why it can't be read yet."""

    name: str
    """What it will be called among the account's samples."""
    body: bytes
    format_name: str
    order: Order | None
    faults: tuple[Fault, ...] = ()
    suggestion: Suggestion | None = None
    """The field map that is suggested for a layout of the account's own."""

    @property
    def is_foreign(self) -> bool:
        """Whether it is in a layout of the account's own."""
        return self.format_name == CUSTOM

    @property
    def buyer_name(self) -> str:
        """Who orders; empty where the sample doesn't say."""
        buyer = self.order.buyer if self.order else None
        told = (buyer.name or buyer.legal_name) if buyer else None
        return told or next((one.value for one in self._identities if one.kind == "name"), "")

    @property
    def identifiers(self) -> tuple[SchemedId, ...]:
        """What names the buyer, each once."""
        buyer = self.order.buyer if self.order else None
        named = [SchemedId(scheme=one.scheme, id=one.id) for one in (buyer.known_as() if buyer else ())]
        if not named:
            named = [
                SchemedId(scheme=one.scheme, id=one.value) for one in self._identities if one.kind in ("gln", "id")
            ]
        return tuple(dict.fromkeys(named))

    @property
    def currency(self) -> str | None:
        """What its prices are in."""
        told = self.order.currency if self.order else None
        return told or next((one.value for one in self._identities if one.kind == "currency"), None)

    @property
    def _identities(self) -> Iterator[Any]:
        found = self.suggestion.identifiers if self.suggestion else ()
        return (one for one in found if one.kind == "currency" or one.party in ("", "buyer"))


def look_at(file_name: str, body: bytes) -> Dropped:
    """What these bytes are. Raises DocumentRejected where they are no order that anybody could read."""
    if not body.strip():
        raise DocumentRejected([Fault("empty_body", "There is nothing in it.", expected="an order")])
    if len(body) > LARGEST:
        detail = f"The sample has {len(body):,} bytes; one may have {LARGEST:,}. Take an order with fewer lines."
        raise DocumentRejected(
            [Fault("body_too_large", detail, value=str(len(body)), expected=f"{LARGEST:,} bytes at most")]
        )
    known = next((one for one in FORMATS.values() if one.sniff(body)), None)
    if known is None or (known.name == "json-1" and not _is_json_1(body)):
        return _foreign(file_name, body)
    name = sample_name(file_name, known.suffix)
    try:
        return Dropped(name, body, known.name, known.parse_orders(body)[0].order)
    except DocumentFailure as failure:
        return Dropped(name, body, known.name, None, tuple(failure.faults))


def _is_json_1(body: bytes) -> bool:
    """Raises DocumentRejected where it is no JSON."""
    found = read_json(body, nulls=False, exactly=False)
    first = found[0] if isinstance(found, list) and found else found
    return isinstance(first, Mapping) and all(name in first for name in _OF_JSON_1)


def _foreign(file_name: str, body: bytes) -> Dropped:
    """Read by the field map that is suggested for it."""
    suggestion = suggest(body)
    name = sample_name(file_name, ".json" if looks_like_json(body) else ".xml")
    try:
        order = compile_reading_map(suggestion.text, ORDER_MAP).read(body)[0].order
    except DocumentFailure as failure:
        return Dropped(name, body, CUSTOM, None, tuple(failure.faults), suggestion)
    return Dropped(name, body, CUSTOM, order, (), suggestion)


def sample_name(file_name: str, suffix: str) -> str:
    """The file's own name as one among samples; `first-order` where it has none."""
    path = PurePosixPath(file_name.replace("\\", "/"))
    stem = _NAME.sub("-", path.stem.removesuffix(".expected")).strip("-.")[:_LONGEST_NAME]
    return f"{stem or 'first-order'}{suffix}"


def proposed_id(buyer: str, taken: Collection[str]) -> str:
    """An id for an account of this name, that no other account has: `Kaufhaus Süd GmbH` is `kaufhaus-sud`."""
    plain = unicodedata.normalize("NFKD", buyer).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    kept = [word for word in words if word not in _LEGAL_FORMS] or words
    base = "-".join(kept)[:_LONGEST_ID].strip("-")
    base = base if len(base) > 1 else "new-account"
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (base, *numbered) if one not in taken)
