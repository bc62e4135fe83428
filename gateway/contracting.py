"""The blanket orders that a batch releases or changes: whether a release fits under its own, and what it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.amending import PreparedChange, paths_in_the_change
from gateway.order_keys import is_the_buyer
from gateway.services import Services
from gateway.store.contracts import Drawings
from gateway.trade.amendment import Standing
from gateway.trade.changing import ChangeDecision
from gateway.trade.consequences import judge
from gateway.trade.contracts import (
    Before,
    Contract,
    ContractKey,
    Draw,
    contract_of,
    draws_of,
    faults_of_release,
    less_than_released,
)
from gateway.trade.decision import Decision
from gateway.trade.refused_lines import Case
from gateway.work import Work
from mappings.buyers import buyer_numbers
from mappings.mapped import MappedOrder
from schemas.documents.order import Order
from schemas.faults import Fault

_NOTHING_DRAWN: dict[str, list[Draw]] = {}


class ContractBook:
    """What is known of contracts while one batch is settled; kept up as its messages are decided."""

    def __init__(self, services: Services, works: Sequence[Work], changes: Mapping[str, PreparedChange]) -> None:
        self.drawings = Drawings()
        self._by_key: dict[ContractKey, list[str]] = {}
        self._contracts: dict[str, Contract] = {}
        self._before: dict[str, dict[str, list[Draw]]] = {}
        """Release that is changed → line → what it has drawn."""
        standing = [change.standing for change in changes.values()]
        keys = {key for work in works if (key := _key(work, changes.get(work.message.id))) is not None}
        blankets = {one.order_id for one in standing if one.order.order_type == "blanket"}
        if keys or blankets:
            releases = [one.order_id for one in standing if one.order.order_type == "release"]
            self._load(services, keys, blankets, releases)

    def _load(self, services: Services, keys: set[ContractKey], blankets: set[str], releases: Sequence[str]) -> None:
        store = services.store
        self._by_key = store.contracts.blanket_orders(keys)
        self._before = store.contracts.drawn_by(releases)
        drawn_on = {draw.contract_id for lines in self._before.values() for line in lines.values() for draw in line}
        named = {order_id for ids in self._by_key.values() for order_id in ids}
        standing = store.threads.standing(named | drawn_on | blankets)
        self._contracts = {order_id: contract_of(one) for order_id, one in standing.items()}
        store.contracts.read_draws(list(self._contracts.values()))
        self.drawings.load(self._contracts.values())

    # --- may it be released? -----------------------------------------------------------------------------------------
    def faults(self, work: Work) -> tuple[Fault, ...]:
        """Why a release, or lines of it, can't be had under the contract that it names."""
        key = _key(work, None)
        if key is None or work.mapped is None:
            return ()
        return self._faults_of(work, work.order, work.mapped, work.faults, _NOTHING_DRAWN)

    def faults_of_change(self, work: Work, prepared: PreparedChange | None) -> tuple[Fault, ...]:
        """Why a release can't be changed so, or a blanket order to less than is released of it; paths in the change.
        Either stands as it was."""
        if prepared is None or prepared.when != "next" or prepared.amended.order is None:
            return ()
        if prepared.mapped is None and not prepared.amended.is_cancellation:
            return ()
        return self._faults_of_change(work, prepared.standing, prepared.amended.order, prepared.mapped, prepared.faults)

    def faults_beside(self, work: Work, prepared: PreparedChange, case: Case) -> tuple[Fault, ...]:
        """The same, of the change whose refused lines stand as they were: what they hold is not there for others."""
        if case.amended.order is None:
            return ()
        return self._faults_of_change(work, prepared.standing, case.amended.order, case.mapped, case.faults)

    def _faults_of_change(
        self, work: Work, standing: Standing, order: Order, mapped: MappedOrder | None, known: Sequence[Fault]
    ) -> tuple[Fault, ...]:
        found: Sequence[Fault] = ()
        if standing.order.order_type == "blanket":
            judgement = judge(known, work.account.policies)
            found = less_than_released(self._contracts[standing.order_id], order, mapped, judgement)
        elif standing.order.order_type == "release" and mapped is not None:
            before = self._before.get(standing.order_id, _NOTHING_DRAWN)
            found = self._faults_of(work, standing.order, mapped, known, before)
        return paths_in_the_change(found, order, work.order)

    def _faults_of(
        self, work: Work, order: Order, mapped: MappedOrder, known: Sequence[Fault], before: Before
    ) -> tuple[Fault, ...]:
        contract = self._contract_for(work, order, before)
        if contract is not None:
            return tuple(faults_of_release(contract, mapped, judge(known, work.account.policies), before))
        if order.contract in work.account.contracts:
            return ()
        return (self._unknown(work, order),)

    def _contract_for(self, work: Work, order: Order, before: Before) -> Contract | None:
        """The blanket order that it draws on: the one that it drew on before, or the only live one of that number."""
        for lines in before.values():
            for draw in lines:
                return self._contracts[draw.contract_id]
        live = [one for one in self._named(work, order) if one.is_live]
        if len(live) > 1:  # of several buyers, or places
            buyer = buyer_numbers(order.buyer, work.account)
            live = [one for one in live if is_the_buyer(buyer, one.buyer, work.account)]
        return live[0] if len(live) == 1 else None

    def _named(self, work: Work, order: Order) -> list[Contract]:
        key = (work.message.account_id, work.is_test, order.contract or "")
        return [self._contracts[order_id] for order_id in self._by_key.get(key, ())]

    def _unknown(self, work: Work, order: Order) -> Fault:
        named = self._named(work, order)
        test = "test " if work.is_test else ""
        if not named:
            detail = f"The account has no {test}blanket order {order.contract}, and its terms name no such contract."
        elif not any(one.is_live for one in named):
            detail = f"Blanket order {order.contract} was cancelled or refused; nothing can be released of it."
        else:
            detail = f"Several blanket orders have the number {order.contract}; which is meant is not guessed."
        expected = f"the number of a {test}blanket order that stands"
        return Fault("unknown_contract", detail, "/contract", value=order.contract, expected=expected)

    # --- what it draws -----------------------------------------------------------------------------------------------
    def keep(self, work: Work, order_id: str, decision: Decision, at: int) -> None:
        """Write down what a new release draws, and see it in what the batch decides next."""
        if _key(work, None) is None or work.mapped is None:
            return
        contract = self._contract_for(work, work.order, _NOTHING_DRAWN)
        if contract is not None:
            repriced = frozenset(judge(work.faults, work.account.policies).repriced)
            draws = draws_of(contract, order_id, work.mapped, decision.ledger, repriced=repriced)
            self._draw(contract, work, draws, at)

    def keep_change(self, work: Work, prepared: PreparedChange, decided: ChangeDecision, at: int) -> None:
        """The same for what a changed or cancelled release draws more, or gives back; a blanket order that is changed
        stands still until that is saved. It is counted as it was decided: a line that was refused stands, in the unit
        that it had."""
        standing = prepared.standing
        if standing.order.order_type == "blanket":
            self.drawings.hold_still(standing.order_id)
        if standing.order.order_type != "release":
            return
        before = self._before.get(standing.order_id, _NOTHING_DRAWN)
        contract = self._contract_for(work, standing.order, before)
        if contract is not None:
            case = decided.case
            draws = draws_of(
                contract,
                standing.order_id,
                case.mapped if case else None,
                decided.decision.ledger,
                repriced=frozenset(judge(case.faults, work.account.policies).repriced if case else ()),
                before=before,
                deleted=(case.amended if case else prepared.amended).deleted,
            )
            self._draw(contract, work, draws, at)

    def _draw(self, contract: Contract, work: Work, draws: Sequence[Draw], at: int) -> None:
        contract.draw(draws)
        self.drawings.add(work.message.id, at, draws)


def contract_faults_now(services: Services, work: Work) -> tuple[Fault, ...]:
    """The faults of a release that is not decided, on the books as they stand."""
    return ContractBook(services, [work], {}).faults(work)


def _key(work: Work, prepared: PreparedChange | None) -> ContractKey | None:
    """What a release names as its contract; None for what is no release."""
    if prepared is None:
        return work.contract_key
    order = prepared.standing.order
    if order.order_type != "release" or order.contract is None:
        return None
    return (work.message.account_id, work.is_test, order.contract)
