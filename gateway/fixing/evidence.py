"""What the orders that wait say themselves, at the places where the cause was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.fixing.causes import Cause
from gateway.judging import read_again
from gateway.services import Services
from gateway.store.fault_rows import fingerprint
from gateway.store.messages import StoredMessage
from gateway.trade.wanted import delivery_site
from gateway.work import Work
from mappings.mapped import MappedLine, MappedOrder
from mappings.revision import MappingRevision
from schemas.faults import line_index

_Found = TypeVar("_Found", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Seen:
    """One place where the cause was found: an order, and the line that it is about (None: its header)."""

    message: StoredMessage
    mapped: MappedOrder
    line: MappedLine | None


def evidence_of(
    services: Services, cause: Cause, messages: Sequence[tuple[StoredMessage, bytes]], revision: MappingRevision
) -> list[Seen]:
    """Every place of these messages where the cause is found under this mapping, which may be a later one than they
    were judged under: where it is mended by now there is none."""
    read = read_again(services, messages, {cause.account_id: revision})
    return [
        seen
        for (stored, _), work in zip(messages, read, strict=True)
        if isinstance(work, Work)
        for seen in _places(cause, stored, work)
    ]


def _places(cause: Cause, stored: StoredMessage, work: Work) -> Iterator[Seen]:
    mapped = work.mapped
    if mapped is None:
        return
    if cause.code == "unknown_supply_site":  # found only as the order is decided
        for line in mapped.lines:
            site = delivery_site(mapped, line)
            if site is not None and site.supply_site == cause.value:
                yield Seen(stored, mapped, line)
        return
    for fault in work.faults:
        if fault.code == cause.code and fingerprint(cause.account_id, fault) == cause.fingerprint:
            index = line_index(fault)
            yield Seen(stored, mapped, None if index is None else mapped.lines[index])


def most_frequent(seen: Sequence[Seen], ask: Callable[[Seen], _Found | None]) -> _Found | None:
    """What most of these places say; None where none says anything."""
    return next(iter(all_of(seen, ask)), None)


def all_of(seen: Sequence[Seen], ask: Callable[[Seen], _Found | None]) -> list[_Found]:
    """Everything that these places say, the most frequent first."""
    said = (ask(one) for one in seen)
    return [found for found, _ in Counter(one for one in said if one is not None).most_common()]
