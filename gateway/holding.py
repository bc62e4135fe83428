"""Which faults keep a message from being answered: those that the account's policies hold or refuse an order for."""

from __future__ import annotations

from gateway.store.problems import Holds, OpenFault
from gateway.terms import Terms
from gateway.trade.consequences import keeps_from_an_answer


def holding_faults(terms: Terms) -> Holds:
    """The judgement of a fault by the policies of the mapping that its message was judged under. A message that was
    judged under none, or under one that can't be used any more, has faults that no policy is about: each holds it."""

    def holds(one: OpenFault) -> bool:
        if one.mapping_revision is None:
            return True
        try:
            policies = terms.mapping(one.account_id, one.mapping_revision).account.policies
        except (LookupError, ValueError):  # as a worker that finds its terms broken: listing problems goes on
            return True
        return keeps_from_an_answer(one.code, one.path.startswith("/lines/"), policies)

    return holds
