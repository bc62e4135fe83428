"""The account's last messages judged under two mappings of it, without effect, and what comes out otherwise.

Both sides of a message are judged as of the moment it came, with the same catalogue, on the same stock of which nothing
is taken. Messages are read a page at a time, and so are the stock of their products and their bodies.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.effects.answers import answer_changes, answers_alike
from gateway.effects.differences import changes_of
from gateway.effects.effects import Change, Effects
from gateway.effects.side import Side
from gateway.intake import Recognised, recognise
from gateway.judging import OF_THE_BOOKS, OF_THE_THREAD, SETTLED, Judged, decided, ended, untouched
from gateway.reading import Bodies, bug_at, decode_one, map_one
from gateway.services import Services
from gateway.store.changes import ClaimedMessage
from gateway.store.database import StoreUnavailable
from gateway.store.messages import StoredMessage
from gateway.supplying import products_and_accounts, sites_without_stock
from gateway.trade.stock import Stock
from gateway.work import Work
from mappings.own_format import ORDER_MAP, formats_of
from mappings.revision import Catalogue, MappingRevision

_PAGE = 25
"""Messages that are read and judged at once."""
_PAGE_OF_PARTS = 200
"""The same where they are orders of one body, which is read for each page anew."""
_PAGE_BYTES = 8_000_000
logger = logging.getLogger(__name__)
_OTHERWISE = {
    "received": "unsettled",
    "processing": "unsettled",
    "failed": "unsettled",
    "duplicate": "duplicate",
    "superseded": "closed",
    "dismissed": "closed",
}
"""Why a message of another status is not compared."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A page of messages: what came of it, and behind which message the next page begins."""

    effects: Effects
    cursor: str
    messages: int
    is_last: bool


def compare(
    services: Services, before: MappingRevision, after: MappingRevision, last: int, *, behind: str | None = None
) -> Iterator[Compared]:
    """The account's last so many messages, newest first, page by page; `behind` goes on where an earlier comparison
    stopped, and `last` is then what is left."""
    pages = _Pages(services, before, after)
    is_last = last <= 0
    while not is_last:
        page, is_last = _page(services, before.account.id, behind, last)
        if not page:
            return
        behind = page[-1].id
        last -= len(page)
        yield Compared(pages.compared(page), behind, len(page), is_last)


def compare_messages(
    services: Services, before: MappingRevision, after: MappingRevision, messages: Sequence[StoredMessage]
) -> Effects:
    """The same of these messages, which are all read at once."""
    return _Pages(services, before, after).compared(messages)


def _page(services: Services, account_id: str, behind: str | None, left: int) -> tuple[list[StoredMessage], bool]:
    """As many as have room together, and whether there are no more."""
    page, wanted = services.store.messages.page, min(left, _PAGE)
    found = page(account_id=account_id, before=behind, limit=wanted)
    if len({one.parent_id for one in found}) == 1 and found[0].part is not None:
        wanted = min(left, _PAGE_OF_PARTS)
        found = page(account_id=account_id, before=behind, limit=wanted)
    fits = services.store.messages.fitting(found, _PAGE_BYTES)
    return fits, (len(found) < wanted and len(fits) == len(found)) or len(fits) == left


@dataclass(slots=True)
class _Reading:
    """One message under one mapping: its orders on their way, or what came of it before it was read."""

    works: list[Work]
    ended: Judged | None = None
    orders: int = 1


class _Mapping:
    """One of the two mappings, and what it recognised the bodies of a page as."""

    def __init__(self, services: Services, revision: MappingRevision, catalogue: Catalogue) -> None:
        self.revision, self._services, self._catalogue = revision, services, catalogue
        self._formats = formats_of(revision)
        self.recognised: dict[int, Recognised] = {}

    def recognise(self, body: bytes) -> Recognised:
        """The body's format; once for all messages that share it."""
        found = self.recognised.get(id(body))
        if found is None:
            found = self.recognised[id(body)] = recognise(self.revision.account, self._formats, body)
        return found

    def reading(self, stored: StoredMessage, body: bytes, counted: int) -> _Reading:
        """The message to be read under this mapping. `counted`: how many orders the other mapping finds in its body; of
        one that was taken out of a body of several another number leaves unclear which it is."""
        format_name, faults, orders = self.recognise(body)
        if faults:
            return _Reading([], Judged("rejected", None, faults))
        parts = [stored.part] if stored.part is not None or orders == 1 else list(range(1, orders + 1))
        works = [
            Work(_claimed(stored, format_name, body, part, counted), self.revision, self._catalogue) for part in parts
        ]
        return _Reading(works, orders=1 if stored.part is not None else orders)

    def decode(self, readings: Sequence[_Reading]) -> None:
        """Read what isn't read yet."""
        works = [work for reading in readings for work in reading.works]
        bodies = Bodies(works)
        for work in works:
            if work.read is None:
                decode_one(self._services, work, bodies)


def _claimed(
    stored: StoredMessage, format_name: str | None, body: bytes, part: int | None, counted: int
) -> ClaimedMessage:
    at = stored.received_at
    return ClaimedMessage(
        *(stored.id, stored.account_id, stored.test_key, 0, at, at, "sample", format_name, body, 1, 0, 0, b"", None),
        part=part,
        parts=counted if stored.part is not None else None,
    )


class _Pages:
    """Compares pages of messages."""

    def __init__(self, services: Services, before: MappingRevision, after: MappingRevision) -> None:
        self._services, self._catalogue = services, services.terms.catalogue()
        self._before = _Mapping(services, replace(before), self._catalogue)  # what it remembers is today's orders'
        self._after = _Mapping(services, after, self._catalogue)
        self._reads_alike = reads_alike(before, after)
        self._answers_alike = answers_alike(before, after)

    def compared(self, page: Sequence[StoredMessage]) -> Effects:
        """What comes of these messages."""
        effects = Effects(messages=len(page))
        pairs = self._readings(page, effects)
        self._before.decode([was for _, was, _ in pairs])
        if self._reads_alike:
            for _, was, now in pairs:
                _share(was, now)
        self._after.decode([now for _, _, now in pairs])
        pairs = [one for one in pairs if not self._is_answer(one, effects)]
        works = [work for _, was, now in pairs for work in (*was.works, *now.works)]
        for work in works:
            map_one(self._services, work)
        stock = untouched(self._services.store.stock.load(*products_and_accounts(works)))
        without_stock = sites_without_stock(self._services, works, stock)
        for stored, was, now in pairs:
            sides = [
                [self._judged(work, stock, without_stock, stored.received_at) for work in one.works]
                for one in (was, now)
            ]
            self._note(effects, stored, (was, now), sides)
        self._before.recognised.clear()
        self._after.recognised.clear()
        return effects

    def _readings(
        self, page: Sequence[StoredMessage], effects: Effects
    ) -> list[tuple[StoredMessage, _Reading, _Reading]]:
        """Those that can be compared; the others are counted with the reason."""
        messages, ids = self._services.store.messages, [one.id for one in page]
        codes = messages.fault_codes(ids)
        wanted: list[StoredMessage] = []
        for one in page:
            reason = _left_out(one, codes.get(one.id, set()))
            if reason is None:
                wanted.append(one)
            else:
                effects.left_out[reason] += 1
        bodies = messages.bodies([one.id for one in wanted])
        found = []
        for one in wanted:
            body = bodies.get(one.id)
            if body is None:
                effects.left_out["erased"] += 1
                continue
            if self._reads_alike:
                self._after.recognised[id(body)] = self._before.recognise(body)
            counted = self._before.recognise(body).orders
            found.append((one, self._before.reading(one, body, counted), self._after.reading(one, body, counted)))
        return found

    @staticmethod
    def _is_answer(pair: tuple[StoredMessage, _Reading, _Reading], effects: Effects) -> bool:
        _, was, now = pair
        if all(work.answer is None for work in (*was.works, *now.works)):
            return False
        effects.left_out["answer"] += 1
        return True

    def _judged(self, work: Work, stock: Stock, without_stock: frozenset[str], at: int) -> Judged:
        if work.mapped is None:
            return ended(work)
        try:
            found = decided(self._services, work, stock, at, without_stock)
        except StoreUnavailable:
            raise
        except Exception:  # as the pipeline has it: the message fails, and its neighbours go on
            logger.exception("message %s can't be decided: a bug", work.message.id)
            found = Judged("failed", None, (bug_at(work),), order_number=work.order.order_number)
        untouched(stock, {line.product.product for line in work.mapped.lines if line.product is not None})
        return found

    def _note(
        self,
        effects: Effects,
        stored: StoredMessage,
        readings: tuple[_Reading, _Reading],
        sides: list[list[Judged]],
    ) -> None:
        was, now = (one.ended for one in readings)
        before, after = ([one.ended] if one.ended else side for one, side in zip(readings, sides, strict=True))
        policies = self._before.revision.account.policies, self._after.revision.account.policies
        if len(before) != len(after) and was is None and now is None:
            counts = str(len(before)), str(len(after))
            effects.note(stored.id, stored.order_number, [Change("order_count", counts, *counts)])
            return
        for index in range(max(len(before), len(after))):
            one, other = before[min(index, len(before) - 1)], after[min(index, len(after) - 1)]
            number = one.order_number or other.order_number or stored.order_number
            changes = list(changes_of(Side(one, policies[0]), Side(other, policies[1])))
            if not self._answers_alike and one.response is not None and other.response is not None:
                changes += answer_changes(self._before.revision, self._after.revision, stored.format, one.response)
            effects.note(stored.id, number, changes)


def _share(was: _Reading, now: _Reading) -> None:
    """What one mapping has read the other needn't read again."""
    for one, other in zip(was.works, now.works, strict=True):
        if one.read is not None and one.settlement is None:
            other.note_order(one.read)
            other.stages.update(one.stages)


def _left_out(stored: StoredMessage, codes: set[str]) -> str | None:
    """Why the message isn't compared; None where it is."""
    if stored.parts:
        return "envelope"
    if stored.status not in SETTLED:
        return _OTHERWISE.get(stored.status, "unsettled")
    return "order_book" if codes & (OF_THE_BOOKS | OF_THE_THREAD) else None


def reads_alike(before: MappingRevision, after: MappingRevision) -> bool:
    """Whether both read every body the same: the same formats, and the same text of the account's own map."""
    formats = before.account.inbound.formats == after.account.inbound.formats
    return formats and before.maps.get(ORDER_MAP) == after.maps.get(ORDER_MAP)
