"""Whether the very same answer is written otherwise under two mappings: in another format, or by another map."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from gateway.effects.effects import Change
from mappings.own_format import CUSTOM, formats_of, map_of
from mappings.revision import MappingRevision
from schemas.documents.order_response import OrderResponse
from schemas.faults import DocumentHeld
from schemas.formats import Format

_ANSWER = "order_response"


def answers_alike(before: MappingRevision, after: MappingRevision) -> bool:
    """Whether nothing of how order responses are written is different."""
    return _agreed(before) == _agreed(after)


def _agreed(revision: MappingRevision) -> tuple[str | None, str | None]:
    terms = revision.account.outbound.get(_ANSWER)
    return terms.format if terms else None, revision.maps.get(map_of(_ANSWER))


def answer_changes(
    before: MappingRevision, after: MappingRevision, received_as: str | None, response: OrderResponse
) -> Iterator[Change]:
    """That this answer to an order in the format `received_as` is written otherwise: where its first difference is."""
    was, now = (_format_of(one, received_as) for one in (before, after))
    if was.name != now.name:
        yield Change("answer_format", (was.name, now.name), was.name, now.name)
    elif now.name == CUSTOM and (texts := (_written(was, response), _written(now, response)))[0] != texts[1]:
        yield Change("answer", (), *_first_difference(*texts))


def _format_of(revision: MappingRevision, received_as: str | None) -> Format:
    terms, formats = revision.account.outbound.get(_ANSWER), formats_of(revision)
    wanted = formats.get(terms.format if terms else received_as or "")
    return wanted if wanted is not None and _ANSWER in wanted.renderers else formats["json-1"]


def _written(chosen: Format, response: OrderResponse) -> str:
    try:
        return chosen.renderers[_ANSWER](response).decode("utf-8", "replace")
    except DocumentHeld as held:
        return f"can't be written: {held.faults[0].detail}"


def _first_difference(was: str, now: str) -> tuple[str, str]:
    pairs = zip_longest(was.splitlines(), now.splitlines(), fillvalue="ends here")
    return next(((one.strip(), other.strip()) for one, other in pairs if one != other), ("", "other line ends"))
