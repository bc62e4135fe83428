"""The ERP's decision on an order that waits for it: load, decide, save, and again where something moved meanwhile.

The order is decided under the mapping and the catalogue that it was read with. The answer belongs to the message that
made the order's newest version, which then has two: that it was received, and this one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from gateway.bookkeeping import order_status
from gateway.cxml_answers import CXML, Confirmed
from gateway.local_time import local_date, local_time
from gateway.reading import Bodies, decode_one
from gateway.rendering import keep_rendered, render
from gateway.services import Services
from gateway.store.changes import Changes, ClaimedMessage
from gateway.store.contracts import Drawings
from gateway.store.database import Collision, StoreUnavailable
from gateway.store.decisions import DecidedOrder, Head, StoredDecision
from gateway.store.ids import new_id, now_us
from gateway.store.takings import Takings
from gateway.store.worklist import WorkOrder
from gateway.trade.amendment import Standing
from gateway.trade.checks import check
from gateway.trade.consequences import Judgement
from gateway.trade.contracts import contract_of, draws_of
from gateway.trade.erp_decision import ErpDecision, OrderDecision, decide_by_erp
from gateway.trade.notices import confirmed_by, confirmed_in, first_overdue
from gateway.trade.response import judged
from gateway.work import Rendered, Work
from mappings.engine import to_ours
from mappings.mapped import MappedOrder
from schemas.documents.order_response import OrderResponse, canonical_response
from schemas.faults import DocumentHeld, DocumentRejected, Fault
from schemas.formats import ReadOrder
from schemas.formats.json_1.reading import document_in

AWAITING = "awaiting_decision"
_TRIES = 20


class DecisionRefused(Exception):
    """The decision can't be made so; with every fault of it. Nothing was done."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].detail)
        self.faults = tuple(faults)


class DecisionConflict(Exception):
    """The order, or this version of it, is not there to be decided any more; in words, what stands."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was answered, as JSON; the first time or again."""

    answer: str
    is_first: bool


@dataclass(slots=True)
class _Case:
    """An order that waits for its decision, and what that is made on."""

    listed: WorkOrder
    standing: Standing
    head: Head
    work: Work
    mapped: MappedOrder
    judgement: Judgement


def read_decision(body: bytes) -> OrderDecision:
    """The decision in a request's body. Raises DecisionRefused with every fault of it."""
    try:
        return document_in(OrderDecision, "decision", body)
    except DocumentRejected as rejected:
        raise DecisionRefused(rejected.faults) from rejected


def decide_order(services: Services, order_id: str, asked: OrderDecision, actor: str) -> Decided | None:
    """Decide the order, or give the first answer again where it was decided just so; None where there is no such order.

    Raises DecisionRefused, DecisionConflict; StoreUnavailable where others move the same stock all the time.
    """
    listed = services.store.worklist.one(order_id)
    if listed is None:
        return None
    in_order = asked.model_copy(update={"lines": tuple(sorted(asked.lines, key=lambda line: line.line_number))})
    wanted = in_order.model_dump_json(exclude_defaults=True)
    digest = hashlib.sha256(wanted.encode()).digest()
    for _ in range(_TRIES):
        before = services.store.decisions.of(order_id, asked.version)
        if before is not None and before.sha256 == digest:
            return Decided(before.answer, is_first=False)
        try:
            case = _case(services, order_id, asked, before)
            return Decided(_decide(services, case, asked, wanted, digest, actor), is_first=True)
        except Collision:
            continue
        except DecisionConflict:
            if before is None and services.store.decisions.of(order_id, asked.version) is not None:
                continue  # decided between the two looks, perhaps just so
            raise
    raise StoreUnavailable("stock that the decision takes is moved by others all the time")


def _case(services: Services, order_id: str, asked: OrderDecision, before: StoredDecision | None) -> _Case:
    """The order as it stands now. Raises DecisionConflict where it is not there to be decided, or another version."""
    store = services.store
    listed = store.worklist.one(order_id)
    standing = store.threads.standing([order_id])[order_id]
    if listed is None or before is not None or standing.status != AWAITING or standing.version != asked.version:
        raise DecisionConflict(_what_stands(standing, listed, asked, before))
    message_id, head = store.decisions.message_of(order_id)
    work = _work(services, listed, message_id, head)
    if work.revision is None:
        raise AssertionError("an order has the revision that it was read with")
    received_on = local_date(work.message.received_at, work.revision)
    mapped = to_ours(standing.order, work.revision, work.catalogue, services.supplier, received_on)
    faults = (*mapped.all_faults(), *check(mapped, received_on))
    work.mapped = mapped
    if work.read is None:  # its bytes are erased, or can't be read any more: what the order says is kept
        work.read = ReadOrder(standing.order, envelope_id=work.message.envelope_id)
    return _Case(listed, standing, head, work, mapped, judged(mapped, faults, work.revision.account.policies))


def _what_stands(
    standing: Standing, listed: WorkOrder | None, asked: OrderDecision, before: StoredDecision | None
) -> str:
    number = standing.order.order_number
    if before is not None:
        told = json.loads(before.answer)
        return (
            f"Version {asked.version} of order {number} was decided otherwise at {told['decided_at']}: "
            f"{told['outcome']} (order response {told['response']['number']}). That stands."
        )
    stands = f"Order {number} stands at version {standing.version}, {standing.status}"
    return stands + (f" ({listed.outcome})." if listed else ".")


def _work(services: Services, listed: WorkOrder, message_id: str, head: Head) -> Work:
    """The message that made the order's newest version, with what its envelope says."""
    stored = services.store.messages.one(listed.account_id, message_id)
    if stored is None:
        raise AssertionError("an order has its message")
    body = services.store.messages.body(message_id)
    message = ClaimedMessage(
        *(message_id, listed.account_id, stored.test, stored.lane, stored.due_at, stored.received_at, stored.source),
        *(stored.format, body or b"", stored.run, 0, head.event_count, head.event_hash, listed.mapping_revision),
        part=stored.part,
        parts=stored.parts,
    )
    revision = services.terms.mapping(listed.account_id, listed.mapping_revision)
    work = Work(message, revision, services.terms.catalogue(listed.catalogue_revision))
    if body is not None:
        decode_one(services, work, Bodies([work]))
        work.settlement = None
    return work


def _decide(services: Services, case: _Case, asked: OrderDecision, wanted: str, digest: bytes, actor: str) -> str:
    """Decide and save; the answer as JSON. Raises Collision where something moved meanwhile."""
    work, standing, account = case.work, case.standing, case.work.account
    products = {sums.product for sums in standing.lines.values() if sums.product is not None}
    stock = services.store.stock.load(products, [account.id])
    takings, at = Takings(stock), now_us()
    if work.revision is None:
        raise AssertionError("an order has the revision that it was read with")
    decided = decide_by_erp(
        asked,
        case.mapped,
        standing,
        case.judgement,
        stock,
        account,
        services.supplier,
        response_number=f"OR-{services.store.numbers.take('order_response', 1)[0]:08d}",
        received_on=local_date(work.message.received_at, work.revision),
        issued_at=local_time(at, work.revision),
    )
    if decided.faults or decided.response is None:
        raise DecisionRefused(decided.faults)
    decision_id = new_id()
    changes = Changes(at=at, takings=takings, drawings=_drawn(services, case, decided, decision_id, at))
    changes.move_lines(decision_id, standing.order_id, decided.moves)
    takings.add(decision_id, standing.order_id, at, decided.allocations, account.policies.allocation_percent)
    if standing.order.response_requested:
        document = _rendered(services, work, standing, decided.response)
        keep_rendered(changes, work, work.message, decided.response, document, standing.order_id)
    outcome = decided.response.outcome
    status = order_status(account, outcome)
    due = _notice_due(case, decided) if status == "open" else None
    order = DecidedOrder(work.message.id, case.head, standing.updated_at, status, outcome, due)
    answer = _answer(case, decided.response, order, changes)
    row = StoredDecision(standing.order_id, standing.version, decision_id, at, actor, digest, wanted, answer)
    services.store.decisions.save(row, order, changes)
    return answer


def _notice_due(case: _Case, decided: ErpDecision) -> int | None:
    """From when on the despatch advice of the first of the order that hasn't left is overdue."""
    lines = case.standing.lines
    confirmed = confirmed_in(lines) | confirmed_by(decided.ledger)
    shipped = {number: Fraction(sums.shipped) for number, sums in lines.items()}
    return first_overdue(case.work.account, case.mapped, decided.response, confirmed, shipped)


def _rendered(services: Services, work: Work, standing: Standing, response: OrderResponse) -> Rendered:
    """The response as the account gets it: where the format refers to it, an update of what was confirmed before."""
    answers = services.store.threads.confirmed([standing.order_id], CXML).get(standing.order_id)
    before = Confirmed(answers.first, answers.latest) if answers is not None else None
    try:
        return render(work, response, services.supplier, before)
    except DocumentHeld as held:
        raise DecisionRefused(held.faults) from held


def _drawn(services: Services, case: _Case, decided: ErpDecision, decision_id: str, at: int) -> Drawings:
    """What a release gives back of its blanket order where lines of it are refused."""
    drawings, store, order_id = Drawings(), services.store, case.standing.order_id
    before = store.contracts.drawn_by([order_id]).get(order_id, {})
    contract_ids = {draw.contract_id for lines in before.values() for draw in lines}
    for standing in store.threads.standing(contract_ids).values():
        contract = contract_of(standing)
        store.contracts.read_draws([contract])
        drawings.load([contract])
        repriced = frozenset(case.judgement.repriced)
        draws = draws_of(contract, order_id, case.mapped, decided.ledger, repriced=repriced, before=before)
        contract.draw(draws)
        drawings.add(decision_id, at, draws)
    return drawings


def _answer(case: _Case, response: OrderResponse, order: DecidedOrder, changes: Changes) -> str:
    decided: dict[str, Any] = {
        "order_id": case.standing.order_id,
        "account": case.listed.account_id,
        "order_number": case.standing.order.order_number,
        "version": case.standing.version,
        "status": order.status,
        "outcome": order.outcome,
        "decided_at": datetime.fromtimestamp(changes.at / 1_000_000, UTC).isoformat(timespec="milliseconds"),
        "document_id": changes.documents[0][1] if changes.documents else None,
        "response": json.loads(canonical_response(response)),
    }
    return json.dumps(decided, ensure_ascii=False)
