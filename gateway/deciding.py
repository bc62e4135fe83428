"""decide: every message of a batch on the books as they stand, and what that writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.amending import (
    PreparedChange,
    decide_prepared,
    own_faults,
    paths_in_the_change,
    stale_change,
    unknown_order,
    waits_for_its_time,
    wrong_address,
)
from gateway.bookkeeping import Books
from gateway.local_time import local_date, local_time
from gateway.reading import bug_at, located
from gateway.rendering import answered, refuse_unread
from gateway.services import Services
from gateway.store.changes import Changes, ClaimedMessage
from gateway.store.ids import now_us
from gateway.supplying import unknown_supply
from gateway.trade.changing import ChangeDecision, refuse_or_hold
from gateway.trade.decision import Decision
from gateway.trade.refused_lines import Case
from gateway.trade.response import decide
from gateway.work import Work
from schemas.faults import Fault, in_document_order, line_index

logger = logging.getLogger(__name__)


def settle_all(services: Services, works: Sequence[Work], beat: Callable[[], None]) -> Changes:
    """Decide every message on the books as they stand now, and gather what that writes; a beat before each."""
    undecided = [work for work in works if work.settlement is None]
    books = Books(services, undecided)
    changes = Changes(at=now_us(), takings=books.takings, drawings=books.contracts.drawings)
    for work in works:
        beat()
        if work.settlement is not None:
            refuse_unread(services, work, changes)
            changes.said += work.said
            changes.settle(work.message, work.settlement)
            continue
        try:
            settle_one(services, work, books, changes)
        except Exception:  # as above: nothing here asks the store, so it is no outage that ends as failed
            logger.exception("message %s can't be decided: a bug", work.message.id)
            work.end("fail", [bug_at(work)], "decide")
            changes.settle(work.message, work.settlement)  # type: ignore[arg-type]  # end() has just set it
    return changes


def settle_one(services: Services, work: Work, books: Books, changes: Changes) -> None:
    """Resend, held, rejected or answered: the message's rows go into `changes`."""
    if work.mapped is None or work.read is None or work.revision is None:
        raise AssertionError("it is decoded and mapped first")
    resend = books.known.resend(work)
    if resend is not None:
        changes.settle(work.message, resend)
        if resend.duplicate_of in books.known.tries_again:
            changes.tried_again.append((str(resend.duplicate_of), work.message.id))
            books.known.tries_again.discard(str(resend.duplicate_of))
        return
    message = work.as_judged
    if work.order.function != "original" or message.id in books.known.changes:
        settle_change(services, work, message, books, changes)
        return
    decision = decide_one(services, work, books)
    decision, document = answered(work, decision, services.supplier, books.stock, books.confirmed_before(work))
    work.stages["decided"] = now_us()
    books.keep(work, message, decision, document, changes)


def settle_change(services: Services, work: Work, message: ClaimedMessage, books: Books, changes: Changes) -> None:
    """A change of an order: applied, refused, held, too late to matter, or waiting for what comes before it."""
    if work.revision is None:
        raise AssertionError("it is decoded and mapped first")
    prepared = books.known.changes.get(message.id)
    if work.message.id in books.known.behind_unread:
        books.wait_for_the_unread(work, changes)
        return
    if prepared is not None and prepared.when == "stale":
        late = located(work, (stale_change(work.order, prepared.standing),))
        books.settle_unapplied(work, late, changes)
        return
    if waits(work, prepared, books):
        books.wait(work, changes)
        return
    decided = decide_changed(services, work, books, prepared)
    before = books.confirmed_before(work)
    decision, document = answered(work, decided.decision, services.supplier, books.stock, before)
    decided = replace(decided, decision=decision)
    work.stages["decided"] = now_us()
    books.keep_change(work, message, decided, document, changes)


def waits(work: Work, prepared: PreparedChange | None, books: Books) -> bool:
    """Whether the change waits for what comes before it: for a day at most, but for an order that we have as long as
    that isn't settled."""
    is_early = prepared.when == "early" if prepared else not (wrong_address(work) or books.known.is_unclear(work))
    return is_early and (waits_for_its_time(work) or work.message.id in books.known.awaited)


def decide_changed(services: Services, work: Work, books: Books, prepared: PreparedChange | None) -> ChangeDecision:
    """The answer to a change, on the order as it stands and the stock that is left."""
    if work.revision is None:
        raise AssertionError("decode comes first")
    now = local_time(now_us(), work.revision)
    named = own_faults(work, prepared) if prepared else faults_without_order(work, books)
    own = (*named, *books.known.other_content(work), *books.contracts.faults_of_change(work, prepared))
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
            version=work.order.version or 1,
            test=work.is_test,
        )
    judged = (*prepared.faults, *unknown_supply(work, books.sites_without_stock)) if prepared.mapped else ()
    amended = prepared.amended.order or work.order
    placed = located(work, (*own, *paths_in_the_change(judged, amended, work.order)))
    told = [replace(fault, path=one.path) for one, fault in zip(judged, placed[len(own) :], strict=True)]
    unfit: list[Fault] = []

    def still_fits(case: Case) -> list[Fault]:
        unfit.extend(located(work, books.contracts.faults_beside(work, prepared, case)))
        return [_of_the_whole(fault) for fault in unfit]

    decided = decide_prepared(
        work,
        prepared,
        (*map(_of_the_whole, placed[: len(own)]), *told),
        books.stock,
        services.supplier,
        still_fits,
        response_number=books.number(work),
        received_on=local_date(work.message.received_at, work.revision),
        issued_at=now,
    )
    known = (*placed, *unfit)
    faults = (*known, *located(work, decided.decision.faults[len(known) :]))
    return replace(decided, decision=replace(decided.decision, faults=faults))


def faults_without_order(work: Work, books: Books) -> tuple[Fault, ...]:
    """Why a change is of no order on the books, but for what the books say of it themselves."""
    if (address := wrong_address(work)) or books.known.is_unclear(work):
        return address
    return (unknown_order(work.order, has_number=books.known.has_number(work)),)


def _of_the_whole(fault: Fault) -> Fault:
    """What is wrong with a change itself is judged as a fault of all of it: it can't be made in part."""
    return fault if line_index(fault) is None else replace(fault, path="/lines")


def decide_one(services: Services, work: Work, books: Books) -> Decision:
    """The answer, on the stock that is left after this batch's earlier messages."""
    if work.mapped is None or work.revision is None:
        raise AssertionError("it is decoded and mapped first")
    supply, contract = unknown_supply(work, books.sites_without_stock), books.contracts.faults(work)
    faults = located(work, in_document_order((*work.faults, *supply, *books.known.other_content(work), *contract)))
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
