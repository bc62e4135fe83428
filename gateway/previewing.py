"""What an edited map makes of one sample, shown while somebody writes it: nothing is stored, and nothing is taken.

Only the map that stands in the editor is compiled, so that an account of 100,000 items is shown as fast as one of ten.
A preview ends after `SECONDS`, whatever a map or a sample asks for, and two are made at once in a process, so that the
others' orders go on meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from datetime import time as time_of_day
from functools import partial

from gateway.collector import collector_paused
from gateway.intake import recognise
from gateway.judging import decide_alone, untouched
from gateway.reading import Bodies, decode_one, map_one, refuse_too_many_lines
from gateway.rendering import format_of_answer, render
from gateway.services import Services
from gateway.store.changes import ClaimedMessage
from gateway.store.ids import now_us
from gateway.supplying import products_and_accounts
from gateway.validation import mapped_lines
from gateway.work import Work
from mappings.files.sent_samples import SentSample, sent_samples_in
from mappings.own_format import CUSTOM, ORDER_MAP, format_sent, formats_of, map_of, maps_for, with_maps
from mappings.revision import MappingRevision
from mappings.tracing import MAX_SOURCE, NOTHING, Strip, TracedReading, TracedWriting, trace_reading, trace_writing
from schemas.documents.common import AnyDocument
from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse
from schemas.faults import DocumentFailure, DocumentHeld, DocumentRejected, Fault, in_document_order
from schemas.formats import ReadOrder

SECONDS = 2.0
"""How long a preview may take."""
MAX_SAMPLE = 20_000_000
"""Bytes of a sample."""
MAX_ORDERS = 20
"""Orders of one body that are judged; the others are counted."""
MAX_LINES = 100
"""Lines of an order that are told in our terms."""
AT_ONCE = 2
NOON = time_of_day(12)
_ENDS = {"hold": "held", "reject": "rejected"}
_TURNS = threading.BoundedSemaphore(AT_ONCE)
"""A process has some 16 threads, and orders need those."""


class TooManyPreviews(Exception):
    """So many are being made that this one is not; trying again in a moment helps."""


class SampleTooLarge(Exception):
    """The sample has more bytes than one may have."""


@dataclass(frozen=True, slots=True)
class PreviewedOrder:
    """What would come of one order of the sample."""

    order: Order | None
    order_number: str | None = None
    status: str = "rejected"
    """answered, held, rejected, or unread where nothing can be said of it."""
    lines: tuple[Mapping[str, str | None], ...] = ()
    """In our terms; of many the first MAX_LINES."""
    more_lines: int = 0
    faults: tuple[Fault, ...] = ()
    response: TracedWriting | None = None
    """What the account would get."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an edited map makes of a sample."""

    sample_name: str
    format_name: str | None = None
    reading: TracedReading | None = None
    """Of an order that the account's own map reads."""
    source: str = ""
    """The sample's text, as far as it is shown."""
    orders: tuple[PreviewedOrder, ...] = ()
    more_orders: int = 0
    written: TracedWriting | None = None
    """Of a sample of what we send."""
    faults: tuple[Fault, ...] = ()
    """Of the sample as a whole."""
    mistakes: tuple[Fault, ...] = ()
    """Of the map in the editor, each with its line."""
    warnings: tuple[Fault, ...] = ()
    """What the map in the editor will write wrong or not at all."""
    strip: Strip = NOTHING
    """What is counted of the map in the editor and this sample."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """One preview that is made."""

    services: Services
    revision: MappingRevision
    maps: Mapping[str, str]
    chosen: str
    name: str
    body: bytes
    is_over: Callable[[], bool]


def preview(
    services: Services,
    revision: MappingRevision,
    *,
    maps: Mapping[str, str],
    chosen: str,
    sample_name: str,
    body: bytes,
) -> Preview:
    """What `maps` (file name → text) make of the sample, where `revision` is compiled of all of them but `chosen`, the
    one in the editor. A sample named as one of what we send (`7.despatch_advice.json`) is written, any other is read,
    decided on the published stock, of which nothing is taken, and answered.

    Raises TooManyPreviews and SampleTooLarge.
    """
    if len(body) > MAX_SAMPLE:
        raise SampleTooLarge
    with _turn(), collector_paused():
        started = time.monotonic()
        until = started + SECONDS
        edited = {chosen: maps[chosen]} if chosen in maps else {}
        judged_by = replace(revision, own_format=with_maps(revision.own_format, edited))
        asked = _Asked(services, judged_by, maps, chosen, sample_name, body, lambda: time.monotonic() > until)
        sent = next(iter(sent_samples_in({sample_name: body})), None)
        made = _of_order(asked) if sent is None else _of_what_we_send(asked, sent)
        return replace(_of_the_map(asked, made), seconds=time.monotonic() - started)


@contextmanager
def _turn() -> Iterator[None]:
    if not _TURNS.acquire(blocking=False):
        raise TooManyPreviews
    try:
        yield
    finally:
        _TURNS.release()


# --- an order -----------------------------------------------------------------------------------------------------
def _of_order(asked: _Asked) -> Preview:
    if asked.chosen == ORDER_MAP and ORDER_MAP in asked.maps:
        return _by_map(asked)
    found = recognise(asked.revision.account, formats_of(asked.revision), asked.body)
    if found.faults:
        return Preview(asked.name, found.format, faults=found.faults)
    if found.format == CUSTOM and ORDER_MAP in asked.maps:
        return _by_map(asked)
    works = [_work(asked, found.format, part) for part in _parts(found.orders)]
    orders = tuple(_judged(asked, work) for work in _decoded(asked, works[:MAX_ORDERS]))
    return Preview(asked.name, found.format, orders=orders, more_orders=len(works) - len(orders))


def _by_map(asked: _Asked) -> Preview:
    """By the account's own map, value by value."""
    reading = trace_reading(asked.maps[ORDER_MAP], asked.body, is_over=asked.is_over)
    parts = list(zip(_parts(len(reading.orders)), reading.orders, strict=False))
    orders = tuple(_of_part(asked, reading, part, one) for part, one in parts[:MAX_ORDERS])
    return Preview(asked.name, CUSTOM, reading, reading.source, orders, len(parts) - len(orders), faults=reading.faults)


def _of_part(
    asked: _Asked, reading: TracedReading, part: int | None, order: ReadOrder | DocumentRejected
) -> PreviewedOrder:
    if isinstance(order, DocumentRejected):
        return PreviewedOrder(None, order.order_number, faults=order.faults)
    work = _work(asked, CUSTOM, part)
    work.places = partial(_places, reading, "" if part is None else f"/{part - 1}")
    try:
        work.note_order(order)
        refuse_too_many_lines(work.order, asked.services.limits.max_lines)
    except DocumentRejected as rejected:
        return PreviewedOrder(order.order, order.order.order_number, faults=rejected.faults)
    return _judged(asked, work)


def _parts(orders: int) -> list[int | None]:
    return [None] if orders == 1 else list(range(1, orders + 1))


def _places(reading: TracedReading, before: str, pointers: Sequence[str]) -> list[str]:
    """Where values of an order stand, as the trace knows it."""
    known = {value.pointer: value.origins[0].where for value in reading.values if value.origins}
    return [known.get(before + one, "") for one in pointers]


def _work(asked: _Asked, format_name: str | None, part: int | None) -> Work:
    now = now_us()
    account_id = asked.revision.account.id
    message = ClaimedMessage(
        "", account_id, False, 0, now, now, "preview", format_name, asked.body, 1, 0, 0, b"", None, None, part
    )
    return Work(message, asked.revision, asked.services.terms.catalogue())


def _decoded(asked: _Asked, works: Sequence[Work]) -> Iterator[Work]:
    bodies = Bodies(works)
    for work in works:
        if not asked.is_over():
            decode_one(asked.services, work, bodies)
        yield work


def _judged(asked: _Asked, work: Work) -> PreviewedOrder:
    """The order put into our terms, decided and answered."""
    number = work.read.order.order_number if work.read else work.answer_to
    order = work.read.order if work.read else None
    if asked.is_over():
        return PreviewedOrder(order, number, "unread", faults=(_cut_off(),))
    work.message = replace(work.message, received_at=_day_of(order))
    map_one(asked.services, work)
    if work.mapped is None:
        event, faults = (work.settlement.event, work.settlement.faults) if work.settlement else ("", ())
        return PreviewedOrder(order, number, _ENDS.get(event, "unread"), faults=tuple(faults))
    products, accounts = products_and_accounts([work])
    stock = untouched(asked.services.store.stock.load(products, accounts))
    decision = decide_alone(asked.services, work, stock, work.message.received_at)
    response = None if decision.response is None else _answer(asked, work, decision.response)
    warnings = work.read.warnings if work.read else ()
    unwritten = () if response is None else response.faults
    return PreviewedOrder(
        order,
        number,
        "held" if unwritten else decision.verdict,
        tuple(mapped_lines(work.mapped.lines[:MAX_LINES])),
        max(0, len(work.mapped.lines) - MAX_LINES),
        (*in_document_order((*decision.faults, *warnings)), *unwritten),
        response,
    )


def _day_of(order: Order | None) -> int:
    """Noon of the day on which the order was issued, so that a sample comes out the same next year."""
    issued = None if order is None else order.issue_date
    return now_us() if issued is None else int(datetime.combine(issued, NOON, UTC).timestamp()) * 1_000_000


def _answer(asked: _Asked, work: Work, response: OrderResponse) -> TracedWriting:
    name = map_of("order_response")
    if format_of_answer(work).name == CUSTOM and name in asked.maps:
        return trace_writing(asked.maps[name], name, response, is_over=asked.is_over)
    try:
        rendered = render(work, response, asked.services.supplier)
    except DocumentHeld as held:
        return TracedWriting(faults=held.faults)
    return TracedWriting(rendered.body.decode(), rendered.media_type)


# --- what we send -------------------------------------------------------------------------------------------------
def _of_what_we_send(asked: _Asked, sample: SentSample) -> Preview:
    try:
        document = sample.document()
    except DocumentRejected as rejected:
        return Preview(asked.name, "json-1", faults=rejected.faults)
    written = _written(asked, sample.kind, document)
    return Preview(asked.name, "json-1", written=written, faults=written.faults)


def _written(asked: _Asked, kind: str, document: AnyDocument) -> TracedWriting:
    """By the map in the editor where that is of such documents; else as the account gets them."""
    chosen = format_sent(asked.revision, kind)
    names = maps_for(kind)
    name = next((one for one in names if one in asked.maps), names[0])
    if name in asked.maps and (chosen.name == CUSTOM or asked.chosen in names):
        return trace_writing(asked.maps[name], name, document, is_over=asked.is_over)
    try:
        return TracedWriting(chosen.renderers[kind](document).decode(), chosen.media_type_of(kind))
    except DocumentFailure as failure:
        return TracedWriting(faults=failure.faults)


# --- the map in the editor ----------------------------------------------------------------------------------------
def _of_the_map(asked: _Asked, made: Preview) -> Preview:
    """With the sample's text, and what is to be said of the map in the editor."""
    made = replace(made, source=made.source or asked.body[:MAX_SOURCE].decode("utf-8-sig", "replace"))
    text = asked.maps.get(asked.chosen)
    if text is None:
        return made
    if asked.chosen == ORDER_MAP:
        reading = made.reading or trace_reading(text, b"")
        return replace(made, mistakes=reading.mistakes, strip=reading.strip)
    written = made.written or next((one.response for one in made.orders if one.response is not None), None)
    if written is None or not _wrote(asked, made):
        written = trace_writing(text, asked.chosen, None)
    return replace(made, mistakes=written.mistakes, warnings=written.warnings, strip=written.strip)


def _wrote(asked: _Asked, made: Preview) -> bool:
    """Whether the map in the editor wrote what is shown."""
    sent = next(iter(sent_samples_in({asked.name: b""})), None)
    kind = "order_response" if sent is None else sent.kind
    return asked.chosen in maps_for(kind)


def _cut_off() -> Fault:
    detail = f"The preview was cut off after {SECONDS:g} seconds"
    return Fault("map_limit", detail, expected="a smaller sample, or simpler expressions")
