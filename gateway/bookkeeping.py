"""The books that a batch is decided on: what its messages mean, what stock is left, which numbers come next; and what
is written down of each decision.

Loaded at once for the batch, then kept up as its messages are decided in turn, so that the second of two orders in one
batch sees what the first one took.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.amending import (
    changed_row,
    wrong_address,
)
from gateway.contracting import ContractBook
from gateway.cxml_answers import CXML
from gateway.lanes import lane_of
from gateway.local_time import local_date
from gateway.recognising import KnownOrders
from gateway.rendering import keep_rendered
from gateway.services import Services
from gateway.standing_orders import Confirmed
from gateway.store.changes import Changes, ClaimedMessage, OrderSeen, Settlement, Wait
from gateway.store.ids import new_id, now_us
from gateway.store.orders import LiveOrder
from gateway.store.takings import Takings
from gateway.supplying import products_and_accounts, sites_without_stock
from gateway.trade.changing import ChangeDecision
from gateway.trade.decision import Decision
from gateway.trade.notices import confirmed_by, first_overdue
from gateway.trade.precedence import Precedence, precedence_of
from gateway.work import Rendered, Work
from mappings.account import Account
from schemas.faults import Fault, in_document_order

_FIRST_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 5.0, 3600.0
_UNREAD_LOOK_SECONDS = 1.0
_EVENTS = {"answered": "answer", "held": "hold", "rejected": "reject"}


class Books:
    """What is known of orders, stock and numbers while one batch is settled."""

    def __init__(self, services: Services, works: Sequence[Work], *, foresees: bool = False) -> None:
        """Where it only `foresees` no number is drawn."""
        self.known = KnownOrders(services, works, foresees=foresees)
        self._changes = self.known.changes
        standing = [change.standing.order_id for change in self._changes.values()]
        again = [live.id for work in works if (live := self.known.came_again(work)) is not None]
        self._confirmed = services.store.threads.confirmed((*standing, *again), CXML)
        self.contracts = ContractBook(services, works, self._changes)
        """The blanket orders that are released or changed."""
        self.stock = services.store.stock.load(*products_and_accounts(works, self._changes.values()))
        self.takings = Takings(self.stock)
        self.sites_without_stock = sites_without_stock(services, works, self.stock)
        real = [work for work in works if not (work.is_test or foresees)]
        self._numbers = iter(services.store.numbers.take("order_response", len(real)) if real else [])

    def confirmed_before(self, work: Work) -> Confirmed | None:
        """What the order that this message means was confirmed as, in the format that refers to it; None where there
        is no such order, or it has no confirmation."""
        change, again = self._changes.get(work.message.id), self.known.came_again(work)
        if change is not None:
            return self._confirmed_as(change.standing.order_id, change.standing.version)
        if again is not None:
            return self._confirmed_as(again.id, again.version)
        if work.order.function == "original" and not wrong_address(work):
            return None
        return Confirmed() if self.known.has_number(work) else None

    def _confirmed_as(self, order_id: str, version: int) -> Confirmed:
        answers = self._confirmed.get(order_id)
        if answers is None:
            return Confirmed()
        return Confirmed(answers.first, answers.latest, answers.canonical if answers.version == version else None)

    def number(self, work: Work) -> str:
        """The next order response number; a test takes none of the series."""
        return work.test_number if work.is_test else f"OR-{next(self._numbers, 0):08d}"

    def keep(
        self, work: Work, message: ClaimedMessage, decision: Decision, document: Rendered | None, changes: Changes
    ) -> None:
        """Write down one decision, and see it in what the batch decides next."""
        order_id = new_id() if decision.verdict == "answered" else None
        if order_id is not None:
            self._keep_order(work, message, decision, order_id, changes)
            self.contracts.keep(work, order_id, decision, changes.at)
        if decision.verdict == "held":
            self.known.see_open(work, "held")
        if document is not None and decision.response is not None:
            again = self.known.came_again(work) if decision.verdict == "rejected" else None
            keep_rendered(changes, work, message, decision.response, document, again.id if again else order_id)
            if again is not None:
                self._see_confirmed(again.id, decision.response.number, document)
                changes.orders_seen.append(OrderSeen(again.id, again.version, again.updated_at))
        if work.read is not None and work.read.attachments:
            changes.keep_aside(message, work.read.attachments)
        if decision.verdict == "rejected":
            changes.wakes.add((message.account_id, work.order.order_number))
        self._settle(work, message, decision, order_id, changes)

    def _settle(
        self, work: Work, message: ClaimedMessage, decision: Decision, order_id: str | None, changes: Changes
    ) -> None:
        revision = work.revision.number if work.revision else 0
        warnings = work.read.warnings if work.read else ()
        changes.settle(
            work.message,
            Settlement(
                _EVENTS[decision.verdict],
                {**work.stages, decision.verdict: now_us()},
                in_document_order((*decision.faults, *warnings)),
                mapping_revision=revision,
                policies=work.revision.account.policies if work.revision else None,
                catalogue_revision=work.catalogue.number,
                content_sha256=work.content,
                order_number=work.order.order_number,
                order_id=order_id,
                envelope_id=work.envelope_id,
                is_test=work.is_test,
                is_change=work.order.function != "original",
                **work.described,
                takes_envelope=decision.verdict != "rejected"
                and self.known.takes_envelope(work, message.id, "done" if decision.verdict == "answered" else "held"),
            ),
        )

    def _keep_order(
        self, work: Work, message: ClaimedMessage, decision: Decision, order_id: str, changes: Changes
    ) -> None:
        epoch, ordinal = self.known.place_of(work)
        order = work.order
        site = work.mapped.site if work.mapped else None
        outcome = decision.response.outcome if decision.response else _silent_outcome(decision)
        changes.keep_order(
            message,
            order,
            order_id=order_id,
            order_key=work.order_key[2],
            epoch=epoch,
            ordinal=ordinal,
            outcome=outcome,
            status=order_status(work.account, outcome),
            revision=work.revision.number if work.revision else 0,
            catalogue=work.catalogue.number,
            content=work.content,
            site=site.account_site if site else None,
            canonical=work.canonical,
            precedence=_precedence(work),
            notice_due=_notice_due(work, decision, order_status(work.account, outcome)),
        )
        changes.wakes.add((message.account_id, order.order_number))
        changes.move_quantities(message, order_id, decision.ledger)
        percent = work.account.policies.allocation_percent
        self.takings.add(message.id, order_id, changes.at, decision.allocations, percent)
        status = order_status(work.account, outcome)
        live = LiveOrder(order_id, epoch, ordinal, 1, message.id, work.content, changes.at, changes.at, status)
        self.known.see_order(work, live)

    def keep_change(
        self, work: Work, message: ClaimedMessage, decided: ChangeDecision, document: Rendered | None, changes: Changes
    ) -> None:
        """Write down what a change does to its order, and that it was answered, refused or held."""
        decision, prepared = decided.decision, self._changes.get(work.message.id)
        order_id = prepared.standing.order_id if prepared else None
        if decision.verdict == "answered" and prepared is not None and order_id is not None:
            outcome = decision.response.outcome if decision.response else _silent_outcome(decision)
            status = "cancelled" if decided.is_cancelled else order_status(work.account, outcome)
            row, canonical = changed_row(work, prepared, decided, status, outcome, message.id)
            changes.change_order(message, row, canonical, decided.moves)
            self.contracts.keep_change(work, prepared, decided, changes.at)
            changes.wakes.add((message.account_id, work.order.order_number))
            percent = work.account.policies.allocation_percent
            self.takings.add(message.id, order_id, changes.at, decision.allocations, percent)
        if document is not None and decision.response is not None:
            keep_rendered(changes, work, message, decision.response, document, order_id)
            self._see_confirmed(order_id, decision.response.number, document)
            if decision.verdict == "rejected" and prepared is not None:
                standing = prepared.standing
                changes.orders_seen.append(OrderSeen(standing.order_id, standing.version, standing.updated_at))
        self._settle(work, message, decision, order_id if decision.verdict == "answered" else None, changes)

    def _see_confirmed(self, order_id: str | None, number: str, document: Rendered) -> None:
        """The next confirmation of the order refers to this one."""
        answers = self._confirmed.get(order_id) if order_id else None
        if order_id and answers is not None and document.format_name == CXML:
            self._confirmed[order_id] = answers._replace(first=answers.first or number, latest=number)

    def settle_unapplied(self, work: Work, faults: tuple[Fault, ...], changes: Changes) -> None:
        """The change is kept, and does nothing: the order has gone on without it."""
        self._settle(work, work.message, Decision("answered", faults), None, changes)

    def wait(self, work: Work, changes: Changes) -> None:
        """The change waits for its order, or for the version before it: longer the longer it has waited."""
        prepared = self._changes.get(work.message.id)
        for_version = prepared.standing.order.version + 1 if prepared and prepared.when == "early" else 0
        self._wait(work, changes, for_version, seconds_to_wait(now_us() - work.message.received_at))

    def wait_for_the_unread(self, work: Work, changes: Changes) -> None:
        """The change waits a moment for what was received before it."""
        self._wait(work, changes, None, _UNREAD_LOOK_SECONDS)

    def _wait(self, work: Work, changes: Changes, for_version: int | None, seconds: float) -> None:
        message = work.message
        self.known.see_open(work, "received")
        wait = Wait(
            message.id,
            message.account_id,
            work.order.order_number,
            self.known.last_change(work),
            work.content,
            work.is_test,
            for_version,
            seconds,
            message.event_count,
            message.event_hash,
        )
        told = {"order_number": work.order.order_number, **({"version": for_version} if for_version else {})}
        changes.wait(message, wait, None if message.has_waited else told)


def seconds_to_wait(waited_us: int) -> float:
    """When a change that waits for its order is looked at again, should nobody have woken it: after as long as it has
    waited already, and once an hour at least."""
    return min(max(waited_us / 1_000_000, _FIRST_LOOK_SECONDS), _LONGEST_LOOK_SECONDS)


def order_status(account: Account, outcome: str) -> str:
    """How an order stands that was answered so."""
    if outcome == "rejected":
        return "closed"
    if outcome == "received":
        return "awaiting_decision"
    if outcome == "changed" and not account.policies.changed_order_binding:
        return "awaiting_buyer"
    return "open"


def _notice_due(work: Work, decision: Decision, status: str) -> int | None:
    """From when on the despatch advice of the first of a new order is overdue; a test ships nothing."""
    if work.mapped is None or work.is_test or status != "open":
        return None
    return first_overdue(work.account, work.mapped, decision.response, confirmed_by(decision.ledger), {})


def _precedence(work: Work) -> Precedence:
    if work.mapped is None or work.revision is None:
        raise AssertionError("it is decided in our terms")
    received_on = local_date(work.message.received_at, work.revision)
    return precedence_of(work.mapped, received_on, lane_of(work.account.tier))


def _silent_outcome(decision: Decision) -> str:
    """The outcome of an order whose sender wants no response."""
    if decision.outcome is not None:
        return decision.outcome
    if all(line.confirmed == line.ordered for line in decision.ledger):
        return "accepted"
    if not any(line.confirmed or line.backordered or line.cancelled or line.rejected for line in decision.ledger):
        return "received"
    if all(line.rejected == line.ordered for line in decision.ledger):
        return "rejected"
    return "changed"
