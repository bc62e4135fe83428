"""decode → map → check → decide → save → render, top to bottom: load first, compute purely, save last.

A worker drains claims. Each claim's messages are read, put into our terms and checked one by one, so that one bad
document never touches its neighbours; then they are decided in order on one view of stock and orders, and written in
one transaction. Where a decision doesn't hold any more by then the decisions, and only they, are made again.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gateway.amending import (
    LONGEST_WAIT_HOURS,
    PreparedChange,
    decide_prepared,
    own_faults,
    paths_in_the_change,
    stale_change,
    wrong_address,
)
from gateway.bookkeeping import Books, keep_rendered, unknown_supply
from gateway.local_time import local_date, local_time
from gateway.services import Services
from gateway.store.changes import Changes, ClaimedMessage
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.ids import now_us
from gateway.store.queue import Claim, LeaseLost
from gateway.trade.changing import ChangeDecision, refuse_or_hold
from gateway.trade.checks import check
from gateway.trade.decision import Decision
from gateway.trade.response import decide, refusal_of_unread
from gateway.trade.rest import faults_of_rest
from gateway.work import Rendered, Work
from mappings.engine import to_ours
from mappings.revision import MappingRevision
from schemas.documents.order import Order
from schemas.documents.order_response import OrderResponse, canonical_response
from schemas.documents.partly_read import OrderPartlyRead
from schemas.faults import DocumentHeld, DocumentRejected, Fault, in_document_order
from schemas.formats.registry import FORMATS, format_by_name

logger = logging.getLogger(__name__)
_TRIES = 6
_LONGEST_WAIT_US = LONGEST_WAIT_HOURS * 3_600_000_000
_DRAIN_SECONDS = 20.0
_OUTAGE_PAUSE_SECONDS = 0.2
"""Between tries of a save that the database could not take: nothing tells when it can."""


def drain(services: Services, lanes: Sequence[int], beat: Callable[[], None], batches: int = 20) -> int:
    """Settle what waits in these lanes (by number), up to so many batches; how many messages were settled."""
    settled = 0
    deadline = time.monotonic() + _DRAIN_SECONDS
    for _ in range(batches):
        beat()
        claim = services.store.queue.claim(services.worker_name, lanes, services.limits.batch_size)
        if claim is None:
            break
        call_others(services, claim)
        with _collector_paused():
            settled += process(services, claim, beat)
        if time.monotonic() > deadline:
            break
    return settled


def call_others(services: Services, claim: Claim) -> None:
    """Ring for what the claim leaves: a backlog was rung for once, and would be drained by one worker alone."""
    if claim.leaves_some:
        for lane in {message.lane for message in claim.messages}:
            services.lanes.ring(lane)


class Stuck(Exception):
    """These messages can't be saved together, and trying again would not help."""


def process(services: Services, claim: Claim, beat: Callable[[], None] = lambda: None) -> int:
    """Read, decide and save one claim's messages; how many were settled."""
    works = load(services, claim)
    for work in works:
        beat()
        decode_one(services, work)
    for work in works:  # a loop of its own: what mapping needs stays at hand, which decoding each time would push out
        map_one(services, work)
    return sum(settle_together(services, claim, together, beat) for together in in_turn(works))


def in_turn(works: Sequence[Work]) -> list[list[Work]]:
    """The batch, all at once but for what changes an order that is in it before: that is decided on what was saved."""
    seen: dict[object, Work] = {}
    first: list[Work] = []
    later: list[list[Work]] = []
    for work in works:
        earlier = seen.setdefault(work.order_key, work) if work.settlement is None else work
        if earlier is work or not (may_change(earlier) or may_change(work)):
            first.append(work)
        else:
            later.append([work])
    return [first, *later]


def may_change(work: Work) -> bool:
    """Whether the message may change an order that stands."""
    return work.order.function != "original" or work.account.policies.same_number_other_content == "change"


def settle_together(services: Services, claim: Claim, works: Sequence[Work], beat: Callable[[], None]) -> int:
    """These messages in one transaction; each by itself where that can't be."""
    try:
        return settle_and_save(services, claim, works, beat)
    except Stuck as stuck:
        logger.warning("a batch of %d can't be saved together (%s): one by one", len(works), stuck)
    return sum(settle_alone(services, claim, work, beat) for work in works)


def settle_alone(services: Services, claim: Claim, work: Work, beat: Callable[[], None]) -> int:
    """One message by itself; where even that can't be saved, it ends as failed and its neighbours don't wait for it."""
    try:
        return settle_and_save(services, claim, [work], beat)
    except Stuck as stuck:
        logger.error("message %s can't be saved: %s", work.message.id, stuck)
    work.answer_to = None
    work.end("fail", [_bug(work)], "save")
    try:
        return settle_and_save(services, claim, [work], beat)
    except Stuck as stuck:
        logger.error("message %s can't even be set apart (%s); its lease will run out", work.message.id, stuck)
        return 0


def settle_and_save(services: Services, claim: Claim, works: Sequence[Work], beat: Callable[[], None]) -> int:
    """Decide and save these messages of the claim in one transaction; how many were settled. Raises Stuck."""
    started = time.monotonic()
    cause = ""
    for _ in range(_TRIES):
        beat()
        try:
            if time.monotonic() - started > services.limits.lease_seconds / 3:
                services.store.queue.extend(claim)
            changes = settle_all(services, works)
            services.store.queue.save(claim, changes)
        except Collision as collision:
            cause = str(collision)
            continue
        except LeaseLost:  # taken over, or saved by a commit whose answer never came: others settle or have settled it
            logger.warning("lease %s is over: its %d messages are not this worker's", claim.lease_id, len(works))
            return len(works)
        except StoreUnavailable as failure:
            logger.warning("could not save a batch of %d: %s; it will be claimed again", len(works), failure)
            time.sleep(_OUTAGE_PAUSE_SECONDS)
            cause = ""
            continue
        except Exception as error:
            logger.exception("a batch of %d can't be saved: a bug", len(works))
            raise Stuck(f"{type(error).__name__}: {error}"[:500]) from error
        services.lanes.announce(changes.settled)
        return len(changes.settled)
    if cause:
        raise Stuck(cause[:500])
    return give_back(services, claim, works)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without Python's cycle collector for one batch. Documents have no cycles, so counting references frees them; the
    collector would only walk the lines of a large one again and again (half the time of deciding 20,000 lines)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load(services: Services, claim: Claim) -> list[Work]:
    """Each message with the mapping revision and the catalogue that it is worked on with, wholly."""
    current = services.store.revisions.current(message.account_id for message in claim.messages)
    catalogue = services.terms.catalogue()
    return [Work(message, _revision(services, message, current), catalogue) for message in claim.messages]


def _revision(services: Services, message: ClaimedMessage, current: dict[str, int]) -> MappingRevision | None:
    """The mapping the message is pinned to, or the published one; None where there is none that can be used."""
    number = message.mapping_revision or current.get(message.account_id)
    if number is None:
        return None
    try:
        return services.terms.mapping(message.account_id, number)
    except (LookupError, ValueError):  # ValueError: pydantic's; one account's broken terms are not its neighbours'
        logger.exception("revision %d of %s can't be used", number, message.account_id)
        return None


def read_one(services: Services, work: Work) -> None:
    """decode → map → check. Ends in `work.mapped`, or in a settlement; never raises."""
    decode_one(services, work)
    map_one(services, work)


def decode_one(services: Services, work: Work) -> None:
    """Ends in `work.read`, or in a settlement; never raises."""
    try:
        decode_or_end(services, work)
    except Exception:  # a bug at one document: loud in the log, failed at the message, and its neighbours go on
        _end_as_bug(work)


def decode_or_end(services: Services, work: Work) -> None:
    """Ends in `work.read`, or in a settlement with every fault: also those of what was read whole beside them."""
    try:
        decode(services, work)
    except DocumentRejected as failure:
        faults = failure.faults
        if isinstance(failure, OrderPartlyRead):
            faults = in_document_order(faults + judge_rest(services, work, failure))
            work.answer_currency = failure.rest.order.currency
        placed = locate(work.message, faults)
        work.answer_to = failure.answer_to
        work.end("reject", placed, "decode")
    except DocumentHeld as failure:
        work.end("hold", locate(work.message, failure.faults), "decode")


def map_one(services: Services, work: Work) -> None:
    """What was decoded, mapped and checked. Ends in `work.mapped`, or in a settlement; never raises."""
    if work.settlement is not None:
        return
    try:
        put_into_our_terms(services, work)
    except Exception:  # as above
        _end_as_bug(work)


def _end_as_bug(work: Work) -> None:
    logger.exception("message %s can't be read: a bug", work.message.id)
    work.end("fail", [_bug(work)], "decode")


def decode(services: Services, work: Work) -> bool:
    """Bytes → canonical order; False where the message ends here. Raises DocumentRejected."""
    if work.revision is None:
        fault = Fault("unknown_revision", f"The account {work.message.account_id} has no published mapping.")
        work.end("hold", [fault], "decode")
        return False
    if work.message.format not in FORMATS:
        fault = Fault("unknown_format", "The message's format is not known to this program.", value=work.message.format)
        work.end("hold", [fault], "decode")
        return False
    found = format_by_name(work.message.format or "").parse_orders(work.message.body)
    if len(found) != 1:
        detail = f"The body holds {len(found)} orders; only one order a body is handled automatically."
        work.end("hold", [Fault("unsupported_document", detail, value=str(len(found)), expected="one order")], "decode")
        return False
    work.note_order(found[0])
    refuse_too_many_lines(work.order, services.limits.max_lines)
    work.stages["decoded"] = now_us()
    work.note_urgency(work.stages["decoded"])
    return True


def judge_rest(services: Services, work: Work, failure: OrderPartlyRead) -> tuple[Fault, ...]:
    """map → check of what could be read, for its faults alone."""
    if work.revision is None:
        raise AssertionError("nothing is read without a mapping")
    received_on = local_date(work.message.received_at, work.revision)
    return faults_of_rest(failure.rest, failure.faults, work.revision, work.catalogue, services.supplier, received_on)


def refuse_too_many_lines(order: Order, most: int) -> None:
    """Raises DocumentRejected for an order with more lines than one document may have."""
    if len(order.lines) > most:
        detail = f"The order has {len(order.lines)} lines; one order may have {most}."
        raise DocumentRejected(
            [Fault("too_many_lines", detail, "/lines", value=str(len(order.lines)), expected=str(most))]
        )


def put_into_our_terms(services: Services, work: Work) -> None:
    """Canonical order → our products, units, prices and sites, and what the contract says of them."""
    if work.read is None or work.revision is None:
        raise AssertionError("decode comes first")
    received_on = local_date(work.message.received_at, work.revision)
    work.mapped = to_ours(work.read.order, work.revision, work.catalogue, services.supplier, received_on)
    work.stages["mapped"] = now_us()
    work.faults = (*work.mapped.all_faults(), *check(work.mapped, received_on))
    work.stages["checked"] = now_us()


def settle_all(services: Services, works: Sequence[Work]) -> Changes:
    """Decide every message on the books as they stand now, and gather what that writes."""
    undecided = [work for work in works if work.settlement is None]
    books = Books(services, undecided)
    changes = Changes(at=now_us(), takings=books.takings)
    for work in works:
        if work.settlement is not None:
            refuse_unread(services, work, changes)
            changes.settle(work.message, work.settlement)
            continue
        try:
            settle_one(services, work, books, changes)
        except Exception:  # as above: nothing here asks the store, so it is no outage that ends as failed
            logger.exception("message %s can't be decided: a bug", work.message.id)
            work.end("fail", [_bug(work)], "decide")
            changes.settle(work.message, work.settlement)  # type: ignore[arg-type]  # end() has just set it
    return changes


def refuse_unread(services: Services, work: Work, changes: Changes) -> None:
    """The negative answer to an order that could not be read whole, where its number could."""
    if work.answer_to is None or work.revision is None or work.settlement is None:
        return
    number = work.test_number if work.message.test else f"OR-{_next_number(services):08d}"
    response = refusal_of_unread(
        work.answer_to,
        work.settlement.faults,
        work.revision.account,
        services.supplier,
        response_number=number,
        issued_at=local_time(now_us(), work.revision),
        test=work.message.test,
        currency=work.answer_currency,
    )
    document = render(work.revision, work.message, response)
    keep_rendered(changes, work, work.message, response, document, None)


def _next_number(services: Services) -> int:
    return services.store.numbers.take("order_response", 1)[0]


def settle_one(services: Services, work: Work, books: Books, changes: Changes) -> None:
    """Resend, held, rejected or answered: the message's rows go into `changes`."""
    if work.mapped is None or work.read is None or work.revision is None:
        raise AssertionError("read_one comes first")
    resend = books.resend(work)
    if resend is not None:
        changes.settle(work.message, resend)
        if resend.duplicate_of in books.tries_again:
            changes.tried_again.append((str(resend.duplicate_of), work.message.id))
            books.tries_again.discard(str(resend.duplicate_of))
        return
    message = work.message if work.message.test == work.is_test else replace(work.message, test=work.is_test)
    if work.order.function != "original" or message.id in books.changes:
        settle_change(services, work, message, books, changes)
        return
    decision = decide_one(services, work, books)
    document = render(work.revision, work.message, decision.response) if decision.response else None
    work.stages["decided"] = now_us()
    books.keep(work, message, decision, document, changes)


def settle_change(services: Services, work: Work, message: ClaimedMessage, books: Books, changes: Changes) -> None:
    """A change of an order: applied, refused, held, too late to matter, or waiting for what comes before it."""
    prepared = books.changes.get(message.id)
    if prepared is not None and prepared.when == "stale":
        late = located(work, (stale_change(work.order, prepared.standing.order.version),))
        books.settle_unapplied(work, late, changes)
        return
    if waits(work, prepared):
        books.wait(work, changes)
        return
    decided = decide_changed(services, work, books, prepared)
    response = decided.decision.response
    document = render(work.revision, message, response) if response and work.revision else None
    work.stages["decided"] = now_us()
    books.keep_change(work, message, decided, document, changes)


def waits(work: Work, prepared: PreparedChange | None) -> bool:
    """Whether the change waits for what comes before it."""
    is_early = prepared.when == "early" if prepared else not wrong_address(work)
    return is_early and now_us() - work.message.received_at < _LONGEST_WAIT_US


def decide_changed(services: Services, work: Work, books: Books, prepared: PreparedChange | None) -> ChangeDecision:
    """The answer to a change, on the order as it stands and the stock that is left."""
    if work.revision is None:
        raise AssertionError("decode comes first")
    now = local_time(now_us(), work.revision)
    own = (*own_faults(work, prepared), *books.other_content(work))
    if prepared is None:
        faults, number = located(work, own), books.number(work)
        return refuse_or_hold(
            work.order,
            work.order,
            faults,
            work.account,
            services.supplier,
            response_number=number,
            issued_at=now,
            test=work.is_test,
        )
    judged = (*prepared.faults, *unknown_supply(work, books.sites_without_stock)) if prepared.mapped else ()
    amended = prepared.amended.order or work.order
    placed = located(work, (*own, *paths_in_the_change(judged, amended, work.order)))
    told = [replace(fault, path=one.path) for one, fault in zip(judged, placed[len(own) :], strict=True)]
    decided = decide_prepared(
        work,
        prepared,
        (*placed[: len(own)], *told),
        books.stock,
        services.supplier,
        response_number=books.number(work),
        received_on=local_date(work.message.received_at, work.revision),
        issued_at=now,
    )
    faults = (*placed, *decided.decision.faults[len(placed) :])
    return replace(decided, decision=replace(decided.decision, faults=faults))


def decide_one(services: Services, work: Work, books: Books) -> Decision:
    """The answer, on the stock that is left after this batch's earlier messages."""
    if work.mapped is None or work.revision is None:
        raise AssertionError("read_one comes first")
    supply = unknown_supply(work, books.sites_without_stock)
    faults = located(work, in_document_order((*work.faults, *supply, *books.other_content(work))))
    return decide(
        work.mapped,
        faults,
        books.stock,
        work.revision.account,
        services.supplier,
        response_number=books.number(work),
        received_on=local_date(work.message.received_at, work.revision),
        issued_at=local_time(now_us(), work.revision),
        test=work.is_test,
    )


def render(revision: MappingRevision, message: ClaimedMessage, response: OrderResponse) -> Rendered:
    """The order response as the account has agreed to get it; in the order's own format where nothing is agreed."""
    terms = revision.account.outbound.get("order_response")
    wanted = terms.format if terms else (message.format or "json-1")
    if wanted not in FORMATS or "order_response" not in FORMATS[wanted].renderers:
        wanted = "json-1"
    chosen = FORMATS[wanted]
    transport = terms.way if terms else "mailbox"
    body = chosen.renderers["order_response"](response)
    return Rendered(wanted, chosen.media_type, body, canonical_response(response), transport)


def located(work: Work, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    """The faults with the place in what was sent; found only now, because most documents have none."""
    return locate(work.message, faults) if faults else faults


def locate(message: ClaimedMessage, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Fill in `location` where the codec can say it."""
    if message.format not in FORMATS:
        return tuple(faults)
    paths = list(dict.fromkeys(fault.path for fault in faults if fault.path and not fault.location))
    if not paths:
        return tuple(faults)
    places = dict(zip(paths, FORMATS[message.format or ""].locate(message.body, paths), strict=True))
    return tuple(fault if fault.location else replace(fault, location=places.get(fault.path, "")) for fault in faults)


def give_back(services: Services, claim: Claim, works: Sequence[Work]) -> int:
    """The database kept refusing: these messages wait again, for a moment."""
    try:
        services.store.queue.release(claim, [work.message for work in works], after_seconds=1.0)
    except (StoreUnavailable, Collision):
        logger.warning("could not give back lease %s; it will run out", claim.lease_id)
    return 0


def _bug(work: Work) -> Fault:
    detail = "The gateway failed at this document. It is kept; it will be judged again when the cause is mended."
    return Fault("internal_error", detail, value=work.message.id)
