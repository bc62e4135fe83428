"""A draft's sample order, read under the draft's mapping as it would be if it came in. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.accounts import SAMPLES, file_bytes
from gateway.drafting.drafts import Draft
from gateway.intake import recognise
from gateway.reading import Bodies, decode_one, located, map_one
from gateway.services import Services
from gateway.store.changes import ClaimedMessage
from gateway.store.ids import now_us
from gateway.supplying import unknown_supply_now
from gateway.work import Work
from mappings.files.sent_samples import is_of_what_we_send
from mappings.mapped import MappedOrder
from mappings.own_format import formats_of
from mappings.revision import Catalogue, MappingRevision
from schemas.documents.order import Order
from schemas.faults import Fault, in_document_order

_EXPECTED = ".expected.json"


@dataclass(frozen=True, slots=True)
class ReadSampleOrder:
    """One order of a sample: as read, in our terms, and all that is wrong with it."""

    order: Order
    mapped: MappedOrder
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class ReadSample:
    """A sample as it is read. `faults` are those for which it, or an order in it, can't be read."""

    name: str
    format_name: str | None
    orders: tuple[ReadSampleOrder, ...]
    faults: tuple[Fault, ...]

    @property
    def is_read(self) -> bool:
        """Whether every order in it could be read."""
        return bool(self.orders) and not self.faults

    @property
    def lines(self) -> int:
        """Of all orders in it."""
        return sum(len(one.order.lines) for one in self.orders)


def samples_of(draft: Draft) -> dict[str, bytes]:
    """The orders among the draft's samples, by name."""
    names = ((row.natural_key.removeprefix(SAMPLES), row) for row in draft.files)
    return {
        name: file_bytes(row)
        for name, row in sorted(names, key=lambda one: one[0])
        if row.natural_key.startswith(SAMPLES) and not name.endswith(_EXPECTED) and not is_of_what_we_send(name)
    }


def read_sample(services: Services, revision: MappingRevision, name: str, body: bytes) -> ReadSample:
    """The sample under this mapping."""
    format_name, faults, orders = recognise(revision.account, formats_of(revision), body)
    if faults:
        return ReadSample(name, format_name, (), faults)
    works = _works(revision, services.terms.catalogue(), format_name, body, orders)
    bodies = Bodies(works)
    for work in works:
        decode_one(services, work, bodies)
        map_one(services, work)
    read = tuple(_read(services, work) for work in works if work.mapped is not None and work.read is not None)
    unread = tuple(fault for work in works if work.settlement is not None for fault in work.settlement.faults)
    return ReadSample(name, format_name, read, unread)


def _works(
    revision: MappingRevision, catalogue: Catalogue, format_name: str | None, body: bytes, orders: int
) -> list[Work]:
    now = now_us()
    parts: Sequence[int | None] = [None] if orders == 1 else range(1, orders + 1)
    return [
        Work(
            ClaimedMessage(
                *("", revision.account.id, True, 0, now, now, "sample", format_name, body, 1, 0, 0, b"", None),
                part=part,
            ),
            revision,
            catalogue,
        )
        for part in parts
    ]


def _read(services: Services, work: Work) -> ReadSampleOrder:
    if work.mapped is None or work.read is None:
        raise AssertionError("asked of what was read")
    faults = in_document_order((*work.faults, *unknown_supply_now(services, work), *work.read.warnings))
    return ReadSampleOrder(work.read.order, work.mapped, located(work, faults))
