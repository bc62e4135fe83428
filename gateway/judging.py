"""Documents judged without effect: what would come of one, or of replaying some."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.amending import stale_change
from gateway.bookkeeping import Books
from gateway.deciding import decide_changed, decide_one, waits
from gateway.intake import Recognised, answer_format, recognise
from gateway.local_time import local_date, local_time
from gateway.reading import Bodies, decode_one, located, map_one
from gateway.rendering import foreseen
from gateway.services import Services
from gateway.states import advance
from gateway.store.changes import ClaimedMessage
from gateway.store.messages import StoredMessage
from gateway.supplying import sites_without_stock, unknown_supply
from gateway.trade.decision import Decision, LineLedger
from gateway.trade.response import decide
from gateway.trade.stock import Stock
from gateway.work import Work
from mappings.mapped import MappedOrder
from mappings.own_format import formats_of
from mappings.revision import Catalogue, MappingRevision
from schemas.documents.order_response import OrderResponse
from schemas.faults import Fault, in_document_order

SETTLED = ("done", "held", "rejected")
OF_THE_BOOKS = frozenset(("order_number_reused", "unknown_contract", "not_in_contract", "contract_exceeded"))
"""What only the order book knows."""
OF_THE_THREAD = frozenset(
    (
        *("unknown_order", "change_missing", "version_reused", "stale_change", "change_overtaken", "order_cancelled"),
        *("change_refused", "unknown_line", "line_exists", "line_not_named", "change_unclear", "less_than_released"),
        *("order_unclear", "envelope_id_reused"),
    )
)
"""What only the orders that stand know, of what is to change one."""
_EVENTS = {"answered": "answer", "held": "hold", "rejected": "reject"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a document: the message's status, the response where there is one, and every fault."""

    status: str
    response: OrderResponse | None
    faults: tuple[Fault, ...]
    orders: tuple[Judged, ...] = ()
    """Of a body of several orders: what came of each."""
    order_number: str | None = None
    """Where that could be read."""
    mapped: MappedOrder | None = None
    """The order as read and in our terms, where it came so far."""
    ledger: tuple[LineLedger, ...] = ()
    """What becomes of each line's quantity, where the order stands."""


def judge(
    services: Services,
    revision: MappingRevision,
    catalogue: Catalogue,
    stock: Stock,
    body: bytes,
    at: int,
    *,
    test: bool = False,
    part: int | None = None,
) -> Judged:
    """What would come of the document, or of one order of it, if it had arrived at `at`, with a `test` key or not, and
    were decided then on this stock, which it takes from."""
    found = recognise(revision.account, formats_of(revision), body)
    works = _works(revision, catalogue, body, found, at, test, part=part)
    bodies = Bodies([one for one in works if isinstance(one, Work)])
    read = [_read_one(services, one, bodies) if isinstance(one, Work) else one for one in works]
    judged = tuple(one if isinstance(one, Judged) else decided(services, one, stock, at) for one in read)
    return judged[0] if len(judged) == 1 else Judged("done", None, (), judged)


def foresee(
    services: Services,
    messages: Iterable[tuple[StoredMessage, bytes]],
    revisions: Mapping[str, MappingRevision] | None = None,
    *,
    pinned: bool = False,
) -> list[Judged | None]:
    """What would come of replaying these messages now, one after the other: under the published mappings, or these ones
    by their accounts, or each under the one that it was last judged under (`pinned`), on the orders and the stock that
    there are now, from which each takes. None where its account has no mapping. Nothing is done, and orders and stock
    may be others by the time of a real replay.
    """
    read = read_again(services, messages, revisions, pinned=pinned)
    books = Books(services, [one for one in read if isinstance(one, Work)], foresees=True)
    return [_foreseen(services, one, books) if isinstance(one, Work) else one for one in read]


def _foreseen(services: Services, work: Work, books: Books) -> Judged:
    """As the pipeline would settle it."""
    if books.known.resend(work) is not None:
        return Judged("duplicate", None, ())
    prepared = books.known.changes.get(work.message.id)
    if work.order.function == "original" and prepared is None:
        return _judged(work, decide_one(services, work, books), books.stock)
    if waits(work, prepared, books):
        return Judged("received", None, ())
    if prepared is not None and prepared.when == "stale":
        return Judged("done", None, located(work, (stale_change(work.order, prepared.standing),)))
    return _judged(work, decide_changed(services, work, books, prepared).decision, books.stock)


def _judged(work: Work, decision: Decision, stock: Stock) -> Judged:
    decision = foreseen(work, decision, stock)
    warnings = work.read.warnings if work.read else ()
    faults = in_document_order((*decision.faults, *warnings))  # in the order in which a settlement keeps them
    status = advance("processing", _EVENTS[decision.verdict])
    number = work.order.order_number
    return Judged(status, decision.response, faults, (), number, work.mapped, decision.ledger)


def read_again(
    services: Services,
    messages: Iterable[tuple[StoredMessage, bytes]],
    revisions: Mapping[str, MappingRevision] | None = None,
    *,
    pinned: bool = False,
) -> list[Work | Judged | None]:
    """The same messages in our terms, undecided; or what came of each before. None where its account has no mapping."""
    messages = list(messages)
    if revisions is None:
        revisions = services.terms.current({stored.account_id for stored, _ in messages})
    catalogue = services.terms.catalogue()
    under = [_pinned(services, one, revisions) if pinned else revisions.get(one.account_id) for one, _ in messages]
    known: dict[tuple[int, int], Recognised] = {}  # by places in memory: orders of one body share it
    works: list[Work | Judged | None] = []
    for revision, (one, body) in zip(under, messages, strict=True):
        if revision is None:
            works.append(None)
            continue
        key = id(revision), id(body)
        found = known.get(key) or known.setdefault(key, recognise(revision.account, formats_of(revision), body))
        read = _works(revision, catalogue, body, found, one.received_at, one.test_key, one.id, one.part)
        works.append(read[0] if len(read) == 1 else Judged("held", None, ()))
    bodies = Bodies([one for one in works if isinstance(one, Work)])
    return [_read_one(services, one, bodies) if isinstance(one, Work) else one for one in works]


def _pinned(
    services: Services, stored: StoredMessage, revisions: Mapping[str, MappingRevision]
) -> MappingRevision | None:
    """What the message was last judged under; the current one where it was judged under none."""
    if stored.mapping_revision is None:
        return revisions.get(stored.account_id)
    try:
        return services.terms.mapping(stored.account_id, stored.mapping_revision)
    except LookupError:
        return None


def _works(
    revision: MappingRevision,
    catalogue: Catalogue,
    body: bytes,
    found: Recognised,
    at: int,
    test: bool,
    message_id: str = "",
    part: int | None = None,
) -> list[Work | Judged]:
    """The orders of the document that was recognised so, or this one of them, to be read; or why none can be."""
    if found.faults:
        return [Judged("rejected", None, found.faults)]
    account_id, run = revision.account.id, 2 if message_id else 1
    whole = ClaimedMessage(message_id, account_id, test, 0, at, at, "sample", found.format, body, run, 0, 0, b"", None)
    parts = [part] if part is not None or found.orders == 1 else range(1, found.orders + 1)
    return [Work(replace(whole, part=one), revision, catalogue) for one in parts]


def _read_one(services: Services, work: Work, bodies: Bodies) -> Work | Judged:
    decode_one(services, work, bodies)
    map_one(services, work)
    return work if work.mapped is not None else ended(work)


def ended(work: Work) -> Judged:
    """What came of a message that was settled before it could be decided."""
    event, found = (work.settlement.event, work.settlement.faults) if work.settlement else ("fail", ())
    number = work.read.order.order_number if work.read else work.answer_to
    return Judged(advance("processing", event), None, found, order_number=number)


def decided(
    services: Services, work: Work, stock: Stock, at: int, without_stock: Collection[str] | None = None
) -> Judged:
    """The answer that would be given at that moment, on this stock, which it takes from. `without_stock`: the supply
    sites that no stock is known of, where that was asked for many orders at once."""
    return _judged(work, decide_alone(services, work, stock, at, without_stock), stock)


def decide_alone(
    services: Services, work: Work, stock: Stock, at: int, without_stock: Collection[str] | None = None
) -> Decision:
    """The decision of that alone, of which no document is made."""
    revision = work.revision
    if work.mapped is None or revision is None:
        raise AssertionError("it is read first, under a mapping")
    if without_stock is None:
        without_stock = sites_without_stock(services, [work], stock)
    supply = unknown_supply(work, without_stock)
    return decide(
        work.mapped,
        located(work, in_document_order((*work.faults, *supply))),
        stock,
        revision.account,
        services.supplier,
        response_number="SAMPLE",
        received_on=local_date(work.message.received_at, revision),
        issued_at=local_time(at, revision),
        test=work.is_test,
    )


def judge_messages(services: Services, revision: MappingRevision, last: int) -> list[tuple[StoredMessage, Judged]]:
    """The account's last messages, newest first, judged again under this mapping of it as of the day each came, on
    stock of which nothing is taken. What only the order book knows (a number used twice) is not judged, so messages it
    decided on are left out, and so is what says something of documents of ours."""
    account_id, catalogue = revision.account.id, services.terms.catalogue()
    formats = formats_of(revision)
    stock = services.store.stock.load(catalogue.products, [account_id])
    found = []
    for stored in services.store.messages.page(account_id=account_id, limit=last):
        body = services.store.messages.body(stored.id)
        codes = {fault.code for fault in services.store.messages.faults(stored.id)}
        if body is None or stored.status not in SETTLED or stored.parts or OF_THE_BOOKS & codes:
            continue
        known = formats.get(stored.format or "")
        if known is not None and answer_format([known], body) is not None:
            continue
        at, test = stored.received_at, stored.test_key
        judged = judge(services, revision, catalogue, untouched(stock), body, at, test=test, part=stored.part)
        found.append((stored, replace(judged, mapped=None, ledger=())))  # there may be thousands
    return found


def untouched(stock: Stock, products: Collection[str] | None = None) -> Stock:
    """The stock as if nothing had been taken of it, or of these products."""
    places = stock.positions if products is None else _places(stock, products)
    for place in places:
        if (position := stock.positions.get(place)) is not None:
            position.taken = position.taken * 0
            position.taken_by.clear()
    return stock


def _places(stock: Stock, products: Collection[str]) -> Iterator[tuple[str, str]]:
    return ((product, site) for product in products for site in stock.sites.get(product, ()))
